/* SPDX-License-Identifier: Apache-2.0 */
/* http_open … http_close against a server that does what it is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "canned_server.h"
#include "common/clock.h"
#include "common/http.h"

struct fixture {
    struct canned *server;
    struct http *http;
};

static int setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof *f);
    f->server = canned_new();
    f->http = http_new(&(struct http_config){ .max_host_conns = 2 });
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    http_stop(f->http);
    http_free(f->http);
    canned_free(f->server);
    free(f);
    return 0;
}

/* What open borrows is gone when this returns, as http.h lets it be. */
static struct http_stream *open_path(struct fixture *f, const char *path, size_t window, uint32_t timeout_ms)
{
    char url[256], method[] = "GET", bearer[] = "token", value[] = "yes";
    struct header header = { SLICE("X-Stream"), slice_str(value) };
    snprintf(url, sizeof url, "%s%s", f->server->base, path);
    struct http_request r = { .method = method, .url = url, .bearer = bearer, .headers = &header, .n_headers = 1 };
    r.timeout_ms = timeout_ms;
    struct http_stream *s = http_open(f->http, &r, window);
    memset(url, 'x', sizeof url - 1);
    memset(method, 'x', sizeof method - 1);
    memset(bearer, 'x', sizeof bearer - 1);
    memset(value, 'x', sizeof value - 1);
    return s;
}

/* Reads to the end, at most `most` bytes a time; how many there were. Stops at an error. */
static uint64_t read_pattern(struct http_stream *s, uint64_t from, size_t most, enum err *e)
{
    struct slice view;
    uint64_t at = from;
    while ((*e = http_peek(s, &view)) == OK && view.n) {
        size_t n = view.n < most ? view.n : most;
        for (size_t i = 0; i < n; i++)
            if ((unsigned char)view.p[i] != canned_pattern(at + i))
                fail_msg("byte %llu", (unsigned long long)(at + i));
        http_consume(s, n);
        at += n;
    }
    return at - from;
}

static const struct {
    const char *name;
    size_t window, most;
} reads[] = {
    { "no window to speak of", 0, SIZE_MAX },
    { "a small window", 65536, SIZE_MAX },
    { "a small window, in crumbs", 65536, 1000 },
    { "a window larger than the body", 64 << 20, SIZE_MAX },
    { "odd sizes", 100001, 4097 },
};

static void every_byte_comes_once_and_in_order(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        const struct http_response *head;
        enum err e;
        struct http_stream *s = open_path(f, "/big/9000001", reads[i].window, 5000);
        assert_int_equal(http_stream_head(s, &head), OK);
        assert_int_equal(head->status, 200);
        assert_true(slice_is(http_response_header(head, "content-length"), "9000001"));
        uint64_t n = read_pattern(s, 0, reads[i].most, &e);
        if (e || n != 9000001)
            fail_msg("%s: %s after %llu", reads[i].name, err_name(e), (unsigned long long)n);
        assert_true(slice_is(http_response_header(head, "X-Canned"), "big")); /* valid until close */
        http_close(s);
    }
    assert_int_equal(f->server->connections, 1);
}

static void peeking_again_shows_the_same_and_the_end_stays_the_end(void **state)
{
    struct slice view, again;
    struct http_stream *s = open_path(*state, "/hello", 65536, 5000);
    assert_int_equal(http_peek(s, &view), OK); /* without asking for the head first */
    assert_true(slice_is(view, "hello"));
    http_consume(s, 2);
    http_consume(s, 0);
    assert_int_equal(http_peek(s, &again), OK);
    assert_true(slice_is(again, "llo"));
    http_consume(s, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(http_peek(s, &again), OK);
        assert_int_equal(again.n, 0);
    }
    http_close(s);
}

static void what_was_borrowed_was_copied(void **state)
{
    struct slice view;
    struct fixture *f = *state;
    struct http_stream *s = open_path(f, "/head", 65536, 5000);
    assert_int_equal(http_peek(s, &view), OK);
    assert_non_null(memmem(view.p, view.n, "GET /head HTTP/1.1\r\n", 20));
    assert_non_null(memmem(view.p, view.n, "\r\nX-Stream: yes\r\n", 17));
    assert_non_null(memmem(view.p, view.n, "\r\nAuthorization: Bearer token\r\n", 30));
    http_close(s);
}

/* Little enough for the kernel to take all of it, and the end of it, while the transfer is paused. */
static void what_is_all_there_before_anybody_reads_is_not_lost(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = { "/big/200001", "/chunks/200001", "/close/200001" };
    for (size_t i = 0; i < 3 * 30; i++) {
        const struct http_response *head;
        enum err e;
        f->server->sent = 0;
        struct http_stream *s = open_path(f, paths[i % 3], 16384 << i / 30, 5000);
        assert_int_equal(http_stream_head(s, &head), OK);
        while (f->server->sent < 200001)
            usleep(500);
        usleep(2000); /* what comes behind the body, too: nobody can see that arrive */
        uint64_t n = read_pattern(s, 0, i % 2 ? SIZE_MAX : 3000, &e);
        if (e || n != 200001)
            fail_msg("%s: %s after %llu", paths[i % 3], err_name(e), (unsigned long long)n);
        http_close(s);
    }
}

/* 64 MiB do not fit into the window and the kernel's buffers: the server must stand still well before the end. */
static void a_slow_reader_stops_the_sender_and_is_not_timed_out(void **state)
{
    struct fixture *f = *state;
    const struct http_response *head;
    enum err e;
    struct http_stream *s = open_path(f, "/big/67108864", 131072, 200);
    assert_int_equal(http_stream_head(s, &head), OK);
    uint64_t before = 0, sent;
    while ((sent = f->server->sent) != before || sent == 0) {
        before = sent;
        usleep(400000); /* twice the timeout */
    }
    assert_true(sent < 48 << 20);
    assert_int_equal(read_pattern(s, 0, SIZE_MAX, &e), 67108864);
    assert_int_equal(e, OK);
    http_close(s);
}

/* Both connections that are allowed belong to readers that do not read. */
static void a_stream_nobody_reads_does_not_keep_others_from_the_host(void **state)
{
    struct fixture *f = *state;
    struct http_stream *slow[2];
    char url[256];
    enum err e;
    for (int i = 0; i < 2; i++)
        slow[i] = open_path(f, "/big/30000000", 65536, 5000);
    snprintf(url, sizeof url, "%s/hello", f->server->base);
    struct http_request r = { .method = "GET", .url = url, .timeout_ms = 5000 };
    AUTO_RESPONSE struct http_response out;
    assert_int_equal(http_call(f->http, &r, &out), OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_pattern(slow[i], 0, SIZE_MAX, &e), 30000000);
        http_close(slow[i]);
    }
}

static void what_came_before_a_cut_is_readable_and_the_cut_is_an_error(void **state)
{
    struct slice view;
    struct http_stream *s = open_path(*state, "/cut/1", 65536, 5000);
    enum err e = http_peek(s, &view); /* a reset may overtake what was sent before it */
    if (e == OK) {
        assert_true(slice_is(view, "all"));
        http_consume(s, 3);
        e = http_peek(s, &view);
    }
    assert_int_equal(e, ERR_UPSTREAM);
    assert_int_equal(http_peek(s, &view), ERR_UPSTREAM);
    http_close(s);
}

static void silence_ends_a_stream(void **state)
{
    const struct http_response *head = NULL;
    struct slice view;
    struct http_stream *s = open_path(*state, "/never", 65536, 200);
    assert_int_equal(http_stream_head(s, &head), ERR_UPSTREAM);
    assert_null(head);
    assert_int_equal(http_peek(s, &view), ERR_UPSTREAM);
    http_close(s);
}

static void a_head_without_end_ends_the_stream(void **state)
{
    const struct http_response *head;
    struct http_stream *s = open_path(*state, "/much-head", 65536, 5000);
    assert_int_equal(http_stream_head(s, &head), ERR_UPSTREAM_ANSWER);
    http_close(s);
}

static void a_request_that_cannot_be_sent_is_a_stream_that_has_failed(void **state)
{
    struct fixture *f = *state;
    const struct http_response *head;
    struct slice view;
    struct http_request r = { .method = "GET", .url = "http://127.0.0.1:1/ x" };
    struct http_stream *s = http_open(f->http, &r, 65536);
    assert_int_equal(http_stream_head(s, &head), ERR_BAD_REQUEST);
    assert_int_equal(http_peek(s, &view), ERR_BAD_REQUEST);
    http_close(s);
    http_close(NULL);
}

/* Before anything, waiting for a head, waiting for a place, in mid-body, paused, failed, at the end. */
static void a_stream_can_be_closed_at_any_time_without_waiting(void **state)
{
    struct fixture *f = *state;
    int64_t from = clock_mono_ms();
    struct slice view;
    for (int i = 0; i < 30; i++)
        http_close(open_path(f, "/big/30000000", 65536, 60000));
    struct http_stream *never[4];
    for (int i = 0; i < 4; i++) /* two are on their way, two in line */
        never[i] = open_path(f, "/never", 65536, 60000);
    for (int i = 3; i >= 0; i--)
        http_close(never[i]);
    for (int i = 0; i < 30; i++) {
        struct http_stream *s = open_path(f, "/big/30000000", 16384, 60000);
        for (int j = 0; j < i; j++) {
            assert_int_equal(http_peek(s, &view), OK);
            http_consume(s, view.n);
        }
        http_close(s);
    }
    assert_true(clock_mono_ms() - from < 20000);
}

struct reader {
    struct fixture *f;
    const char *path;
    enum err e;
    uint64_t n;
    pthread_t id;
};

static void *read_all(void *arg)
{
    struct reader *r = arg;
    struct http_stream *s = open_path(r->f, r->path, 262144, 60000);
    r->n = read_pattern(s, 0, SIZE_MAX, &r->e);
    http_close(s);
    return NULL;
}

static void many_readers_each_get_their_own(void **state)
{
    struct reader readers[12];
    for (size_t i = 0; i < 12; i++) {
        readers[i] = (struct reader){ .f = *state, .path = i % 2 ? "/big/3000000" : "/big/2000001" };
        pthread_create(&readers[i].id, NULL, read_all, &readers[i]);
    }
    for (size_t i = 0; i < 12; i++) {
        pthread_join(readers[i].id, NULL);
        assert_int_equal(readers[i].e, OK);
        assert_int_equal(readers[i].n, i % 2 ? 3000000 : 2000001);
    }
}

static void stopping_ends_streams_that_wait(void **state)
{
    struct fixture *f = *state;
    struct reader waiting = { .f = f, .path = "/never" };
    const struct http_response *head;
    pthread_create(&waiting.id, NULL, read_all, &waiting);
    canned_wait_requests(f->server, 1);
    http_stop(f->http);
    pthread_join(waiting.id, NULL);
    assert_int_equal(waiting.e, ERR_STOPPING);
    struct http_stream *late = open_path(f, "/hello", 65536, 5000);
    assert_int_equal(http_stream_head(late, &head), ERR_STOPPING);
    http_close(late);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(every_byte_comes_once_and_in_order),
        WITH_SERVER(peeking_again_shows_the_same_and_the_end_stays_the_end),
        WITH_SERVER(what_was_borrowed_was_copied),
        WITH_SERVER(what_is_all_there_before_anybody_reads_is_not_lost),
        WITH_SERVER(a_slow_reader_stops_the_sender_and_is_not_timed_out),
        WITH_SERVER(a_stream_nobody_reads_does_not_keep_others_from_the_host),
        WITH_SERVER(what_came_before_a_cut_is_readable_and_the_cut_is_an_error),
        WITH_SERVER(silence_ends_a_stream),
        WITH_SERVER(a_head_without_end_ends_the_stream),
        WITH_SERVER(a_request_that_cannot_be_sent_is_a_stream_that_has_failed),
        WITH_SERVER(a_stream_can_be_closed_at_any_time_without_waiting),
        WITH_SERVER(many_readers_each_get_their_own),
        WITH_SERVER(stopping_ends_streams_that_wait),
    };
    alarm(300); /* a wakeup that is lost should fail, not hang */
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* http_call, http_start and http_finish against a server that does what it is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "canned_server.h"
#include "common/clock.h"
#include "common/http_internal.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

struct fixture {
    struct canned *server;
    struct http *http;
    char url[256];
};

static int setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof *f);
    f->server = canned_new();
    f->http = http_new(&(struct http_config){ .user_agent = "test/1" });
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

static const char *url_of(struct fixture *f, const char *path)
{
    snprintf(f->url, sizeof f->url, "%s%s", f->server->base, path);
    return f->url;
}

static enum err get(struct fixture *f, const char *path, uint32_t retry_ms, struct http_response *out)
{
    struct http_request r = { .method = "GET", .url = url_of(f, path), .timeout_ms = 5000, .retry_ms = retry_ms };
    return http_call(f->http, &r, out);
}

static void assert_body(struct http_response *r, const char *want)
{
    assert_string_equal(buf_str(&r->body), want);
}

/* ---- answers ---- */

static void an_answer_has_status_headers_and_body(void **state)
{
    AUTO_RESPONSE struct http_response r;
    assert_int_equal(get(*state, "/hello", 0, &r), OK);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.tries, 1);
    assert_body(&r, "hello");
    assert_int_equal(r.n_headers, 5);
    assert_true(slice_is(http_response_header(&r, "x-ONE"), "1"));
    assert_true(slice_is(http_response_header(&r, "X-Two"), "two"));
    assert_non_null(http_response_header(&r, "X-Empty").p);
    assert_int_equal(http_response_header(&r, "X-Empty").n, 0);
    assert_null(http_response_header(&r, "HTTP/1.1 200 Because").p);
}

static void any_status_is_an_answer(void **state)
{
    AUTO_RESPONSE struct http_response r;
    assert_int_equal(get(*state, "/nowhere", 0, &r), OK);
    assert_int_equal(r.status, 404);
    http_response_done(&r);
    assert_int_equal(get(*state, "/fail/503/9", 0, &r), OK);
    assert_int_equal(r.status, 503);
    assert_body(&r, "no");
}

static void calls_share_a_connection(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        AUTO_RESPONSE struct http_response r;
        assert_int_equal(get(f, i % 2 ? "/hello" : "/chunked", 0, &r), OK);
    }
    assert_int_equal(f->server->requests, 20);
    assert_int_equal(f->server->connections, 1);
}

static void a_connection_that_died_while_idle_is_replaced_unseen(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        AUTO_RESPONSE struct http_response r;
        assert_int_equal(get(f, "/bye", 0, &r), OK);
        assert_body(&r, "bye");
    }
    assert_int_equal(f->server->connections, 5);
}

static void chunks_are_joined_and_trailers_are_no_headers(void **state)
{
    AUTO_RESPONSE struct http_response r;
    assert_int_equal(get(*state, "/chunked", 0, &r), OK);
    assert_body(&r, "abcde");
    assert_null(http_response_header(&r, "X-Trailer").p);
}

static void interim_answers_are_skipped(void **state)
{
    AUTO_RESPONSE struct http_response r;
    assert_int_equal(get(*state, "/interim", 0, &r), OK);
    assert_int_equal(r.status, 200);
    assert_body(&r, "hello");
    assert_null(http_response_header(&r, "X-Early").p);
    assert_true(slice_is(http_response_header(&r, "X-Late"), "2"));
}

static void a_body_may_end_with_the_connection(void **state)
{
    AUTO_RESPONSE struct http_response r;
    assert_int_equal(get(*state, "/until-close", 0, &r), OK);
    assert_body(&r, "to the end");
}

static void a_large_answer_arrives_whole(void **state)
{
    AUTO_RESPONSE struct http_response r;
    assert_int_equal(get(*state, "/big/10000000", 0, &r), OK);
    assert_int_equal(r.body.n, 10000000);
    for (size_t i = 0; i < r.body.n; i++)
        if ((unsigned char)r.body.p[i] != canned_pattern(i))
            fail_msg("byte %zu", i);
}

static void a_body_beyond_the_maximum_is_an_answer_that_makes_no_sense(void **state)
{
    struct fixture *f = *state;
    struct http_request r = { .method = "GET", .url = url_of(f, "/big/1001"), .max_body = 1000, .retry_ms = 10000 };
    struct http_response out;
    assert_int_equal(http_call(f->http, &r, &out), ERR_UPSTREAM_ANSWER);
    assert_int_equal(out.tries, 1);
    assert_null(out.body.p);
    r.url = url_of(f, "/big/1000");
    assert_int_equal(http_call(f->http, &r, &out), OK);
    assert_int_equal(out.body.n, 1000);
    http_response_done(&out);
}

static void header_lines_without_end_are_not_listened_to(void **state)
{
    static const char *const paths[] = { "/much-head", "/hints", "/trailers" };
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct http_response out;
        assert_int_equal(get(*state, paths[i], 10000, &out), ERR_UPSTREAM_ANSWER);
        assert_int_equal(out.tries, 1);
        assert_int_equal(out.n_headers, 0);
    }
}

/* ---- requests ---- */

static const struct {
    const char *name, *method;
    unsigned n_body; /* of "one", "", "two" */
    const char *line, *has, *has_not;
} sent[] = {
    { "GET", "GET", 0, "GET /head HTTP/1.1\r\n", "\r\nUser-Agent: test/1\r\n", "Content-Length" },
    { "DELETE", "DELETE", 0, "DELETE /head HTTP/1.1\r\n", "Host: 127.0.0.1", "Content-Length" },
    { "DELETE with a body", "DELETE", 1, "DELETE /head ", "\r\nContent-Length: 3\r\n", "Content-Type" },
    { "POST without a body", "POST", 0, "POST /head ", "\r\nContent-Length: 0\r\n", "Content-Type" },
    { "PUT without a body", "PUT", 0, "PUT /head ", "\r\nContent-Length: 0\r\n", "Expect" },
    { "POST", "POST", 1, "POST /head ", "\r\nContent-Length: 3\r\n", "Content-Type" },
    { "POST in pieces", "POST", 3, "POST /head ", "\r\nContent-Length: 6\r\n", "Expect" },
    { "PUT", "PUT", 1, "PUT /head ", "\r\nContent-Length: 3\r\n", "Expect" },
    { "PATCH in pieces", "PATCH", 3, "PATCH /head ", "\r\nContent-Length: 6\r\n", "Transfer-Encoding" },
    { "a body of nothing", "POST", 0, "POST /head ", "\r\nContent-Length: 0\r\n", "Transfer-Encoding" },
    { "GET after all that", "GET", 0, "GET /head HTTP/1.1\r\n", "\r\nAccept: */*\r\n", "Content-Length" },
};

static void each_method_says_what_it_should_on_the_same_connection(void **state)
{
    struct fixture *f = *state;
    struct slice pieces[] = { SLICE("one"), SLICE_NONE, SLICE("two") };
    for (size_t i = 0; i < COUNT(sent); i++) {
        AUTO_RESPONSE struct http_response out;
        struct http_request r = { .method = sent[i].method, .url = url_of(f, "/head"), .body = pieces };
        r.n_body = sent[i].n_body;
        assert_int_equal(http_call(f->http, &r, &out), OK);
        const char *head = buf_str(&out.body);
        if (strstr(head, sent[i].line) != head || !strstr(head, sent[i].has) || strstr(head, sent[i].has_not))
            fail_msg("%s: %s", sent[i].name, head);
    }
}

static void head_is_answered_without_a_body(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        AUTO_RESPONSE struct http_response out;
        struct http_request r = { .method = i ? "GET" : "HEAD", .url = url_of(f, "/hello") };
        assert_int_equal(http_call(f->http, &r, &out), OK);
        assert_true(slice_is(http_response_header(&out, "Content-Length"), "5"));
        assert_int_equal(out.body.n, i ? 5 : 0);
    }
    assert_int_equal(f->server->connections, 1);
}

static void bearer_range_and_headers_are_sent(void **state)
{
    struct fixture *f = *state;
    AUTO_RESPONSE struct http_response out;
    struct header headers[] = { { SLICE("X-Plain"), SLICE("a: b; c") },
                                { SLICE("X-Empty"), SLICE("") },
                                { SLICE("Content-Type"), SLICE("application/json") } };
    struct slice body = SLICE("{}");
    struct http_request r = { .method = "POST",
                              .url = url_of(f, "/head"),
                              .bearer = "hf_x",
                              .headers = headers,
                              .n_headers = 3,
                              .body = &body,
                              .n_body = 1,
                              .has_range = true,
                              .range_from = 5,
                              .range_to = 123456789012 };
    assert_int_equal(http_call(f->http, &r, &out), OK);
    const char *head = buf_str(&out.body);
    assert_non_null(strstr(head, "\r\nAuthorization: Bearer hf_x\r\n"));
    assert_non_null(strstr(head, "\r\nRange: bytes=5-123456789012\r\n"));
    assert_non_null(strstr(head, "\r\nX-Plain: a: b; c\r\n"));
    assert_non_null(strstr(head, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(head, "\r\nContent-Type: application/json\r\n"));
}

static void a_path_is_sent_as_it_is(void **state)
{
    AUTO_RESPONSE struct http_response out;
    assert_int_equal(get(*state, "/head/a/../b/./c//d%2F%zz?x=%20+&y", 0, &out), OK);
    assert_non_null(strstr(buf_str(&out.body), "GET /head/a/../b/./c//d%2F%zz?x=%20+&y HTTP/1.1\r\n"));
}

/* curl itself goes for a new connection when a kept one ends without a word, and sends the body from its start. */
static void an_upload_on_a_connection_that_dies_is_sent_anew_on_another(void **state)
{
    struct fixture *f = *state;
    char want[64];
    AUTO_FREE char *bytes = mem_alloc(300000);
    struct slice pieces[] = { slice_of(bytes, 7), SLICE_NONE, slice_of(bytes + 7, 200000),
                              slice_of(bytes + 200007, 99993) };
    for (size_t i = 0; i < 300000; i++)
        bytes[i] = (char)(i * i >> 7);
    snprintf(want, sizeof want, "300000 %016" PRIx64, canned_sum(0, bytes, 300000));
    struct http_request r = { .method = "PUT", .url = url_of(f, "/sum-once"), .body = pieces, .n_body = 4 };
    for (unsigned i = 1; i <= 4; i++) {
        AUTO_RESPONSE struct http_response out;
        assert_int_equal(http_call(f->http, &r, &out), OK);
        assert_body(&out, want);
        assert_int_equal(out.tries, 1);
        assert_int_equal(f->server->connections, i);
    }
}

static void an_upload_from_many_slices_arrives_as_one(void **state)
{
    struct fixture *f = *state;
    AUTO_RESPONSE struct http_response out;
    size_t size = 9000001;
    AUTO_FREE char *bytes = mem_alloc(size);
    struct slice pieces[] = { slice_of(bytes, 1),         SLICE_NONE,
                              slice_of(bytes + 1, 65536), slice_of(bytes + 65537, 7000000),
                              slice_of(bytes, 0),         slice_of(bytes + 7065537, size - 7065537) };
    char want[64];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * i >> 7);
    snprintf(want, sizeof want, "%zu %016" PRIx64, size, canned_sum(0, bytes, size));
    struct http_request r = { .method = "PUT", .url = url_of(f, "/sum"), .body = pieces, .n_body = COUNT(pieces) };
    assert_int_equal(http_call(f->http, &r, &out), OK);
    assert_body(&out, want);
}

#define BYTES(literal)                                                                                                 \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }

static const struct {
    const char *name;
    struct header header;
    const char *bearer, *method, *url; /* NULL: a good one */
} injected[] = {
    { "a line feed in a value", { BYTES("X"), BYTES("a\nY: b") }, NULL, NULL, NULL },
    { "a carriage return in a value", { BYTES("X"), BYTES("a\r") }, NULL, NULL, NULL },
    { "a NUL in a value", { BYTES("X"), BYTES("a\0b") }, NULL, NULL, NULL },
    { "a line feed in a name", { BYTES("X\nY"), BYTES("a") }, NULL, NULL, NULL },
    { "a colon in a name", { BYTES("X:Y"), BYTES("a") }, NULL, NULL, NULL },
    { "an empty name", { BYTES(""), BYTES("a") }, NULL, NULL, NULL },
    { "a line feed in the token", { BYTES("X"), BYTES("a") }, "a\nX: b", NULL, NULL },
    { "a blank in the method", { BYTES("X"), BYTES("a") }, NULL, "GET /x", NULL },
    { "a line feed in the URL", { BYTES("X"), BYTES("a") }, NULL, NULL, "http://127.0.0.1:1/\n" },
    { "a blank in the URL", { BYTES("X"), BYTES("a") }, NULL, NULL, "http://127.0.0.1:1/a b" },
    { "no URL", { BYTES("X"), BYTES("a") }, NULL, NULL, "" },
};

static void what_would_break_out_of_its_line_is_never_sent(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(injected); i++) {
        struct http_request r = { .bearer = injected[i].bearer, .headers = &injected[i].header, .n_headers = 1 };
        struct http_response out;
        r.method = injected[i].method ? injected[i].method : "GET";
        r.url = injected[i].url ? injected[i].url : url_of(f, "/hello");
        struct http_pending *p = http_start(f->http, &r);
        if (!http_ready(p) || http_finish(p, &out) != ERR_BAD_REQUEST)
            fail_msg("%s", injected[i].name);
    }
    assert_int_equal(f->server->requests, 0);
}

static const struct {
    const char *name, *url;
} foreign[] = {
    { "a file", "file:///etc/passwd" },
    { "another protocol", "ftp://127.0.0.1:1/x" },
    { "no host", "http://" },
    { "no port", "http://127.0.0.1:99999/x" },
};

static void only_http_is_spoken(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(foreign); i++) {
        struct http_request r = { .method = "GET", .url = foreign[i].url, .retry_ms = 10000 };
        struct http_response out;
        enum err e = http_call(f->http, &r, &out);
        if (e != ERR_UPSTREAM_ANSWER || out.tries != 1)
            fail_msg("%s: %s after %u", foreign[i].name, err_name(e), out.tries);
    }
}

/* ---- failures and further tries ---- */

static void nobody_there_is_no_answer(void **state)
{
    struct fixture *f = *state;
    struct http_response out;
    struct http_request r = { .method = "GET", .url = "http://127.0.0.1:1/" };
    assert_int_equal(http_call(f->http, &r, &out), ERR_UPSTREAM);
    assert_int_equal(out.tries, 1);
    assert_int_equal(out.status, 0);
}

static void statuses_that_ask_for_patience_are_tried_again(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = { "/fail/429/1", "/fail/500/1", "/fail/502/1", "/fail/503/2", "/fail/504/1" };
    for (size_t i = 0; i < COUNT(paths); i++) {
        AUTO_RESPONSE struct http_response out;
        f->server->failures = 0;
        assert_int_equal(get(f, paths[i], 10000, &out), OK);
        assert_int_equal(out.status, 200);
        assert_body(&out, "yes");
        assert_int_equal(out.tries, i == 3 ? 3 : 2);
    }
}

static void other_statuses_stand(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = { "/fail/400/1", "/fail/404/1", "/fail/409/1", "/fail/501/1", "/fail/302/1" };
    for (size_t i = 0; i < COUNT(paths); i++) {
        AUTO_RESPONSE struct http_response out;
        f->server->failures = 0;
        assert_int_equal(get(f, paths[i], 10000, &out), OK);
        assert_body(&out, "no");
        assert_int_equal(out.tries, 1);
    }
}

static void a_body_cut_short_is_no_answer_and_is_asked_for_again(void **state)
{
    struct fixture *f = *state;
    AUTO_RESPONSE struct http_response out;
    assert_int_equal(get(f, "/cut/1", 0, &out), ERR_UPSTREAM);
    assert_null(out.body.p);
    f->server->failures = 0;
    assert_int_equal(get(f, "/cut/2", 10000, &out), OK);
    assert_body(&out, "all of it");
    assert_int_equal(out.tries, 3);
}

static void the_last_answer_is_given_when_time_is_up(void **state)
{
    AUTO_RESPONSE struct http_response out;
    int64_t from = clock_mono_ms();
    assert_int_equal(get(*state, "/fail/503/1000", 300, &out), OK);
    assert_int_equal(out.status, 503);
    assert_true(out.tries > 1);
    assert_true(clock_mono_ms() - from < 2000);
}

static void an_upload_is_sent_anew_at_each_try(void **state)
{
    struct fixture *f = *state;
    AUTO_RESPONSE struct http_response out;
    AUTO_FREE char *bytes = mem_zalloc(300000);
    struct slice pieces[] = { slice_of(bytes, 100000), slice_of(bytes + 100000, 200000) };
    struct http_request r = { .method = "POST", .body = pieces, .n_body = 2, .retry_ms = 10000 };
    r.url = url_of(f, "/cut/1");
    assert_int_equal(http_call(f->http, &r, &out), OK);
    assert_int_equal(out.tries, 2);
}

static void silence_ends_a_call_and_a_trickle_does_not(void **state)
{
    struct fixture *f = *state;
    struct http_response out;
    struct http_request r = { .method = "GET", .url = url_of(f, "/never"), .timeout_ms = 200 };
    int64_t from = clock_mono_ms();
    assert_int_equal(http_call(f->http, &r, &out), ERR_UPSTREAM);
    int64_t took = clock_mono_ms() - from;
    assert_true(took >= 200 && took < 2000);

    r.url = url_of(f, "/drip/60"); /* 600 ms in all */
    assert_int_equal(http_call(f->http, &r, &out), OK);
    assert_body(&out, "0123456789");
    http_response_done(&out);
}

static const struct {
    const char *name, *retry_after;
    unsigned tries;
    uint64_t random;
    int64_t want;
} delays[] = {
    { "the first, at most 100 ms", NULL, 1, 100, 100 },
    { "the first, at least nothing", NULL, 1, 101, 0 },
    { "the second", NULL, 2, 200, 200 },
    { "the sixth", NULL, 6, 3200, 3200 },
    { "the seventh is capped", NULL, 7, 5000, 5000 },
    { "the hundredth too", NULL, 100, 5001, 0 },
    { "seconds asked for", "3", 1, 50, 3000 },
    { "fewer seconds than backoff", "1", 7, 4000, 4000 },
    { "a date to come", "Mon, 23 Nov 2026 19:19:46 GMT", 1, 0, 10000 },
    { "a date gone by", "Mon, 23 Nov 2026 19:19:26 GMT", 1, 7, 7 },
    { "nonsense", "soon", 1, 7, 7 },
    { "a negative number", "-1", 1, 7, 7 },
    { "an absurd number", "18446744073709551615", 1, 7, (int64_t)INT32_MAX * 1000 },
};

static void the_pause_before_a_try_backs_off_and_heeds_retry_after(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(delays); i++) {
        struct header field = { SLICE("retry-after"), slice_str(delays[i].retry_after) };
        struct http_response r = { .headers = &field, .n_headers = delays[i].retry_after ? 1 : 0 };
        int64_t got = retry_delay_ms(&r, delays[i].tries, delays[i].random, 1795461576000);
        if (got != delays[i].want)
            fail_msg("%s: %lld", delays[i].name, (long long)got);
    }
}

/* ---- many at once ---- */

static void a_call_started_goes_on_while_its_caller_does_something_else(void **state)
{
    struct fixture *f = *state;
    struct http_pending *p[20];
    struct http_request r = { .method = "GET", .url = url_of(f, "/gate") };
    for (size_t i = 0; i < COUNT(p); i++)
        p[i] = http_start(f->http, &r);
    canned_wait_gate(f->server, COUNT(p)); /* all at the same time */
    assert_false(http_ready(p[0]));
    canned_open(f->server);
    for (size_t i = 0; i < COUNT(p); i++) {
        AUTO_RESPONSE struct http_response out;
        assert_int_equal(http_finish(p[i], &out), OK);
        assert_body(&out, "through");
    }
}

static void no_more_connections_to_a_host_than_allowed(void **state)
{
    struct fixture *f = *state;
    struct http *narrow = http_new(&(struct http_config){ .max_host_conns = 3 });
    struct http_pending *p[12];
    struct http_request r = { .method = "GET", .url = url_of(f, "/gate") };
    for (size_t i = 0; i < COUNT(p); i++)
        p[i] = http_start(narrow, &r);
    canned_wait_gate(f->server, 3);
    canned_open(f->server);
    for (size_t i = 0; i < COUNT(p); i++) {
        AUTO_RESPONSE struct http_response out;
        assert_int_equal(http_finish(p[i], &out), OK);
    }
    assert_int_equal(f->server->most_at_gate, 3);
    assert_true(f->server->connections <= 3);
    http_stop(narrow);
    http_free(narrow);
}

struct caller {
    struct http *http;
    const char *url;
    unsigned ok;
    pthread_t id;
};

static void *call_often(void *arg)
{
    struct caller *c = arg;
    for (int i = 0; i < 200; i++) {
        AUTO_RESPONSE struct http_response out;
        struct http_request r = { .method = "GET", .url = c->url };
        c->ok += http_call(c->http, &r, &out) == OK && slice_is(buf_slice(&out.body), "hello");
    }
    return NULL;
}

static void many_callers_share_two_io_threads(void **state)
{
    struct fixture *f = *state;
    struct http *two = http_new(&(struct http_config){ .io_threads = 2 });
    struct caller callers[16];
    const char *url = url_of(f, "/hello");
    for (size_t i = 0; i < COUNT(callers); i++) {
        callers[i] = (struct caller){ .http = two, .url = url };
        pthread_create(&callers[i].id, NULL, call_often, &callers[i]);
    }
    for (size_t i = 0; i < COUNT(callers); i++) {
        pthread_join(callers[i].id, NULL);
        assert_int_equal(callers[i].ok, 200);
    }
    assert_true(f->server->connections <= 16);
    http_stop(two);
    http_free(two);
}

/* ---- stopping ---- */

struct stopped_call {
    struct fixture *f;
    const char *path;
    enum err e;
    pthread_t id;
};

static void *call_until_stopped(void *arg)
{
    struct stopped_call *c = arg;
    char url[256];
    struct http_response out;
    snprintf(url, sizeof url, "%s%s", c->f->server->base, c->path);
    struct http_request r = { .method = "GET", .url = url, .retry_ms = 600000 };
    c->e = http_call(c->f->http, &r, &out);
    http_response_done(&out);
    return NULL;
}

static void stopping_ends_what_waits_for_an_answer_or_for_another_try(void **state)
{
    struct fixture *f = *state;
    struct stopped_call calls[] = { { .f = f, .path = "/never" }, { .f = f, .path = "/fail/503/1000000" } };
    for (size_t i = 0; i < COUNT(calls); i++)
        pthread_create(&calls[i].id, NULL, call_until_stopped, &calls[i]);
    canned_wait_requests(f->server, 6); /* by now the second one's pauses are long */
    http_stop(f->http);
    for (size_t i = 0; i < COUNT(calls); i++) {
        pthread_join(calls[i].id, NULL);
        assert_int_equal(calls[i].e, ERR_STOPPING);
    }
    struct http_response out;
    assert_int_equal(get(f, "/hello", 10000, &out), ERR_STOPPING);
}

/* ---- the environment ---- */

static void loopback_is_not_reached_through_a_proxy(void **state)
{
    struct fixture *f = *state;
    AUTO_RESPONSE struct http_response out;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("no_proxy", "example.org", 1);
    struct http *proxied = http_new(&(struct http_config){ 0 });
    struct http_request r = { .method = "GET", .url = url_of(f, "/hello") };
    enum err direct = http_call(proxied, &r, &out);
    r.url = "http://192.0.2.1/"; /* RFC 5737: nobody's; the proxy refuses the connection at once */
    struct http_response refused;
    enum err through = http_call(proxied, &r, &refused);
    http_stop(proxied);
    http_free(proxied);
    unsetenv("http_proxy");
    unsetenv("no_proxy");
    assert_int_equal(direct, OK);
    assert_int_equal(through, ERR_UPSTREAM);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(an_answer_has_status_headers_and_body),
        WITH_SERVER(any_status_is_an_answer),
        WITH_SERVER(calls_share_a_connection),
        WITH_SERVER(a_connection_that_died_while_idle_is_replaced_unseen),
        WITH_SERVER(chunks_are_joined_and_trailers_are_no_headers),
        WITH_SERVER(interim_answers_are_skipped),
        WITH_SERVER(a_body_may_end_with_the_connection),
        WITH_SERVER(a_large_answer_arrives_whole),
        WITH_SERVER(a_body_beyond_the_maximum_is_an_answer_that_makes_no_sense),
        WITH_SERVER(header_lines_without_end_are_not_listened_to),
        WITH_SERVER(each_method_says_what_it_should_on_the_same_connection),
        WITH_SERVER(head_is_answered_without_a_body),
        WITH_SERVER(bearer_range_and_headers_are_sent),
        WITH_SERVER(a_path_is_sent_as_it_is),
        WITH_SERVER(an_upload_on_a_connection_that_dies_is_sent_anew_on_another),
        WITH_SERVER(an_upload_from_many_slices_arrives_as_one),
        WITH_SERVER(what_would_break_out_of_its_line_is_never_sent),
        WITH_SERVER(only_http_is_spoken),
        WITH_SERVER(nobody_there_is_no_answer),
        WITH_SERVER(statuses_that_ask_for_patience_are_tried_again),
        WITH_SERVER(other_statuses_stand),
        WITH_SERVER(a_body_cut_short_is_no_answer_and_is_asked_for_again),
        WITH_SERVER(the_last_answer_is_given_when_time_is_up),
        WITH_SERVER(an_upload_is_sent_anew_at_each_try),
        WITH_SERVER(silence_ends_a_call_and_a_trickle_does_not),
        cmocka_unit_test(the_pause_before_a_try_backs_off_and_heeds_retry_after),
        WITH_SERVER(a_call_started_goes_on_while_its_caller_does_something_else),
        WITH_SERVER(no_more_connections_to_a_host_than_allowed),
        WITH_SERVER(many_callers_share_two_io_threads),
        WITH_SERVER(stopping_ends_what_waits_for_an_answer_or_for_another_try),
        WITH_SERVER(loopback_is_not_reached_through_a_proxy),
    };
    alarm(300); /* a wakeup that is lost should fail, not hang */
    return cmocka_run_group_tests(tests, NULL, NULL);
}

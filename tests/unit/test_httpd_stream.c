/* SPDX-License-Identifier: Apache-2.0 */
/* Large bodies both ways, slow sides, and clients that vanish. */
#include "httpd_client.h"

#include <sys/resource.h>

#define LARGE (64u << 20)

struct exchange {
    struct gate begun, may_go_on, over;
    uint64_t length;   /* of what the handler writes */
    unsigned pause_us; /* of a slow handler, now and then */
    bool chunked;
    enum err result;
    uint64_t bytes;
    bool right;
    bool gone_seen;
};

static void exchange_init(struct exchange *x)
{
    *x = (struct exchange){ .length = LARGE };
    gate_init(&x->begun);
    gate_init(&x->may_go_on);
    gate_init(&x->over);
}

static void now_and_then(const struct exchange *x, uint64_t at)
{
    if (x->pause_us && (at >> 20) % 8 == 0)
        usleep(x->pause_us);
}

static void take_pattern(void *ctx, struct httpd_request *r)
{
    struct exchange *x = ctx;
    struct slice piece;
    x->right = true;
    gate_open(&x->begun);
    while ((x->result = httpd_read(r, &piece)) == OK && piece.n > 0) {
        x->right = x->right && pattern_matches(piece.p, piece.n, x->bytes);
        x->bytes += piece.n;
        now_and_then(x, x->bytes);
    }
    if (!x->result)
        httpd_reply(r, 200, SLICE("taken"));
    gate_open(&x->over);
}

static void give_pattern(void *ctx, struct httpd_request *r)
{
    struct exchange *x = ctx;
    static char block[77777]; /* one exchange at a time; no divisor of any buffer's size */
    gate_open(&x->begun);
    httpd_start(r, 200, x->chunked ? HTTPD_LENGTH_UNKNOWN : x->length);
    for (x->bytes = 0, x->result = OK; x->bytes < x->length && !x->result;) {
        size_t n = x->length - x->bytes < sizeof block ? x->length - x->bytes : sizeof block;
        pattern_fill(block, n, x->bytes);
        x->result = httpd_write(r, slice_of(block, n));
        x->bytes += n;
        now_and_then(x, x->bytes);
    }
    gate_open(&x->over);
}

static bool send_pattern(int fd, uint64_t length, bool chunked, unsigned pause_us)
{
    static char block[100003];
    for (uint64_t at = 0; at < length;) {
        size_t n = length - at < sizeof block ? length - at : sizeof block;
        char size[32];
        pattern_fill(block, n, at);
        snprintf(size, sizeof size, "%zx\r\n", n);
        if (chunked && !say_str(fd, size))
            return false;
        if (!say(fd, slice_of(block, n)) || (chunked && !say_str(fd, "\r\n")))
            return false;
        at += n;
        if (pause_us && (at >> 20) % 8 == 0)
            usleep(pause_us);
    }
    return !chunked || say_str(fd, "0\r\n\r\n");
}

static void start_upload(int fd, uint64_t length, bool chunked)
{
    char text[128];
    if (chunked)
        snprintf(text, sizeof text, "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    else
        snprintf(text, sizeof text, "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: %llu\r\n\r\n",
                 (unsigned long long)length);
    say_str(fd, text);
}

static void start_download(int fd)
{
    say_str(fd, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
}

static const struct {
    const char *name;
    bool chunked;
    unsigned handler_pause_us, client_pause_us;
    size_t pipe_bytes;
} paces[] = {
    { "both as fast as they can", false, 0, 0, 0 },
    { "a slow handler", false, 500, 0, 0 },
    { "a slow client", false, 0, 500, 0 },
    { "both slow, chunked", true, 300, 300, 0 },
    { "chunked", true, 0, 0, 0 },
    { "a pipe smaller than the library's buffers", false, 0, 0, 8192 },
    { "an odd pipe, chunked", true, 0, 0, 99991 },
};
#define N_PACES (sizeof paces / sizeof *paces)

static struct httpd *serve_at_pace(size_t i, httpd_handler *handler, struct exchange *x)
{
    exchange_init(x);
    x->chunked = paces[i].chunked;
    x->pause_us = paces[i].handler_pause_us;
    return serve_with((struct httpd_config){ .handler = handler, .ctx = x, .pipe_bytes = paces[i].pipe_bytes });
}

static void test_large_uploads_arrive_byte_for_byte_at_any_pace(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_PACES; i++) {
        struct exchange x;
        struct httpd *h = serve_at_pace(i, take_pattern, &x);
        int fd = dial(h);
        start_upload(fd, LARGE, paces[i].chunked);
        assert_true(send_pattern(fd, LARGE, paces[i].chunked, paces[i].client_pause_us));
        assert_answer(fd, 200, "taken");
        if (x.bytes != LARGE || !x.right)
            fail_msg("%s: %llu bytes, right %d", paces[i].name, (unsigned long long)x.bytes, x.right);
        close(fd);
        unserve(h);
    }
}

/* Of the body, as it is on the wire; true: every byte was right. */
static bool hear_pattern(int fd, uint64_t length, bool chunked, unsigned pause_us)
{
    static char block[65536];
    uint64_t at = 0, chunk = chunked ? 0 : length;
    while (at < length) {
        if (chunk == 0) {
            char line[32] = "";
            for (size_t i = 0; i < sizeof line - 1 && hear_some(fd, line + i, 1) == 1 && line[i] != '\n'; i++)
                ;
            chunk = strtoull(line, NULL, 16);
            if (chunk == 0)
                return false;
        }
        size_t n = hear_some(fd, block, chunk < sizeof block ? chunk : sizeof block);
        if (n == 0 || !pattern_matches(block, n, at))
            return false;
        at += n;
        chunk -= n;
        if (chunked && chunk == 0)
            hear_some(fd, block, 2);
        if (pause_us && (at >> 20) % 8 == 0)
            usleep(pause_us);
    }
    return !chunked || hear_some(fd, block, 5) == 5;
}

static void test_large_downloads_arrive_byte_for_byte_at_any_pace(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_PACES; i++) {
        struct exchange x;
        struct httpd *h = serve_at_pace(i, give_pattern, &x);
        int fd = dial(h);
        for (int again = 0; again < 2; again++) {
            struct answer a = { 0 };
            x.length = again ? 100001 : LARGE;
            start_download(fd);
            assert_true(hear_head(fd, &a));
            if (!hear_pattern(fd, x.length, paces[i].chunked, paces[i].client_pause_us))
                fail_msg("%s: wrong bytes", paces[i].name);
            gate_pass(&x.over, again + 1);
        }
        close(fd);
        unserve(h);
    }
}

static long peak_kib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void stop_until_allowed(void *ctx, struct httpd_request *r)
{
    struct exchange *x = ctx;
    struct slice piece;
    enum err e = httpd_read(r, &piece);
    assert(!e);
    gate_open(&x->begun);
    gate_pass(&x->may_go_on, 1);
    take_pattern(ctx, r);
}

/* The client's kernel and ours take a few MiB; what the server takes is a pipe and a pool. */
static void test_a_handler_that_does_not_read_stops_the_client(void **state)
{
    (void)state;
    struct exchange x;
    exchange_init(&x);
    struct httpd *h = serve(stop_until_allowed, &x);
    int fd = dial(h);
    start_upload(fd, LARGE, false);
    say_str(fd, "x");
    gate_pass(&x.begun, 1);
    long before = peak_kib();
    static char block[1 << 20];
    size_t sent = 1;
    struct pollfd writable = { .fd = fd, .events = POLLOUT };
    while (sent < LARGE && poll(&writable, 1, 500) == 1) {
        ssize_t n = send(fd, block, LARGE - sent < sizeof block ? LARGE - sent : sizeof block, MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
    }
    assert_true(sent < 24u << 20);
    assert_true(peak_kib() - before < 16 << 10);
    gate_open(&x.may_go_on);
    while (sent < LARGE) {
        size_t n = LARGE - sent < sizeof block ? LARGE - sent : sizeof block;
        assert_true(say(fd, slice_of(block, n)));
        sent += n;
    }
    assert_answer(fd, 200, "taken");
    close(fd);
    unserve(h);
}

static void test_a_client_that_does_not_read_stops_the_handler(void **state)
{
    (void)state;
    struct exchange x;
    exchange_init(&x);
    x.length = 4ull << 30;
    struct httpd *h = serve_with((struct httpd_config){ .handler = give_pattern, .ctx = &x, .idle_timeout_s = 2 });
    int fd = dial(h);
    long before = peak_kib();
    start_download(fd);
    gate_pass(&x.over, 1); /* cut after the idle timeout */
    assert_int_equal(x.result, ERR_CLIENT_GONE);
    assert_true(x.bytes < 64u << 20);
    assert_true(peak_kib() - before < 16 << 10);
    close(fd);
    unserve(h);
}

static void test_a_client_that_sends_nothing_of_its_body_is_cut(void **state)
{
    (void)state;
    struct exchange x;
    exchange_init(&x);
    struct httpd *h = serve_with((struct httpd_config){ .handler = take_pattern, .ctx = &x, .idle_timeout_s = 1 });
    int fd = dial(h);
    start_upload(fd, LARGE, false);
    gate_pass(&x.over, 1);
    assert_int_equal(x.result, ERR_CLIENT_GONE);
    assert_true(hear_close(fd));
    close(fd);
    unserve(h);
}

static void test_an_idle_connection_is_closed_after_the_timeout(void **state)
{
    (void)state;
    struct exchange x;
    exchange_init(&x);
    struct httpd *h = serve_with((struct httpd_config){ .handler = take_pattern, .ctx = &x, .idle_timeout_s = 1 });
    int fd = dial(h);
    say_str(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 200, "taken");
    assert_true(hear_close(fd));
    close(fd);
    unserve(h);
}

/* Vanishing */

enum way { CLOSES, RESETS };

static void vanish(int fd, enum way way)
{
    struct linger reset = { .l_onoff = 1, .l_linger = 0 };
    if (way == RESETS)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
}

static void test_an_upload_cut_short_ends_the_read_at_once(void **state)
{
    (void)state;
    for (int row = 0; row < 4; row++) {
        struct exchange x;
        exchange_init(&x);
        struct httpd *h = serve(take_pattern, &x);
        int fd = dial(h);
        start_upload(fd, LARGE, row & 1);
        if (row & 1)
            say_str(fd, "4000000\r\n"); /* one chunk */
        send_pattern(fd, 3 << 20, false, 0);
        gate_pass(&x.begun, 1);
        int64_t since = clock_mono_ms();
        vanish(fd, row & 2 ? RESETS : CLOSES);
        gate_pass(&x.over, 1);
        assert_int_equal(x.result, ERR_CLIENT_GONE);
        assert_true(clock_mono_ms() - since < 5000);
        unserve(h);
    }
}

static void test_a_client_that_leaves_while_it_downloads_ends_the_write(void **state)
{
    (void)state;
    for (int row = 0; row < 4; row++) {
        struct exchange x;
        exchange_init(&x);
        x.chunked = row & 1;
        x.length = 4ull << 30;
        struct httpd *h = serve(give_pattern, &x);
        int fd = dial(h);
        char some[1000];
        start_download(fd);
        hear_some(fd, some, sizeof some);
        vanish(fd, row & 2 ? RESETS : CLOSES);
        gate_pass(&x.over, 1);
        assert_int_equal(x.result, ERR_CLIENT_GONE);
        unserve(h);
    }
}

/* A handler that waits for something else, and asks now and then whether it is worth it. */
static void wait_for_something_else(void *ctx, struct httpd_request *r)
{
    struct exchange *x = ctx;
    gate_open(&x->begun);
    for (int i = 0; i < PATIENCE_MS && !x->gone_seen; i++) {
        x->gone_seen = httpd_client_gone(r);
        usleep(1000);
    }
    gate_open(&x->over);
}

static void test_a_client_that_leaves_while_the_handler_waits_is_noticed(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum way way;
    } rows[] = {
        { "closes", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", CLOSES },
        { "resets", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", RESETS },
        { "closes after a body", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", CLOSES },
        { "resets, its body expected", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\nabc", RESETS },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct exchange x;
        exchange_init(&x);
        struct httpd *h = serve(wait_for_something_else, &x);
        int fd = dial(h);
        say_str(fd, rows[i].text);
        gate_pass(&x.begun, 1);
        vanish(fd, rows[i].way);
        gate_pass(&x.over, 1);
        if (!x.gone_seen)
            fail_msg("%s: not seen", rows[i].name);
        unserve(h);
    }
}

static void answer_when_allowed(void *ctx, struct httpd_request *r)
{
    struct exchange *x = ctx;
    gate_open(&x->begun);
    gate_pass(&x->may_go_on, 1);
    httpd_reply(r, 200, SLICE("late"));
}

static void test_a_client_that_only_ends_its_sending_gets_its_answer(void **state)
{
    (void)state;
    struct exchange x;
    exchange_init(&x);
    struct httpd *h = serve(answer_when_allowed, &x);
    int fd = dial(h);
    say_str(fd, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    shutdown(fd, SHUT_WR);
    gate_pass(&x.begun, 1);
    usleep(300000); /* the watcher has looked by now */
    gate_open(&x.may_go_on);
    assert_answer(fd, 200, "late");
    close(fd);
    unserve(h);
}

/* A blank now and then, as CompleteMultipartUpload sends, to keep the client's hopes up. */
static void drip(void *ctx, struct httpd_request *r)
{
    struct exchange *x = ctx;
    httpd_start(r, 200, HTTPD_LENGTH_UNKNOWN);
    for (int i = 1; i <= 3; i++) {
        x->result = httpd_write(r, SLICE("."));
        gate_pass(&x->may_go_on, i); /* only opened when the client has it */
    }
}

static void test_a_little_of_a_stream_is_sent_without_waiting_for_more(void **state)
{
    (void)state;
    struct exchange x;
    exchange_init(&x);
    struct httpd *h = serve(drip, &x);
    int fd = dial(h);
    struct answer a = { 0 };
    start_download(fd);
    assert_true(hear_head(fd, &a));
    for (int i = 0; i < 3; i++) {
        char chunk[6];
        assert_int_equal(hear_some(fd, chunk, sizeof chunk), sizeof chunk);
        assert_memory_equal(chunk, "1\r\n.\r\n", sizeof chunk);
        gate_open(&x.may_go_on);
    }
    close(fd);
    unserve(h);
}

static void take_little_by_little(void *ctx, struct httpd_request *r)
{
    struct exchange *x = ctx;
    struct slice piece;
    while ((x->result = httpd_read(r, &piece)) == OK && piece.n > 0) {
        x->bytes += piece.n;
        gate_open(&x->begun);
    }
    httpd_reply(r, 200, SLICE_NONE);
}

static void test_a_little_of_a_body_is_handed_on_without_waiting_for_more(void **state)
{
    (void)state;
    struct exchange x;
    exchange_init(&x);
    struct httpd *h = serve(take_little_by_little, &x);
    int fd = dial(h);
    start_upload(fd, 0, true);
    for (int i = 1; i <= 3; i++) {
        say_str(fd, "1\r\n.\r\n");
        gate_pass(&x.begun, i);
    }
    say_str(fd, "0\r\n\r\n");
    assert_answer(fd, 200, "");
    assert_int_equal(x.bytes, 3);
    close(fd);
    unserve(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_uploads_arrive_byte_for_byte_at_any_pace),
        cmocka_unit_test(test_large_downloads_arrive_byte_for_byte_at_any_pace),
        cmocka_unit_test(test_a_handler_that_does_not_read_stops_the_client),
        cmocka_unit_test(test_a_client_that_does_not_read_stops_the_handler),
        cmocka_unit_test(test_a_client_that_sends_nothing_of_its_body_is_cut),
        cmocka_unit_test(test_an_idle_connection_is_closed_after_the_timeout),
        cmocka_unit_test(test_an_upload_cut_short_ends_the_read_at_once),
        cmocka_unit_test(test_a_client_that_leaves_while_it_downloads_ends_the_write),
        cmocka_unit_test(test_a_client_that_leaves_while_the_handler_waits_is_noticed),
        cmocka_unit_test(test_a_client_that_only_ends_its_sending_gets_its_answer),
        cmocka_unit_test(test_a_little_of_a_stream_is_sent_without_waiting_for_more),
        cmocka_unit_test(test_a_little_of_a_body_is_handed_on_without_waiting_for_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

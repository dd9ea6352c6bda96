/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers on one connection: what comes after what, what is sent to whom, and when it is closed. */
#include "httpd_client.h"

/* Reads its body whole, and answers with method, target and body. */
static void echo(void *ctx, struct httpd_request *r)
{
    (void)ctx;
    AUTO_BUF struct buf b = { 0 };
    struct slice piece;
    buf_init(&b, 16 << 20);
    buf_add(&b, httpd_method(r));
    buf_add_char(&b, ' ');
    buf_add(&b, httpd_target(r));
    buf_add_char(&b, ' ');
    do {
        if (httpd_read(r, &piece) != OK)
            return;
        buf_add(&b, piece);
    } while (piece.n > 0);
    httpd_reply(r, 200, buf_slice(&b));
}

static void test_one_connection_serves_request_after_request(void **state)
{
    (void)state;
    struct httpd *h = serve(echo, NULL);
    int fd = dial(h);
    for (int i = 0; i < 50; i++) {
        char text[128], want[64];
        snprintf(text, sizeof text, "GET /%d HTTP/1.1\r\nHost: h\r\n\r\n", i);
        snprintf(want, sizeof want, "GET /%d ", i);
        say_str(fd, text);
        assert_answer(fd, 200, want);
        snprintf(text, sizeof text, "PUT /%d HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", i);
        snprintf(want, sizeof want, "PUT /%d hello", i);
        say_str(fd, text);
        assert_answer(fd, 200, want);
    }
    struct httpd_stats stats;
    httpd_stats(h, &stats);
    assert_int_equal(stats.requests, 100);
    assert_int_equal(stats.connections, 1);
    close(fd);
    unserve(h);
}

static void test_pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    struct httpd *h = serve(echo, NULL);
    int fd = dial(h);
    say_str(fd, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPUT /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                "PUT /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
                "GET /4 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_answer(fd, 200, "GET /1 ");
    assert_answer(fd, 200, "PUT /2 abc");
    assert_answer(fd, 200, "PUT /3 def");
    struct answer last = hear(fd);
    assert_string_equal(last.body, "GET /4 ");
    assert_true(last.closed);
    answer_done(&last);
    close(fd);
    unserve(h);
}

static void test_a_body_in_pieces_is_put_together(void **state)
{
    (void)state;
    struct httpd *h = serve(echo, NULL);
    int fd = dial(h);
    const char text[] =
        "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789"
        "PUT /y HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n";
    for (size_t i = 0; i < sizeof text - 1; i++)
        say(fd, slice_of(text + i, 1));
    assert_answer(fd, 200, "PUT /x 0123456789");
    assert_answer(fd, 200, "PUT /y 0123456789");
    close(fd);
    unserve(h);
}

static void test_trailers_of_a_chunked_body_are_passed_over(void **state)
{
    (void)state;
    struct httpd *h = serve(echo, NULL);
    int fd = dial(h);
    say_str(fd, "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n");
    assert_answer(fd, 200, "PUT /x abc");
    say_str(fd, "GET /y HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 200, "GET /y ");
    close(fd);
    unserve(h);
}

static void test_a_malformed_chunk_ends_the_body_and_the_connection(void **state)
{
    (void)state;
    static const char *const chunks[] = { "zz\r\n", "-1\r\nx", "3\r\nabcde\r\n", "FFFFFFFFFFFFFFFFF\r\n" };
    struct httpd *h = serve(echo, NULL);
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        int fd = dial(h);
        say_str(fd, "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        say_str(fd, chunks[i]);
        struct answer a = hear(fd);
        assert_true(a.status >= 400 && a.status < 500);
        assert_true(a.closed);
        answer_done(&a);
        close(fd);
    }
    unserve(h);
}

/* Expect: 100-continue */

static void test_the_first_read_grants_100_continue(void **state)
{
    (void)state;
    static const char *const lengths[] = { "Content-Length: 3", "Content-Length: 3000000",
                                           "Transfer-Encoding: chunked" };
    static const char body[3000000];
    struct httpd *h = serve(echo, NULL);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        int fd = dial(h);
        char text[256];
        snprintf(text, sizeof text, "PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n%s\r\n\r\n", lengths[i]);
        say_str(fd, text);
        struct answer go_on = hear(fd);
        assert_int_equal(go_on.status, 100);
        answer_done(&go_on);
        if (i == 2)
            say_str(fd, "3\r\nabc\r\n0\r\n\r\n");
        if (i < 2)
            assert_true(say(fd, slice_of(body, i == 0 ? 3 : sizeof body)));
        struct answer a = hear(fd);
        assert_int_equal(a.status, 200);
        assert_int_equal(a.n, i == 1 ? 7 + 3000000 : 10);
        answer_done(&a);
        say_str(fd, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_answer(fd, 200, "GET /again ");
        close(fd);
    }
    unserve(h);
}

static void forbid(void *ctx, struct httpd_request *r)
{
    (void)ctx;
    httpd_add_header_str(r, "X-Why", "no");
    httpd_reply(r, 403, SLICE("forbidden"));
}

static bool forbid_fast(void *ctx, struct httpd_request *r)
{
    forbid(ctx, r);
    return true;
}

static struct httpd *serve_forbidding(bool fast)
{
    return serve_with((struct httpd_config){ .handler = forbid, .fast = fast ? forbid_fast : NULL });
}

static void test_an_answer_instead_of_100_continue_is_the_only_one(void **state)
{
    (void)state;
    for (int fast = 0; fast < 2; fast++) {
        struct httpd *h = serve_forbidding(fast);
        int fd = dial(h);
        say_str(fd, "PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
        struct answer a = hear(fd);
        assert_int_equal(a.status, 403);
        assert_string_equal(a.body, "forbidden");
        assert_true(a.closed); /* since the client may send its body or not */
        answer_done(&a);
        close(fd);
        unserve(h);
    }
}

/* Answers before the body is read */

static void test_a_short_body_that_nobody_reads_does_not_cost_the_connection(void **state)
{
    (void)state;
    static const size_t lengths[] = { 1, 1000, 65536 };
    for (int fast = 0; fast < 2; fast++) {
        struct httpd *h = serve_forbidding(fast);
        int fd = dial(h);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            char text[128];
            char *body = mem_zalloc(lengths[i]);
            snprintf(text, sizeof text, "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", lengths[i]);
            say_str(fd, text);
            say(fd, slice_of(body, lengths[i]));
            assert_answer(fd, 403, "forbidden");
            free(body);
        }
        close(fd);
        unserve(h);
    }
}

static void test_a_long_body_that_nobody_reads_is_answered_and_cut_off(void **state)
{
    (void)state;
    static const char *const lengths[] = { "Content-Length: 10000000000", "Transfer-Encoding: chunked" };
    for (size_t i = 0; i < 4; i++) {
        struct httpd *h = serve_forbidding(i % 2);
        int fd = dial(h);
        char text[128];
        snprintf(text, sizeof text, "PUT /x HTTP/1.1\r\nHost: h\r\n%s\r\n\r\n", lengths[i / 2]);
        say_str(fd, text);
        /* A mebibyte is on its way when the answer comes: it must not turn into a reset. */
        char *body = mem_zalloc(1 << 20);
        if (i / 2 == 1)
            say_str(fd, "100000\r\n");
        say(fd, slice_of(body, 1 << 20));
        free(body);
        struct answer a = hear(fd);
        assert_int_equal(a.status, 403);
        assert_string_equal(a.body, "forbidden");
        assert_string_equal(answer_field(&a, "Connection"), "close");
        assert_true(a.closed);
        answer_done(&a);
        close(fd);
        unserve(h);
    }
}

/* Reads ctx bytes, and then has seen enough. */
static void refuse_in_the_middle(void *ctx, struct httpd_request *r)
{
    struct slice piece;
    while (httpd_bytes_in(r) < *(size_t *)ctx)
        if (httpd_read(r, &piece) != OK || piece.n == 0)
            return;
    httpd_add_header_str(r, "X-Why", "a chunk's signature");
    httpd_reply(r, 403, SLICE("forbidden"));
    assert(httpd_read(r, &piece) == ERR_CLIENT_GONE);
}

static void test_a_refusal_in_the_middle_of_a_long_body_arrives(void **state)
{
    (void)state;
    static const char *const lengths[] = { "Content-Length: 10000000000", "Transfer-Encoding: chunked" };
    size_t enough = 100000;
    for (size_t i = 0; i < 2; i++) {
        struct httpd *h = serve(refuse_in_the_middle, &enough);
        int fd = dial(h);
        char text[128];
        snprintf(text, sizeof text, "PUT /x HTTP/1.1\r\nHost: h\r\n%s\r\n\r\n", lengths[i]);
        say_str(fd, text);
        if (i == 1)
            say_str(fd, "10000000\r\n");
        char *body = mem_zalloc(1 << 20);
        for (int n = 0; n < 3; n++)
            say(fd, slice_of(body, 1 << 20));
        free(body);
        struct answer a = hear(fd);
        assert_int_equal(a.status, 403);
        assert_string_equal(a.body, "forbidden");
        assert_string_equal(answer_field(&a, "X-Why"), "a chunk's signature");
        assert_non_null(answer_field(&a, "Date"));
        assert_true(a.closed);
        answer_done(&a);
        close(fd);
        unserve(h);
    }
}

static void test_a_refusal_near_the_end_of_a_body_keeps_the_connection(void **state)
{
    (void)state;
    size_t enough = 100000;
    struct httpd *h = serve(refuse_in_the_middle, &enough);
    int fd = dial(h);
    char *body = mem_zalloc(150000);
    for (int i = 0; i < 3; i++) {
        say_str(fd, "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 150000\r\n\r\n");
        say(fd, slice_of(body, 150000));
        assert_answer(fd, 403, "forbidden");
        say_str(fd, "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n249f0\r\n");
        say(fd, slice_of(body, 150000));
        say_str(fd, "\r\n0\r\n\r\n");
        assert_answer(fd, 403, "forbidden");
    }
    free(body);
    close(fd);
    unserve(h);
}

static void test_a_refusal_does_not_wait_for_a_rest_that_never_comes(void **state)
{
    (void)state;
    size_t enough = 100000;
    struct httpd *h = serve(refuse_in_the_middle, &enough);
    int fd = dial(h);
    char *body = mem_zalloc(120000);
    say_str(fd, "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 150000\r\n\r\n");
    say(fd, slice_of(body, 120000));
    free(body);
    struct answer a = hear(fd);
    assert_int_equal(a.status, 403);
    assert_string_equal(a.body, "forbidden");
    assert_true(a.closed);
    answer_done(&a);
    close(fd);
    unserve(h);
}

/* Kinds of answers; the target says which. */
static void answer_in_kind(void *ctx, struct httpd_request *r)
{
    (void)ctx;
    struct slice t = httpd_target(r);
    struct slice hello = SLICE("hello");
    httpd_add_header_str(r, "X-Empty", "");
    httpd_add_header(r, "X-Dirty", SLICE("a\r\nX-Split: b\0c\td"));
    if (slice_is(t, "/whole"))
        httpd_reply(r, 200, hello);
    else if (slice_is(t, "/empty"))
        httpd_reply(r, 200, SLICE_NONE);
    else if (slice_is(t, "/head"))
        httpd_reply_head(r, 200, 1234567890123);
    else if (slice_is(t, "/204"))
        httpd_reply(r, 204, SLICE_NONE);
    else if (slice_is(t, "/304"))
        httpd_reply_head(r, 304, 77);
    else if (slice_is(t, "/close"))
        httpd_close_after(r);
    else if (slice_is(t, "/gather"))
        httpd_start(r, 200, 10);
    else if (slice_is(t, "/gather-nothing"))
        httpd_start(r, 200, 0);
    else if (slice_is(t, "/stream"))
        httpd_start(r, 200, 200000);
    else if (slice_is(t, "/chunked"))
        httpd_start(r, 200, HTTPD_LENGTH_UNKNOWN);
    else if (slice_is(t, "/chunked-nothing"))
        httpd_start(r, 200, HTTPD_LENGTH_UNKNOWN);
    if (slice_is(t, "/close"))
        httpd_reply(r, 200, hello);
    if (slice_is(t, "/gather") || slice_is(t, "/chunked"))
        assert(httpd_write(r, hello) == OK && httpd_write(r, SLICE_NONE) == OK && httpd_write(r, hello) == OK);
    for (int i = 0; slice_is(t, "/stream") && i < 40000; i++)
        assert(httpd_write(r, hello) == OK);
}

static const struct {
    const char *name, *method, *target;
    int status;
    const char *length; /* Content-Length: NULL: none */
    size_t n;
    bool closed;
} kinds[] = {
    { "a whole one", "GET", "/whole", 200, "5", 5, false },
    { "a whole one to HEAD", "HEAD", "/whole", 200, "5", 0, false },
    { "an empty one", "GET", "/empty", 200, "0", 0, false },
    { "only the head", "HEAD", "/head", 200, "1234567890123", 0, false },
    { "204", "GET", "/204", 204, NULL, 0, false },
    { "304", "GET", "/304", 304, "77", 0, false },
    { "closing", "GET", "/close", 200, "5", 5, true },
    { "gathered", "GET", "/gather", 200, "10", 10, false },
    { "gathered to HEAD", "HEAD", "/gather", 200, "10", 0, false },
    { "nothing gathered", "GET", "/gather-nothing", 200, "0", 0, false },
    { "streamed", "GET", "/stream", 200, "200000", 200000, false },
    { "streamed to HEAD", "HEAD", "/stream", 200, "200000", 0, false },
    { "chunked", "GET", "/chunked", 200, NULL, 10, false },
    { "chunked, nothing", "GET", "/chunked-nothing", 200, NULL, 0, false },
    { "chunked to HEAD", "HEAD", "/chunked", 200, NULL, 0, true },
    { "none at all", "GET", "/nothing", 500, "0", 0, false },
};

static void test_every_kind_of_answer_has_the_right_head_and_body(void **state)
{
    (void)state;
    struct httpd *h = serve(answer_in_kind, NULL);
    int fd = dial(h);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: h\r\n\r\n", kinds[i].method, kinds[i].target);
        say_str(fd, text);
        struct answer a = hear_method(fd, kinds[i].method);
        const char *length = answer_field(&a, "Content-Length");
        bool same = length && kinds[i].length ? strcmp(length, kinds[i].length) == 0 : length == kinds[i].length;
        if (a.status != kinds[i].status || !same || a.n != kinds[i].n || !a.whole || a.closed != kinds[i].closed)
            fail_msg("%s: %d bytes, whole %d, closed %d\n%s", kinds[i].name, (int)a.n, a.whole, a.closed, a.head);
        assert_string_equal(answer_field(&a, "X-Empty"), "");
        assert_string_equal(answer_field(&a, "X-Dirty"), "a  X-Split: b c\td");
        assert_non_null(answer_field(&a, "Date"));
        assert_null(answer_field(&a, "Server"));
        assert_null(answer_field(&a, "X-Split"));
        answer_done(&a);
        if (kinds[i].closed) {
            close(fd);
            fd = dial(h);
        }
    }
    close(fd);
    unserve(h);
}

static void test_http10_clients_are_closed_on_unless_they_ask(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        size_t n;
        bool closed, sized;
    } rows[] = {
        { "sized", "GET /whole HTTP/1.0\r\n\r\n", 5, true, true },
        { "of unknown length", "GET /chunked HTTP/1.0\r\n\r\n", 10, true, false },
        { "keep-alive", "GET /whole HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 5, false, true },
        { "keep-alive of unknown length", "GET /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 10, true, false },
    };
    struct httpd *h = serve(answer_in_kind, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = dial(h);
        say_str(fd, rows[i].text);
        struct answer a = hear(fd);
        bool sized = answer_field(&a, "Content-Length") != NULL;
        if (a.status != 200 || a.n != rows[i].n || a.closed != rows[i].closed || sized != rows[i].sized || !a.whole)
            fail_msg("%s: %d bytes, closed %d\n%s", rows[i].name, (int)a.n, a.closed, a.head);
        assert_null(answer_field(&a, "Transfer-Encoding"));
        answer_done(&a);
        close(fd);
    }
    unserve(h);
}

static void test_connection_close_is_obeyed(void **state)
{
    (void)state;
    struct httpd *h = serve(echo, NULL);
    int fd = dial(h);
    say_str(fd, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    struct answer a = hear(fd);
    assert_int_equal(a.status, 200);
    assert_true(a.closed);
    answer_done(&a);
    close(fd);
    unserve(h);
}

static void abort_it(void *ctx, struct httpd_request *r)
{
    (void)ctx;
    if (slice_is(httpd_target(r), "/before"))
        httpd_abort(r);
    else
        httpd_start(r, 200, slice_is(httpd_target(r), "/sized") ? 200000 : HTTPD_LENGTH_UNKNOWN);
    if (!slice_is(httpd_target(r), "/before")) {
        enum err e = httpd_write(r, SLICE("only a part"));
        assert(e == OK);
    }
    if (slice_is(httpd_target(r), "/chunked"))
        httpd_abort(r);
}

static void test_an_answer_that_is_not_finished_cannot_pass_for_one(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } rows[] = {
        { "aborted before it began", "GET /before HTTP/1.1\r\nHost: h\r\n\r\n" },
        { "returned too early", "GET /sized HTTP/1.1\r\nHost: h\r\n\r\n" },
        { "aborted in the middle", "GET /chunked HTTP/1.1\r\nHost: h\r\n\r\n" },
        { "aborted while the end would be its end", "GET /chunked HTTP/1.0\r\n\r\n" },
    };
    struct httpd *h = serve(abort_it, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = dial(h);
        say_str(fd, rows[i].text);
        struct answer a = hear(fd);
        if (a.whole || (a.status == 0 && !a.closed))
            fail_msg("%s: status %d, %d bytes, whole", rows[i].name, a.status, (int)a.n);
        answer_done(&a);
        close(fd);
    }
    unserve(h);
}

static bool hello_fast(void *ctx, struct httpd_request *r)
{
    (void)ctx;
    if (!slice_is(httpd_target(r), "/fast"))
        return false;
    httpd_reply(r, 200, SLICE("fast"));
    return true;
}

static void test_the_fast_path_answers_without_a_request_thread(void **state)
{
    (void)state;
    struct httpd *h = serve_with((struct httpd_config){ .handler = echo, .fast = hello_fast });
    int fd = dial(h);
    for (int i = 0; i < 20; i++) {
        say_str(fd, "GET /fast HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_answer(fd, 200, "fast");
        say_str(fd, "POST /fast HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        assert_answer(fd, 200, "fast");
    }
    struct httpd_stats stats;
    httpd_stats(h, &stats);
    assert_int_equal(stats.threads, 0);
    say_str(fd, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 200, "GET /slow ");
    httpd_stats(h, &stats);
    assert_int_equal(stats.threads, 1);
    close(fd);
    unserve(h);
}

static int file_with(const char *text)
{
    char name[] = "/tmp/test_httpd_XXXXXX";
    int fd = mkstemp(name);
    assert(fd >= 0);
    unlink(name);
    assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    return fd;
}

static void reply_with_file(void *ctx, struct httpd_request *r)
{
    (void)ctx;
    httpd_reply_file(r, 206, file_with("0123456789"), 3, 5);
}

static void test_a_part_of_a_file_is_sent(void **state)
{
    (void)state;
    struct httpd *h = serve(reply_with_file, NULL);
    int fd = dial(h);
    say_str(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 206, "34567");
    say_str(fd, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    struct answer a = hear_method(fd, "HEAD");
    assert_string_equal(answer_field(&a, "Content-Length"), "5");
    answer_done(&a);
    say_str(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 206, "34567");
    close(fd);
    unserve(h);
}

/* Echoes what it reads, while it reads it, out of the view itself. */
static void echo_views(void *ctx, struct httpd_request *r)
{
    (void)ctx;
    struct slice piece;
    enum err e = httpd_read(r, &piece);
    assert(e == OK);
    AUTO_BUF struct buf all = { 0 };
    buf_init(&all, 1 << 20);
    while (piece.n > 0) {
        buf_add(&all, piece);
        e = httpd_read(r, &piece);
        assert(e == OK);
    }
    httpd_start(r, 200, all.n);
    e = httpd_write(r, buf_slice(&all));
    assert(e == OK && httpd_status(r) == 200 && httpd_bytes_out(r) == all.n && httpd_bytes_in(r) == all.n);
}

static void test_counters_and_status_tell_what_happened(void **state)
{
    (void)state;
    struct httpd *h = serve(echo_views, NULL);
    int fd = dial(h);
    static const size_t lengths[] = { 1, 5000, 65536, 65537, 500000 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char text[128];
        char *body = mem_alloc(lengths[i]);
        pattern_fill(body, lengths[i], 0);
        snprintf(text, sizeof text, "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", lengths[i]);
        say_str(fd, text);
        say(fd, slice_of(body, lengths[i]));
        struct answer a = hear(fd);
        assert_int_equal(a.n, lengths[i]);
        assert_memory_equal(a.body, body, lengths[i]);
        answer_done(&a);
        free(body);
    }
    close(fd);
    unserve(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_connection_serves_request_after_request),
        cmocka_unit_test(test_pipelined_requests_are_answered_in_order),
        cmocka_unit_test(test_a_body_in_pieces_is_put_together),
        cmocka_unit_test(test_trailers_of_a_chunked_body_are_passed_over),
        cmocka_unit_test(test_a_malformed_chunk_ends_the_body_and_the_connection),
        cmocka_unit_test(test_the_first_read_grants_100_continue),
        cmocka_unit_test(test_an_answer_instead_of_100_continue_is_the_only_one),
        cmocka_unit_test(test_a_short_body_that_nobody_reads_does_not_cost_the_connection),
        cmocka_unit_test(test_a_long_body_that_nobody_reads_is_answered_and_cut_off),
        cmocka_unit_test(test_a_refusal_in_the_middle_of_a_long_body_arrives),
        cmocka_unit_test(test_a_refusal_near_the_end_of_a_body_keeps_the_connection),
        cmocka_unit_test(test_a_refusal_does_not_wait_for_a_rest_that_never_comes),
        cmocka_unit_test(test_every_kind_of_answer_has_the_right_head_and_body),
        cmocka_unit_test(test_http10_clients_are_closed_on_unless_they_ask),
        cmocka_unit_test(test_connection_close_is_obeyed),
        cmocka_unit_test(test_an_answer_that_is_not_finished_cannot_pass_for_one),
        cmocka_unit_test(test_the_fast_path_answers_without_a_request_thread),
        cmocka_unit_test(test_a_part_of_a_file_is_sent),
        cmocka_unit_test(test_counters_and_status_tell_what_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

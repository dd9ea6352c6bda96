/* SPDX-License-Identifier: Apache-2.0 */
/* Many at once: full lines, full connection tables, idle crowds, and stopping while all of that is going on. */
#include "httpd_client.h"

#include <sys/resource.h>

struct hall {
    struct gate entered, doors;
    _Atomic unsigned answered;
};

static void hall_init(struct hall *hall)
{
    gate_init(&hall->entered);
    gate_init(&hall->doors);
    hall->answered = 0;
}

static void wait_in_hall(void *ctx, struct httpd_request *r)
{
    struct hall *hall = ctx;
    gate_open(&hall->entered);
    gate_pass(&hall->doors, 1);
    httpd_reply(r, 200, SLICE("served"));
    hall->answered++;
}

static void hello(void *ctx, struct httpd_request *r)
{
    (void)ctx;
    httpd_reply(r, 200, SLICE("hello"));
}

static void ask(int fd)
{
    say_str(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
}

static void say_slow_down(void *ctx, struct httpd_request *r, enum err why)
{
    (void)ctx;
    assert(why == ERR_SLOW_DOWN);
    httpd_add_header_str(r, "Retry-After", "1");
    httpd_reply(r, 503, SLICE("slow down"));
}

static void test_past_the_line_requests_are_told_to_slow_down(void **state)
{
    (void)state;
    struct hall hall;
    hall_init(&hall);
    struct httpd *h = serve_with((struct httpd_config){
        .handler = wait_in_hall, .refused = say_slow_down, .ctx = &hall, .request_threads = 3, .queue = 5 });
    int inside[8], outside[4];
    for (int i = 0; i < 3; i++) {
        inside[i] = dial(h);
        ask(inside[i]);
    }
    gate_pass(&hall.entered, 3);
    struct httpd_stats stats = { 0 };
    for (int i = 3; i < 8; i++) {
        inside[i] = dial(h);
        if (i % 2)
            ask(inside[i]);
        else
            say_str(inside[i], "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    }
    while (stats.waiting < 5) {
        httpd_stats(h, &stats);
        usleep(1000);
    }
    assert_int_equal(stats.running, 3);
    for (int i = 0; i < 4; i++) {
        outside[i] = dial(h);
        ask(outside[i]);
        assert_answer(outside[i], 503, "slow down");
    }
    gate_open(&hall.doors);
    for (int i = 0; i < 8; i++) {
        assert_answer(inside[i], 200, "served");
        close(inside[i]);
    }
    /* Being told so does not cost the connection. */
    for (int i = 0; i < 4; i++) {
        ask(outside[i]);
        assert_answer(outside[i], 200, "served");
        close(outside[i]);
    }
    unserve(h);
}

static void test_a_thousand_idle_connections_cost_no_thread(void **state)
{
    (void)state;
    enum { CROWD = 1000 };
    static int fds[CROWD];
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct httpd *h = serve(hello, NULL);
    int first = dial(h);
    ask(first);
    assert_answer(first, 200, "hello");
    struct httpd_stats stats;
    for (int i = 0; i < CROWD; i++) {
        fds[i] = dial(h);
        ask(fds[i]);
        assert_answer(fds[i], 200, "hello");
    }
    do {
        httpd_stats(h, &stats);
    } while (stats.running > 0); /* the last thread may not be back yet */
    assert_int_equal(stats.connections, CROWD + 1);
    assert_true(stats.threads <= 4);
    assert_int_equal(stats.waiting, 0);
    for (int i = 0; i < CROWD; i += 7) {
        ask(fds[i]);
        assert_answer(fds[i], 200, "hello");
    }
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
    close(first);
    unserve(h);
}

static void test_past_the_limit_connections_wait_until_others_end(void **state)
{
    (void)state;
    struct httpd *h = serve_with((struct httpd_config){ .handler = hello, .max_connections = 3 });
    int fds[4];
    for (int i = 0; i < 4; i++) {
        fds[i] = dial(h);
        ask(fds[i]);
    }
    for (int i = 0; i < 3; i++)
        assert_answer(fds[i], 200, "hello");
    struct pollfd waiting = { .fd = fds[3], .events = POLLIN };
    assert_int_equal(poll(&waiting, 1, 100), 0);
    close(fds[0]);
    assert_answer(fds[3], 200, "hello");
    for (int i = 1; i < 4; i++)
        close(fds[i]);
    unserve(h);
}

/* Clients that keep asking, in every way, until their server is gone. */

struct crowd {
    struct httpd *h;
    _Atomic bool stop;
    _Atomic unsigned answers;
};

static void busy(void *ctx, struct httpd_request *r)
{
    (void)ctx;
    static const char block[100000];
    struct slice piece;
    enum err e = OK;
    if (slice_is(httpd_target(r), "/stream"))
        httpd_start(r, 200, 3000000);
    for (int i = 0; slice_is(httpd_target(r), "/stream") && i < 30 && !e; i++)
        e = httpd_write(r, slice_of(block, sizeof block));
    if (slice_is(httpd_target(r), "/stream"))
        return;
    while ((e = httpd_read(r, &piece)) == OK && piece.n > 0)
        continue;
    if (!e)
        httpd_reply(r, 200, slice_of(block, 5000));
}

static bool one_exchange(int fd, unsigned turn)
{
    static const char block[300000];
    static const char *const asked[] = {
        "GET /x HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n",
        "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    };
    if (!say_str(fd, asked[turn % 4]) || (turn % 4 == 2 && !say(fd, slice_of(block, sizeof block))))
        return false;
    struct answer a = hear(fd);
    bool fine = a.status == 200 && a.whole && !a.closed;
    answer_done(&a);
    return fine;
}

static int dial_or_not(const struct httpd *h)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    to.sin_port = htons((uint16_t)atoi(strrchr(httpd_address(h, 0), ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static void *keep_asking(void *arg)
{
    struct crowd *c = arg;
    unsigned turn = 0;
    while (!c->stop) {
        int fd = dial_or_not(c->h);
        if (fd < 0)
            break;
        while (one_exchange(fd, turn++))
            c->answers++;
        close(fd);
    }
    return NULL;
}

static void stop_in_full_swing(unsigned drain_ms, unsigned answers)
{
    enum { CLIENTS = 8 };
    pthread_t clients[CLIENTS];
    struct crowd crowd = { .h = serve_with((struct httpd_config){ .handler = busy, .request_threads = 4 }) };
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&clients[i], NULL, keep_asking, &crowd);
    while (crowd.answers < answers)
        usleep(100);
    httpd_stop(crowd.h, drain_ms);
    crowd.stop = true;
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    httpd_free(crowd.h);
}

static void test_stopping_under_load_is_safe_fifty_times(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++)
        stop_in_full_swing(i % 2 ? 1000 : 0, 1 + i * 3);
}

static void *stop_it(void *h)
{
    httpd_stop(h, PATIENCE_MS);
    return NULL;
}

static void test_stopping_waits_for_the_requests_that_run(void **state)
{
    (void)state;
    struct hall hall;
    hall_init(&hall);
    struct httpd *h = serve(wait_in_hall, &hall);
    int fds[5], idle = dial(h);
    pthread_t stopper;
    for (int i = 0; i < 5; i++) {
        fds[i] = dial(h);
        ask(fds[i]);
    }
    gate_pass(&hall.entered, 5);
    pthread_create(&stopper, NULL, stop_it, h);
    int refused = 0;
    while (refused >= 0) { /* until its listening socket is closed */
        refused = dial_or_not(h);
        if (refused >= 0)
            close(refused);
    }
    ask(idle);
    struct answer a = hear(idle);
    assert_int_equal(a.status, 503);
    assert_true(a.closed);
    answer_done(&a);
    gate_open(&hall.doors);
    for (int i = 0; i < 5; i++) {
        a = hear(fds[i]);
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body, "served");
        assert_true(a.closed);
        answer_done(&a);
        close(fds[i]);
    }
    pthread_join(stopper, NULL);
    close(idle);
    httpd_free(h);
}

static void until_gone(void *ctx, struct httpd_request *r)
{
    struct hall *hall = ctx;
    struct slice piece;
    gate_open(&hall->entered);
    if (httpd_has_body(r))
        while (httpd_read(r, &piece) == OK && piece.n > 0)
            continue;
    while (!httpd_client_gone(r))
        usleep(1000);
}

static void test_stopping_cuts_what_does_not_end_in_time(void **state)
{
    (void)state;
    static const char *const asked[] = {
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\nabc",
        "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
        "GET / HTTP/1.1\r\nHo",
        "",
    };
    enum { N = sizeof asked / sizeof *asked };
    for (int round = 0; round < 50; round++) {
        struct hall hall;
        hall_init(&hall);
        struct httpd *h =
            serve_with((struct httpd_config){ .handler = until_gone, .ctx = &hall, .request_threads = 4 });
        int fds[N];
        for (int i = 0; i < N; i++) {
            fds[i] = dial(h);
            say_str(fds[i], asked[i]);
        }
        gate_pass(&hall.entered, round % 5); /* the fifth waits in line */
        httpd_stop(h, (unsigned)round % 3);
        for (int i = 0; i < N; i++) {
            assert_true(hear_close_at_last(fds[i]));
            close(fds[i]);
        }
        httpd_free(h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_past_the_line_requests_are_told_to_slow_down),
        cmocka_unit_test(test_a_thousand_idle_connections_cost_no_thread),
        cmocka_unit_test(test_past_the_limit_connections_wait_until_others_end),
        cmocka_unit_test(test_stopping_under_load_is_safe_fifty_times),
        cmocka_unit_test(test_stopping_waits_for_the_requests_that_run),
        cmocka_unit_test(test_stopping_cuts_what_does_not_end_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

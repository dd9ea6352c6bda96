/* SPDX-License-Identifier: Apache-2.0 */
/* httpd_client.h: the other end of httpd/ for its tests: a server on a free port with a handler of the test's own, a
 * raw socket to it, and gates at which handlers and tests wait for each other. */
#ifndef HUGS3_TESTS_HTTPD_CLIENT_H
#define HUGS3_TESTS_HTTPD_CLIENT_H

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "httpd/httpd.h"

#define PATIENCE_MS 20000

/* A gate opens once; whoever passes waits until it is open. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    int count;
};

static inline void gate_init(struct gate *g)
{
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->opened, NULL);
    g->count = 0;
}

static inline void gate_open(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->count++;
    pthread_cond_broadcast(&g->opened);
    pthread_mutex_unlock(&g->lock);
}

/* Until it has been opened `times` times. */
static inline void gate_pass(struct gate *g, int times)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    pthread_mutex_lock(&g->lock);
    int failed = 0;
    while (g->count < times && !failed)
        failed = pthread_cond_timedwait(&g->opened, &g->lock, &until);
    pthread_mutex_unlock(&g->lock);
    if (failed) {
        fprintf(stderr, "a gate stayed shut\n");
        abort();
    }
}

static inline struct httpd *serve_with(struct httpd_config config)
{
    const char *const listen[] = { "127.0.0.1:0" };
    char why[256] = "";
    struct httpd *h = NULL;
    config.name = "test";
    config.listen = listen;
    config.n_listen = 1;
    if (httpd_new(&config, why, &h) != OK)
        fail_msg("%s", why);
    return h;
}

static inline struct httpd *serve(httpd_handler *handler, void *ctx)
{
    return serve_with((struct httpd_config){ .handler = handler, .ctx = ctx });
}

static inline void unserve(struct httpd *h)
{
    httpd_stop(h, PATIENCE_MS);
    httpd_free(h);
}

static inline int dial(const struct httpd *h)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
    int one = 1;
    to.sin_port = htons((uint16_t)atoi(strrchr(httpd_address(h, 0), ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* false: the server has closed, or does not read. */
static inline bool say(int fd, struct slice text)
{
    while (text.n > 0) {
        ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        text = slice_from(text, (size_t)n);
    }
    return true;
}

static inline bool say_str(int fd, const char *text)
{
    return say(fd, slice_str(text));
}

struct answer {
    int status; /* 0: none came */
    char head[16384];
    char *body; /* NUL behind it */
    size_t n;
    bool whole;  /* as long as its head says */
    bool closed; /* end of file instead of, or (with `Connection: close`) after, it */
};

static inline void answer_done(struct answer *a)
{
    free(a->body);
    a->body = NULL;
}

static inline bool hear_head(int fd, struct answer *a)
{
    size_t n = 0;
    while (n < sizeof a->head - 1) {
        if (recv(fd, a->head + n, 1, 0) != 1)
            return false;
        a->head[++n] = '\0';
        if (n >= 4 && memcmp(a->head + n - 4, "\r\n\r\n", 4) == 0)
            return sscanf(a->head, "HTTP/1.1 %d", &a->status) == 1;
    }
    return false;
}

/* The value of the first field of that name in the answer's head, up to its CR; NULL: none. */
static inline const char *answer_field(const struct answer *a, const char *name)
{
    static _Thread_local char value[1024];
    const char *line = a->head;
    size_t n = strlen(name);
    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            const char *p = line + n + 1;
            p += strspn(p, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(p, "\r"), p);
            return value;
        }
    }
    return NULL;
}

static inline size_t hear_some(int fd, char *out, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t k = recv(fd, out + got, n - got, 0);
        if (k <= 0)
            break;
        got += (size_t)k;
    }
    return got;
}

static inline void hear_sized(int fd, struct answer *a, size_t n)
{
    a->body = mem_zalloc(n + 1);
    a->n = hear_some(fd, a->body, n);
    a->whole = a->n == n;
}

static inline void hear_chunked(int fd, struct answer *a)
{
    struct buf b;
    buf_init(&b, 1 << 30);
    for (;;) {
        char line[32] = "";
        for (size_t i = 0; i < sizeof line - 1 && hear_some(fd, line + i, 1) == 1 && line[i] != '\n'; i++)
            ;
        char *end;
        size_t n = strtoul(line, &end, 16);
        if (end == line || *end != '\r')
            break;
        char *room = buf_room(&b, n + 2);
        if (hear_some(fd, room, n + 2) != n + 2)
            break;
        buf_grew(&b, n);
        if (n == 0) {
            a->whole = true;
            break;
        }
    }
    a->n = b.n;
    a->body = buf_take(&b);
}

static inline void hear_to_end(int fd, struct answer *a)
{
    struct buf b;
    buf_init(&b, 1 << 30);
    for (;;) {
        ssize_t n = recv(fd, buf_room(&b, 65536), 65536, 0);
        a->whole = n == 0;
        if (n <= 0)
            break;
        buf_grew(&b, (size_t)n);
    }
    a->n = b.n;
    a->body = buf_take(&b);
}

/* Nothing more comes, and the server's side is closed (a reset counts too). */
static inline bool hear_close(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* The same, whatever still comes. */
static inline bool hear_close_at_last(int fd)
{
    char bytes[4096];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        continue;
    return n == 0 || errno == ECONNRESET;
}

static inline struct answer hear_method(int fd, const char *method)
{
    struct answer a = { 0 };
    if (!hear_head(fd, &a)) {
        a.closed = true;
        return a;
    }
    const char *length = answer_field(&a, "Content-Length");
    bool empty = strcmp(method, "HEAD") == 0 || a.status == 204 || a.status == 304 || a.status < 200;
    if (empty)
        hear_sized(fd, &a, 0);
    else if (length != NULL)
        hear_sized(fd, &a, strtoull(length, NULL, 10));
    else if (answer_field(&a, "Transfer-Encoding") != NULL)
        hear_chunked(fd, &a);
    else
        hear_to_end(fd, &a);
    const char *connection = answer_field(&a, "Connection");
    if (connection != NULL && strcasecmp(connection, "close") == 0)
        a.closed = hear_close(fd);
    return a;
}

static inline struct answer hear(int fd)
{
    return hear_method(fd, "GET");
}

static inline void assert_answer(int fd, int status, const char *body)
{
    struct answer a = hear(fd);
    assert_int_equal(a.status, status);
    assert_string_equal(a.body, body);
    answer_done(&a);
}

/* Content that tells its place: a byte lost, doubled or swapped shows. */
static inline unsigned char pattern_at(uint64_t i)
{
    return (unsigned char)((i * 0x9E3779B97F4A7C15ull) >> 56);
}

static inline void pattern_fill(char *out, size_t n, uint64_t at)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (char)pattern_at(at + i);
}

static inline bool pattern_matches(const char *p, size_t n, uint64_t at)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)p[i] != pattern_at(at + i))
            return false;
    return true;
}

#endif

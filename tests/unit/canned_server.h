/* SPDX-License-Identifier: Apache-2.0 */
/* canned_server.h: an HTTP server on loopback for tests of the client: blocking sockets, a thread a connection. What
 * it does is asked for by the path:
 *   /hello         "hello", and a few fields             /head       the request's head, as it came
 *   /sum           size and checksum of the body         /big/N      N bytes of canned_pattern(), sized
 *   /chunked       pieces and a trailer                  /interim    100 and 103 before the 200
 *   /fail/S/N      status S for N times, then 200        /cut/N      reset in mid-body N times, then all of it
 *   /drip/MS       ten digits, one every MS              /never      takes the request and says nothing
 *   /much-head     more fields than anybody would take   /bye        answers and closes, without saying so
 *   /hints         103 without end                       /trailers   trailers without end
 *   /chunks/N      the same, chunked                     /close/N    the same, ended by the connection's end
 *   /sum-once      /sum for the first request of a connection; to a later one, the end without an answer
 *   /until-close   a body ended by the connection's end  /gate       answers when canned_open has been called
 * Included by one file an executable; functions a test does not need are no matter. */
#ifndef HUGS3_TESTS_CANNED_SERVER_H
#define HUGS3_TESTS_CANNED_SERVER_H

#include <assert.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"

#define CANNED_CONNECTIONS 256

struct canned {
    char base[64]; /* http://127.0.0.1:PORT */
    int listener;
    pthread_t acceptor;
    _Atomic unsigned connections, requests, failures;
    _Atomic uint64_t sent; /* of /big's bytes */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
    unsigned at_gate, most_at_gate;
    unsigned n; /* connections ever made */
    int fds[CANNED_CONNECTIONS];
    pthread_t threads[CANNED_CONNECTIONS];
};

struct canned_link {
    struct canned *server;
    int fd;
    char head[65536];
    size_t n;        /* bytes in head */
    size_t head_end; /* where the body begins */
    uint64_t length;
    unsigned served;
    char path[256];
};

static inline unsigned char canned_pattern(uint64_t at)
{
    return (unsigned char)(at * 31 + (at >> 12));
}

/* FNV-1a. */
static inline uint64_t canned_sum(uint64_t sum, const void *p, size_t n)
{
    const unsigned char *bytes = p;
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ bytes[i]) * 1099511628211u;
    return sum;
}

static inline bool canned_send(struct canned_link *l, const void *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t done = send(l->fd, (const char *)p + at, n - at, MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        at += (size_t)done;
    }
    return true;
}

static inline bool canned_say(struct canned_link *l, const char *text)
{
    return canned_send(l, text, strlen(text));
}

static inline bool canned_answer(struct canned_link *l, int status, const char *fields, const char *body)
{
    char text[70000];
    int n = snprintf(text, sizeof text, "HTTP/1.1 %d Because\r\n%sContent-Length: %zu\r\n\r\n%s", status, fields,
                     strlen(body), strncmp(l->head, "HEAD ", 5) == 0 ? "" : body);
    return canned_send(l, text, (size_t)n);
}

/* Closing with unread data, or so told, makes the kernel send a reset. */
static inline bool canned_reset(struct canned_link *l)
{
    struct linger now = { .l_onoff = 1 };
    setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    return false;
}

enum canned_framing { CANNED_SIZED, CANNED_CHUNKED, CANNED_TO_THE_END };

static inline bool canned_send_chunk(struct canned_link *l, const void *p, size_t n, enum canned_framing framing)
{
    char size[32];
    snprintf(size, sizeof size, "%zx\r\n", n);
    if (framing != CANNED_CHUNKED)
        return canned_send(l, p, n);
    return canned_say(l, size) && canned_send(l, p, n) && canned_say(l, "\r\n");
}

static inline bool canned_big(struct canned_link *l, uint64_t size, enum canned_framing framing)
{
    char text[128];
    unsigned char piece[16384];
    snprintf(text, sizeof text, "Content-Length: %" PRIu64 "\r\n", size);
    if (!canned_say(l, "HTTP/1.1 200 OK\r\nX-Canned: big\r\n") ||
        !canned_say(l, framing == CANNED_SIZED     ? text
                       : framing == CANNED_CHUNKED ? "Transfer-Encoding: chunked\r\n"
                                                   : "") ||
        !canned_say(l, "\r\n"))
        return false;
    for (uint64_t at = 0; at < size;) {
        size_t n = size - at < sizeof piece ? (size_t)(size - at) : sizeof piece;
        for (size_t i = 0; i < n; i++)
            piece[i] = canned_pattern(at + i);
        if (!canned_send_chunk(l, piece, n, framing))
            return false;
        at += n;
        atomic_fetch_add(&l->server->sent, n);
    }
    return framing == CANNED_CHUNKED ? canned_say(l, "0\r\n\r\n") : framing == CANNED_SIZED;
}

static inline bool canned_sum_body(struct canned_link *l)
{
    static const size_t room = 65536;
    char *piece = mem_alloc(room), text[64];
    size_t have = l->n - l->head_end;
    uint64_t sum = canned_sum(0, l->head + l->head_end, have), size = have;
    while (size < l->length) {
        ssize_t n = recv(l->fd, piece, room, 0);
        if (n <= 0)
            break;
        sum = canned_sum(sum, piece, (size_t)n);
        size += (uint64_t)n;
    }
    free(piece);
    if (l->served && strcmp(l->path, "/sum-once") == 0)
        return false;
    snprintf(text, sizeof text, "%" PRIu64 " %016" PRIx64, size, sum);
    return canned_answer(l, 200, "", text);
}

static inline bool canned_say_head(struct canned_link *l)
{
    while (l->n < l->head_end + l->length && l->n < sizeof l->head) {
        ssize_t n = recv(l->fd, l->head + l->n, sizeof l->head - l->n, 0);
        if (n <= 0)
            return false;
        l->n += (size_t)n;
    }
    l->head[l->head_end] = '\0';
    return canned_answer(l, 200, "", l->head);
}

static inline bool canned_much_head(struct canned_link *l)
{
    bool going = canned_say(l, "HTTP/1.1 200 OK\r\n");
    for (unsigned i = 0; i < 2000 && going; i++) {
        char field[128];
        snprintf(field, sizeof field, "X-Much-%u: %0100u\r\n", i, i);
        going = canned_say(l, field);
    }
    return going && canned_say(l, "Content-Length: 0\r\n\r\n");
}

static inline bool canned_say_on_and_on(struct canned_link *l, const char *first, const char *text)
{
    if (!canned_say(l, first))
        return false;
    while (canned_say(l, text))
        ;
    return false;
}

static inline bool canned_drip(struct canned_link *l, unsigned ms)
{
    bool going = canned_say(l, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    for (char c = '0'; c <= '9' && going; c++) {
        usleep(ms * 1000);
        going = canned_send(l, &c, 1);
    }
    return going;
}

static inline bool canned_gate(struct canned_link *l)
{
    struct canned *s = l->server;
    pthread_mutex_lock(&s->lock);
    if (++s->at_gate > s->most_at_gate)
        s->most_at_gate = s->at_gate;
    pthread_cond_broadcast(&s->changed);
    while (!s->open)
        pthread_cond_wait(&s->changed, &s->lock);
    s->at_gate--;
    pthread_mutex_unlock(&s->lock);
    return canned_answer(l, 200, "", "through");
}

/* false: this connection ends. */
static inline bool canned_serve(struct canned_link *l)
{
    unsigned a = 0, b = 0;
    uint64_t size;
    const char *path = l->path;
    if (strcmp(path, "/hello") == 0)
        return canned_answer(l, 200, "X-One: 1\r\nx-two:  two \t\r\nX-Empty:\r\nX-One: again\r\n", "hello");
    if (strncmp(path, "/head", 5) == 0)
        return canned_say_head(l);
    if (strncmp(path, "/sum", 4) == 0)
        return canned_sum_body(l);
    if (sscanf(path, "/big/%" SCNu64, &size) == 1)
        return canned_big(l, size, CANNED_SIZED);
    if (sscanf(path, "/chunks/%" SCNu64, &size) == 1)
        return canned_big(l, size, CANNED_CHUNKED);
    if (sscanf(path, "/close/%" SCNu64, &size) == 1)
        return canned_big(l, size, CANNED_TO_THE_END);
    if (strcmp(path, "/chunked") == 0)
        return canned_say(l, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n") &&
               canned_say(l, "2;x=y\r\nde\r\n") && canned_say(l, "0\r\nX-Trailer: late\r\n\r\n");
    if (strcmp(path, "/interim") == 0)
        return canned_say(l, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n") &&
               canned_answer(l, 200, "X-Late: 2\r\n", "hello");
    if (sscanf(path, "/fail/%u/%u", &a, &b) == 2)
        return atomic_fetch_add(&l->server->failures, 1) < b ? canned_answer(l, (int)a, "Retry-After: 0\r\n", "no")
                                                             : canned_answer(l, 200, "", "yes");
    if (sscanf(path, "/cut/%u", &b) == 1) {
        if (atomic_fetch_add(&l->server->failures, 1) >= b)
            return canned_answer(l, 200, "", "all of it");
        canned_say(l, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall");
        return canned_reset(l);
    }
    if (sscanf(path, "/drip/%u", &a) == 1)
        return canned_drip(l, a);
    if (strcmp(path, "/never") == 0)
        return recv(l->fd, l->head, 1, 0) > 0;
    if (strcmp(path, "/much-head") == 0)
        return canned_much_head(l);
    if (strcmp(path, "/hints") == 0)
        return canned_say_on_and_on(l, "", "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n");
    if (strcmp(path, "/trailers") == 0)
        return canned_say_on_and_on(l, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-Late: 1\r\n");
    if (strcmp(path, "/bye") == 0)
        return canned_answer(l, 200, "", "bye") && false;
    if (strcmp(path, "/until-close") == 0)
        return canned_say(l, "HTTP/1.1 200 OK\r\n\r\nto the end") && false;
    if (strcmp(path, "/gate") == 0)
        return canned_gate(l);
    return canned_answer(l, 404, "", "");
}

static inline bool canned_read_head(struct canned_link *l)
{
    l->n = 0;
    for (;;) {
        ssize_t n = recv(l->fd, l->head + l->n, sizeof l->head - 1 - l->n, 0);
        if (n <= 0)
            return false;
        l->n += (size_t)n;
        l->head[l->n] = '\0';
        char *end = strstr(l->head, "\r\n\r\n");
        if (end == NULL)
            continue;
        l->head_end = (size_t)(end - l->head) + 4;
        const char *length = strcasestr(l->head, "\r\nContent-Length:");
        l->length = length ? strtoull(length + 17, NULL, 10) : 0;
        return sscanf(l->head, "%*s %255s", l->path) == 1;
    }
}

static inline void *canned_connection(void *arg)
{
    struct canned_link *l = arg;
    while (canned_read_head(l)) {
        atomic_fetch_add(&l->server->requests, 1);
        pthread_mutex_lock(&l->server->lock);
        pthread_cond_broadcast(&l->server->changed);
        pthread_mutex_unlock(&l->server->lock);
        if (!canned_serve(l))
            break;
        l->served++;
    }
    pthread_mutex_lock(&l->server->lock);
    for (unsigned i = 0; i < l->server->n; i++)
        if (l->server->fds[i] == l->fd)
            l->server->fds[i] = -1;
    close(l->fd);
    pthread_mutex_unlock(&l->server->lock);
    free(l);
    return NULL;
}

static inline void *canned_accept(void *arg)
{
    struct canned *s = arg;
    for (int fd; (fd = accept(s->listener, NULL, NULL)) >= 0;) {
        struct canned_link *l = mem_alloc(sizeof *l);
        l->server = s;
        l->served = 0;
        l->fd = fd;
        atomic_fetch_add(&s->connections, 1);
        pthread_mutex_lock(&s->lock);
        assert(s->n < CANNED_CONNECTIONS);
        s->fds[s->n] = fd;
        pthread_create(&s->threads[s->n++], NULL, canned_connection, l);
        pthread_mutex_unlock(&s->lock);
    }
    return NULL;
}

static inline struct canned *canned_new(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    struct canned *s = mem_zalloc(sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    int failed = bind(s->listener, (struct sockaddr *)&at, sizeof at) || listen(s->listener, 128) ||
                 getsockname(s->listener, (struct sockaddr *)&at, &size);
    assert(!failed);
    snprintf(s->base, sizeof s->base, "http://127.0.0.1:%u", ntohs(at.sin_port));
    pthread_create(&s->acceptor, NULL, canned_accept, s);
    return s;
}

/* All at /gate pass, now and later. */
static inline void canned_open(struct canned *s)
{
    pthread_mutex_lock(&s->lock);
    s->open = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* Until n requests have come. */
static inline void canned_wait_requests(struct canned *s, unsigned n)
{
    pthread_mutex_lock(&s->lock);
    while (s->requests < n)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

/* Until n requests stand at the gate. */
static inline void canned_wait_gate(struct canned *s, unsigned n)
{
    pthread_mutex_lock(&s->lock);
    while (s->at_gate < n)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

/* Cuts every connection. */
static inline void canned_free(struct canned *s)
{
    canned_open(s);
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->acceptor, NULL);
    pthread_mutex_lock(&s->lock);
    for (unsigned i = 0; i < s->n; i++)
        if (s->fds[i] >= 0)
            shutdown(s->fds[i], SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < s->n; i++)
        pthread_join(s->threads[i], NULL);
    close(s->listener);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

#endif

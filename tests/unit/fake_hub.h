/* SPDX-License-Identifier: Apache-2.0 */
/* fake_hub.h: a Hub inside a test: blocking sockets, a thread a connection, and answers that the test makes up.
 *
 *   struct fake *f = fake_start(answer, ctx);     answer(ctx, request, reply) runs for every request, one at a time
 *   … f->url is the endpoint …
 *   fake_stop(f);                                 after http_free
 *
 * A reply left empty hangs up. Every request is kept as "METHOD target" in f->log. */
#ifndef HUGS3_TESTS_FAKE_HUB_H
#define HUGS3_TESTS_FAKE_HUB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/codec.h"
#include "common/http.h"
#include "hub/hub.h"

#define FAKE_CONNS 256
#define FAKE_LOG   4096

struct fake_request {
    struct slice method, target, head, body;
};
typedef void fake_fn(void *ctx, const struct fake_request *request, struct buf *reply);

struct fake {
    fake_fn *answer;
    void *ctx;
    int listener;
    char url[64];
    pthread_t acceptor;
    pthread_mutex_t lock; /* all below, and `answer` runs under it */
    int conns[FAKE_CONNS];
    pthread_t threads[FAKE_CONNS];
    size_t n_conns;
    char *log[FAKE_LOG];
    size_t calls;
};

struct fake_conn {
    struct fake *fake;
    int fd;
};

/* status, headers each ended by "\r\n" or "", JSON or anything */
static inline void fake_reply(struct buf *reply, int status, const char *headers, const char *body)
{
    buf_addf(reply, "HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n", status,
             strlen(body), headers);
    buf_add_str(reply, body);
}

static inline struct slice fake_header(const struct fake_request *r, const char *name)
{
    for (struct slice rest = r->head; rest.p != NULL;) {
        struct slice line = slice_cut(&rest, '\n');
        struct slice field = slice_cut(&line, ':');
        if (line.p && slice_eq_nocase(field, slice_str(name))) {
            if (line.n && line.p[line.n - 1] == '\r')
                line.n--;
            return slice_trim(line);
        }
    }
    return SLICE_NONE;
}

/* Reads until the buffer holds a head and its body; false: the client has gone. */
static inline bool fake_read(int fd, struct buf *in, struct fake_request *r, size_t *used)
{
    for (;;) {
        char *end = in->n ? memmem(in->p, in->n, "\r\n\r\n", 4) : NULL;
        uint64_t length = 0;
        if (end) {
            size_t head = (size_t)(end - in->p) + 4;
            struct slice rest = slice_of(in->p, head);
            *r =
                (struct fake_request){ .method = slice_cut(&rest, ' '), .target = slice_cut(&rest, ' '), .head = rest };
            if (slice_u64(fake_header(r, "Content-Length"), &length)) {
            }
            if (in->n >= head + length) {
                r->body = slice_of(in->p + head, (size_t)length);
                *used = head + (size_t)length;
                return true;
            }
        }
        char *room = buf_room(in, 65536);
        ssize_t got = room ? recv(fd, room, 65536, 0) : -1;
        if (got <= 0)
            return false;
        buf_grew(in, (size_t)got);
    }
}

static inline bool fake_send(int fd, struct slice bytes)
{
    while (bytes.n) {
        ssize_t sent = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes = slice_from(bytes, (size_t)sent);
    }
    return true;
}

static inline void fake_serve(struct fake *f, const struct fake_request *r, struct buf *reply)
{
    pthread_mutex_lock(&f->lock);
    if (f->calls < FAKE_LOG &&
        asprintf(&f->log[f->calls], "%.*s %.*s", (int)r->method.n, r->method.p, (int)r->target.n, r->target.p) < 0)
        abort();
    f->calls++;
    f->answer(f->ctx, r, reply);
    pthread_mutex_unlock(&f->lock);
}

static inline void *fake_conn_run(void *arg)
{
    struct fake_conn c = *(struct fake_conn *)arg;
    struct buf in, reply;
    struct fake_request request;
    size_t used;
    free(arg);
    buf_init(&in, 128 << 20);
    buf_init(&reply, 128 << 20);
    while (fake_read(c.fd, &in, &request, &used)) {
        buf_clear(&reply);
        fake_serve(c.fake, &request, &reply);
        if (reply.n == 0 || !fake_send(c.fd, buf_slice(&reply)))
            break;
        memmove(in.p, in.p + used, in.n - used);
        in.n -= used;
    }
    shutdown(c.fd, SHUT_RDWR);
    buf_done(&in);
    buf_done(&reply);
    return NULL;
}

static inline void *fake_accept_run(void *arg)
{
    struct fake *f = arg;
    for (;;) {
        int fd = accept(f->listener, NULL, NULL), one = 1;
        if (fd < 0)
            return NULL;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct fake_conn *c = mem_alloc(sizeof *c);
        *c = (struct fake_conn){ f, fd };
        pthread_mutex_lock(&f->lock);
        assert_true(f->n_conns < FAKE_CONNS);
        f->conns[f->n_conns] = fd;
        pthread_create(&f->threads[f->n_conns++], NULL, fake_conn_run, c);
        pthread_mutex_unlock(&f->lock);
    }
}

static inline struct fake *fake_start(fake_fn *answer, void *ctx)
{
    struct fake *f = mem_zalloc(sizeof *f);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t at_n = sizeof at;
    f->answer = answer;
    f->ctx = ctx;
    pthread_mutex_init(&f->lock, NULL);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(f->listener, 128), 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&at, &at_n), 0);
    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d", ntohs(at.sin_port));
    pthread_create(&f->acceptor, NULL, fake_accept_run, f);
    return f;
}

static inline void fake_stop(struct fake *f)
{
    shutdown(f->listener, SHUT_RDWR);
    pthread_join(f->acceptor, NULL);
    for (size_t i = 0; i < f->n_conns; i++) {
        shutdown(f->conns[i], SHUT_RDWR);
        pthread_join(f->threads[i], NULL);
        close(f->conns[i]);
    }
    close(f->listener);
    for (size_t i = 0; i < f->calls && i < FAKE_LOG; i++)
        free(f->log[i]);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

/* ---- a client on it, with one bucket ---- */

struct rig {
    struct fake *fake;
    struct http *http;
    struct hub *hub;
    struct hub_bucket *bucket; /* "me/b" */
    struct arena *arena;
};

static inline void rig_start(struct rig *r, fake_fn *answer, void *ctx, uint32_t retry_ms)
{
    r->fake = fake_start(answer, ctx);
    r->http = http_new(&(struct http_config){ .user_agent = "test" });
    assert_non_null(r->http);
    r->hub = hub_new(
        &(struct hub_config){ .http = r->http, .endpoint = r->fake->url, .token = "hf_test", .retry_ms = retry_ms });
    r->bucket = hub_bucket_new(r->hub, SLICE("me/b"));
    r->arena = arena_new();
}

static inline void rig_stop(struct rig *r)
{
    hub_bucket_free(r->bucket);
    http_stop(r->http);
    hub_free(r->hub);
    http_free(r->http);
    fake_stop(r->fake);
    arena_free(r->arena);
}

/* Answers that are known beforehand: one a request, the last one again and again. */
struct canned {
    const struct canned_reply {
        int status; /* 0: hang up */
        const char *headers, *body;
    } * list;
    size_t n, next;
    char *bodies[16]; /* of the requests */
    char *target;     /* of the last one */
    char *bearer;
};

static inline void canned_answer(void *ctx, const struct fake_request *request, struct buf *reply)
{
    struct canned *c = ctx;
    size_t at = c->next < c->n ? c->next : c->n - 1;
    if (c->next < 16)
        c->bodies[c->next] = mem_dup(request->body);
    c->next++;
    free(c->target);
    free(c->bearer);
    c->target = mem_dup(request->target);
    c->bearer = mem_dup(fake_header(request, "Authorization"));
    if (c->list[at].status)
        fake_reply(reply, c->list[at].status, c->list[at].headers, c->list[at].body);
}

static inline void canned_free(struct canned *c)
{
    for (size_t i = 0; i < 16; i++)
        free(c->bodies[i]);
    free(c->target);
    free(c->bearer);
}

#define CANNED(replies)                                                                                                \
    {                                                                                                                  \
        .list = replies, .n = sizeof replies / sizeof *replies                                                         \
    }

#endif

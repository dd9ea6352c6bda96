/* SPDX-License-Identifier: Apache-2.0 */
/* httpd.c: puts a server together, and takes it apart again.
 *
 * Each loop is a libmicrohttpd daemon of its own with one epoll thread and no listening socket.
 *
 * Stopping is delicate: MHD_stop_daemon aborts the process when a connection is suspended, and a thread that has just
 * resumed one may still be inside of libmicrohttpd when the connection is long gone. So: no new connections; let the
 * requests end, or cut them, until none is open; then join every thread that could resume one; then stop the loops. */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "httpd/request.h"

/* libmicrohttpd clears and maps this for each connection: more costs memory and microseconds, less limits the head. */
#define CONNECTION_MEMORY 65536
#define ARRIVAL_MS        1000
#define STUCK_MS          5000 /* a handler that does not return is worth a line in the log */

static void set_defaults(struct httpd_config *c)
{
    c->epoll_threads = c->epoll_threads ? c->epoll_threads : 2;
    c->request_threads = c->request_threads ? c->request_threads : 128;
    c->queue = c->queue ? c->queue : 4096;
    c->max_connections = c->max_connections ? c->max_connections : 16384;
    c->idle_timeout_s = c->idle_timeout_s ? c->idle_timeout_s : 60;
    c->pipe_bytes = c->pipe_bytes ? c->pipe_bytes : 1U << 20;
    c->listen = NULL;
    c->n_listen = 0;
}

/* Loops */

static void on_connection(void *cls, struct MHD_Connection *conn, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    (void)conn;
    (void)context;
    struct loop *loop = cls;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        atomic_fetch_sub(&loop->arriving, 1);
        return;
    }
    atomic_fetch_sub(&loop->connections, 1);
    listener_wake(loop->httpd->listener);
}

/* We take the target as it came; libmicrohttpd need not decode it. */
static size_t leave_escaped(void *cls, struct MHD_Connection *conn, char *s)
{
    (void)cls;
    (void)conn;
    return strlen(s);
}

static bool loop_start(struct httpd *h, struct loop *loop)
{
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
    sigset_t all, before;
    loop->httpd = h;
    pthread_mutex_init(&loop->lock, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    /* clang-format off */
    loop->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, request_on_access, loop,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_LIMIT, h->config.max_connections + 64, /* listen.c keeps the real one */
        MHD_OPTION_CONNECTION_TIMEOUT, h->config.idle_timeout_s,
        MHD_OPTION_URI_LOG_CALLBACK, request_on_target, loop,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, request_on_completed, loop,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop,
#if MHD_VERSION >= 0x00097701
        MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, /* no folded lines, bare LF, NUL */
#endif
        MHD_OPTION_END);
    /* clang-format on */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return loop->daemon != NULL;
}

/* MHD_stop_daemon throws away what is still on its way to the epoll thread, without a lock: let it arrive first. */
static void wait_for_arrivals(struct httpd *h)
{
    int64_t deadline_ms = clock_mono_ms() + ARRIVAL_MS;
    for (unsigned i = 0; i < h->n_loops; i++)
        while (atomic_load(&h->loops[i].arriving) > 0 && clock_mono_ms() < deadline_ms)
            nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void loops_stop(struct httpd *h)
{
    for (unsigned i = 0; i < h->n_loops; i++) {
        if (h->loops[i].daemon != NULL)
            MHD_stop_daemon(h->loops[i].daemon);
        h->loops[i].daemon = NULL;
    }
}

/* Life and death */

static void init(struct httpd *h, const struct httpd_config *config)
{
    pthread_condattr_t monotonic;
    h->config = *config;
    set_defaults(&h->config);
    snprintf(h->name, sizeof h->name, "%s", config->name ? config->name : "http");
    h->config.name = h->name;
    shelf_init(&h->shelf, h->config.pipe_bytes);
    pthread_mutex_init(&h->stop_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&h->drained, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static enum err start(struct httpd *h, char why[256])
{
    h->threads = threads_new(h->name, h->config.request_threads, h->config.queue);
    h->watch = watch_new(h);
    h->n_loops = h->config.epoll_threads;
    h->loops = mem_zalloc(h->n_loops * sizeof *h->loops);
    bool ok = h->watch != NULL;
    for (unsigned i = 0; i < h->n_loops; i++)
        ok = loop_start(h, &h->loops[i]) && ok;
    if (!ok) {
        snprintf(why, 256, "cannot start the HTTP server: no more descriptors or threads");
        return ERR_INTERNAL;
    }
    listener_start(h->listener);
    return OK;
}

enum err httpd_new(const struct httpd_config *config, char why[256], struct httpd **out)
{
    assert(config->handler != NULL);
    struct httpd *h = mem_zalloc(sizeof *h);
    init(h, config);
    enum err e = listener_new(h, config->listen, config->n_listen, why, &h->listener);
    if (!e)
        e = start(h, why);
    if (e) {
        if (h->listener != NULL)
            httpd_stop(h, 0);
        httpd_free(h);
        return e;
    }
    *out = h;
    return OK;
}

const char *httpd_address(const struct httpd *h, size_t i)
{
    return listener_address(h->listener, i);
}

static struct timespec timespec_of(int64_t mono_ms)
{
    return (struct timespec){ .tv_sec = mono_ms / 1000, .tv_nsec = mono_ms % 1000 * 1000000 };
}

/* false: the deadline came first. */
static bool wait_until_drained(struct httpd *h, int64_t deadline_ms)
{
    struct timespec until = timespec_of(deadline_ms);
    pthread_mutex_lock(&h->stop_lock);
    while (atomic_load(&h->open) > 0 && clock_mono_ms() < deadline_ms)
        pthread_cond_timedwait(&h->drained, &h->stop_lock, &until);
    pthread_mutex_unlock(&h->stop_lock);
    return atomic_load(&h->open) == 0;
}

void httpd_stop(struct httpd *h, unsigned drain_ms)
{
    atomic_store(&h->state, HTTPD_DRAINING);
    listener_stop(h->listener);
    wait_for_arrivals(h);
    wait_until_drained(h, clock_mono_ms() + drain_ms);
    atomic_store(&h->state, HTTPD_CUTTING);
    request_cut_all(h);
    while (!wait_until_drained(h, clock_mono_ms() + STUCK_MS))
        log_say(LOG_WARN, "httpd", "%s: still waiting for %u requests to end", h->name, atomic_load(&h->open));
    threads_stop(h->threads);
    if (h->watch != NULL)
        watch_stop(h->watch);
    loops_stop(h);
}

void httpd_free(struct httpd *h)
{
    if (h == NULL)
        return;
    for (unsigned i = 0; i < h->n_loops; i++)
        pthread_mutex_destroy(&h->loops[i].lock);
    free(h->loops);
    threads_free(h->threads);
    watch_free(h->watch);
    listener_free(h->listener);
    shelf_done(&h->shelf);
    pthread_cond_destroy(&h->drained);
    pthread_mutex_destroy(&h->stop_lock);
    free(h);
}

void httpd_stats(struct httpd *h, struct httpd_stats *out)
{
    struct threads_count count = threads_count(h->threads);
    *out = (struct httpd_stats){ .running = count.running, .waiting = count.waiting, .threads = count.threads };
    for (unsigned i = 0; i < h->n_loops; i++)
        out->connections += atomic_load(&h->loops[i].connections);
    out->requests = atomic_load(&h->requests);
}

/* The head, for handlers */

struct slice httpd_method(const struct httpd_request *r)
{
    return r->method;
}

struct slice httpd_target(const struct httpd_request *r)
{
    return r->target;
}

struct headers httpd_headers(const struct httpd_request *r)
{
    return r->headers;
}

struct slice httpd_header(const struct httpd_request *r, const char *name)
{
    return headers_find(r->headers, name);
}

struct slice httpd_peer(const struct httpd_request *r)
{
    return slice_str(r->peer);
}

bool httpd_http10(const struct httpd_request *r)
{
    return r->http10;
}

struct arena *httpd_arena(struct httpd_request *r)
{
    return r->arena;
}

int64_t httpd_received_us(const struct httpd_request *r)
{
    return r->received_us;
}

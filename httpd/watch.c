/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c: one thread that looks, five times a second, after what no epoll thread sees.
 *
 * Suspended requests: libmicrohttpd notices nothing of a client that goes away, so their sockets are polled here. A
 * reset, or an end in both directions, is the end. A mere FIN may be a client that has only finished sending: it counts
 * as gone when it stays so for HALF_CLOSED_MS without getting anything; a client that has closed would have answered
 * bytes by a reset. And bodies whose end libmicrohttpd has overlooked: see is_cut_short.
 *
 * Bytes in a pipe that are too few to wake the other side for are handed over here, so that none waits for long.
 *
 * Connections that end with an answer while the client is still sending: they linger here (RFC 9112 section 9.6).
 *
 * With no request under way, the thread sleeps until it is poked. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/thread.h"
#include "httpd/request.h"

#define TICK_MS        200
#define HALF_CLOSED_MS 1000
#define LINGERS_MAX    256
#define LINGER_MS      1000
#define LINGER_BYTES   (4U << 20)
#define RINGS_KEPT     2 /* while there is nothing to do */

struct lingerer {
    int fd;
    int64_t until_ms;
    size_t left;
};

struct watch {
    struct httpd *httpd;
    pthread_t thread;
    int wake_fd;
    _Atomic bool asleep, stopping;
    /* any thread, under lock */
    pthread_mutex_t lock;
    int arriving[LINGERS_MAX];
    size_t n_arriving;
    /* the watcher's thread */
    struct lingerer lingers[LINGERS_MAX];
    size_t n_lingers;
    struct httpd_request **looked_at;
    struct pollfd *polled;
    size_t n, cap;
};

static void wake(struct watch *w)
{
    uint64_t one = 1;
    ssize_t written = write(w->wake_fd, &one, sizeof one);
    (void)written; /* full is awake enough */
}

void watch_poke(struct watch *w)
{
    if (atomic_load(&w->asleep) && atomic_exchange(&w->asleep, false))
        wake(w);
}

void watch_linger(struct watch *w, int fd)
{
    pthread_mutex_lock(&w->lock);
    bool taken = w->n_arriving < LINGERS_MAX;
    if (taken)
        w->arriving[w->n_arriving++] = fd;
    pthread_mutex_unlock(&w->lock);
    if (taken)
        wake(w);
    else
        close(fd);
}

/* Lingering */

static void lingers_arrive(struct watch *w)
{
    int64_t until_ms = clock_mono_ms() + LINGER_MS;
    pthread_mutex_lock(&w->lock);
    while (w->n_arriving > 0) {
        int fd = w->arriving[--w->n_arriving];
        if (w->n_lingers < LINGERS_MAX)
            w->lingers[w->n_lingers++] = (struct lingerer){ fd, until_ms, LINGER_BYTES };
        else
            close(fd);
    }
    pthread_mutex_unlock(&w->lock);
}

/* true: there may be more to come. */
static bool linger_read(struct lingerer *l)
{
    for (;;) {
        ssize_t n = recv(l->fd, NULL, LINGER_BYTES, MSG_TRUNC | MSG_DONTWAIT); /* discards without copying */
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (n == 0 || (size_t)n >= l->left)
            return false;
        l->left -= (size_t)n;
    }
}

static void lingers_read(struct watch *w)
{
    int64_t now = clock_mono_ms();
    for (size_t i = 0; i < w->n_lingers;) {
        struct lingerer *l = &w->lingers[i];
        if (linger_read(l) && now < l->until_ms) {
            i++;
            continue;
        }
        close(l->fd);
        *l = w->lingers[--w->n_lingers];
    }
}

/* Requests */

static void look_at(struct watch *w, struct httpd_request *r)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 64;
        w->looked_at = mem_realloc(w->looked_at, w->cap * sizeof *w->looked_at);
        w->polled = mem_realloc(w->polled, w->cap * sizeof *w->polled);
    }
    atomic_fetch_add(&r->refs, 1);
    w->looked_at[w->n] = r;
    w->polled[w->n] = (struct pollfd){ .fd = r->fd, .events = POLLRDHUP };
    w->n++;
}

static void look_around(struct watch *w)
{
    struct httpd *h = w->httpd;
    w->n = 0;
    for (unsigned i = 0; i < h->n_loops; i++) {
        struct loop *loop = &h->loops[i];
        pthread_mutex_lock(&loop->lock);
        for (struct httpd_request *r = loop->requests; r != NULL; r = r->next)
            look_at(w, r);
        pthread_mutex_unlock(&loop->lock);
    }
    while (w->n > 0 && poll(w->polled, w->n, 0) < 0 && errno == EINTR)
        continue;
}

/* Under lock. While the body is not all there, its rest may lie before the FIN: libmicrohttpd will come to both. */
static bool has_left(struct httpd_request *r, short events, int64_t now)
{
    if (events & (POLLERR | POLLHUP | POLLNVAL))
        return true;
    if (!(events & POLLRDHUP) || (r->length > 0 && !r->body_ended))
        return false;
    if (r->half_closed_ms == 0)
        r->half_closed_ms = now;
    int64_t since = r->half_closed_ms > r->sent_ms ? r->half_closed_ms : r->sent_ms;
    return now - since >= HALF_CLOSED_MS;
}

/* Under lock. The client's FIN lies where the next bytes of its body should, and still does a look later. libmicrohttpd
 * should have seen it, but takes a read that fills less than its buffer for all there is, and does not read again
 * before the next event: a FIN that is there already makes none. */
static bool is_cut_short(struct httpd_request *r, short events)
{
    char c;
    if (!(events & POLLRDHUP) || !r->body_open || recv(r->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) != 0)
        return false;
    bool stuck = r->stuck_at == r->body_taken + 1;
    r->stuck_at = r->body_taken + 1;
    return stuck;
}

/* Under lock: the handler has answered, the epoll thread is to read away a short rest of the body first, and the client
 * does not send it. */
static bool wants_lastword(const struct httpd_request *r, int64_t now)
{
    return r->answered && r->body_open && now - r->answered_ms >= DISCARD_MS;
}

static void look_after(struct httpd_request *r, short events, int64_t now)
{
    bool resume = false;
    pthread_mutex_lock(&r->lock);
    if (r->conn == NULL || r->gone) {
        /* on its way out */
    } else if (r->suspended ? has_left(r, events, now) : is_cut_short(r, events)) {
        resume = request_cut(r);
    } else if (wants_lastword(r, now)) {
        lastword_send(r);
        resume = request_cut(r);
    } else if (r->suspended && r->out.used > 0) {
        r->woken_ms = now;
        resume = request_wants_resume(r);
    } else if (r->waits == WAITS_BODY && r->in.used > 0) {
        pthread_cond_signal(&r->moved);
    }
    pthread_mutex_unlock(&r->lock);
    if (resume)
        request_resume(r);
}

static void look(struct watch *w)
{
    look_around(w);
    int64_t now = clock_mono_ms();
    for (size_t i = 0; i < w->n; i++) {
        look_after(w->looked_at[i], w->polled[i].revents, now);
        request_unref(w->looked_at[i]);
    }
}

/* The thread */

/* Asleep before the last look at `open`: whoever opens a request after that sees it, and pokes. */
static bool may_sleep(struct watch *w)
{
    if (w->n_lingers > 0)
        return false;
    atomic_store(&w->asleep, true);
    if (atomic_load(&w->httpd->open) == 0)
        return true;
    atomic_store(&w->asleep, false);
    return false;
}

static void wait_for_something(struct watch *w, int timeout_ms)
{
    struct pollfd fds[LINGERS_MAX + 1] = { { .fd = w->wake_fd, .events = POLLIN } };
    for (size_t i = 0; i < w->n_lingers; i++)
        fds[i + 1] = (struct pollfd){ .fd = w->lingers[i].fd, .events = POLLIN };
    if (poll(fds, w->n_lingers + 1, timeout_ms) > 0 && fds[0].revents) {
        uint64_t count;
        ssize_t got = read(w->wake_fd, &count, sizeof count);
        (void)got;
    }
}

static void *watch_main(void *arg)
{
    struct watch *w = arg;
    int64_t next_ms = 0;
    while (!atomic_load(&w->stopping)) {
        bool sleeps = may_sleep(w);
        if (sleeps)
            shelf_trim(&w->httpd->shelf, RINGS_KEPT);
        int64_t now = clock_mono_ms();
        int wait_ms = next_ms > now ? (int)(next_ms - now) : 0;
        wait_for_something(w, sleeps ? -1 : wait_ms);
        atomic_store(&w->asleep, false);
        lingers_arrive(w);
        lingers_read(w);
        now = clock_mono_ms();
        if (now < next_ms)
            continue;
        look(w);
        next_ms = now + TICK_MS;
    }
    return NULL;
}

struct watch *watch_new(struct httpd *h)
{
    struct watch *w = mem_zalloc(sizeof *w);
    w->httpd = h;
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->wake_fd < 0) {
        free(w);
        return NULL;
    }
    pthread_mutex_init(&w->lock, NULL);
    w->thread = thread_start("httpd-watch", watch_main, w);
    return w;
}

void watch_stop(struct watch *w)
{
    atomic_store(&w->stopping, true);
    wake(w);
    pthread_join(w->thread, NULL);
}

void watch_free(struct watch *w)
{
    if (w == NULL)
        return;
    lingers_arrive(w);
    while (w->n_lingers > 0)
        close(w->lingers[--w->n_lingers].fd);
    close(w->wake_fd);
    pthread_mutex_destroy(&w->lock);
    free(w->looked_at);
    free(w->polled);
    free(w);
}

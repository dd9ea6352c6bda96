/* SPDX-License-Identifier: Apache-2.0 */
/* request.c: what an epoll thread does with a request: libmicrohttpd's callbacks, one function for each step of the
 * diagram in request.h. Nothing here waits.
 *
 * libmicrohttpd calls the access handler with the head, then with each piece of the body, then with size 0 at the end
 * of the body, and again after every resume; only our phase tells these calls apart. It takes an answer in the head
 * call (and closes the connection after it) or at the end of the body, but not in between. A suspended connection is
 * left alone: no events, no timeouts. A piece of the body may only be met with a suspension when a byte of it is left,
 * or a chunked body would call again although suspended. */
#include "httpd/request.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

/* Life and death */

static void task_run(struct task *t)
{
    struct httpd_request *r = (struct httpd_request *)((char *)t - offsetof(struct httpd_request, task));
    pthread_mutex_lock(&r->lock);
    bool gone = r->gone;
    pthread_mutex_unlock(&r->lock);
    if (!gone)
        r->httpd->config.handler(r->httpd->config.ctx, r);
    reply_finish(r);
    request_unref(r);
}

void *request_on_target(void *cls, const char *target, struct MHD_Connection *conn)
{
    (void)conn;
    struct loop *loop = cls;
    struct arena *arena = arena_new();
    struct httpd_request *r = arena_alloc(arena, sizeof *r);
    r->magic = REQUEST_MAGIC;
    atomic_init(&r->refs, 1);
    r->task.run = task_run;
    r->httpd = loop->httpd;
    r->loop = loop;
    r->arena = arena;
    r->target_mark = target;
    r->target = arena_copy(arena, slice_str(target));
    r->reply.last = &r->reply.headers;
    r->fd = -1;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->moved, NULL);
    return r;
}

void request_unref(struct httpd_request *r)
{
    assert(r->magic == REQUEST_MAGIC);
    if (atomic_fetch_sub(&r->refs, 1) > 1)
        return;
    r->magic = 0;
    reply_done(r);
    pipe_close(&r->in, &r->httpd->shelf);
    pipe_close(&r->out, &r->httpd->shelf);
    pthread_cond_destroy(&r->moved);
    pthread_mutex_destroy(&r->lock);
    arena_free(r->arena);
}

static void list_add(struct httpd_request *r)
{
    struct loop *loop = r->loop;
    r->listed = true;
    atomic_fetch_add(&r->httpd->open, 1);
    pthread_mutex_lock(&loop->lock);
    r->next = loop->requests;
    r->back = &loop->requests;
    if (r->next != NULL)
        r->next->back = &r->next;
    loop->requests = r;
    pthread_mutex_unlock(&loop->lock);
}

static void list_remove(struct httpd_request *r)
{
    pthread_mutex_lock(&r->loop->lock);
    *r->back = r->next;
    if (r->next != NULL)
        r->next->back = r->back;
    pthread_mutex_unlock(&r->loop->lock);
}

static void one_less_open(struct httpd *h)
{
    if (atomic_fetch_sub(&h->open, 1) > 1 || atomic_load(&h->state) == HTTPD_SERVING)
        return;
    pthread_mutex_lock(&h->stop_lock);
    pthread_cond_signal(&h->drained);
    pthread_mutex_unlock(&h->stop_lock);
}

/* Suspending, resuming, cutting */

static void suspend(struct httpd_request *r)
{
    r->suspended = true;
    MHD_suspend_connection(r->conn);
}

bool request_wants_resume(struct httpd_request *r)
{
    bool resume = r->suspended;
    r->suspended = false;
    return resume;
}

/* r->conn needs no lock here: the connection cannot complete before it is resumed. */
void request_resume(struct httpd_request *r)
{
    MHD_resume_connection(r->conn);
}

/* A response that the end of the connection delimits must not end with a FIN, or its part would pass for the whole. */
static void sever(struct httpd_request *r)
{
    if (r->answered && r->http10 && r->reply.kind == REPLY_STREAM && r->reply.length == HTTPD_LENGTH_UNKNOWN)
        (void)connect(r->fd, &(struct sockaddr){ .sa_family = AF_UNSPEC }, sizeof(struct sockaddr)); /* sends RST */
    else
        shutdown(r->fd, SHUT_RDWR);
}

bool request_cut(struct httpd_request *r)
{
    r->gone = true;
    if (r->waits)
        pthread_cond_signal(&r->moved);
    if (r->conn == NULL)
        return false;
    sever(r);
    return request_wants_resume(r);
}

void request_cut_all(struct httpd *h)
{
    for (unsigned i = 0; i < h->n_loops; i++) {
        struct loop *loop = &h->loops[i];
        pthread_mutex_lock(&loop->lock);
        for (struct httpd_request *r = loop->requests; r != NULL; r = r->next) {
            pthread_mutex_lock(&r->lock);
            bool resume = request_cut(r);
            pthread_mutex_unlock(&r->lock);
            if (resume)
                request_resume(r);
        }
        pthread_mutex_unlock(&loop->lock);
    }
}

/* Half a pipe is worth waking somebody; less only at the end, or when it has been waiting for long. */
static bool has_moved(const struct httpd_request *r)
{
    if (r->gone || r->conn == NULL)
        return true;
    switch (r->waits) {
    case WAITS_BODY:
        return r->body_ended || r->in.used >= r->in.cap / 2 ||
               (r->in.used > 0 && clock_mono_ms() - r->woken_ms >= BUSY_WAKE_MS);
    case WAITS_ROOM:
        return r->out.used <= r->out.cap / 2;
    case WAITS_NOT:
    case WAITS_END:
        break;
    }
    return false;
}

bool request_wants_wake(struct httpd_request *r)
{
    if (r->waits == WAITS_NOT || !has_moved(r))
        return false;
    r->waits = WAITS_NOT;
    r->woken_ms = clock_mono_ms();
    return true;
}

/* The steps. Each returns what the access handler returns: MHD_NO ends the connection. */

static enum MHD_Result queue(struct httpd_request *r)
{
    r->phase = PHASE_ANSWERED;
    enum MHD_Result queued = MHD_queue_response(r->conn, (unsigned)r->reply.status, r->reply.response);
    MHD_destroy_response(r->reply.response); /* drops our reference */
    r->reply.response = NULL;
    return queued;
}

static void answer_for(struct httpd_request *r, enum err why)
{
    struct httpd *h = r->httpd;
    if (h->config.refused != NULL)
        h->config.refused(h->config.ctx, r, why);
    if (r->reply.kind == REPLY_NONE)
        httpd_reply(r, err_http_status(why), SLICE_NONE);
}

static enum MHD_Result refuse(struct httpd_request *r, enum err why)
{
    httpd_close_after(r);
    answer_for(r, why);
    r->lingers = true;
    return queue(r);
}

/* The answer is there before the body. A short rest is read away, so that the connection lives on; who waits for
 * `100 Continue` is answered instead, and who would send a lot is answered and cut off. */
static enum MHD_Result answer_before_body(struct httpd_request *r)
{
    if (r->length == 0) {
        r->phase = PHASE_END;
        return MHD_YES;
    }
    if (r->expects || r->length > DISCARD_MAX || r->reply.close) {
        r->lingers = true;
        return queue(r);
    }
    pthread_mutex_lock(&r->lock);
    r->body_open = true;
    pthread_mutex_unlock(&r->lock);
    r->phase = PHASE_BODY;
    return MHD_YES;
}

static enum MHD_Result hand_on(struct httpd_request *r)
{
    struct httpd *h = r->httpd;
    r->handed_on = true;
    if (!r->listed)
        list_add(r);
    pthread_mutex_lock(&r->lock);
    /* Whoever cuts looks through the list after it has set the state: one of us sees the other. */
    bool too_late = atomic_load(&h->state) == HTTPD_CUTTING;
    if (!too_late)
        suspend(r);
    pthread_mutex_unlock(&r->lock);
    if (too_late)
        return MHD_NO;
    watch_poke(h->watch);
    atomic_fetch_add(&r->refs, 1);
    if (!threads_submit(h->threads, &r->task)) {
        request_unref(r);
        answer_for(r, ERR_SLOW_DOWN);
    }
    return MHD_YES;
}

/* One hand-over instead of two, and no thread for a slow sender of little. Watched all the same: libmicrohttpd may
 * overlook that the body ends early (watch.c). */
static enum MHD_Result gather_body(struct httpd_request *r)
{
    r->phase = PHASE_BODY;
    list_add(r);
    pthread_mutex_lock(&r->lock);
    r->body_open = true;
    bool too_late = atomic_load(&r->httpd->state) == HTTPD_CUTTING; /* as in hand_on */
    pthread_mutex_unlock(&r->lock);
    watch_poke(r->httpd->watch);
    return too_late ? MHD_NO : MHD_YES;
}

static enum MHD_Result step_new(struct httpd_request *r, struct MHD_Connection *conn, const char *method,
                                const char *version)
{
    struct httpd *h = r->httpd;
    r->conn = conn;
    r->fd = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    r->received_us = clock_mono_us();
    atomic_fetch_add_explicit(&h->requests, 1, memory_order_relaxed);
    enum err e = head_read(r, conn, method, version);
    if (e)
        return refuse(r, e);
    if (atomic_load(&h->state) == HTTPD_CUTTING)
        return MHD_NO;
    if (atomic_load(&h->state) == HTTPD_DRAINING)
        return refuse(r, ERR_STOPPING);
    if (h->config.fast != NULL && h->config.fast(h->config.ctx, r)) {
        assert(r->answered);
        return answer_before_body(r);
    }
    if (r->length == 0) {
        r->phase = PHASE_END; /* handed on in the next call, which takes an answer without closing */
        return MHD_YES;
    }
    if (r->length <= PIPE_SMALL && !r->expects)
        return gather_body(r);
    r->phase = PHASE_HEAD;
    return hand_on(r);
}

static enum MHD_Result step_head(struct httpd_request *r)
{
    enum MHD_Result go_on = MHD_YES;
    pthread_mutex_lock(&r->lock);
    bool answered = r->answered;
    if (r->gone) {
        go_on = MHD_NO;
    } else if (r->wants_body && !answered) {
        r->body_open = true;
        r->phase = PHASE_BODY;
    } else if (!answered) {
        suspend(r);
    }
    pthread_mutex_unlock(&r->lock);
    return go_on && answered ? answer_before_body(r) : go_on;
}

/* Under lock. */
static enum MHD_Result discard(struct httpd_request *r, size_t *size)
{
    uint64_t rest = r->length == HTTPD_LENGTH_UNKNOWN ? *size : r->length - r->body_taken;
    if (r->discarded + rest > DISCARD_MAX) {
        r->lingers = lastword_send(r);
        r->gone = true;
        return MHD_NO;
    }
    r->discarded += *size;
    r->body_taken += *size;
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result step_body(struct httpd_request *r, const char *data, size_t *size)
{
    enum MHD_Result go_on = MHD_YES;
    bool wake = false;
    pthread_mutex_lock(&r->lock);
    if (!r->gone && !r->answered)
        body_take(r, data, size);
    if (r->gone)
        go_on = MHD_NO;
    else if (r->answered && *size > 0)
        go_on = discard(r, size);
    else if (*size > 0)
        suspend(r);
    wake = request_wants_wake(r);
    pthread_mutex_unlock(&r->lock);
    if (wake)
        pthread_cond_signal(&r->moved);
    return go_on;
}

static enum MHD_Result step_end(struct httpd_request *r)
{
    enum MHD_Result go_on = MHD_YES;
    pthread_mutex_lock(&r->lock);
    bool answered = r->answered, gone = r->gone;
    if (gone)
        go_on = MHD_NO;
    else if (!answered && r->handed_on)
        suspend(r);
    pthread_mutex_unlock(&r->lock);
    if (gone)
        return go_on;
    if (answered)
        return queue(r);
    return r->handed_on ? go_on : hand_on(r);
}

static enum MHD_Result step_body_ended(struct httpd_request *r)
{
    r->phase = PHASE_END;
    pthread_mutex_lock(&r->lock);
    r->body_open = false;
    r->body_ended = true;
    bool wake = request_wants_wake(r);
    pthread_mutex_unlock(&r->lock);
    if (wake)
        pthread_cond_signal(&r->moved);
    return step_end(r);
}

enum MHD_Result request_on_access(void *cls, struct MHD_Connection *conn, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **request)
{
    (void)cls;
    (void)url;
    struct httpd_request *r = *request;
    assert(r->magic == REQUEST_MAGIC);
    switch (r->phase) {
    case PHASE_NEW:
        return step_new(r, conn, method, version);
    case PHASE_HEAD:
        return step_head(r);
    case PHASE_BODY:
        return *size > 0 ? step_body(r, data, size) : step_body_ended(r);
    case PHASE_END:
        return step_end(r);
    case PHASE_ANSWERED:
        break;
    }
    return MHD_NO; /* an answer given while the daemon stops is thrown away, and we are asked again */
}

/* The connection's socket is still open here. It is half closed next; the copy keeps the other half for a while, since
 * closing it with bytes unread would send a reset that may overtake the answer. */
static void linger(struct httpd_request *r)
{
    int copy = dup(r->fd);
    if (copy >= 0)
        watch_linger(r->httpd->watch, copy);
}

void request_on_completed(void *cls, struct MHD_Connection *conn, void **request, enum MHD_RequestTerminationCode how)
{
    (void)cls;
    (void)conn;
    struct httpd_request *r = *request;
    if (r == NULL)
        return;
    struct httpd *h = r->httpd;
    *request = NULL;
    bool listed = r->listed;
    if (listed)
        list_remove(r);
    if (r->lingers && r->fd >= 0)
        linger(r);
    pthread_mutex_lock(&r->lock);
    r->conn = NULL;
    r->body_open = false;
    r->suspended = false;
    if (how != MHD_REQUEST_TERMINATED_COMPLETED_OK || r->phase != PHASE_ANSWERED)
        r->gone = true;
    bool wake = request_wants_wake(r);
    pthread_mutex_unlock(&r->lock);
    if (wake)
        pthread_cond_signal(&r->moved);
    request_unref(r);
    if (listed)
        one_less_open(h);
}

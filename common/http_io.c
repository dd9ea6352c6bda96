/* SPDX-License-Identifier: Apache-2.0 */
/* http_io.c: the threads that move bytes. Each has a curl multi handle, with its connections, and all the transfers
 * submitted to it until they are done. A round of its loop:
 *
 *   take what was submitted → look at cancel and room, if asked to → perform → collect what has ended → wake readers
 *   → end what has been idle for too long → sleep until a socket, a timer or a caller has something
 *
 * Transfers beyond a host's places wait here, not inside curl: there their connect timeout would already run. A paused
 * transfer lends its place to others, since its reader may be waiting for just those. */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/http_internal.h"
#include "common/thread.h"

#define IDLE_HANDLES   32
#define SLEEP_MAX_MS   60000
#define SWEEP_MIN_MS   5
#define KEPT_PER_PLACE 2 /* idle connections, of all hosts together, per place of one host */

struct host {
    struct host *next;
    char *origin;
    unsigned transfers; /* of `all` that go there */
    unsigned placed, waiting;
};

struct io {
    const struct http_settings *settings;
    pthread_t thread;
    CURLM *multi; /* the I/O thread's, but for curl_multi_wakeup */
    _Atomic unsigned load;

    /* any thread, under lock */
    pthread_mutex_t lock; /* leaf */
    struct transfer *submitted, *last_submitted;
    bool attention, stopping, quit;
    bool asleep; /* in curl_multi_poll, or about to be, and nobody has called curl_multi_wakeup yet */

    /* I/O thread only */
    struct transfer *all, *last; /* in order of arrival */
    struct host *hosts;
    CURL *idle[IDLE_HANDLES];
    unsigned n_idle;
    bool ended; /* `stopping` as of this round */
    int64_t sweep_at_ms;
};

/* ---- hosts and their places ---- */

static struct host *host_join(struct io *io, struct slice origin)
{
    struct host *h = io->hosts;
    while (h && !slice_is(origin, h->origin))
        h = h->next;
    if (h == NULL) {
        h = mem_zalloc(sizeof *h);
        h->origin = mem_dup(origin);
        h->next = io->hosts;
        io->hosts = h;
    }
    h->transfers++;
    return h;
}

static void host_leave(struct io *io, struct host *h)
{
    if (--h->transfers)
        return;
    struct host **at = &io->hosts;
    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
    free(h->origin);
    free(h);
}

static void start(struct io *io, struct transfer *t)
{
    int64_t now = clock_mono_ms();
    t->placed = true;
    t->host->placed++;
    t->moved_at_ms = now;
    if (now + t->request.timeout_ms / 4 < io->sweep_at_ms)
        io->sweep_at_ms = now + t->request.timeout_ms / 4;
    transfer_begin(t, io->n_idle ? io->idle[--io->n_idle] : easy_new(io->settings));
    CURLMcode failed = curl_multi_add_handle(io->multi, t->easy);
    assert(failed == CURLM_OK);
    (void)failed;
}

/* Gives the host's free places to those who wait, the longest first. Not from within a callback of curl's. */
static void start_waiting(struct io *io, struct host *h)
{
    for (struct transfer *t = io->all; t && h->waiting && h->placed < io->settings->host_places; t = t->next) {
        if (t->host != h || t->easy)
            continue;
        h->waiting--;
        start(io, t);
    }
}

/* ---- transfers ---- */

static void all_add(struct io *io, struct transfer *t)
{
    t->next = NULL;
    t->prev = io->last;
    if (io->last)
        io->last->next = t;
    else
        io->all = t;
    io->last = t;
}

static void all_remove(struct io *io, struct transfer *t)
{
    *(t->prev ? &t->prev->next : &io->all) = t->next;
    *(t->next ? &t->next->prev : &io->last) = t->prev;
}

static void give_handle(struct io *io, CURL *easy)
{
    if (io->n_idle < IDLE_HANDLES)
        io->idle[io->n_idle++] = easy;
    else
        curl_easy_cleanup(easy);
}

static void finish(struct io *io, struct transfer *t, CURLcode code)
{
    struct host *h = t->host;
    if (t->easy) {
        CURL *easy = t->easy;
        curl_multi_remove_handle(io->multi, easy);
        transfer_end(t, code);
        give_handle(io, easy);
    } else {
        h->waiting--;
    }
    if (t->placed)
        h->placed--;
    all_remove(io, t);
    if (!io->ended)
        start_waiting(io, h);
    host_leave(io, h);
    atomic_fetch_sub_explicit(&io->load, 1, memory_order_relaxed);
    t->ops->done(t);
}

static void finish_with(struct io *io, struct transfer *t, enum err e)
{
    t->err = e;
    finish(io, t, CURLE_ABORTED_BY_CALLBACK);
}

static void accept_transfer(struct io *io, struct transfer *t)
{
    t->easy = NULL;
    t->placed = t->paused = t->touched = false;
    t->host = host_join(io, t->origin);
    all_add(io, t);
    if (io->ended || t->host->placed >= io->settings->host_places) {
        t->host->waiting++;
        if (io->ended)
            finish_with(io, t, ERR_STOPPING);
        return;
    }
    start(io, t);
}

static void resume(struct io *io, struct transfer *t)
{
    t->paused = false;
    t->moved_at_ms = clock_mono_ms();
    if (!t->placed) {
        t->placed = true;
        t->host->placed++;
    }
    CURLcode failed = curl_easy_pause(t->easy, CURLPAUSE_CONT);
    if (failed)
        finish(io, t, failed);
}

/* ---- the steps of a round ---- */

/* false: it is time to go. */
static bool take_orders(struct io *io, struct transfer **submitted, bool *attention)
{
    pthread_mutex_lock(&io->lock);
    *submitted = io->submitted;
    *attention = io->attention;
    io->ended = io->stopping;
    io->submitted = io->last_submitted = NULL;
    io->attention = io->asleep = false;
    bool quit = io->quit;
    pthread_mutex_unlock(&io->lock);
    return !quit;
}

static void attend(struct io *io)
{
    for (struct transfer *t = io->all, *next; t; t = next) {
        next = t->next;
        if (io->ended)
            finish_with(io, t, ERR_STOPPING);
        else if (atomic_load(&t->cancel))
            finish_with(io, t, ERR_CLIENT_GONE);
        else if (t->paused && atomic_exchange(&t->room, false))
            resume(io, t);
    }
}

static void collect(struct io *io)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(io->multi, &left)) != NULL;) {
        struct transfer *t = NULL;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        finish(io, t, m->data.result);
    }
}

static void flush(struct io *io)
{
    for (struct transfer *t = io->all; t; t = t->next) {
        if (!t->touched)
            continue;
        t->touched = false;
        if (t->paused && t->placed) {
            t->placed = false;
            t->host->placed--;
            start_waiting(io, t->host);
        }
        t->ops->flush(t);
    }
}

static curl_off_t bytes_moved(CURL *easy)
{
    curl_off_t up = 0, down = 0;
    long head = 0, request = 0;
    curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &head);
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request);
    return up + down + head + request;
}

static bool is_idle(struct transfer *t, int64_t now)
{
    curl_off_t moved = bytes_moved(t->easy);
    if (moved == t->moved && !t->paused)
        return now - t->moved_at_ms >= t->request.timeout_ms;
    t->moved = moved;
    t->moved_at_ms = now;
    return false;
}

/* Looks four times within the shortest timeout, so that a transfer ends at most a quarter late. */
static void sweep(struct io *io)
{
    int64_t now = clock_mono_ms();
    if (now < io->sweep_at_ms)
        return;
    io->sweep_at_ms = now + SLEEP_MAX_MS;
    for (struct transfer *t = io->all, *next; t; t = next) {
        next = t->next;
        if (t->easy == NULL)
            continue;
        int64_t look_ms = t->request.timeout_ms / 4 > SWEEP_MIN_MS ? t->request.timeout_ms / 4 : SWEEP_MIN_MS;
        if (now + look_ms < io->sweep_at_ms)
            io->sweep_at_ms = now + look_ms;
        if (is_idle(t, now))
            finish(io, t, CURLE_OPERATION_TIMEDOUT);
    }
}

static void sleep_until_needed(struct io *io)
{
    pthread_mutex_lock(&io->lock);
    bool wanted = io->submitted || io->attention || io->quit;
    io->asleep = !wanted;
    pthread_mutex_unlock(&io->lock);
    if (wanted)
        return;
    int64_t left_ms = io->all ? io->sweep_at_ms - clock_mono_ms() : SLEEP_MAX_MS;
    curl_multi_poll(io->multi, NULL, 0, (int)(left_ms < 0 ? 0 : left_ms), NULL);
}

static void *run(void *arg)
{
    struct io *io = arg;
    struct transfer *t;
    bool attention;
    while (take_orders(io, &t, &attention)) {
        for (struct transfer *next; t; t = next) {
            next = t->next;
            accept_transfer(io, t);
        }
        if (attention)
            attend(io);
        int running;
        curl_multi_perform(io->multi, &running);
        collect(io);
        flush(io);
        sweep(io);
        sleep_until_needed(io);
    }
    assert(io->all == NULL && io->hosts == NULL);
    return NULL;
}

/* ---- for other threads ---- */

struct io *io_new(const struct http_settings *settings)
{
    struct io *io = mem_zalloc(sizeof *io);
    io->settings = settings;
    io->multi = curl_multi_init();
    if (io->multi == NULL)
        abort(); /* no memory: see mem_* */
    curl_multi_setopt(io->multi, CURLMOPT_MAXCONNECTS, (long)(settings->host_places * KEPT_PER_PLACE));
    pthread_mutex_init(&io->lock, NULL);
    io->thread = thread_start("hugs3-http", run, io);
    return io;
}

static void order(struct io *io, bool *flag)
{
    pthread_mutex_lock(&io->lock);
    *flag = true;
    io->attention = true;
    bool wake = io->asleep;
    io->asleep = false;
    pthread_mutex_unlock(&io->lock);
    if (wake)
        curl_multi_wakeup(io->multi);
}

void io_stop(struct io *io)
{
    order(io, &io->stopping);
}

void io_attend(struct io *io)
{
    order(io, &io->attention);
}

void io_free(struct io *io)
{
    order(io, &io->quit);
    pthread_join(io->thread, NULL);
    while (io->n_idle)
        curl_easy_cleanup(io->idle[--io->n_idle]);
    curl_multi_cleanup(io->multi);
    pthread_mutex_destroy(&io->lock);
    free(io);
}

void io_submit(struct io *io, struct transfer *t)
{
    t->io = io;
    t->next = NULL;
    atomic_fetch_add_explicit(&io->load, 1, memory_order_relaxed);
    pthread_mutex_lock(&io->lock);
    if (io->last_submitted)
        io->last_submitted->next = t;
    else
        io->submitted = t;
    io->last_submitted = t;
    bool wake = io->asleep;
    io->asleep = false;
    pthread_mutex_unlock(&io->lock);
    if (wake)
        curl_multi_wakeup(io->multi);
}

unsigned io_load(struct io *io)
{
    return atomic_load_explicit(&io->load, memory_order_relaxed);
}

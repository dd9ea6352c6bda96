/* SPDX-License-Identifier: Apache-2.0 */
/* http_call.c: requests whose answer is gathered in memory. The first try is under way from http_start on; the waiting
 * thread makes the further ones. */
#include <assert.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/http_internal.h"

/* Room for most answers at one recv, and still below malloc's threshold for mmap. */
#define READ_SIZE (64u << 10)

struct http_pending {
    struct transfer transfer; /* first: ops get their http_pending from it */
    struct http *http;
    int64_t give_up_ms; /* monotonic; no try begins later */
    unsigned tries;
    bool refused; /* never submitted: transfer.err says why, there is nothing else in it */
    _Atomic bool ready;
    sem_t done; /* may be destroyed as soon as sem_wait returns, unlike a condition variable */
};

static enum taken gather_body(struct transfer *t, struct slice bytes)
{
    struct buf *body = &t->response.body;
    if (body->n == 0) {
        curl_off_t size = -1;
        curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
        if (size > 0)
            buf_room(body, (size_t)size);
    }
    buf_add(body, bytes);
    if (!body->failed)
        return TAKEN;
    t->err = ERR_UPSTREAM_ANSWER;
    return TAKE_REFUSED;
}

static void nobody_to_wake(struct transfer *t)
{
    (void)t; /* a caller waits for the end only */
}

static void tell_caller(struct transfer *t)
{
    struct http_pending *p = (struct http_pending *)t;
    atomic_store_explicit(&p->ready, true, memory_order_release);
    sem_post(&p->done);
}

static const struct transfer_ops ops = {
    .body = gather_body,
    .flush = nobody_to_wake,
    .done = tell_caller,
};

static void pending_start(struct http_pending *p, struct http *h, const struct http_request *r)
{
    p->http = h;
    p->tries = 1;
    p->give_up_ms = clock_mono_ms() + r->retry_ms;
    sem_init(&p->done, 0, 0);
    enum err e = transfer_init(&p->transfer, r, &ops, READ_SIZE, CURL_HTTP_VERSION_2TLS);
    p->refused = e != OK;
    atomic_init(&p->ready, p->refused);
    if (p->refused)
        p->transfer.err = e;
    else
        io_submit(http_pick_io(h), &p->transfer);
}

static uint64_t any_number(void)
{
    uint64_t n = 0;
    if (getrandom(&n, sizeof n, GRND_NONBLOCK) != sizeof n)
        n = (uint64_t)clock_mono_us(); /* only to spread clients out */
    return n;
}

/* Sleeps as long as the outcome asks for; false: it stands. */
static bool wait_to_try_again(struct http_pending *p)
{
    struct transfer *t = &p->transfer;
    if (t->request.retry_ms == 0 || !retry_wanted(t))
        return false;
    int64_t delay_ms = retry_delay_ms(&t->response, p->tries, any_number(), clock_now_ms());
    if (clock_mono_ms() + delay_ms > p->give_up_ms)
        return false;
    if (http_sleep(p->http, delay_ms))
        return true;
    t->err = ERR_STOPPING;
    return false;
}

static enum err pending_finish(struct http_pending *p, struct http_response *out)
{
    struct transfer *t = &p->transfer;
    *out = (struct http_response){ 0 };
    if (p->refused) {
        sem_destroy(&p->done);
        return t->err;
    }
    for (;;) {
        while (sem_wait(&p->done) != 0)
            ; /* EINTR */
        if (!wait_to_try_again(p))
            break;
        transfer_again(t);
        p->tries++;
        io_submit(http_pick_io(p->http), t);
    }
    if (t->err == OK) {
        *out = t->response;
        t->response = (struct http_response){ 0 };
    }
    out->tries = p->tries;
    transfer_done(t);
    sem_destroy(&p->done);
    return t->err;
}

enum err http_call(struct http *h, const struct http_request *r, struct http_response *out)
{
    struct http_pending p;
    pending_start(&p, h, r);
    return pending_finish(&p, out);
}

struct http_pending *http_start(struct http *h, const struct http_request *r)
{
    struct http_pending *p = mem_alloc(sizeof *p);
    pending_start(p, h, r);
    return p;
}

bool http_ready(struct http_pending *p)
{
    return atomic_load_explicit(&p->ready, memory_order_acquire);
}

enum err http_finish(struct http_pending *p, struct http_response *out)
{
    enum err e = pending_finish(p, out);
    free(p);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* body.c: the request's body, from libmicrohttpd's buffer into the pipe (epoll thread), and from there, in place, to
 * the handler (request thread). When the pipe is full the connection is suspended, and TCP makes the client wait. */
#include <assert.h>

#include "common/clock.h"
#include "httpd/request.h"

void body_take(struct httpd_request *r, const char *data, size_t *size)
{
    if (r->in.mem == NULL)
        pipe_open(&r->in, &r->httpd->shelf, r->length);
    size_t left = *size;
    while (left > 0) {
        size_t run;
        char *room = pipe_room(&r->in, &run);
        if (run == 0)
            break;
        if (run > left)
            run = left;
        pthread_mutex_unlock(&r->lock);
        memcpy(room, data, run);
        pthread_mutex_lock(&r->lock);
        pipe_filled(&r->in, run);
        data += run;
        left -= run;
    }
    r->body_taken += *size - left;
    *size = left;
}

bool httpd_has_body(const struct httpd_request *r)
{
    return r->length > 0;
}

uint64_t httpd_content_length(const struct httpd_request *r)
{
    return r->length;
}

/* What is lent to the handler cannot be filled again meanwhile: a quarter of a big pipe keeps both sides busy. */
static struct slice lend(struct httpd_request *r)
{
    struct slice data = pipe_data(&r->in);
    size_t most = r->in.cap > PIPE_SMALL ? r->in.cap / 4 : r->in.cap;
    if (data.n > most)
        data.n = most;
    r->view = data.n;
    r->bytes_in += data.n;
    return data;
}

/* Under lock: should the epoll thread be told to (go on to) read? */
static bool wants_more(struct httpd_request *r)
{
    if (r->gone || r->body_ended)
        return false;
    if (!r->wants_body) {
        r->wants_body = true;
        return request_wants_resume(r);
    }
    return r->body_open && r->in.used <= r->in.cap / 2 && request_wants_resume(r);
}

enum err httpd_read(struct httpd_request *r, struct slice *out)
{
    assert(r->magic == REQUEST_MAGIC);
    if (r->length == 0) {
        *out = SLICE_NONE;
        return OK;
    }
    if (r->reply.kind != REPLY_NONE)
        return ERR_CLIENT_GONE; /* what is left of the body has been given up with the answer */
    pthread_mutex_lock(&r->lock);
    if (r->view > 0)
        pipe_drained(&r->in, r->view);
    r->view = 0;
    bool resume = wants_more(r);
    if (resume) {
        pthread_mutex_unlock(&r->lock);
        request_resume(r);
        pthread_mutex_lock(&r->lock);
    }
    while (r->in.used == 0 && !r->body_ended && !r->gone) {
        r->waits = WAITS_BODY;
        pthread_cond_wait(&r->moved, &r->lock);
    }
    r->waits = WAITS_NOT;
    enum err e = r->gone ? ERR_CLIENT_GONE : OK;
    if (!e)
        *out = r->in.used > 0 ? lend(r) : SLICE_NONE;
    pthread_mutex_unlock(&r->lock);
    return e;
}

uint64_t httpd_bytes_in(const struct httpd_request *r)
{
    return r->bytes_in;
}

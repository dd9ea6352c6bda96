/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c: the answer, from the handler to libmicrohttpd.
 *
 *   httpd_reply            all of it at once: one hand-over
 *   httpd_start, small     gathered, then as above
 *   httpd_start, large     head at once; httpd_write fills the response pipe, on_read drains it into libmicrohttpd's
 *                          block, and suspends the connection when it is empty
 *
 * The thread of a streamed answer stays until libmicrohttpd is done with it, so that a client that reads slowly holds
 * a request thread with its pipe, and the number of pipes is bounded by the number of threads. */
#include <assert.h>
#include <unistd.h>

#include "common/clock.h"
#include "httpd/request.h"

#define BLOCK_BYTES 262144 /* of libmicrohttpd's for a streamed answer; 256 KiB measured best with 1 MiB pipes */

/* The head */

static char *clean_copy(struct arena *arena, struct slice value)
{
    if (value.n == 0)
        return arena_strdup(arena, SLICE(" ")); /* libmicrohttpd refuses an empty value; a blank is one on the wire */
    char *copy = arena_strdup(arena, value);
    for (size_t i = 0; i < value.n; i++)
        if (copy[i] == '\r' || copy[i] == '\n' || copy[i] == '\0')
            copy[i] = ' ';
    return copy;
}

void httpd_add_header(struct httpd_request *r, const char *name, struct slice value)
{
    assert(r->magic == REQUEST_MAGIC && r->reply.kind == REPLY_NONE);
    struct reply_header *h = arena_alloc(r->arena, sizeof *h);
    h->name = arena_strdup(r->arena, slice_str(name));
    h->value = clean_copy(r->arena, value);
    *r->reply.last = h;
    r->reply.last = &h->next;
}

void httpd_add_header_str(struct httpd_request *r, const char *name, const char *value)
{
    httpd_add_header(r, name, slice_str(value));
}

void httpd_close_after(struct httpd_request *r)
{
    r->reply.close = true;
}

/* Gives the answer to the epoll thread. */
static void publish(struct httpd_request *r, struct MHD_Response *response)
{
    assert(response != NULL);
    for (const struct reply_header *h = r->reply.headers; h != NULL; h = h->next)
        MHD_add_response_header(response, h->name, h->value);
    if (atomic_load(&r->httpd->state) != HTTPD_SERVING)
        r->reply.close = true;
    if (r->reply.close)
        MHD_add_response_header(response, "Connection", "close");
    pthread_mutex_lock(&r->lock);
    r->reply.response = response;
    r->answered = true;
    r->answered_ms = clock_mono_ms();
    bool resume = request_wants_resume(r);
    pthread_mutex_unlock(&r->lock);
    if (resume)
        request_resume(r);
}

static void begin(struct httpd_request *r, enum reply_kind kind, int status, uint64_t length)
{
    assert(r->magic == REQUEST_MAGIC && r->reply.kind == REPLY_NONE);
    assert(status >= 200 && status <= 599);
    r->reply.kind = kind;
    r->reply.status = status;
    r->reply.length = length;
}

static bool has_no_body(const struct httpd_request *r, int status)
{
    return r->is_head || status == 204 || status == 304;
}

/* Whole answers */

static void publish_body(struct httpd_request *r)
{
    publish(r, MHD_create_response_from_buffer((size_t)r->reply.length, r->reply.body, MHD_RESPMEM_PERSISTENT));
}

void httpd_reply(struct httpd_request *r, int status, struct slice body)
{
    begin(r, REPLY_WHOLE, status, body.n);
    r->reply.body = (char *)arena_copy(r->arena, body).p;
    if (!has_no_body(r, status))
        r->reply.written = body.n;
    publish_body(r);
}

static ssize_t on_read_nothing(void *cls, uint64_t at, char *out, size_t max)
{
    (void)cls;
    (void)at;
    (void)out;
    (void)max;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* libmicrohttpd takes Content-Length from the response's size, and does not ask for its bytes. */
static void publish_head(struct httpd_request *r)
{
    uint64_t length = r->reply.length == HTTPD_LENGTH_UNKNOWN ? MHD_SIZE_UNKNOWN : r->reply.length;
    struct MHD_Response *response = MHD_create_response_from_callback(length, 1, on_read_nothing, NULL, NULL);
    /* Else 0.9.75 sends the end of a chunked body after the head. */
    if (response != NULL && length == MHD_SIZE_UNKNOWN)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    publish(r, response);
}

void httpd_reply_head(struct httpd_request *r, int status, uint64_t content_length)
{
    assert(has_no_body(r, status));
    begin(r, REPLY_MUTE, status, content_length);
    publish_head(r);
}

void httpd_reply_file(struct httpd_request *r, int status, int fd, uint64_t offset, uint64_t length)
{
    begin(r, REPLY_FILE, status, length);
    struct MHD_Response *response = MHD_create_response_from_fd_at_offset64(length, fd, offset);
    if (!has_no_body(r, status))
        r->reply.written = length;
    publish(r, response);
}

/* Streamed answers. on_read is the epoll thread's side. */

static size_t take_out(struct httpd_request *r, char *out, size_t max)
{
    size_t taken = 0;
    while (taken < max) {
        struct slice data = pipe_data(&r->out);
        if (data.n == 0)
            break;
        if (data.n > max - taken)
            data.n = max - taken;
        pthread_mutex_unlock(&r->lock);
        memcpy(out + taken, data.p, data.n);
        pthread_mutex_lock(&r->lock);
        pipe_drained(&r->out, data.n);
        taken += data.n;
    }
    return taken;
}

static ssize_t on_read(void *cls, uint64_t at, char *out, size_t max)
{
    (void)at;
    struct httpd_request *r = cls;
    pthread_mutex_lock(&r->lock);
    ssize_t result = r->gone ? MHD_CONTENT_READER_END_WITH_ERROR : (ssize_t)take_out(r, out, max);
    if (result == 0 && r->gone) {
        result = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (result == 0 && r->out_ended) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else if (result == 0) {
        r->suspended = true;
        MHD_suspend_connection(r->conn);
    }
    r->sent_ms = clock_mono_ms();
    bool wake = request_wants_wake(r);
    pthread_mutex_unlock(&r->lock);
    if (wake)
        pthread_cond_signal(&r->moved);
    return result;
}

static void start_stream(struct httpd_request *r)
{
    uint64_t length = r->reply.length;
    bool known = length != HTTPD_LENGTH_UNKNOWN;
    size_t block = known && length < BLOCK_BYTES ? (size_t)length : BLOCK_BYTES;
    pthread_mutex_lock(&r->lock); /* the watcher looks into it */
    pipe_open(&r->out, &r->httpd->shelf, HTTPD_LENGTH_UNKNOWN);
    pthread_mutex_unlock(&r->lock);
    publish(r, MHD_create_response_from_callback(known ? length : MHD_SIZE_UNKNOWN, block, on_read, r, NULL));
}

void httpd_start(struct httpd_request *r, int status, uint64_t length)
{
    if (has_no_body(r, status)) {
        begin(r, REPLY_MUTE, status, length);
        publish_head(r);
    } else if (length <= PIPE_SMALL) {
        begin(r, REPLY_GATHER, status, length);
        r->reply.body = arena_alloc(r->arena, (size_t)length + 1);
        if (length == 0)
            publish_body(r);
    } else {
        begin(r, REPLY_STREAM, status, length);
        start_stream(r);
    }
}

static void gather(struct httpd_request *r, struct slice bytes)
{
    memcpy(r->reply.body + r->reply.written, bytes.p, bytes.n);
    r->reply.written += bytes.n;
    if (r->reply.written == r->reply.length)
        publish_body(r);
}

/* Under lock: is what lies in the pipe worth waking the epoll thread for? */
static bool wants_sending(struct httpd_request *r)
{
    if (r->out.used == 0 && !r->out_ended)
        return false;
    int64_t now = clock_mono_ms();
    if (!r->out_ended && r->reply.written != r->reply.length && r->out.used < r->out.cap / 2 &&
        now - r->woken_ms < BUSY_WAKE_MS)
        return false;
    r->woken_ms = now;
    return request_wants_resume(r);
}

/* One run of the pipe; waits until there is room for it. Under lock. */
static size_t put_in(struct httpd_request *r, struct slice bytes)
{
    size_t run;
    char *room = pipe_room(&r->out, &run);
    while (run == 0 && !r->gone) {
        r->waits = WAITS_ROOM;
        pthread_cond_wait(&r->moved, &r->lock);
        room = pipe_room(&r->out, &run);
    }
    r->waits = WAITS_NOT;
    if (r->gone)
        return 0;
    if (run > bytes.n)
        run = bytes.n;
    pthread_mutex_unlock(&r->lock);
    memcpy(room, bytes.p, run);
    pthread_mutex_lock(&r->lock);
    pipe_filled(&r->out, run);
    r->reply.written += run;
    return run;
}

static enum err stream(struct httpd_request *r, struct slice bytes)
{
    pthread_mutex_lock(&r->lock);
    while (bytes.n > 0 && !r->gone) {
        bytes = slice_from(bytes, put_in(r, bytes));
        if (!wants_sending(r))
            continue;
        pthread_mutex_unlock(&r->lock);
        request_resume(r);
        pthread_mutex_lock(&r->lock);
    }
    enum err e = r->gone ? ERR_CLIENT_GONE : OK;
    pthread_mutex_unlock(&r->lock);
    return e;
}

enum err httpd_write(struct httpd_request *r, struct slice bytes)
{
    assert(r->magic == REQUEST_MAGIC);
    assert(r->reply.kind == REPLY_MUTE || r->reply.kind == REPLY_GATHER || r->reply.kind == REPLY_STREAM);
    if (r->reply.kind == REPLY_MUTE)
        return httpd_client_gone(r) ? ERR_CLIENT_GONE : OK;
    assert(bytes.n <= r->reply.length - r->reply.written);
    if (r->reply.kind == REPLY_STREAM)
        return stream(r, bytes);
    if (bytes.n > 0)
        gather(r, bytes);
    return httpd_client_gone(r) ? ERR_CLIENT_GONE : OK;
}

/* The end */

static bool is_incomplete(const struct reply *reply)
{
    if (reply->kind == REPLY_GATHER)
        return reply->written < reply->length;
    return reply->kind == REPLY_STREAM && reply->length != HTTPD_LENGTH_UNKNOWN && reply->written < reply->length;
}

void reply_finish(struct httpd_request *r)
{
    bool resume = false;
    if (r->reply.kind == REPLY_NONE && !httpd_client_gone(r))
        httpd_reply(r, 500, SLICE_NONE);
    pthread_mutex_lock(&r->lock);
    if (is_incomplete(&r->reply)) {
        resume = request_cut(r);
    } else if (r->reply.kind == REPLY_STREAM) {
        r->out_ended = true;
        resume = request_wants_resume(r);
    }
    if (resume) {
        pthread_mutex_unlock(&r->lock);
        request_resume(r);
        pthread_mutex_lock(&r->lock);
    }
    while (r->reply.kind == REPLY_STREAM && r->conn != NULL) {
        r->waits = WAITS_END;
        pthread_cond_wait(&r->moved, &r->lock);
    }
    r->waits = WAITS_NOT;
    pthread_mutex_unlock(&r->lock);
}

void reply_done(struct httpd_request *r)
{
    if (r->reply.response != NULL)
        MHD_destroy_response(r->reply.response);
}

void httpd_abort(struct httpd_request *r)
{
    if (r->reply.kind == REPLY_NONE)
        r->reply.kind = REPLY_MUTE; /* nothing more is to be said */
    pthread_mutex_lock(&r->lock);
    bool resume = request_cut(r);
    pthread_mutex_unlock(&r->lock);
    if (resume)
        request_resume(r);
}

bool httpd_client_gone(struct httpd_request *r)
{
    pthread_mutex_lock(&r->lock);
    bool gone = r->gone;
    pthread_mutex_unlock(&r->lock);
    return gone;
}

int httpd_status(const struct httpd_request *r)
{
    return r->reply.status;
}

uint64_t httpd_bytes_out(const struct httpd_request *r)
{
    return r->reply.written;
}

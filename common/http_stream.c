/* SPDX-License-Identifier: Apache-2.0 */
/* http_stream.c: answers that are read as they come. The I/O thread fills blocks at the tail, the reader empties them
 * at the head; when the window is full the transfer is paused, and at half empty the reader has it go on.
 *
 * Always HTTP/1.1: over HTTP/2, pausing is where libcurl loses data. 7.88 ends a paused transfer, and drops what it
 * holds of it, when the server's last bytes have come; others end it with a write error or, where there is no
 * Content-Length, as if it were complete (curl issues 11982 and 19334).
 *
 *   socket → body(): tail block … head block → http_peek, http_consume → reader */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/http_internal.h"

#define READ_SIZE  (256u << 10)
#define BLOCK_SIZE (64u << 10)
#define WINDOW_MIN (16u << 10)

struct block {
    struct block *next;
    size_t start, end; /* of what is not yet consumed */
    char data[BLOCK_SIZE];
};

struct http_stream {
    struct transfer transfer; /* first: ops get their http_stream from it */
    struct io *io;            /* NULL: refused, there is nothing in `transfer` */
    char *url, *method;
    size_t window;

    pthread_mutex_t lock; /* leaf; guards what follows */
    pthread_cond_t news;  /* for the reader */
    bool waiting;         /* the reader, for `news` */
    bool has_head, ended;
    bool paused; /* and nobody has asked for more yet */
    enum err err;
    struct block *head, *tail;
    size_t held;         /* bytes in the blocks */
    struct block *spare; /* kept till close: with them, blocks are never more than the window needs */
};

/* ---- blocks, under lock ---- */

static struct block *block_take(struct http_stream *s)
{
    struct block *b = s->spare;
    if (b) {
        s->spare = b->next;
    } else {
        b = mem_alloc(sizeof *b);
    }
    b->next = NULL;
    b->start = b->end = 0;
    return b;
}

static void block_give(struct http_stream *s, struct block *b)
{
    b->next = s->spare;
    s->spare = b;
}

static void blocks_free(struct block *b)
{
    for (struct block *next; b; b = next) {
        next = b->next;
        free(b);
    }
}

static void blocks_add(struct http_stream *s, struct slice bytes)
{
    s->held += bytes.n;
    while (bytes.n) {
        if (s->tail == NULL || s->tail->end == BLOCK_SIZE) {
            struct block *b = block_take(s);
            if (s->tail)
                s->tail->next = b;
            else
                s->head = b;
            s->tail = b;
        }
        size_t room = BLOCK_SIZE - s->tail->end, n = bytes.n < room ? bytes.n : room;
        memcpy(s->tail->data + s->tail->end, bytes.p, n);
        s->tail->end += n;
        bytes = slice_from(bytes, n);
    }
}

static void blocks_drop(struct http_stream *s, size_t n)
{
    struct block *b = s->head;
    assert(b && n <= b->end - b->start);
    b->start += n;
    s->held -= n;
    if (b->start < b->end)
        return;
    s->head = b->next;
    if (s->head == NULL)
        s->tail = NULL;
    block_give(s, b);
}

/* ---- in the I/O thread ---- */

/* The reader cannot free the stream before on_done, so but there the signal may follow the unlocking. */
static void wake_reader(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool wake = s->waiting;
    pthread_mutex_unlock(&s->lock);
    if (wake)
        pthread_cond_signal(&s->news);
}

static void on_head(struct transfer *t)
{
    struct http_stream *s = (struct http_stream *)t;
    pthread_mutex_lock(&s->lock);
    s->has_head = true;
    bool wake = s->waiting;
    pthread_mutex_unlock(&s->lock);
    if (wake)
        pthread_cond_signal(&s->news);
}

/* Over the window by less than one piece, which saves asking for it twice. */
static enum taken on_body(struct transfer *t, struct slice bytes)
{
    struct http_stream *s = (struct http_stream *)t;
    pthread_mutex_lock(&s->lock);
    bool full = s->held >= s->window;
    if (full)
        s->paused = true;
    else
        blocks_add(s, bytes);
    pthread_mutex_unlock(&s->lock);
    return full ? TAKE_LATER : TAKEN;
}

static void on_flush(struct transfer *t)
{
    wake_reader((struct http_stream *)t);
}

static void on_done(struct transfer *t)
{
    struct http_stream *s = (struct http_stream *)t;
    pthread_mutex_lock(&s->lock);
    s->ended = true;
    s->err = t->err;
    pthread_cond_signal(&s->news);
    pthread_mutex_unlock(&s->lock);
}

static const struct transfer_ops ops = { .head = on_head, .body = on_body, .flush = on_flush, .done = on_done };

/* ---- in the reader's thread ---- */

struct http_stream *http_open(struct http *h, const struct http_request *r, size_t window)
{
    struct http_stream *s = mem_zalloc(sizeof *s);
    struct http_request own = *r;
    s->url = mem_strdup(r->url);
    s->window = window > WINDOW_MIN ? window : WINDOW_MIN;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->news, NULL);
    s->method = mem_strdup(r->method);
    own.url = s->url;
    own.method = s->method;
    own.body = NULL;
    own.n_body = 0;
    enum err e = transfer_init(&s->transfer, &own, &ops, READ_SIZE, CURL_HTTP_VERSION_1_1);
    if (e) {
        s->ended = true;
        s->err = e;
        return s;
    }
    /* Copied into the header lines; not to be looked at again. */
    s->transfer.request.bearer = NULL;
    s->transfer.request.headers = NULL;
    s->transfer.request.n_headers = 0;
    s->io = http_pick_io(h);
    io_submit(s->io, &s->transfer);
    return s;
}

static void wait_for_news(struct http_stream *s)
{
    s->waiting = true;
    pthread_cond_wait(&s->news, &s->lock);
    s->waiting = false;
}

enum err http_stream_head(struct http_stream *s, const struct http_response **head)
{
    pthread_mutex_lock(&s->lock);
    while (!s->has_head && !s->ended)
        wait_for_news(s);
    enum err e = s->has_head ? OK : s->err;
    pthread_mutex_unlock(&s->lock);
    if (e == OK)
        *head = &s->transfer.response;
    return e;
}

enum err http_peek(struct http_stream *s, struct slice *out)
{
    pthread_mutex_lock(&s->lock);
    while (s->head == NULL && !s->ended)
        wait_for_news(s);
    struct block *b = s->head;
    struct slice view = b ? slice_of(b->data + b->start, b->end - b->start) : SLICE_NONE;
    enum err e = b ? OK : s->err;
    pthread_mutex_unlock(&s->lock);
    if (e == OK)
        *out = view;
    return e;
}

void http_consume(struct http_stream *s, size_t n)
{
    if (n == 0)
        return;
    pthread_mutex_lock(&s->lock);
    blocks_drop(s, n);
    bool go_on = s->paused && s->held <= s->window / 2;
    if (go_on)
        s->paused = false;
    pthread_mutex_unlock(&s->lock);
    if (go_on) {
        atomic_store(&s->transfer.room, true);
        io_attend(s->io);
    }
}

/* Has the I/O thread let go, which takes it one round and no answer from anywhere. */
static void cancel(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool ended = s->ended;
    pthread_mutex_unlock(&s->lock);
    if (ended)
        return;
    atomic_store(&s->transfer.cancel, true);
    io_attend(s->io);
    pthread_mutex_lock(&s->lock);
    while (!s->ended)
        wait_for_news(s);
    pthread_mutex_unlock(&s->lock);
}

void http_close(struct http_stream *s)
{
    if (s == NULL)
        return;
    cancel(s);
    transfer_done(&s->transfer);
    blocks_free(s->head);
    blocks_free(s->spare);
    pthread_cond_destroy(&s->news);
    pthread_mutex_destroy(&s->lock);
    free(s->url);
    free(s->method);
    free(s);
}

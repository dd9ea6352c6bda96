/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c: from streams to chunks. A chunk is shown where the HTTP client put it, unless it lies across two blocks. A
 * term in the middle of a range is reached by skipping the chunks before it. */
#include "xet/fetch.h"

#include <assert.h>

#include "common/clock.h"
#include "xet/cas.h"

enum { GOAL_FIRST = 4 << 20 };
enum { STALL_US = 2000 };
enum { KEPT_MOST = 256 << 10 };

void fetch_init(struct fetch *f, struct xet *x)
{
    *f = (struct fetch){ .xet = x, .goal = GOAL_FIRST };
    buf_init(&f->split, XORB_HEADER + XORB_PACKED_MAX);
    buf_init(&f->kept, KEPT_MOST);
}

/* ---- bytes ---- */

/* Waits for bytes. Waiting long says that too little is under way. */
static enum err peek(struct fetch *f, struct slice *out)
{
    int64_t before = clock_mono_us();

    enum err e = http_peek(f->current->http, out);
    if (clock_mono_us() - before > STALL_US && f->goal < FETCH_GOAL_MOST)
        f->goal *= 2;
    if (e)
        return e;
    return out->n > 0 ? OK : ERR_UPSTREAM; /* cut short */
}

static void consume(struct fetch *f, size_t n)
{
    struct fetch_stream *s = f->current;

    http_consume(s->http, n);
    s->left -= n;
    f->under_way -= n;
    atomic_fetch_add_explicit(&f->xet->fetched, n, memory_order_relaxed);
}

/* Moves bytes of the stream into `to` until it has n. */
static enum err gather(struct fetch *f, size_t n, struct buf *to)
{
    while (to->n < n) {
        struct slice view;
        enum err e = peek(f, &view);
        if (e)
            return e;
        if (view.n > n - to->n)
            view.n = n - to->n;
        buf_add(to, view);
        consume(f, view.n);
    }
    return OK;
}

static void consume_seen(struct fetch *f)
{
    if (f->current && f->to_consume > 0)
        consume(f, f->to_consume);
    f->to_consume = 0;
}

/* So that the connection is seen to be free for the next request, instead of being cut. */
static void see_the_end(struct fetch *f)
{
    struct slice nothing;

    if (f->current && f->current->begun && f->current->left == 0)
        (void)!http_peek(f->current->http, &nothing);
}

/* ---- the head of an answer ---- */

static bool has_length(const struct http_response *head, const struct recon_range *r)
{
    uint64_t length;

    return slice_u64(http_response_header(head, "Content-Length"), &length) && length == r->to - r->from + 1;
}

/* RFC 9110 section 14.4: "bytes 0-99/1234". Without the header, or another unit, we have asked for one range only. */
static bool is_elsewhere(const struct http_response *head, const struct recon_range *r)
{
    struct slice value = http_response_header(head, "Content-Range");
    uint64_t from;

    if (!slice_starts(value, SLICE("bytes ")))
        return false;
    value = slice_from(value, 6);
    return !slice_u64(slice_cut(&value, '-'), &from) || from != r->from;
}

static enum err check_head(struct fetch *f)
{
    const struct http_response *head;
    const struct recon_range *r = &f->plan->ranges[f->current->range];

    if (f->current->begun)
        return OK;
    f->current->begun = true;
    enum err e = http_stream_head(f->current->http, &head);
    if (!e)
        e = cas_status(head->status);
    /* A 200 will do as well when it is as many bytes: all there are, or a URL that is good for these alone. */
    if (!e && (!has_length(head, r) || (head->status == 206 && is_elsewhere(head, r))))
        e = ERR_UPSTREAM_ANSWER;
    return e == ERR_BAD_REQUEST ? ERR_UPSTREAM_ANSWER : e;
}

/* ---- chunks ---- */

static enum err next_kept(struct fetch *f, struct xorb_chunk_head *head, struct slice *data)
{
    struct slice rest = slice_from(buf_slice(&f->kept), f->kept_at);

    enum err e = rest.n < XORB_HEADER ? ERR_CORRUPT : xorb_head(rest, head);
    if (e)
        return e;
    if (rest.n - XORB_HEADER < head->packed)
        return ERR_CORRUPT;
    *data = slice_of(rest.p + XORB_HEADER, head->packed);
    f->kept_at += XORB_HEADER + head->packed;
    return OK;
}

static enum err next_streamed(struct fetch *f, struct xorb_chunk_head *head, struct slice *data)
{
    struct fetch_stream *s = f->current;
    struct slice view;

    consume_seen(f);
    buf_clear(&f->split);
    enum err e = s->left < XORB_HEADER ? ERR_CORRUPT : peek(f, &view);
    if (!e && view.n < XORB_HEADER) {
        e = gather(f, XORB_HEADER, &f->split);
        view = buf_slice(&f->split);
    }
    if (!e)
        e = xorb_head(view, head);
    if (e)
        return e;
    size_t whole = XORB_HEADER + head->packed;
    if (whole - f->split.n > s->left)
        return ERR_CORRUPT;
    if (f->split.n == 0 && view.n >= whole) {
        f->to_consume = whole;
    } else {
        e = gather(f, whole, &f->split);
        view = buf_slice(&f->split);
    }
    *data = slice_of(view.p + XORB_HEADER, head->packed);
    s->at++;
    return e;
}

static enum err next_chunk(struct fetch *f, struct xorb_chunk_head *head, struct slice *data)
{
    return f->current ? next_streamed(f, head, data) : next_kept(f, head, data);
}

enum err fetch_chunk(struct fetch *f, struct xorb_chunk_head *head, struct slice *data)
{
    enum err e = next_chunk(f, head, data);

    if (!e)
        fetch_open_ahead(f);
    return e;
}

/* ---- terms ---- */

/* Lets go of the term that was read before. */
static void leave_term(struct fetch *f)
{
    consume_seen(f);
    see_the_end(f);
    f->current = NULL;
}

void fetch_begin(struct fetch *f, const struct recon *plan)
{
    leave_term(f);
    for (unsigned i = 0; i < FETCH_STREAMS; i++) {
        if (f->streams[i].http)
            fetch_close(f, &f->streams[i]);
    }
    assert(f->held == 0 && f->under_way == 0 && f->n_open == 0);
    f->plan = plan;
    f->term = f->next = 0;
    f->has_kept = false;
}

void fetch_done(struct fetch *f)
{
    fetch_begin(f, NULL);
    buf_done(&f->split);
    buf_done(&f->kept);
}

/* Content that repeats itself (zeros, above all) is a few chunks named again and again. */
static bool comes_again(const struct fetch *f, const struct recon_term *t)
{
    const struct recon_range *r = &f->plan->ranges[t->range];

    if (r->to - r->from >= KEPT_MOST)
        return false;
    for (size_t i = f->term + 1; i < fetch_horizon(f, f->term); i++) {
        if (f->plan->terms[i].range == t->range && f->plan->terms[i].start < t->end)
            return true;
    }
    return false;
}

/* Fetches all of a range that a stream has just been opened for. */
static enum err keep(struct fetch *f, const struct recon_term *t)
{
    const struct recon_range *r = &f->plan->ranges[t->range];

    f->has_kept = false;
    buf_clear(&f->kept);
    enum err e = gather(f, r->to - r->from + 1, &f->kept);
    if (e)
        return e;
    see_the_end(f);
    fetch_close(f, f->current);
    f->has_kept = true;
    f->kept_range = t->range;
    f->kept_at = 0;
    return OK;
}

/* Where the term's chunks will come from; returns the chunk that comes first. */
static uint32_t enter_range(struct fetch *f, const struct recon_term *t)
{
    if (f->has_kept && f->kept_range == t->range) {
        f->kept_at = 0;
        return f->plan->ranges[t->range].start;
    }
    f->current = fetch_stream_for(f, t);
    return f->current->at;
}

enum err fetch_term(struct fetch *f, size_t term)
{
    const struct recon_term *t = &f->plan->terms[term];

    leave_term(f);
    f->term = term;
    fetch_close_unused(f);
    uint32_t at = enter_range(f, t);
    if (f->next <= term)
        f->next = term + 1;
    fetch_open_ahead(f);
    enum err e = f->current ? check_head(f) : OK;
    if (!e && f->current && at == f->plan->ranges[t->range].start && comes_again(f, t))
        e = keep(f, t);
    for (; !e && at < t->start; at++) {
        struct xorb_chunk_head head;
        struct slice data;
        e = next_chunk(f, &head, &data);
    }
    return e;
}

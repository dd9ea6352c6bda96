/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c: requests to signed URLs. Each asks for exactly a range that it was given, since a URL is signed for that; so
 * a term in the middle of a range is reached by skipping the chunks before it. No token ever goes to a signed URL. */
#include "xet/fetch.h"

#include <assert.h>

#include "common/clock.h"
#include "xet/cas.h"

enum { WINDOW = 4 << 20, WINDOW_LEAST = 128 << 10 };
enum { GOAL_FIRST = 4 << 20, GOAL_MOST = 64 << 20 };
enum { STALL_US = 2000 };
enum { LOOK_AHEAD = 64 }; /* terms that are looked through for the next use of a stream */

void fetch_init(struct fetch *f, struct xet *x)
{
    *f = (struct fetch){ .xet = x, .goal = GOAL_FIRST };
    buf_init(&f->split, XORB_HEADER + XORB_PACKED_MAX);
}

static const struct recon_range *range_of(const struct fetch *f, const struct fetch_stream *s)
{
    return &f->plan->ranges[s->range];
}

static void close_stream(struct fetch *f, struct fetch_stream *s)
{
    http_close(s->http);
    budget_give(f->xet->down, s->charge);
    f->held -= s->charge;
    f->under_way -= s->left;
    f->n_open--;
    if (f->current == s) {
        f->current = NULL;
        f->to_consume = 0;
    }
    *s = (struct fetch_stream){ 0 };
}

/* ---- opening ---- */

static size_t window_of(const struct fetch *f, uint32_t range)
{
    const struct recon_range *r = &f->plan->ranges[range];
    size_t most = budget_share(f->xet->down) / 2;

    if (most > WINDOW)
        most = WINDOW;
    if (most < WINDOW_LEAST)
        most = WINDOW_LEAST;
    return r->to - r->from + 1 < most ? (size_t)(r->to - r->from + 1) : most;
}

/* The window is charged to the budget already. */
static struct fetch_stream *open_stream(struct fetch *f, uint32_t range, size_t window)
{
    const struct recon_range *r = &f->plan->ranges[range];
    struct http_request request = {
        .method = "GET", .url = r->url, .has_range = true, .range_from = r->from, .range_to = r->to
    };
    struct fetch_stream *s = f->streams;

    while (s->http)
        s++;
    assert(s < f->streams + FETCH_STREAMS);
    *s = (struct fetch_stream){ .range = range, .at = r->start, .left = r->to - r->from + 1, .charge = window };
    s->http = http_open(f->xet->http, &request, window);
    f->held += window;
    f->under_way += s->left;
    f->n_open++;
    return s;
}

static struct fetch_stream *find_stream(struct fetch *f, const struct recon_term *t)
{
    for (unsigned i = 0; i < FETCH_STREAMS; i++) {
        struct fetch_stream *s = &f->streams[i];
        if (s->http && s->range == t->range && s->at <= t->start)
            return s;
    }
    return NULL;
}

static void open_ahead(struct fetch *f)
{
    while (f->next < f->plan->n_terms && f->n_open < FETCH_STREAMS && f->under_way < f->goal) {
        const struct recon_term *t = &f->plan->terms[f->next];
        if (!find_stream(f, t)) {
            size_t window = window_of(f, t->range);
            if (f->held + window > budget_share(f->xet->down) || !budget_try(f->xet->down, window))
                return;
            open_stream(f, t->range, window);
        }
        f->next++;
    }
}

/* The term that will next read from s; n_terms: none in sight. */
static size_t next_use(const struct fetch *f, const struct fetch_stream *s)
{
    size_t end = f->plan->n_terms - f->term > LOOK_AHEAD ? f->term + LOOK_AHEAD : f->plan->n_terms;

    for (size_t i = f->term; i < end; i++) {
        if (f->plan->terms[i].range == s->range && f->plan->terms[i].start >= s->at)
            return i;
    }
    return f->plan->n_terms;
}

static void close_furthest(struct fetch *f)
{
    struct fetch_stream *furthest = NULL;
    size_t most = 0;

    for (unsigned i = 0; i < FETCH_STREAMS; i++) {
        struct fetch_stream *s = &f->streams[i];
        if (s->http && next_use(f, s) >= most) {
            most = next_use(f, s);
            furthest = s;
        }
    }
    assert(furthest);
    close_stream(f, furthest);
}

static void close_unused(struct fetch *f)
{
    for (unsigned i = 0; i < FETCH_STREAMS; i++) {
        struct fetch_stream *s = &f->streams[i];
        if (s->http && next_use(f, s) == f->plan->n_terms)
            close_stream(f, s);
    }
}

/* A stream for the term that is to be read now, whatever else has to go for it. */
static struct fetch_stream *stream_for(struct fetch *f, const struct recon_term *t)
{
    struct fetch_stream *s = find_stream(f, t);

    if (s)
        return s;
    size_t window = window_of(f, t->range);
    if (f->n_open == FETCH_STREAMS)
        close_furthest(f);
    while (f->held > 0 && !(f->held + window <= budget_share(f->xet->down) && budget_try(f->xet->down, window)))
        close_furthest(f);
    if (f->held == 0)
        budget_wait(f->xet->down, window);
    return open_stream(f, t->range, window);
}

/* ---- reading ---- */

/* Waits for bytes. Waiting long says that too little is under way. */
static enum err peek(struct fetch *f, struct slice *out)
{
    int64_t before = clock_mono_us();

    enum err e = http_peek(f->current->http, out);
    if (clock_mono_us() - before > STALL_US && f->goal < GOAL_MOST)
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
    const struct recon_range *r = range_of(f, f->current);

    enum err e = http_stream_head(f->current->http, &head);
    if (!e)
        e = cas_status(head->status);
    /* A 200 will do as well when it is as many bytes: all there are, or a URL that is good for these alone. */
    if (!e && (!has_length(head, r) || (head->status == 206 && is_elsewhere(head, r))))
        e = ERR_UPSTREAM_ANSWER;
    f->current->begun = true;
    return e == ERR_BAD_REQUEST ? ERR_UPSTREAM_ANSWER : e;
}

/* Moves bytes into f->split until it has n. */
static enum err gather(struct fetch *f, size_t n)
{
    while (f->split.n < n) {
        struct slice view;
        enum err e = peek(f, &view);
        if (e)
            return e;
        if (view.n > n - f->split.n)
            view.n = n - f->split.n;
        buf_add(&f->split, view);
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

/* The next chunk, as it lies in the stream's window, or gathered in f->split when it lies across two views. */
static enum err next_chunk(struct fetch *f, struct xorb_chunk_head *head, struct slice *data)
{
    struct fetch_stream *s = f->current;
    struct slice view;

    consume_seen(f);
    buf_clear(&f->split);
    enum err e = s->begun ? OK : check_head(f);
    if (!e && s->left < XORB_HEADER)
        e = ERR_CORRUPT;
    if (!e)
        e = peek(f, &view);
    if (!e && view.n < XORB_HEADER) {
        e = gather(f, XORB_HEADER);
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
        e = gather(f, whole);
        view = buf_slice(&f->split);
    }
    *data = slice_of(view.p + XORB_HEADER, head->packed);
    s->at++;
    return e;
}

enum err fetch_chunk(struct fetch *f, struct xorb_chunk_head *head, struct slice *data)
{
    enum err e = next_chunk(f, head, data);

    if (!e)
        open_ahead(f);
    return e;
}

/* ---- from term to term ---- */

/* So that the connection is seen to be free for the next request, instead of being cut. */
static void see_the_end(struct fetch *f)
{
    struct slice nothing;

    if (f->current && f->current->begun && f->current->left == 0)
        (void)!http_peek(f->current->http, &nothing);
}

void fetch_begin(struct fetch *f, const struct recon *plan)
{
    consume_seen(f);
    see_the_end(f);
    for (unsigned i = 0; i < FETCH_STREAMS; i++) {
        if (f->streams[i].http)
            close_stream(f, &f->streams[i]);
    }
    assert(f->held == 0 && f->under_way == 0 && f->n_open == 0);
    f->plan = plan;
    f->term = f->next = 0;
}

void fetch_done(struct fetch *f)
{
    fetch_begin(f, NULL);
    buf_done(&f->split);
}

enum err fetch_term(struct fetch *f, size_t term)
{
    const struct recon_term *t = &f->plan->terms[term];

    consume_seen(f);
    see_the_end(f);
    f->term = term;
    close_unused(f);
    f->current = stream_for(f, t);
    if (f->next <= term)
        f->next = term + 1;
    open_ahead(f);
    while (f->current->at < t->start) {
        struct xorb_chunk_head head;
        struct slice data;
        enum err e = next_chunk(f, &head, &data);
        if (e)
            return e;
    }
    return OK;
}

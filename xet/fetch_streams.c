/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_streams.c: requests to signed URLs. Each asks for exactly a range that it was given, since a URL is signed for
 * that; so a stream that stands in the middle of its range is worth keeping for a later term. No token ever goes to a
 * signed URL. */
#include <assert.h>

#include "xet/fetch.h"

enum { WINDOW = 4 << 20, WINDOW_LEAST = 128 << 10 };
enum { HORIZON = 64 }; /* terms */

size_t fetch_horizon(const struct fetch *f, size_t from)
{
    return f->plan->n_terms - from > HORIZON ? from + HORIZON : f->plan->n_terms;
}

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

void fetch_close(struct fetch *f, struct fetch_stream *s)
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

static struct fetch_stream *find_stream(struct fetch *f, const struct recon_term *t)
{
    for (unsigned i = 0; i < FETCH_STREAMS; i++) {
        struct fetch_stream *s = &f->streams[i];
        if (s->http && s->range == t->range && s->at <= t->start)
            return s;
    }
    return NULL;
}

static bool may_hold(struct fetch *f, size_t window)
{
    return f->held + window <= budget_share(f->xet->down) && budget_try(f->xet->down, window);
}

void fetch_open_ahead(struct fetch *f)
{
    while (f->next < f->plan->n_terms && f->n_open < FETCH_STREAMS && f->under_way < f->goal) {
        const struct recon_term *t = &f->plan->terms[f->next];
        bool kept = f->has_kept && f->kept_range == t->range;
        if (!kept && !find_stream(f, t)) {
            size_t window = window_of(f, t->range);
            if (!may_hold(f, window))
                return;
            open_stream(f, t->range, window);
        }
        f->next++;
    }
}

/* The term that will next read from s; n_terms: none in sight. */
static size_t next_use(const struct fetch *f, const struct fetch_stream *s)
{
    for (size_t i = f->term; i < fetch_horizon(f, f->term); i++) {
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
    fetch_close(f, furthest);
}

void fetch_close_unused(struct fetch *f)
{
    for (unsigned i = 0; i < FETCH_STREAMS; i++) {
        struct fetch_stream *s = &f->streams[i];
        if (s->http && next_use(f, s) == f->plan->n_terms)
            fetch_close(f, s);
    }
}

struct fetch_stream *fetch_stream_for(struct fetch *f, const struct recon_term *t)
{
    struct fetch_stream *s = find_stream(f, t);

    if (s)
        return s;
    size_t window = window_of(f, t->range);
    if (f->n_open == FETCH_STREAMS)
        close_furthest(f);
    bool charged = false;
    while (f->held > 0 && !(charged = may_hold(f, window)))
        close_furthest(f);
    if (!charged)
        budget_wait(f->xet->down, window); /* while holding nothing, as budget.h demands */
    return open_stream(f, t->range, window);
}

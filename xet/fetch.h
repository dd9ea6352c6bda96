/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.h: the packed chunks of a reconstruction's terms, one after the other, while the next ones are on their way.
 *
 *   terms    [ A 0–8 ][ B 3–5 ][ A 8–20 ] …      what the reader wants, in this order
 *   streams  A ●───────○                         being read, B and what follows opened ahead; A waits for its next term
 *            B ●──○
 *
 * A stream is one request for one range, and holds at most its window. How much is under way ahead of the reader grows
 * when the reader has had to wait, up to the transfer's share of the download budget. A small range that terms name
 * again and again is kept instead.
 *
 *   fetch.c          chunks and terms
 *   fetch_streams.c  which streams are open */
#ifndef HUGS3_XET_FETCH_H
#define HUGS3_XET_FETCH_H

#include "xet/recon.h"

enum { FETCH_STREAMS = 8, FETCH_GOAL_MOST = 64 << 20 };

struct fetch_stream {
    struct http_stream *http; /* NULL: this slot is free */
    uint32_t range;           /* in the plan's ranges */
    uint32_t at;              /* the chunk that comes next */
    uint64_t left;            /* bytes of the range to come */
    size_t charge;            /* of the budget: the window */
    bool begun;               /* status and headers are checked */
};

struct fetch {
    struct xet *xet;
    const struct recon *plan; /* borrowed; NULL: none */

    /* reading */
    size_t term;                  /* the one that is read */
    struct fetch_stream *current; /* of that term; NULL: it is read from `kept` */
    size_t to_consume;            /* of current: what the caller has seen */
    struct buf split;             /* a chunk that lies across two views */
    struct buf kept;              /* a whole range */
    bool has_kept;
    uint32_t kept_range;
    size_t kept_at;

    /* streams */
    struct fetch_stream streams[FETCH_STREAMS];
    unsigned n_open;
    size_t next;        /* the first term that nothing was opened for */
    size_t held;        /* bytes of the budget */
    uint64_t under_way; /* sum of the streams' left */
    uint64_t goal;      /* what under_way should be */
};

void fetch_init(struct fetch *f, struct xet *x);
void fetch_done(struct fetch *f);
/* Begins a plan, which has to stay until the next begin or done; NULL: lets go of everything. */
void fetch_begin(struct fetch *f, const struct recon *plan);
/* Goes to the first chunk of a term: 0, 1, … in order. Errors as fetch_chunk's. */
MUST_USE enum err fetch_term(struct fetch *f, size_t term);
/* The term's next chunk: its header and data, valid until the next call. Errors: ERR_UPSTREAM (broken), statuses as in
 * cas.h (403: the URL has expired), ERR_CORRUPT (no xorb), ERR_UPSTREAM_ANSWER. */
MUST_USE enum err fetch_chunk(struct fetch *f, struct xorb_chunk_head *head, struct slice *data);

/* ---- fetch_streams.c, for fetch.c ---- */

/* A stream that has all of the term's chunks before it, for the term that is read now: closes others if need be. */
struct fetch_stream *fetch_stream_for(struct fetch *f, const struct recon_term *t);
void fetch_open_ahead(struct fetch *f);
void fetch_close(struct fetch *f, struct fetch_stream *s);
void fetch_close_unused(
    struct fetch *f); /* that no term from the current one on will read from, as far as can be seen */
/* Terms from `from` on that are worth looking through: up to, not including. */
size_t fetch_horizon(const struct fetch *f, size_t from);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.h: the packed chunks of a reconstruction's terms, one after the other, while the next ones are on their way.
 *
 *   terms    [ A 0–8 ][ B 3–5 ][ A 8–20 ] …      what the reader wants, in this order
 *   streams  A ●───────○                         being read, B and what follows opened ahead; A waits for its next term
 *            B ●──○
 *
 * A stream is one request for one range, and holds at most its window. How much is under way ahead of the reader grows
 * when the reader has had to wait, up to the transfer's share of the download budget. */
#ifndef HUGS3_XET_FETCH_H
#define HUGS3_XET_FETCH_H

#include "xet/recon.h"

enum { FETCH_STREAMS = 8 };

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
    size_t term;              /* the one that is read */
    size_t next;              /* the first term that nothing was opened for */
    struct fetch_stream *current;
    size_t to_consume; /* of current: what the caller has seen */
    struct fetch_stream streams[FETCH_STREAMS];
    unsigned n_open;
    size_t held;        /* bytes of the budget */
    uint64_t under_way; /* sum of the streams' left */
    uint64_t goal;      /* what under_way should be */
    struct buf split;   /* a chunk that lies across two views */
};

void fetch_init(struct fetch *f, struct xet *x);
void fetch_done(struct fetch *f);
/* From the first term of a plan on, which has to stay until the next begin or done; NULL: lets go of everything. */
void fetch_begin(struct fetch *f, const struct recon *plan);
/* Goes to the first chunk of the next term in order, the first one when there was none. */
MUST_USE enum err fetch_term(struct fetch *f, size_t term);
/* The term's next chunk: its header and data, valid until the next call. Errors: ERR_UPSTREAM (broken), statuses as in
 * cas.h (403: the URL has expired), ERR_CORRUPT (no xorb), ERR_UPSTREAM_ANSWER. */
MUST_USE enum err fetch_chunk(struct fetch *f, struct xorb_chunk_head *head, struct slice *data);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* round.h: which lines of a batch go together in one call.
 *
 * The Hub tells which lines failed by their paths, and not in which order it applies a call's lines. So a path is in a
 * call only once:
 *
 *     add P H1 (A)      one slot: add P H2 goes out. Done: A's object was there, and was overwritten at once.
 *     add P H2 (B)      Failed: B gets that; A's line goes into the next round.
 *
 *     add P H1 (A)      add P H1 goes out. The slot is blocked, the delete waits for the next round: sent alone, it
 *     delete P (B)      could fail because there is no P yet, and A's add would follow it.
 *
 * What may stand for an earlier line: an add or a copy for anything (they do not look at what was there), a delete for
 * a delete. */
#ifndef HUGS3_HUB_ROUND_H
#define HUGS3_HUB_ROUND_H

#include "hub/internal.h"
#include "hub/pathmap.h"

/* A caller's line on its way. */
struct batch_line {
    struct hub_line *line;
    struct arena *arena;        /* its caller's, for the words of an error */
    struct slice json;          /* with its line end */
    struct batch_line *earlier; /* of this round: the one it stands for, or NULL */
    bool done;                  /* has its result */
};

struct round_slot {
    struct batch_line *last; /* what is sent */
    bool blocked;            /* another line for this path waits for the next round */
    enum err e;              /* its verdict, */
    struct slice words;      /* and what the Hub said; borrowed */
};

struct round {
    struct pathmap paths; /* number of a path: index of its slot */
    struct round_slot *slots;
};

void round_init(struct round *r, size_t n_lines); /* more than HUB_CALL_MAX take several rounds */
void round_done(struct round *r);
/* Fills slots with what is not done, in order. false: all is done. */
bool round_plan(struct round *r, struct batch_line *const *lines, size_t n);
/* Hands the verdicts of slots `from` to `from + n` to their lines. At least one line of each is then done. */
void round_settle(struct round *r, size_t from, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* combine.h: group commit. Threads that want the same kind of thing done share one doing of it.
 *
 *   thread A: combine_run ── nothing in flight: A leads, runs fn with {A}
 *   thread B, C: combine_run ── A is in flight: they wait in line
 *   A is done: its caller returns; B is made leader and runs fn with {B, C, …}
 *
 * So nothing waits when nothing is in flight, and what arrives while a call is in flight goes with the next one.
 * No thread of its own: the leader is one of the callers, running plain blocking code. */
#ifndef HUGS3_COMMON_COMBINE_H
#define HUGS3_COMMON_COMBINE_H

#include <pthread.h>

#include "common/buf.h"

/* Embedded first in the caller's own struct, which lives on the caller's stack until combine_run returns. */
struct combine_item {
    size_t weight; /* set by the caller; what `max_weight` adds up: bytes, lines … at least 1 */
    /* combine.c only */
    struct combine_item *next;
    enum { COMBINE_WAITS, COMBINE_LEADS, COMBINE_DONE } state;
    pthread_cond_t turn;
};

/* Called by the leader, without the lock, with 1 to max_items items linked by `next` in order of arrival, their
 * weights together at most max_weight (a single heavier item comes alone). Puts each item's result into its own
 * struct. Must not call combine_run on the same combine. */
typedef void combine_fn(void *ctx, struct combine_item *first);

struct combine {
    pthread_mutex_t lock; /* leaf; never held while fn runs */
    struct combine_item *head, *tail;
    unsigned in_flight;
    unsigned max_in_flight; /* how many leaders may run at once: 1 keeps calls in order */
    size_t max_items, max_weight;
    combine_fn *fn;
    void *ctx;
};

void combine_init(struct combine *c, combine_fn *fn, void *ctx, unsigned max_in_flight, size_t max_items,
                  size_t max_weight);
void combine_done(struct combine *c); /* nobody may be inside */
/* Returns when some leader's fn, maybe this thread's own, has dealt with the item. */
void combine_run(struct combine *c, struct combine_item *item);

#endif

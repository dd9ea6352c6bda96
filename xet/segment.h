/* SPDX-License-Identifier: Apache-2.0 */
/* segment.h: the buffers of uploads. A large upload moves through segments of one size, which are mapped, reused while
 * uploads run, and unmapped when they end; a small one has a single segment of just its size from the heap.
 * Whoever takes a segment has already got its `charge` out of the upload budget; segment_give gives that back. */
#ifndef HUGS3_XET_SEGMENT_H
#define HUGS3_XET_SEGMENT_H

#include <pthread.h>

#include "common/budget.h"

enum { SEGMENT_CHARGE = 512 << 10 };

struct segment {
    struct segment *next; /* its owner's, to make lists */
    size_t charge;        /* bytes of the budget */
    size_t room;          /* of data */
    size_t used;
    char data[];
};

struct segments {
    struct budget *budget; /* borrowed */
    pthread_mutex_t lock;  /* leaf; guards what follows */
    struct segment *free;
    size_t n_free, n_used;
};

void segments_init(struct segments *s, struct budget *budget);
void segments_done(struct segments *s); /* all have been given back */

struct segment *segment_take(struct segments *s); /* SEGMENT_CHARGE */
size_t segment_small_charge(size_t room);         /* of segment_small(room) */
struct segment *segment_small(size_t room);       /* any room below SEGMENT_CHARGE / 2 */
/* A whole segment with the content of a small one, which is gone. Waits for the budget; the caller holds nothing else.
 */
struct segment *segment_grow(struct segments *s, struct segment *small);
void segment_give(struct segments *s, struct segment *g);

#endif

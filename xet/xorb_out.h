/* SPDX-License-Identifier: Apache-2.0 */
/* xorb_out.h: the packed chunks of a xorb, as they lie in segments, in order. They are sent from where they lie. */
#ifndef HUGS3_XET_XORB_OUT_H
#define HUGS3_XET_XORB_OUT_H

#include "xet/segment.h"

struct xorb_out { /* zeroed: empty */
    struct slice *pieces;
    size_t n, room;
    size_t bytes;             /* of all pieces */
    size_t charge;            /* of all segments */
    struct segment *segments; /* that the pieces lie in; the first one may have room for more */
};

/* Adds pieces that lie in g, in order, and takes g. When they are few they are moved together, and g is given back if
 * it is not needed: what compresses well must not hold much more memory than it has bytes. Returns the budget's bytes
 * that were given back. */
size_t xorb_out_add(struct xorb_out *x, struct segments *pool, struct segment *g, const struct slice *pieces, size_t n);
/* Empties it; returns the budget's bytes that were given back. */
size_t xorb_out_clear(struct xorb_out *x, struct segments *pool);

#endif

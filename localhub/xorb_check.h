/* SPDX-License-Identifier: Apache-2.0 */
/* xorb_check.h: checks a serialized xorb as its bytes arrive: each chunk's header, that it unpacks, its hash, and in
 * the end the tree over them. Holds one chunk, and 40 bytes for each chunk seen, never the xorb. One thread at a time.
 * Order: init, feed*, finish, done. */
#ifndef HUGS3_LOCALHUB_XORB_CHECK_H
#define HUGS3_LOCALHUB_XORB_CHECK_H

#include "xet/format.h"

struct xorb_check {
    struct buf part;     /* of a chunk that comes in several pieces: what is there of its header and data */
    char *out, *scratch; /* XET_CHUNK_MAX each, made when first needed */
    struct xet_tree tree;
    struct buf chunks; /* rows for contents.h */
    uint64_t packed;   /* serialized bytes of the chunks seen: what is to be kept */
    uint64_t size;     /* unpacked */
    uint32_t n;
    bool footer; /* the chunks are over; a stored xorb's footer is passed over */
};

void xorb_check_init(struct xorb_check *c);
/* ERR_CORRUPT: not a xorb, or past the limits; only done is left. */
MUST_USE enum err xorb_check_feed(struct xorb_check *c, struct slice bytes);
/* ERR_CORRUPT: cut short, empty, or not of that hash. */
MUST_USE enum err xorb_check_finish(struct xorb_check *c, const struct xet_hash *hash);
void xorb_check_done(struct xorb_check *c);

#endif

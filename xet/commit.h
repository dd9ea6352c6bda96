/* SPDX-License-Identifier: Apache-2.0 */
/* commit.h: files made known to the CAS, several at a time. What a file brings to it: its terms, the xorbs it has sent
 * already, and its tail: the chunks that were too few for a xorb of their own.
 *
 *   tails of all files in the group ──► one xorb ──► POST xorb
 *   terms of all files, their xorbs ──► one shard ──► POST shard
 *
 * Two groups may be under way at once, so that the xorb of one travels while the CAS takes the shard of the other. */
#ifndef HUGS3_XET_COMMIT_H
#define HUGS3_XET_COMMIT_H

#include "xet/client.h"

struct commit_xorb {
    struct xet_hash hash;
    struct shard_chunk *chunks;
    size_t n;
    uint32_t packed;
};

struct commit {
    struct combine_item item; /* first */
    struct xet_hash file;
    struct shard_term *terms; /* with a zero xorb hash: chunks of the tail; the commit puts hash and places right */
    size_t n_terms;
    const struct commit_xorb *xorbs; /* sent, not registered by an earlier shard */
    size_t n_xorbs;
    /* The tail: serialized chunks, and what they are. */
    const struct slice *pieces;
    size_t n_pieces, tail_bytes;
    const struct shard_chunk *tail;
    size_t n_tail;
    /* out: */
    enum err result;
};

void commit_init(struct combine *c, struct xet_space *s);
/* Blocks until the file is registered, or not. Fill in the fields but `item` and `result`; *c and what it points to
 * stay the caller's. ERR_BAD_REQUEST: the CAS refuses this file; ERR_TOO_LARGE: its shard would be. */
MUST_USE enum err commit_run(struct xet_space *s, struct commit *c);
/* A shard of xorbs alone, ahead of their file's. Adds them to the chunk index. */
MUST_USE enum err commit_xorbs(struct xet_space *s, const struct commit_xorb *xorbs, size_t n);

#endif

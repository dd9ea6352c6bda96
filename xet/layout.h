/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h: what a file that is being written consists of: its chunks in order, the xorbs it brings, and the terms
 * (runs of chunks in a xorb) that make the file out of them.
 *
 *   file    c0 c1 c2 c3 c4 c5 c6 …              every chunk of the content
 *   stored  c0 c1 c2 c6 …                       those that own xorbs bring, in order
 *   own     0: chunks 0–3 of `stored`   1: 3–…  the last one is open until it is cut
 *   terms   [own 0, 0–3][another's, 7–10][own 1, 0–1] …
 *
 * Memory is some 80 bytes a chunk, a thousandth of the content. */
#ifndef HUGS3_XET_LAYOUT_H
#define HUGS3_XET_LAYOUT_H

#include "xet/chunk_index.h"
#include "xet/hash_map.h"

struct chunk_list {
    struct xet_hash *hash;
    uint32_t *size;
    size_t n, room;
};

struct layout_xorb {
    struct xet_hash hash; /* set by layout_cut */
    size_t first;         /* in `stored` */
    uint32_t chunks;
    uint32_t size;   /* of the chunks, unpacked */
    uint32_t packed; /* serialized; set by layout_cut */
};

#define LAYOUT_OTHER UINT32_MAX
struct layout_place {
    uint32_t own;   /* a xorb of this file; LAYOUT_OTHER: an earlier one, which the chunk index knew */
    uint32_t index; /* of the chunk in it */
    struct xet_hash other;
};

struct layout_term {
    struct layout_place start;
    uint32_t chunks;
    uint32_t size;
    size_t first; /* in `file` */
};

struct layout {
    struct chunk_list file, stored;
    struct hash_map stored_map; /* over stored.hash */
    struct layout_xorb *own;
    size_t n_own, own_room;
    bool open; /* the last of `own` */
    struct layout_term *terms;
    size_t n_terms, terms_room;
    struct xet_tree tree; /* over `file`; last: it is large and need not be zeroed */
};

void layout_init(struct layout *l);
void layout_done(struct layout *l);

/* Is this chunk to be had without sending it? `seen`: what the chunk index says, NULL: nothing. `after`: where the
 * chunk before it lies, if that is known too: the one behind it there is preferred. */
MUST_USE bool layout_find(const struct layout *l, const struct xet_hash *hash, const struct chunk_place *seen,
                          const struct layout_place *after, struct layout_place *out);
bool layout_continues(const struct layout_place *before, const struct layout_place *place);

/* The file's next chunk is the one at `place`. */
void layout_known(struct layout *l, const struct layout_place *place, const struct xet_hash *hash, uint32_t size);
/* The file's next chunk is stored in the open xorb, which is opened if need be. */
void layout_store(struct layout *l, const struct xet_hash *hash, uint32_t size);
/* Ends the open xorb and computes its hash. */
const struct layout_xorb *layout_cut(struct layout *l, uint32_t packed);
const struct layout_xorb *layout_open(const struct layout *l); /* NULL: none is open */

/* For the shard; both to be freed. Terms in a xorb that is still open have a zero hash in its place. */
struct shard_chunk *layout_shard_chunks(const struct layout *l, const struct layout_xorb *x);
struct shard_term *layout_shard_terms(const struct layout *l);

#endif

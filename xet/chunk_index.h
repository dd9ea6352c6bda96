/* SPDX-License-Identifier: Apache-2.0 */
/* chunk_index.h: chunks that the CAS is known to have: chunk hash → xorb and place in it. One for the whole process,
 * bounded, forgets what was not seen for long. What it says may be out of date when a CAS loses content: then a shard
 * that names the xorb is refused, and chunk_index_forget makes the next attempt send the bytes. Any thread. */
#ifndef HUGS3_XET_CHUNK_INDEX_H
#define HUGS3_XET_CHUNK_INDEX_H

#include "xet/format.h"

struct chunk_index;

struct chunk_place {
    struct xet_hash xorb;
    uint32_t index; /* of the chunk in the xorb */
};

/* path: of the file that it is kept in (chunk_file.h), read when the index is first used; NULL: none. */
struct chunk_index *chunk_index_new(size_t max_bytes, const char *path);
void chunk_index_free(struct chunk_index *x); /* NULL is fine; does not save */
/* Writes the file, if there is one and something has changed. ERR_STORE. */
MUST_USE enum err chunk_index_save(struct chunk_index *x);

/* A CAS's name in the index: content of one CAS says nothing about another. Never 0. */
uint32_t chunk_index_cas(const char *cas_url);

/* Looks up n chunks; places[i] is written where known[i] becomes true. */
void chunk_index_find(struct chunk_index *x, uint32_t cas, const struct xet_hash *const *hashes, size_t n, bool *known,
                      struct chunk_place *places);
/* Chunks 0 to n of a xorb that a shard the CAS accepted has registered. */
void chunk_index_add(struct chunk_index *x, uint32_t cas, const struct xet_hash *xorb, const struct shard_chunk *chunks,
                     size_t n);
/* n chunks that follow each other in a xorb, the first one at `place`. */
void chunk_index_learn(struct chunk_index *x, uint32_t cas, const struct chunk_place *place,
                       const struct xet_hash *hashes, size_t n);
void chunk_index_forget(struct chunk_index *x, uint32_t cas, const struct xet_hash *xorb); /* walks the whole index */

#endif

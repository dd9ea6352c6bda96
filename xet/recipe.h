/* SPDX-License-Identifier: Apache-2.0 */
/* recipe.h: a file's chunks and terms as bytes that can be stored. Little-endian:
 *   version u8 = 1 | terms u32 | chunks u32
 *   xorb hash[32] | start u32 | end u32      × terms
 *   chunk hash[32] | size u32                × chunks: those of the terms, one after the other */
#ifndef HUGS3_XET_RECIPE_H
#define HUGS3_XET_RECIPE_H

#include "xet/layout.h"

void recipe_write(const struct shard_term *terms, size_t n_terms, const struct chunk_list *chunks, struct buf *out);

struct recipe { /* views into the bytes that were read */
    struct slice terms, chunks;
    size_t n_terms, n_chunks;
};
struct recipe_term {
    struct xet_hash xorb;
    uint32_t start, end;
};
/* ERR_CORRUPT unless all of it makes sense: then every term and chunk can be taken without a further look. */
MUST_USE enum err recipe_read(struct slice in, struct recipe *out);
struct recipe_term recipe_term(const struct recipe *r, size_t i);
uint32_t recipe_chunk(const struct recipe *r, size_t i, struct xet_hash *out); /* returns the size */

#endif

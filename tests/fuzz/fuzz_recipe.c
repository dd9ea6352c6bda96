/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a recipe. What is read must hold the promises of recipe.h. */
#include <assert.h>

#include "xet/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct recipe r;
    size_t chunks = 0;

    if (recipe_read(slice_of(data, n), &r))
        return 0;
    for (size_t i = 0; i < r.n_terms; i++) {
        struct recipe_term t = recipe_term(&r, i);
        assert(t.start < t.end && t.end <= XORB_MAX_CHUNKS);
        chunks += t.end - t.start;
    }
    assert(chunks == r.n_chunks);
    for (size_t i = 0; i < r.n_chunks; i++) {
        struct xet_hash hash;
        uint32_t size = recipe_chunk(&r, i, &hash);
        assert(size > 0 && size <= XET_CHUNK_MAX);
    }
    return 0;
}

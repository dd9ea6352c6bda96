/* SPDX-License-Identifier: Apache-2.0 */
/* recipe.c: see recipe.h for the layout. */
#include "xet/recipe.h"

#include "xet/wire.h"

enum { VERSION = 1, HEAD = 9, TERM = 40, CHUNK = 36 };

void recipe_write(const struct shard_term *terms, size_t n_terms, const struct chunk_list *chunks, struct buf *out)
{
    char *p = buf_room(out, HEAD + n_terms * TERM + chunks->n * CHUNK);

    if (!p)
        return;
    p[0] = VERSION;
    wire_put32(p + 1, (uint32_t)n_terms);
    wire_put32(p + 5, (uint32_t)chunks->n);
    p += HEAD;
    for (size_t i = 0; i < n_terms; i++, p += TERM) {
        memcpy(p, terms[i].xorb.b, 32);
        wire_put32(p + 32, terms[i].start);
        wire_put32(p + 36, terms[i].end);
    }
    for (size_t i = 0; i < chunks->n; i++, p += CHUNK) {
        memcpy(p, chunks->hash[i].b, 32);
        wire_put32(p + 32, chunks->size[i]);
    }
    buf_grew(out, HEAD + n_terms * TERM + chunks->n * CHUNK);
}

struct recipe_term recipe_term(const struct recipe *r, size_t i)
{
    const char *p = r->terms.p + i * TERM;
    struct recipe_term t = { .start = wire_get32(p + 32), .end = wire_get32(p + 36) };

    memcpy(t.xorb.b, p, 32);
    return t;
}

uint32_t recipe_chunk(const struct recipe *r, size_t i, struct xet_hash *out)
{
    const char *p = r->chunks.p + i * CHUNK;

    memcpy(out->b, p, 32);
    return wire_get32(p + 32);
}

enum err recipe_read(struct slice in, struct recipe *out)
{
    if (in.n < HEAD || in.p[0] != VERSION)
        return ERR_CORRUPT;
    struct recipe r = { .n_terms = wire_get32(in.p + 1), .n_chunks = wire_get32(in.p + 5) };
    if ((uint64_t)in.n != HEAD + (uint64_t)r.n_terms * TERM + (uint64_t)r.n_chunks * CHUNK)
        return ERR_CORRUPT;
    r.terms = slice_of(in.p + HEAD, r.n_terms * TERM);
    r.chunks = slice_from(in, HEAD + r.terms.n);

    uint64_t chunks = 0;
    for (size_t i = 0; i < r.n_terms; i++) {
        struct recipe_term t = recipe_term(&r, i);
        if (t.start >= t.end || t.end > XORB_MAX_CHUNKS || xet_hash_eq(&t.xorb, &xet_hash_zero))
            return ERR_CORRUPT;
        chunks += t.end - t.start;
    }
    if (chunks != r.n_chunks)
        return ERR_CORRUPT;
    for (size_t i = 0; i < r.n_chunks; i++) {
        struct xet_hash hash;
        uint32_t size = recipe_chunk(&r, i, &hash);
        if (size == 0 || size > XET_CHUNK_MAX)
            return ERR_CORRUPT;
    }
    *out = r;
    return OK;
}

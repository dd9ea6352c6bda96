/* SPDX-License-Identifier: Apache-2.0 */
/* layout.c: bookkeeping of one file's chunks; no content, no network. */
#include "xet/layout.h"

#include <assert.h>
#include <stdlib.h>

void layout_init(struct layout *l)
{
    memset(l, 0, offsetof(struct layout, tree));
    xet_tree_init(&l->tree);
}

void layout_done(struct layout *l)
{
    free(l->file.hash);
    free(l->file.size);
    free(l->stored.hash);
    free(l->stored.size);
    hash_map_done(&l->stored_map);
    free(l->own);
    free(l->terms);
}

static void list_add(struct chunk_list *c, const struct xet_hash *hash, uint32_t size)
{
    if (c->n == c->room) {
        c->room = c->room ? c->room * 2 : 4;
        c->hash = mem_realloc(c->hash, c->room * sizeof *c->hash);
        c->size = mem_realloc(c->size, c->room * sizeof *c->size);
    }
    c->hash[c->n] = *hash;
    c->size[c->n++] = size;
}

/* ---- what is known ---- */

static bool own_has(const struct layout *l, uint32_t own, uint32_t index, const struct xet_hash *hash)
{
    const struct layout_xorb *x = &l->own[own];

    return index < x->chunks && xet_hash_eq(&l->stored.hash[x->first + index], hash);
}

/* Own xorbs follow each other in `stored`, so the one that has a chunk is found by halving. */
static struct layout_place place_of_stored(const struct layout *l, size_t stored)
{
    size_t low = 0, high = l->n_own;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (l->own[middle].first <= stored)
            low = middle;
        else
            high = middle;
    }
    return (struct layout_place){ .own = (uint32_t)low, .index = (uint32_t)(stored - l->own[low].first) };
}

bool layout_continues(const struct layout_place *before, const struct layout_place *place)
{
    if (before->own != place->own || before->index + 1 != place->index)
        return false;
    return before->own != LAYOUT_OTHER || xet_hash_eq(&before->other, &place->other);
}

bool layout_find(const struct layout *l, const struct xet_hash *hash, const struct chunk_place *seen,
                 const struct layout_place *after, struct layout_place *out)
{
    struct layout_place other = { .own = LAYOUT_OTHER };
    size_t stored;

    if (seen) {
        other.index = seen->index;
        other.other = seen->xorb;
        if (after && layout_continues(after, &other)) {
            *out = other;
            return true;
        }
    }
    if (after && after->own != LAYOUT_OTHER && own_has(l, after->own, after->index + 1, hash)) {
        *out = (struct layout_place){ .own = after->own, .index = after->index + 1 };
        return true;
    }
    if (hash_map_find(&l->stored_map, l->stored.hash, sizeof *l->stored.hash, hash, &stored)) {
        *out = place_of_stored(l, stored);
        return true;
    }
    if (seen)
        *out = other;
    return seen != NULL;
}

/* ---- the file grows ---- */

static void add_chunk(struct layout *l, const struct layout_place *place, const struct xet_hash *hash, uint32_t size)
{
    struct layout_term *last = l->n_terms ? &l->terms[l->n_terms - 1] : NULL;
    struct layout_place end = { 0 };

    if (last) {
        end = last->start;
        end.index += last->chunks - 1;
    }
    if (last && layout_continues(&end, place)) {
        last->chunks++;
        last->size += size;
    } else {
        if (l->n_terms == l->terms_room) {
            l->terms_room = l->terms_room ? l->terms_room * 2 : 1;
            l->terms = mem_realloc(l->terms, l->terms_room * sizeof *l->terms);
        }
        l->terms[l->n_terms++] = (struct layout_term){ *place, 1, size, l->file.n };
    }
    list_add(&l->file, hash, size);
    xet_tree_add(&l->tree, hash, size);
}

void layout_known(struct layout *l, const struct layout_place *place, const struct xet_hash *hash, uint32_t size)
{
    add_chunk(l, place, hash, size);
}

static void open_xorb(struct layout *l)
{
    if (l->n_own == l->own_room) {
        l->own_room = l->own_room ? l->own_room * 2 : 1;
        l->own = mem_realloc(l->own, l->own_room * sizeof *l->own);
    }
    l->own[l->n_own++] = (struct layout_xorb){ .first = l->stored.n };
    l->open = true;
}

void layout_store(struct layout *l, const struct xet_hash *hash, uint32_t size)
{
    if (!l->open)
        open_xorb(l);
    struct layout_xorb *x = &l->own[l->n_own - 1];
    struct layout_place place = { .own = (uint32_t)(l->n_own - 1), .index = x->chunks };

    assert(x->chunks < XORB_MAX_CHUNKS);
    x->chunks++;
    x->size += size;
    list_add(&l->stored, hash, size);
    hash_map_add(&l->stored_map, l->stored.hash, sizeof *l->stored.hash, l->stored.n - 1);
    add_chunk(l, &place, hash, size);
}

const struct layout_xorb *layout_open(const struct layout *l)
{
    return l->open ? &l->own[l->n_own - 1] : NULL;
}

const struct layout_xorb *layout_cut(struct layout *l, uint32_t packed)
{
    struct layout_xorb *x = &l->own[l->n_own - 1];
    struct xet_tree tree;

    assert(l->open);
    xet_tree_init(&tree);
    for (size_t i = x->first; i < x->first + x->chunks; i++)
        xet_tree_add(&tree, &l->stored.hash[i], l->stored.size[i]);
    xet_tree_root(&tree, &x->hash);
    x->packed = packed;
    l->open = false;
    return x;
}

/* ---- for the shard ---- */

/* The Xet specification offers a file's first chunk for global dedup, and those whose hash is eligible. */
struct shard_chunk *layout_shard_chunks(const struct layout *l, const struct layout_xorb *x)
{
    struct shard_chunk *chunks = mem_alloc(x->chunks * sizeof *chunks);
    uint32_t offset = 0;

    for (size_t i = 0; i < x->chunks; i++) {
        const struct xet_hash *hash = &l->stored.hash[x->first + i];
        bool first = x->first + i == 0 && xet_hash_eq(hash, &l->file.hash[0]);
        chunks[i] = (struct shard_chunk){
            .hash = *hash,
            .offset = offset,
            .size = l->stored.size[x->first + i],
            .global = first || xet_hash_dedup_eligible(hash),
        };
        offset += chunks[i].size;
    }
    return chunks;
}

struct shard_term *layout_shard_terms(const struct layout *l)
{
    struct shard_term *terms = mem_alloc((l->n_terms ? l->n_terms : 1) * sizeof *terms);

    for (size_t i = 0; i < l->n_terms; i++) {
        const struct layout_term *t = &l->terms[i];
        terms[i] = (struct shard_term){
            .xorb = t->start.own == LAYOUT_OTHER ? t->start.other : l->own[t->start.own].hash,
            .size = t->size,
            .start = t->start.index,
            .end = t->start.index + t->chunks,
        };
        xet_range_hash(&l->file.hash[t->first], t->chunks, &terms[i].verification);
    }
    return terms;
}

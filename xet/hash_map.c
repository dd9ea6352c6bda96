/* SPDX-License-Identifier: Apache-2.0 */
/* hash_map.c: open addressing with linear probing, at most half full. */
#include "xet/hash_map.h"

#include <assert.h>
#include <stdlib.h>

void hash_map_done(struct hash_map *m)
{
    free(m->slots);
    *m = (struct hash_map){ 0 };
}

static const struct xet_hash *key(const void *array, size_t stride, size_t at)
{
    return (const struct xet_hash *)((const char *)array + stride * at);
}

/* The slot that has the hash, or the free one where it belongs. */
static uint32_t *slot_of(const struct hash_map *m, const void *array, size_t stride, const struct xet_hash *hash)
{
    uint64_t word;

    memcpy(&word, hash->b, sizeof word);
    for (size_t i = (size_t)word & (m->n_slots - 1);; i = (i + 1) & (m->n_slots - 1)) {
        uint32_t *slot = &m->slots[i];
        if (*slot == 0 || xet_hash_eq(key(array, stride, *slot - 1), hash))
            return slot;
    }
}

bool hash_map_find(const struct hash_map *m, const void *array, size_t stride, const struct xet_hash *hash, size_t *at)
{
    if (m->n == 0)
        return false;
    uint32_t slot = *slot_of(m, array, stride, hash);
    if (slot)
        *at = slot - 1;
    return slot != 0;
}

static void grow(struct hash_map *m, const void *array, size_t stride)
{
    struct hash_map old = *m;

    m->n_slots = old.n_slots ? old.n_slots * 2 : 16;
    m->slots = mem_zalloc(m->n_slots * sizeof *m->slots);
    for (size_t i = 0; i < old.n_slots; i++) {
        if (old.slots[i])
            *slot_of(m, array, stride, key(array, stride, old.slots[i] - 1)) = old.slots[i];
    }
    free(old.slots);
}

void hash_map_add(struct hash_map *m, const void *array, size_t stride, size_t at)
{
    assert(at < UINT32_MAX);
    if ((m->n + 1) * 2 > m->n_slots)
        grow(m, array, stride);
    uint32_t *slot = slot_of(m, array, stride, key(array, stride, at));
    if (*slot)
        return;
    *slot = (uint32_t)at + 1;
    m->n++;
}

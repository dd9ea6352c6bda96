/* SPDX-License-Identifier: Apache-2.0 */
/* hash_map.h: where in an array of the caller's a hash stands. Holds positions only: 4 to 16 bytes an element. The
 * array is told with every call, since it may have moved; its elements are `stride` bytes apart and begin with the
 * hash. */
#ifndef HUGS3_XET_HASH_MAP_H
#define HUGS3_XET_HASH_MAP_H

#include "xet/format.h"

struct hash_map {    /* zeroed: empty */
    uint32_t *slots; /* position + 1; 0: free */
    size_t n_slots;  /* a power of 2 */
    size_t n;
};

void hash_map_done(struct hash_map *m);
MUST_USE bool hash_map_find(const struct hash_map *m, const void *array, size_t stride, const struct xet_hash *hash,
                            size_t *at);
/* Puts in the element at `at`, unless its hash is in already. */
void hash_map_add(struct hash_map *m, const void *array, size_t stride, size_t at);

#endif

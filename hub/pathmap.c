/* SPDX-License-Identifier: Apache-2.0 */
/* pathmap.c: open addressing, FNV-1a. Clients choose the paths, so they can make them collide; with 1,000 paths at most
 * that costs them and their neighbours half a million comparisons, less than a call takes. */
#include "hub/pathmap.h"

#include <assert.h>
#include <stdlib.h>

void pathmap_init(struct pathmap *m, size_t max)
{
    size_t size = 4;
    while (size < 2 * max)
        size *= 2;
    *m = (struct pathmap){ .max = max, .mask = size - 1 };
    m->paths = mem_alloc((max ? max : 1) * sizeof *m->paths);
    m->table = mem_zalloc(size * sizeof *m->table);
}

void pathmap_done(struct pathmap *m)
{
    free(m->paths);
    free(m->table);
}

void pathmap_clear(struct pathmap *m)
{
    memset(m->table, 0, (m->mask + 1) * sizeof *m->table);
    m->n = 0;
}

/* The place where the path is, or would be. */
static uint32_t *place_of(const struct pathmap *m, struct slice path)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < path.n; i++)
        hash = (hash ^ (unsigned char)path.p[i]) * 16777619u;
    size_t at = hash & m->mask;
    while (m->table[at] && !slice_eq(m->paths[m->table[at] - 1], path))
        at = (at + 1) & m->mask;
    return &m->table[at];
}

size_t pathmap_find(const struct pathmap *m, struct slice path)
{
    uint32_t number = *place_of(m, path);
    return number ? number - 1 : PATHMAP_NONE;
}

size_t pathmap_put(struct pathmap *m, struct slice path)
{
    uint32_t *place = place_of(m, path);
    if (*place == 0) {
        assert(m->n < m->max);
        m->paths[m->n++] = path;
        *place = (uint32_t)m->n;
    }
    return *place - 1;
}

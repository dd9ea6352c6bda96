/* SPDX-License-Identifier: Apache-2.0 */
/* pathmap.h: the paths of one call, each once, numbered from 0 in order of arrival: to find whom an answer is for. */
#ifndef HUGS3_HUB_PATHMAP_H
#define HUGS3_HUB_PATHMAP_H

#include "common/buf.h"

#define PATHMAP_NONE ((size_t)-1)

struct pathmap {
    struct slice *paths; /* borrowed, n of them */
    size_t n, max;
    uint32_t *table; /* number + 1; 0: free. At most half full */
    size_t mask;
};

void pathmap_init(struct pathmap *m, size_t max); /* holds up to `max` paths */
void pathmap_done(struct pathmap *m);
void pathmap_clear(struct pathmap *m);
size_t pathmap_find(const struct pathmap *m, struct slice path); /* PATHMAP_NONE: not there */
size_t pathmap_put(struct pathmap *m, struct slice path);        /* its number, old or new; there must be room */

#endif

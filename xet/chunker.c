/* SPDX-License-Identifier: Apache-2.0 */
/* chunker.c: where content is cut ("Content-defined chunking" of the Xet specification).
 *
 *   bytes of a chunk   0 ......... 8126 | 8127 ........ 8190 | 8191 .............. 131071
 *                      not looked at    | hashed, no test    | hashed, cut where the hash says so, or at the end
 *
 * The hash is h = 2h + table[byte] in 64 bits, so a byte is shifted out after 64 more: what lies further back than that
 * from the first possible cut need not be hashed. A cut is where the upper 16 bits are zero, that is, h < 2^48.
 *
 * Speed: a byte is a load, an addition that waits for the byte before, and a branch never taken but at a cut. Unrolled
 * by eight, that is one to two cycles a byte. */
#include <assert.h>

#include "xet/format.h"
#include "xet/gear_table.h"

enum { HASH_WINDOW = 64, SKIP = XET_CHUNK_MIN - HASH_WINDOW - 1, FIRST_TEST = XET_CHUNK_MIN - 1 };
#define CUT_BELOW ((uint64_t)1 << 48)

void xet_chunker_init(struct xet_chunker *c)
{
    c->h = 0;
    c->n = 0;
}

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Hashes n bytes up to and with the first after which to cut; returns how many that are, n when there is no cut. */
static size_t test(uint64_t *hash, const uint8_t *p, size_t n, bool *cut)
{
    uint64_t h = *hash;
    size_t i = 0;

    for (; n - i >= 8; i += 8) {
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++) {
            h = (h << 1) + gear_table[p[i + k]];
            if (__builtin_expect(h < CUT_BELOW, 0)) {
                *cut = true;
                return i + k + 1;
            }
        }
    }
    for (; i < n; i++) {
        h = (h << 1) + gear_table[p[i]];
        if (h < CUT_BELOW) {
            *cut = true;
            return i + 1;
        }
    }
    *hash = h;
    return n;
}

size_t xet_chunker_scan(struct xet_chunker *c, struct slice bytes, bool *cut)
{
    const uint8_t *p = (const uint8_t *)bytes.p;
    size_t n = min_size(bytes.n, XET_CHUNK_MAX - c->n), at = 0;

    assert(c->n < XET_CHUNK_MAX);
    *cut = false;
    if (c->n < SKIP)
        at = min_size(SKIP - c->n, n);
    for (; at < n && c->n + at < FIRST_TEST; at++)
        c->h = (c->h << 1) + gear_table[p[at]];
    if (at < n)
        at += test(&c->h, p + at, n - at, cut);
    c->n += at;
    if (c->n == XET_CHUNK_MAX)
        *cut = true;
    if (*cut)
        xet_chunker_init(c);
    return at;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* recon.h: a reconstruction: where the chunks of a stretch of a file are to be fetched ("Reconstruction" of the Xet
 * specification). What the CAS says is checked as far as it can be before a byte is fetched: every term lies in one
 * range, sizes and indexes are in bounds, URLs are http. */
#ifndef HUGS3_XET_RECON_H
#define HUGS3_XET_RECON_H

#include "common/arena.h"
#include "xet/client.h"

struct recon_range { /* what one request to a signed URL brings: exactly that, which the URL is signed for */
    const char *url;
    uint64_t from, to;   /* bytes, inclusive */
    uint32_t start, end; /* chunks, end exclusive */
};

struct recon_term {
    uint32_t range;      /* in ranges */
    uint32_t start, end; /* chunks; within the range's */
    uint32_t size;       /* unpacked */
};

struct recon {
    struct arena *arena; /* of all that follows */
    struct recon_range *ranges;
    size_t n_ranges;
    struct recon_term *terms;
    size_t n_terms;
    uint64_t skip; /* bytes of the first term before what was asked for */
};

/* Bytes `from` to `to`, inclusive, of a file. The terms hold at least these. *out is untouched on failure; else it ends
 * with recon_done. ERR_UPSTREAM_MISSING: no such file. */
MUST_USE enum err recon_ask(struct xet_space *s, const struct xet_hash *file, uint64_t from, uint64_t to,
                            struct recon *out);
void recon_done(struct recon *r); /* a zeroed one is fine */

/* The answer of either version, for recon_ask and its tests. */
MUST_USE enum err recon_parse(struct slice json, bool v2, uint64_t length, struct recon *out);

#endif

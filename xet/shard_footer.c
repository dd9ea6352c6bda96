/* SPDX-License-Identifier: Apache-2.0 */
/* shard_footer.c: the footer of a stored shard (layout: shard_wire.h), written and found again. It says where files and
 * xorbs begin, how much they are, and for a global-dedup answer the key that chunk hashes are hidden under. Lookup
 * tables are optional and never written: who gets a shard reads all of it. */
#include <assert.h>

#include "xet/shard_wire.h"
#include "xet/wire.h"

struct totals {
    uint64_t packed, files, xorbs; /* bytes */
};

static enum err add_file(void *ctx, const struct xet_hash *file, const struct shard_term *terms, size_t n,
                         bool verified)
{
    struct totals *t = ctx;

    (void)file;
    (void)verified;
    for (size_t i = 0; i < n; i++)
        t->files += terms[i].size;
    return OK;
}

static enum err add_xorb(void *ctx, const struct xet_hash *xorb, const struct shard_chunk *chunks, size_t n,
                         uint32_t size, uint32_t packed_bytes)
{
    struct totals *t = ctx;

    (void)xorb;
    (void)chunks;
    (void)n;
    t->xorbs += size;
    t->packed += packed_bytes;
    return OK;
}

void shard_footer(struct buf *out, const uint8_t hmac_key[32], uint64_t created_s, uint64_t expiry_s)
{
    struct totals totals = { 0 };
    struct shard_parts parts;

    if (out->failed)
        return;
    enum err e = shard_walk(buf_slice(out), &(struct shard_reader){ add_file, add_xorb, &totals }, &parts);
    assert(e == OK && parts.end == out->n); /* it is for whole shards, and for those without a footer */
    char *p = buf_room(out, SHARD_FOOTER);
    if (!p)
        return;
    memset(p, 0, SHARD_FOOTER);
    wire_put64(p + FOOTER_VERSION, SHARD_FOOTER_VERSION);
    wire_put64(p + FOOTER_FILES, SHARD_RECORD);
    wire_put64(p + FOOTER_XORBS, parts.xorbs);
    for (int table = 0; table < 3; table++)
        wire_put64(p + FOOTER_TABLES + table * 16, parts.end); /* with no entries */
    if (hmac_key)
        memcpy(p + FOOTER_HMAC_KEY, hmac_key, HASH_SIZE);
    wire_put64(p + FOOTER_CREATED, created_s);
    wire_put64(p + FOOTER_EXPIRY, expiry_s);
    wire_put64(p + FOOTER_ON_DISK, totals.packed);
    wire_put64(p + FOOTER_MATERIALIZED, totals.files);
    wire_put64(p + FOOTER_STORED, totals.xorbs);
    wire_put64(p + FOOTER_OFFSET, parts.end);
    buf_grew(out, SHARD_FOOTER);
    wire_put64(out->p + HEADER_FOOTER_SIZE, SHARD_FOOTER);
}

bool shard_find_footer(struct slice shard, struct slice *out)
{
    if (shard.n < SHARD_RECORD + SHARD_FOOTER)
        return false;
    struct slice footer = slice_from(shard, shard.n - SHARD_FOOTER);
    if (wire_get64(footer.p + FOOTER_OFFSET) != shard.n - SHARD_FOOTER ||
        wire_get64(footer.p + FOOTER_VERSION) != SHARD_FOOTER_VERSION)
        return false;
    *out = footer;
    return true;
}

bool shard_hmac_key(struct slice shard, uint8_t out[32])
{
    struct slice footer;

    if (!shard_find_footer(shard, &footer) || memcmp(footer.p + FOOTER_HMAC_KEY, xet_hash_zero.b, HASH_SIZE) == 0)
        return false;
    memcpy(out, footer.p + FOOTER_HMAC_KEY, HASH_SIZE);
    return true;
}

bool shard_expiry(struct slice shard, uint64_t *out_s)
{
    struct slice footer;

    if (!shard_find_footer(shard, &footer))
        return false;
    *out_s = wire_get64(footer.p + FOOTER_EXPIRY);
    return true;
}

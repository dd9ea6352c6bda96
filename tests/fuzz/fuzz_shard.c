/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a shard. What is read must hold the promises of shard_read to its callbacks, and when it is written
 * again and read again it must be the same. */
#include <assert.h>
#include <stdlib.h>

#include "xet/format.h"

enum { ROOM = 1 << 22 };

struct copy {
    struct shard_writer writer;
    bool faithful; /* nothing that our writer cannot say */
};

static enum err on_file(void *ctx, const struct xet_hash *file, const struct shard_term *terms, size_t n, bool verified)
{
    struct copy *c = ctx;

    for (size_t i = 0; i < n; i++) {
        assert(terms[i].start < terms[i].end && terms[i].end <= XORB_MAX_CHUNKS);
        assert(terms[i].size > 0 && terms[i].size <= (uint64_t)XORB_MAX_CHUNKS * XET_CHUNK_MAX);
        assert(verified || xet_hash_eq(&terms[i].verification, &xet_hash_zero));
    }
    c->faithful = c->faithful && verified;
    shard_file(&c->writer, file, terms, n);
    return OK;
}

static enum err on_xorb(void *ctx, const struct xet_hash *xorb, const struct shard_chunk *chunks, size_t n,
                        uint32_t size, uint32_t packed_bytes)
{
    struct copy *c = ctx;
    uint64_t sum = 0;

    assert(n <= XORB_MAX_CHUNKS);
    for (size_t i = 0; i < n; i++) {
        assert(chunks[i].offset == sum && chunks[i].size > 0 && chunks[i].size <= XET_CHUNK_MAX);
        sum += chunks[i].size;
    }
    assert(sum == size);
    shard_xorb(&c->writer, xorb, chunks, n, packed_bytes);
    return OK;
}

static enum err copy(struct slice shard, struct copy *c, struct buf *out)
{
    c->faithful = true;
    buf_init(out, ROOM);
    shard_begin(&c->writer, out);
    enum err e = shard_read(shard, &(struct shard_reader){ on_file, on_xorb, c });
    shard_end(&c->writer);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct copy c;
    struct buf once, twice;
    uint8_t key[32], again[32];

    bool has_key = shard_hmac_key(slice_of(data, n), key);
    enum err e = copy(slice_of(data, n), &c, &once);
    assert(e == OK || e == ERR_CORRUPT);
    if (!e && !once.failed) {
        shard_footer(&once, has_key ? key : NULL, 0, UINT64_MAX);
        assert(copy(buf_slice(&once), &c, &twice) == OK && c.faithful);
        assert(shard_hmac_key(buf_slice(&once), again) == has_key && (!has_key || memcmp(key, again, 32) == 0));
        shard_footer(&twice, has_key ? key : NULL, 0, UINT64_MAX);
        assert(slice_eq(buf_slice(&once), buf_slice(&twice)));
        buf_done(&twice);
    }
    buf_done(&once);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* shard_write.c: shards, written record by record straight into a buf (layout: shard_wire.h). The buf latches what does
 * not fit, so whoever built the shard looks once, at the end. */
#include <assert.h>

#include "xet/shard_wire.h"
#include "xet/wire.h"

const uint8_t shard_tag[HASH_SIZE] = { 'H', 'F', 'R', 'e', 'p', 'o', 'M', 'e', 't', 'a', 'D', 'a', 't', 'a', 0,  85,
                                       105, 103, 69,  106, 123, 129, 87,  131, 165, 189, 217, 92,  205, 209, 74, 169 };
const uint8_t shard_bookend[HASH_SIZE] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
};

/* A record that begins with 32 bytes, zero behind them; NULL when the buf is full. */
static char *record(struct buf *out, const uint8_t first[HASH_SIZE])
{
    char *p = out->failed ? NULL : buf_room(out, SHARD_RECORD);

    if (p) {
        memcpy(p, first, HASH_SIZE);
        memset(p + HASH_SIZE, 0, SHARD_RECORD - HASH_SIZE);
        buf_grew(out, SHARD_RECORD);
    }
    return p;
}

void shard_begin(struct shard_writer *w, struct buf *out)
{
    w->out = out;
    w->in_xorbs = false;
    char *p = record(out, shard_tag);
    if (p)
        wire_put64(p + HEADER_VERSION, SHARD_VERSION);
}

void shard_file(struct shard_writer *w, const struct xet_hash *file, const struct shard_term *terms, size_t n)
{
    assert(!w->in_xorbs);
    char *p = record(w->out, file->b);
    if (p) {
        wire_put32(p + FILE_FLAGS, FILE_VERIFIED);
        wire_put32(p + FILE_TERMS, (uint32_t)n);
    }
    for (size_t i = 0; i < n; i++) {
        p = record(w->out, terms[i].xorb.b);
        if (!p)
            return;
        wire_put32(p + TERM_SIZE, terms[i].size);
        wire_put32(p + TERM_START, terms[i].start);
        wire_put32(p + TERM_END, terms[i].end);
    }
    for (size_t i = 0; i < n; i++)
        record(w->out, terms[i].verification.b);
}

static void end_files(struct shard_writer *w)
{
    if (!w->in_xorbs)
        record(w->out, shard_bookend);
    w->in_xorbs = true;
}

void shard_xorb(struct shard_writer *w, const struct xet_hash *xorb, const struct shard_chunk *chunks, size_t n,
                uint32_t packed_bytes)
{
    uint32_t size = 0;

    end_files(w);
    for (size_t i = 0; i < n; i++)
        size += chunks[i].size;
    char *p = record(w->out, xorb->b);
    if (p) {
        wire_put32(p + XORB_CHUNKS, (uint32_t)n);
        wire_put32(p + XORB_SIZE, size);
        wire_put32(p + XORB_PACKED, packed_bytes);
    }
    for (size_t i = 0; i < n; i++) {
        p = record(w->out, chunks[i].hash.b);
        if (!p)
            return;
        wire_put32(p + CHUNK_OFFSET, chunks[i].offset);
        wire_put32(p + CHUNK_SIZE, chunks[i].size);
        wire_put32(p + CHUNK_FLAGS, chunks[i].global ? CHUNK_GLOBAL : 0);
    }
}

void shard_end(struct shard_writer *w)
{
    end_files(w);
    record(w->out, shard_bookend);
}

size_t shard_file_bytes(size_t terms)
{
    return SHARD_RECORD * (1 + 2 * terms);
}

size_t shard_xorb_bytes(size_t chunks)
{
    return SHARD_RECORD * (1 + chunks);
}

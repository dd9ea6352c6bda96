/* SPDX-License-Identifier: Apache-2.0 */
/* lz4_frame.c: LZ4 frames, written and read.
 *
 *   magic u32 | FLG u8 | BD u8 | header checksum u8 | (block size u32, block)* | 0 u32
 *
 * Written is the frame that the Xet reference writes: independent blocks of at most 64 KiB, or of 256 KiB for a larger
 * chunk, no content size, no checksums. A chunk then is one block, and the header one of two constants, so the block
 * API of liblz4 does it: no context to allocate or to keep, and it gives up as soon as the output gets too large.
 * Such frames, of any number of blocks, are also read by the block API, straight to where the content belongs. All
 * other frames (linked blocks, checksums, content size) take the slower way through the frame API. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <lz4.h>
#include <lz4frame.h>

#include "xet/format.h"
#include "xet/lz4_frame.h"
#include "xet/wire.h"

enum { HEAD = 7, BLOCK_HEAD = 4, END_MARK = 4 };

/* Version 1, independent blocks, nothing else; one row for each size of a block. */
static const struct {
    uint8_t head[HEAD];
    uint32_t block_max;
} plain[] = {
    { { 0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82 }, 64 << 10 },
    { { 0x04, 0x22, 0x4D, 0x18, 0x60, 0x50, 0xFB }, 256 << 10 },
    { { 0x04, 0x22, 0x4D, 0x18, 0x60, 0x60, 0x51 }, 1 << 20 },
    { { 0x04, 0x22, 0x4D, 0x18, 0x60, 0x70, 0x73 }, 4 << 20 },
};
static_assert(XET_CHUNK_MAX <= 256 << 10, "a chunk fits in one block");

size_t lz4_frame_pack(const char *in, size_t n, char *out, size_t room)
{
    int kind = n > plain[0].block_max;

    assert(n > 0 && n <= XET_CHUNK_MAX);
    if (room <= HEAD + BLOCK_HEAD + END_MARK)
        return 0;
    size_t block_room = room - (HEAD + BLOCK_HEAD + END_MARK);
    int got = LZ4_compress_default(in, out + HEAD + BLOCK_HEAD, (int)n, (int)(block_room < n ? block_room : n));
    if (got <= 0)
        return 0;
    memcpy(out, plain[kind].head, HEAD);
    wire_put32(out + HEAD, (uint32_t)got);
    wire_put32(out + HEAD + BLOCK_HEAD + got, 0);
    return HEAD + BLOCK_HEAD + (size_t)got + END_MARK;
}

/* The blocks and the end mark of a plain frame. */
static bool unpack_plain(const char *in, size_t n, size_t block_max, char *out, size_t size)
{
    while (n >= BLOCK_HEAD) {
        uint32_t word = wire_get32(in), len = word & 0x7FFFFFFF;
        bool stored = word >> 31;
        int got;

        in += BLOCK_HEAD;
        n -= BLOCK_HEAD;
        if (word == 0)
            return n == 0 && size == 0;
        if (len > n || len > block_max || (stored && len > size))
            return false;
        if (stored)
            memcpy(out, in, got = (int)len);
        else if ((got = LZ4_decompress_safe(in, out, (int)len, (int)(size < block_max ? size : block_max))) < 0)
            return false;
        in += len;
        n -= len;
        out += got;
        size -= (size_t)got;
    }
    return false;
}

static bool unpack_any(const char *in, size_t n, char *out, size_t size)
{
    LZ4F_dctx *dctx;
    LZ4F_decompressOptions_t options = { .stableDst = 1 };
    size_t left;

    if (LZ4F_isError(LZ4F_createDecompressionContext(&dctx, LZ4F_VERSION)))
        return false;
    do {
        size_t in_n = n, out_n = size;
        left = LZ4F_decompress(dctx, out, &out_n, in, &in_n, &options);
        if (LZ4F_isError(left) || (in_n == 0 && out_n == 0))
            break; /* broken, cut off, or more content than it should have */
        in += in_n;
        n -= in_n;
        out += out_n;
        size -= out_n;
    } while (left != 0);
    LZ4F_freeDecompressionContext(dctx);
    return left == 0 && n == 0 && size == 0;
}

bool lz4_frame_unpack(const char *in, size_t n, char *out, size_t size)
{
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (n >= HEAD && memcmp(in, plain[i].head, HEAD) == 0)
            return unpack_plain(in + HEAD, n - HEAD, plain[i].block_max, out, size);
    }
    return unpack_any(in, n, out, size);
}

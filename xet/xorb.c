/* SPDX-License-Identifier: Apache-2.0 */
/* xorb.c: one chunk in a xorb, packed and unpacked ("Xorb format" of the Xet specification).
 *
 *   version u8 = 0 | packed size u24 | scheme u8 | size u24 | data          chunk after chunk, nothing around them
 *
 *   chunk → (BG4: bytes grouped) → LZ4 frame → data      when that is smaller, else the chunk as it is, scheme 0 */
#include <assert.h>

#include "xet/bg4.h"
#include "xet/format.h"
#include "xet/lz4_frame.h"
#include "xet/wire.h"

enum { VERSION = 0 };
enum { AT_VERSION = 0, AT_PACKED = 1, AT_SCHEME = 4, AT_SIZE = 5 };
static_assert(AT_SIZE + 3 == XORB_HEADER, "the header of a chunk");

/* Bytes written at `out`, fewer than chunk.n; 0: does not shrink. */
static size_t compress(struct slice chunk, enum xorb_scheme scheme, char *out)
{
    AUTO_FREE char *grouped = NULL;

    if (scheme == XORB_NONE)
        return 0;
    if (scheme == XORB_BG4_LZ4) {
        grouped = mem_alloc(chunk.n);
        bg4_group((const uint8_t *)chunk.p, chunk.n, (uint8_t *)grouped);
    }
    return lz4_frame_pack(grouped ? grouped : chunk.p, chunk.n, out, chunk.n - 1);
}

void xorb_pack(struct slice chunk, enum xorb_scheme scheme, struct buf *out)
{
    char *head = buf_room(out, XORB_HEADER + chunk.n);

    assert(chunk.n > 0 && chunk.n <= XET_CHUNK_MAX);
    if (!head)
        return;
    size_t packed = compress(chunk, scheme, head + XORB_HEADER);
    if (packed == 0) {
        scheme = XORB_NONE;
        packed = chunk.n;
        memcpy(head + XORB_HEADER, chunk.p, chunk.n);
    }
    head[AT_VERSION] = VERSION;
    wire_put24(head + AT_PACKED, (uint32_t)packed);
    head[AT_SCHEME] = (char)scheme;
    wire_put24(head + AT_SIZE, (uint32_t)chunk.n);
    buf_grew(out, XORB_HEADER + packed);
}

enum err xorb_head(struct slice in, struct xorb_chunk_head *out)
{
    assert(in.n >= XORB_HEADER);
    uint32_t packed = wire_get24(in.p + AT_PACKED), size = wire_get24(in.p + AT_SIZE);
    uint8_t scheme = (uint8_t)in.p[AT_SCHEME];

    if (in.p[AT_VERSION] != VERSION || scheme > XORB_BG4_LZ4)
        return ERR_CORRUPT;
    if (size == 0 || size > XET_CHUNK_MAX || packed == 0 || packed > XORB_PACKED_MAX)
        return ERR_CORRUPT;
    if (scheme == XORB_NONE && packed != size)
        return ERR_CORRUPT;
    *out = (struct xorb_chunk_head){ .packed = packed, .size = size, .scheme = (enum xorb_scheme)scheme };
    return OK;
}

enum err xorb_unpack(const struct xorb_chunk_head *head, const char *data, char *out, char *scratch)
{
    switch (head->scheme) {
    case XORB_NONE:
        memcpy(out, data, head->size);
        return OK;
    case XORB_LZ4:
        return lz4_frame_unpack(data, head->packed, out, head->size) ? OK : ERR_CORRUPT;
    case XORB_BG4_LZ4:
        if (!lz4_frame_unpack(data, head->packed, scratch, head->size))
            return ERR_CORRUPT;
        bg4_ungroup((const uint8_t *)scratch, head->size, (uint8_t *)out);
        return OK;
    }
    return ERR_CORRUPT;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a xorb, chunk after chunk as a reader does it; and any bytes as a chunk, packed and unpacked. */
#include <assert.h>
#include <stdlib.h>

#include "xet/format.h"

/* Exactly sized memory on both sides, so that the sanitizer sees a byte too many. */
static enum err unpack(const struct xorb_chunk_head *head, const char *data, char *out)
{
    char *exact = mem_dup(slice_of(data, head->packed)), *scratch = mem_alloc(XET_CHUNK_MAX);
    enum err e = xorb_unpack(head, exact, out, scratch);

    free(exact);
    free(scratch);
    return e;
}

static void read_xorb(struct slice rest)
{
    struct xorb_chunk_head head;

    while (rest.n >= XORB_HEADER && xorb_head(rest, &head) == OK && head.packed <= rest.n - XORB_HEADER) {
        assert(head.size > 0 && head.size <= XET_CHUNK_MAX && head.packed <= XORB_PACKED_MAX);
        char *out = mem_alloc(head.size);
        enum err e = unpack(&head, rest.p + XORB_HEADER, out);
        assert(e == OK || e == ERR_CORRUPT);
        free(out);
        rest = slice_from(rest, XORB_HEADER + head.packed);
    }
}

static void round_trip(struct slice chunk, enum xorb_scheme scheme)
{
    struct xorb_chunk_head head;
    struct buf packed;

    buf_init(&packed, XORB_HEADER + chunk.n);
    xorb_pack(chunk, scheme, &packed);
    assert(!packed.failed && xorb_head(buf_slice(&packed), &head) == OK);
    assert(head.size == chunk.n && head.packed == packed.n - XORB_HEADER);
    char *out = mem_alloc(head.size);
    assert(unpack(&head, packed.p + XORB_HEADER, out) == OK);
    assert(memcmp(out, chunk.p, chunk.n) == 0);
    free(out);
    buf_done(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = slice_of(data, n);

    read_xorb(in);
    if (n > 0 && n <= XET_CHUNK_MAX) {
        round_trip(in, XORB_LZ4);
        round_trip(in, XORB_BG4_LZ4);
        round_trip(in, xorb_guess(in));
    }
    return 0;
}

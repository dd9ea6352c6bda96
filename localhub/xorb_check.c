/* SPDX-License-Identifier: Apache-2.0 */
/* xorb_check.c: a serialized xorb, checked chunk by chunk ("Xorb format" of the Xet specification). A chunk that lies
 * whole in the bytes given is checked in place; one that is cut by their end is gathered first. */
#include "localhub/xorb_check.h"

#include <stdlib.h>

#include "localhub/contents.h"

void xorb_check_init(struct xorb_check *c)
{
    *c = (struct xorb_check){ 0 };
    buf_init(&c->part, XORB_HEADER + XORB_PACKED_MAX);
    buf_init(&c->chunks, (size_t)XORB_MAX_CHUNKS * CHUNK_ROW);
    xet_tree_init(&c->tree);
}

void xorb_check_done(struct xorb_check *c)
{
    buf_done(&c->part);
    buf_done(&c->chunks);
    free(c->out);
    free(c->scratch);
}

static enum err unpack(struct xorb_check *c, const struct xorb_chunk_head *head, const char *data, struct slice *out)
{
    if (head->scheme == XORB_NONE) {
        *out = slice_of(data, head->size);
        return OK;
    }
    if (!c->out)
        c->out = (char *)mem_alloc(XET_CHUNK_MAX);
    if (!c->scratch)
        c->scratch = (char *)mem_alloc(XET_CHUNK_MAX);
    *out = slice_of(c->out, head->size);
    return xorb_unpack(head, data, c->out, c->scratch);
}

/* The reference stops at 64 MiB of chunks; of bytes that do not shrink, the headers come on top. */
enum { PACKED_MAX = XORB_MAX_BYTES + XORB_MAX_CHUNKS * XORB_HEADER };

static enum err take_chunk(struct xorb_check *c, const struct xorb_chunk_head *head, const char *data)
{
    struct xet_hash hash;
    struct slice chunk;

    if (c->n == XORB_MAX_CHUNKS || c->packed + XORB_HEADER + head->packed > PACKED_MAX)
        return ERR_CORRUPT;
    enum err e = unpack(c, head, data, &chunk);
    if (e)
        return e;
    xet_chunk_hash(chunk, &hash);
    xet_tree_add(&c->tree, &hash, chunk.n);
    c->n++;
    c->packed += XORB_HEADER + head->packed;
    c->size += chunk.n; /* at most 8,192 of 128 KiB: 32 bits hold it */
    chunk_row_add(&c->chunks, &hash, (uint32_t)c->packed, (uint32_t)c->size);
    return OK;
}

static bool is_footer(struct slice head)
{
    return slice_starts(head, SLICE("XETBLOB"));
}

/* Moves bytes from *in until `part` holds `want`; false: *in is used up before. */
static bool gather(struct xorb_check *c, struct slice *in, size_t want)
{
    size_t n = want - c->part.n;

    if (n > in->n)
        n = in->n;
    buf_add(&c->part, slice_of(in->p, n));
    *in = slice_from(*in, n);
    return c->part.n == want;
}

/* The chunk at the front of *in, or what is in `part` and goes on there. */
static enum err step(struct xorb_check *c, struct slice *in)
{
    struct xorb_chunk_head head;
    bool whole = c->part.n == 0 && in->n >= XORB_HEADER;

    if (!whole && c->part.n < XORB_HEADER && !gather(c, in, XORB_HEADER))
        return OK;
    struct slice front = whole ? slice_of(in->p, XORB_HEADER) : slice_of(c->part.p, XORB_HEADER);
    if (is_footer(front)) {
        c->footer = true;
        buf_clear(&c->part);
        return OK;
    }
    enum err e = xorb_head(front, &head);
    if (e)
        return e;
    if (whole && in->n >= XORB_HEADER + head.packed) {
        e = take_chunk(c, &head, in->p + XORB_HEADER);
        *in = slice_from(*in, XORB_HEADER + head.packed);
        return e;
    }
    if (!gather(c, in, XORB_HEADER + head.packed))
        return OK;
    e = take_chunk(c, &head, c->part.p + XORB_HEADER);
    buf_clear(&c->part);
    return e;
}

enum err xorb_check_feed(struct xorb_check *c, struct slice bytes)
{
    enum err e = OK;

    while (!e && bytes.n > 0 && !c->footer)
        e = step(c, &bytes);
    return e;
}

enum err xorb_check_finish(struct xorb_check *c, const struct xet_hash *hash)
{
    struct xet_hash root;

    if (c->n == 0 || c->part.n != 0)
        return ERR_CORRUPT;
    xet_tree_root(&c->tree, &root);
    return xet_hash_eq(&root, hash) ? OK : ERR_CORRUPT;
}

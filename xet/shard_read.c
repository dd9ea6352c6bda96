/* SPDX-License-Identifier: Apache-2.0 */
/* shard_read.c: shards, read (layout: shard_wire.h). The bytes come from a client or from the CAS and are not trusted:
 * each count is held against the bytes that are left before anything is done with it, so the arrays handed to the
 * callbacks are never larger than a small multiple of the shard itself.
 *
 *   header → files → bookend → xorbs → bookend → nothing, or lookup tables and the footer at the end */
#include <stdlib.h>

#include "xet/shard_wire.h"
#include "xet/wire.h"

static bool is_bookend(const char *record)
{
    return memcmp(record, shard_bookend, HASH_SIZE) == 0;
}

static struct xet_hash hash_at(const char *p)
{
    struct xet_hash h;

    memcpy(h.b, p, sizeof h.b);
    return h;
}

/* The n records at the front of *rest, if they are there. n comes from the shard: 64 bits, so that no sum of a few
 * 32-bit counts wraps. */
static const char *take(struct slice *rest, uint64_t n)
{
    const char *p = rest->p;

    if (n > rest->n / SHARD_RECORD)
        return NULL;
    *rest = slice_from(*rest, (size_t)n * SHARD_RECORD);
    return p;
}

/* An array that is used for one file after the other, and for one xorb after the other. */
struct array {
    void *p;
    size_t cap; /* items */
};

static void *array_room(struct array *a, size_t n, size_t item)
{
    if (n > a->cap) {
        free_ptr(&a->p);
        a->p = mem_alloc(n * item);
        a->cap = n;
    }
    return a->p;
}

static bool term_ok(const struct shard_term *t)
{
    if (t->start >= t->end || t->end > XORB_MAX_CHUNKS)
        return false;
    uint32_t chunks = t->end - t->start; /* 8,192 of 128 KiB are 1 GiB: no overflow */
    return t->size >= chunks && t->size <= chunks * XET_CHUNK_MAX;
}

static enum err read_file(struct slice *rest, const char *head, const struct shard_reader *r, struct array *array)
{
    uint32_t flags = wire_get32(head + FILE_FLAGS), n = wire_get32(head + FILE_TERMS);
    bool verified = flags & FILE_VERIFIED;
    const char *term = take(rest, n);
    const char *verify = term && verified ? take(rest, n) : NULL;

    if (!term || (verified && !verify) || ((flags & FILE_METADATA) && !take(rest, 1)))
        return ERR_CORRUPT;
    struct shard_term *terms = array_room(array, n, sizeof *terms);
    for (uint32_t i = 0; i < n; i++) {
        const char *p = term + (size_t)i * SHARD_RECORD;
        terms[i] = (struct shard_term){
            .xorb = hash_at(p),
            .size = wire_get32(p + TERM_SIZE),
            .start = wire_get32(p + TERM_START),
            .end = wire_get32(p + TERM_END),
            .verification = verified ? hash_at(verify + (size_t)i * SHARD_RECORD) : xet_hash_zero,
        };
        if (!term_ok(&terms[i]))
            return ERR_CORRUPT;
    }
    struct xet_hash hash = hash_at(head);
    return r->file ? r->file(r->ctx, &hash, terms, n, verified) : OK;
}

static enum err read_xorb(struct slice *rest, const char *head, const struct shard_reader *r, struct array *array)
{
    uint32_t n = wire_get32(head + XORB_CHUNKS), size = wire_get32(head + XORB_SIZE), sum = 0;
    const char *chunk = n <= XORB_MAX_CHUNKS ? take(rest, n) : NULL;

    if (!chunk)
        return ERR_CORRUPT;
    struct shard_chunk *chunks = array_room(array, n, sizeof *chunks);
    for (uint32_t i = 0; i < n; i++) {
        const char *p = chunk + (size_t)i * SHARD_RECORD;
        chunks[i] = (struct shard_chunk){
            .hash = hash_at(p),
            .offset = wire_get32(p + CHUNK_OFFSET),
            .size = wire_get32(p + CHUNK_SIZE),
            .global = wire_get32(p + CHUNK_FLAGS) & CHUNK_GLOBAL,
        };
        if (chunks[i].offset != sum || chunks[i].size == 0 || chunks[i].size > XET_CHUNK_MAX)
            return ERR_CORRUPT;
        sum += chunks[i].size; /* at most 8,192 of 128 KiB */
    }
    if (sum != size)
        return ERR_CORRUPT;
    struct xet_hash hash = hash_at(head);
    return r->xorb ? r->xorb(r->ctx, &hash, chunks, n, size, wire_get32(head + XORB_PACKED)) : OK;
}

/* Records up to the bookend. */
static enum err read_part(struct slice *rest, const struct shard_reader *r,
                          enum err (*read)(struct slice *, const char *, const struct shard_reader *, struct array *))
{
    struct array array = { 0 };
    enum err e = OK;

    while (!e) {
        const char *head = take(rest, 1);
        if (head && is_bookend(head))
            break;
        e = head ? read(rest, head, r, &array) : ERR_CORRUPT;
    }
    free(array.p);
    return e;
}

enum err shard_walk(struct slice shard, const struct shard_reader *reader, struct shard_parts *out)
{
    struct slice rest = shard;
    struct shard_parts parts;
    const char *head = take(&rest, 1);

    if (!head || memcmp(head, shard_tag, HASH_SIZE) != 0 || wire_get64(head + HEADER_VERSION) != SHARD_VERSION)
        return ERR_CORRUPT;
    enum err e = read_part(&rest, reader, read_file);
    if (e)
        return e;
    parts.xorbs = shard.n - rest.n;
    e = read_part(&rest, reader, read_xorb);
    if (e)
        return e;
    parts.end = shard.n - rest.n;
    *out = parts;
    return OK;
}

enum err shard_read(struct slice shard, const struct shard_reader *reader)
{
    struct shard_parts parts;
    struct slice footer;

    enum err e = shard_walk(shard, reader, &parts);
    if (e)
        return e;
    if (parts.end == shard.n)
        return wire_get64(shard.p + HEADER_FOOTER_SIZE) == 0 ? OK : ERR_CORRUPT;
    return shard_find_footer(shard, &footer) && shard.n - footer.n >= parts.end ? OK : ERR_CORRUPT;
}

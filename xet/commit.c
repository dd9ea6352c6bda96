/* SPDX-License-Identifier: Apache-2.0 */
/* commit.c: the group commit. The leader of a group (common/combine.h) is the thread of one of its files.
 *
 * Tails that are equal chunk for chunk to a stretch of the group's xorb (the same small object put under many names)
 * are not added again. A shard that is refused is cut in halves until the file that is to blame stands alone, so that
 * one bad file does not fail its neighbours: each of them is registered by another, smaller shard. */
#include "xet/commit.h"

#include <assert.h>
#include <stdlib.h>

#include "xet/cas.h"
#include "xet/hash_map.h"

enum { GROUP_FILES = 512, GROUP_WEIGHT = 16 << 20, LEADERS = 2 };
enum { SHARD_ENDS = 3 * SHARD_RECORD }; /* header and two bookends */

/* What the files of a group send together. */
struct group {
    struct commit *files[GROUP_FILES];
    size_t n;
    struct shard_chunk *chunks; /* of the shared xorb */
    size_t n_chunks;
    uint32_t size;
    size_t packed;
    struct slice *pieces;
    size_t n_pieces;
    struct hash_map map; /* over chunks */
    struct xet_hash xorb;
    struct xet_token token;
};

/* ---- weights ---- */

/* Weights of a group add up to GROUP_WEIGHT at most, and with them its xorb's bytes to as much, its chunks to
 * XORB_MAX_CHUNKS, their unpacked size to XORB_MAX_BYTES: none of these can be exceeded by a group. */
static size_t weight(const struct commit *c)
{
    size_t tail = c->tail_bytes, size = 0, shard = shard_file_bytes(c->n_terms);

    for (size_t i = 0; i < c->n_tail; i++)
        size += c->tail[i].size;
    if (tail < size / (XORB_MAX_BYTES / GROUP_WEIGHT))
        tail = size / (XORB_MAX_BYTES / GROUP_WEIGHT);
    if (tail < c->n_tail * (GROUP_WEIGHT / XORB_MAX_CHUNKS))
        tail = c->n_tail * (GROUP_WEIGHT / XORB_MAX_CHUNKS);
    for (size_t i = 0; i < c->n_xorbs; i++)
        shard += shard_xorb_bytes(c->xorbs[i].n);
    return tail + shard + shard_xorb_bytes(c->n_tail);
}

/* ---- the shared xorb ---- */

/* Where the group's xorb has this very run of chunks already. */
static bool find_tail(const struct group *g, const struct commit *c, size_t *at)
{
    size_t base;

    if (!hash_map_find(&g->map, g->chunks, sizeof *g->chunks, &c->tail[0].hash, &base))
        return false;
    if (base + c->n_tail > g->n_chunks)
        return false;
    for (size_t i = 1; i < c->n_tail; i++) {
        if (!xet_hash_eq(&g->chunks[base + i].hash, &c->tail[i].hash))
            return false;
    }
    *at = base;
    return true;
}

static size_t add_tail(struct group *g, const struct commit *c)
{
    size_t base = g->n_chunks;

    for (size_t i = 0; i < c->n_tail; i++) {
        struct shard_chunk *chunk = &g->chunks[g->n_chunks++];
        *chunk = c->tail[i];
        chunk->offset = g->size;
        g->size += chunk->size;
        hash_map_add(&g->map, g->chunks, sizeof *g->chunks, g->n_chunks - 1);
    }
    memcpy(g->pieces + g->n_pieces, c->pieces, c->n_pieces * sizeof *c->pieces);
    g->n_pieces += c->n_pieces;
    g->packed += c->tail_bytes;
    return base;
}

static void name_xorb(struct group *g)
{
    struct xet_tree tree;

    xet_tree_init(&tree);
    for (size_t i = 0; i < g->n_chunks; i++)
        xet_tree_add(&tree, &g->chunks[i].hash, g->chunks[i].size);
    xet_tree_root(&tree, &g->xorb);
}

static void place_terms(const struct group *g, struct commit *c, size_t base)
{
    for (size_t i = 0; i < c->n_terms; i++) {
        if (!xet_hash_eq(&c->terms[i].xorb, &xet_hash_zero))
            continue;
        c->terms[i].xorb = g->xorb;
        c->terms[i].start += (uint32_t)base;
        c->terms[i].end += (uint32_t)base;
    }
}

static void make_xorb(struct group *g)
{
    size_t base[GROUP_FILES], chunks = 0, pieces = 0;

    for (size_t i = 0; i < g->n; i++) {
        chunks += g->files[i]->n_tail;
        pieces += g->files[i]->n_pieces;
    }
    if (chunks == 0)
        return;
    g->chunks = mem_alloc(chunks * sizeof *g->chunks);
    g->pieces = mem_alloc(pieces * sizeof *g->pieces);
    for (size_t i = 0; i < g->n; i++) {
        if (g->files[i]->n_tail > 0 && !find_tail(g, g->files[i], &base[i]))
            base[i] = add_tail(g, g->files[i]);
    }
    assert(g->n_chunks <= XORB_MAX_CHUNKS && g->packed <= XORB_MAX_BYTES);
    name_xorb(g);
    for (size_t i = 0; i < g->n; i++) {
        if (g->files[i]->n_tail > 0)
            place_terms(g, g->files[i], base[i]);
    }
}

static enum err send_xorb(struct xet_space *s, struct group *g)
{
    struct cas_xorb xorb;

    if (g->n_chunks == 0)
        return OK;
    cas_xorb_start(&xorb, s, &g->token, &g->xorb, g->pieces, g->n_pieces);
    enum err e = cas_xorb_finish(&xorb);
    g->token = xorb.token;
    if (e == ERR_BAD_REQUEST) /* its hash, of our own making: nobody's file is to blame */
        e = ERR_UPSTREAM_ANSWER;
    if (!e)
        atomic_fetch_add(&s->xet->sent, g->packed);
    return e;
}

/* ---- the shard ---- */

/* Files alike are one file to the CAS. */
static void write_files(struct shard_writer *w, struct commit *const *files, size_t n)
{
    struct hash_map seen = { 0 };
    struct xet_hash *hashes = mem_alloc(n * sizeof *hashes);
    size_t at;

    for (size_t i = 0; i < n; i++) {
        hashes[i] = files[i]->file;
        if (hash_map_find(&seen, hashes, sizeof *hashes, &hashes[i], &at))
            continue;
        hash_map_add(&seen, hashes, sizeof *hashes, i);
        shard_file(w, &files[i]->file, files[i]->terms, files[i]->n_terms);
    }
    hash_map_done(&seen);
    free(hashes);
}

static void write_xorbs(struct shard_writer *w, const struct commit_xorb *xorbs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        shard_xorb(w, &xorbs[i].hash, xorbs[i].chunks, xorbs[i].n, xorbs[i].packed);
}

static enum err send_shard(struct xet_space *s, struct group *g, struct commit *const *files, size_t n)
{
    AUTO_BUF struct buf out;
    struct shard_writer w;

    buf_init(&out, SHARD_MAX_BYTES);
    shard_begin(&w, &out);
    write_files(&w, files, n);
    for (size_t i = 0; i < n; i++)
        write_xorbs(&w, files[i]->xorbs, files[i]->n_xorbs);
    if (g->n_chunks > 0)
        shard_xorb(&w, &g->xorb, g->chunks, g->n_chunks, (uint32_t)g->packed);
    shard_end(&w);
    return out.failed ? ERR_TOO_LARGE : cas_shard(s, &g->token, buf_slice(&out));
}

/* Recursion: halves of at most GROUP_FILES, so 10 deep. */
static void register_files(struct xet_space *s, struct group *g, struct commit *const *files, size_t n)
{
    if (n == 0)
        return;
    enum err e = send_shard(s, g, files, n);
    if (e == ERR_BAD_REQUEST && n > 1) {
        register_files(s, g, files, n / 2);
        register_files(s, g, files + n / 2, n - n / 2);
        return;
    }
    for (size_t i = 0; i < n; i++)
        files[i]->result = e;
}

static bool any_registered(const struct group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        if (g->files[i]->result == OK)
            return true;
    }
    return false;
}

/* ---- a group ---- */

/* Files that wait for the shared xorb fail with it; those without a tail go on. */
static void drop_tails(struct group *g, enum err e)
{
    size_t kept = 0;

    for (size_t i = 0; i < g->n; i++) {
        if (g->files[i]->n_tail > 0)
            g->files[i]->result = e;
        else
            g->files[kept++] = g->files[i];
    }
    g->n = kept;
    g->n_chunks = 0;
}

static void commit_group(void *ctx, struct combine_item *first)
{
    struct xet_space *s = ctx;
    struct group *g = mem_alloc(sizeof *g);

    memset(g, 0, offsetof(struct group, token));
    for (struct combine_item *item = first; item; item = item->next)
        g->files[g->n++] = (struct commit *)item;
    enum err e = cas_token(s, true, NULL, &g->token);
    if (e) {
        for (size_t i = 0; i < g->n; i++)
            g->files[i]->result = e;
    } else {
        make_xorb(g);
        e = send_xorb(s, g);
        if (e)
            drop_tails(g, e);
        register_files(s, g, g->files, g->n);
        if (g->n_chunks > 0 && any_registered(g))
            chunk_index_add(s->xet->index, atomic_load(&s->cas), &g->xorb, g->chunks, g->n_chunks);
    }
    hash_map_done(&g->map);
    free(g->chunks);
    free(g->pieces);
    free(g);
}

void commit_init(struct combine *c, struct xet_space *s)
{
    combine_init(c, commit_group, s, LEADERS, GROUP_FILES, GROUP_WEIGHT);
}

static void index_xorbs(struct xet_space *s, const struct commit_xorb *xorbs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        chunk_index_add(s->xet->index, atomic_load(&s->cas), &xorbs[i].hash, xorbs[i].chunks, xorbs[i].n);
}

enum err commit_run(struct xet_space *s, struct commit *c)
{
    if (SHARD_ENDS + shard_file_bytes(c->n_terms) > SHARD_MAX_BYTES)
        return ERR_TOO_LARGE;
    c->item.weight = weight(c);
    combine_run(&s->commits, &c->item);
    if (c->result == OK)
        index_xorbs(s, c->xorbs, c->n_xorbs);
    return c->result;
}

enum err commit_xorbs(struct xet_space *s, const struct commit_xorb *xorbs, size_t n)
{
    AUTO_BUF struct buf out;
    struct shard_writer w;
    struct xet_token token;

    buf_init(&out, SHARD_MAX_BYTES);
    shard_begin(&w, &out);
    write_xorbs(&w, xorbs, n);
    shard_end(&w);
    if (out.failed)
        return ERR_TOO_LARGE;
    enum err e = cas_token(s, true, NULL, &token);
    if (!e)
        e = cas_shard(s, &token, buf_slice(&out));
    if (!e)
        index_xorbs(s, xorbs, n);
    return e == ERR_BAD_REQUEST ? ERR_UPSTREAM_ANSWER : e;
}

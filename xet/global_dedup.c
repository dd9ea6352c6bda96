/* SPDX-License-Identifier: Apache-2.0 */
/* global_dedup.c: what the CAS has answered. The keyed hashes lie in a chunk index of their own: bounded, shared, and
 * what was not seen for long is forgotten. A hash is looked up under every key that is valid; a CAS changes its key
 * rarely, so there are few. */
#include "xet/global_dedup.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/clock.h"

enum { ANSWER_BYTES = 8 << 20 }; /* chunks of about 7 GB of content */
enum { KEYS = 4, BATCH = 64 };

struct key {
    uint32_t cas;       /* 0: empty */
    bool plain;         /* the CAS does not hide its hashes */
    uint64_t expires_s; /* UINT64_MAX: never */
    uint8_t key[32];
};

struct global_dedup {
    struct chunk_index *chunks; /* keyed hash → place */
    _Atomic unsigned answers;
    pthread_mutex_t lock;  /* leaf; guards what follows */
    struct key keys[KEYS]; /* the last one used first */
};

struct global_dedup *global_dedup_new(void)
{
    struct global_dedup *g = mem_zalloc(sizeof *g);

    g->chunks = chunk_index_new(ANSWER_BYTES, NULL);
    pthread_mutex_init(&g->lock, NULL);
    return g;
}

void global_dedup_free(struct global_dedup *g)
{
    if (!g)
        return;
    chunk_index_free(g->chunks);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

/* ---- keys ---- */

static uint64_t now_s(void)
{
    return (uint64_t)(clock_now_ms() / 1000);
}

static bool same_key(const struct key *a, const struct key *b)
{
    return a->cas == b->cas && a->plain == b->plain && memcmp(a->key, b->key, sizeof a->key) == 0;
}

/* To the front; the last one makes room. The hashes under it are not found any more, and are pushed out in time. */
static void remember_key(struct global_dedup *g, const struct key *k)
{
    size_t at = 0;

    pthread_mutex_lock(&g->lock);
    while (at < KEYS - 1 && !same_key(&g->keys[at], k))
        at++;
    memmove(g->keys + 1, g->keys, at * sizeof *k);
    g->keys[0] = *k;
    pthread_mutex_unlock(&g->lock);
}

static size_t valid_keys(struct global_dedup *g, uint32_t cas, struct key out[KEYS])
{
    uint64_t now = now_s();
    size_t n = 0;

    pthread_mutex_lock(&g->lock);
    for (size_t i = 0; i < KEYS; i++) {
        if (g->keys[i].cas == cas && g->keys[i].expires_s > now)
            out[n++] = g->keys[i];
    }
    pthread_mutex_unlock(&g->lock);
    return n;
}

/* ---- answers ---- */

struct answer {
    struct global_dedup *dedup;
    uint32_t cas;
};

static enum err add_xorb(void *ctx, const struct xet_hash *xorb, const struct shard_chunk *chunks, size_t n,
                         uint32_t size, uint32_t packed_bytes)
{
    const struct answer *a = ctx;

    (void)size;
    (void)packed_bytes;
    chunk_index_add(a->dedup->chunks, a->cas, xorb, chunks, n);
    return OK;
}

enum err global_dedup_add(struct global_dedup *g, uint32_t cas, struct slice shard)
{
    struct answer answer = { g, cas };
    struct key k = { .cas = cas };

    /* First without looking at it: nothing of a broken shard is kept. */
    enum err e = shard_read(shard, &(struct shard_reader){ 0 });
    if (e)
        return e;
    if (!shard_expiry(shard, &k.expires_s) || k.expires_s <= now_s())
        return ERR_CORRUPT;
    k.plain = !shard_hmac_key(shard, k.key);
    e = shard_read(shard, &(struct shard_reader){ .xorb = add_xorb, .ctx = &answer });
    if (e)
        return e;
    remember_key(g, &k);
    atomic_fetch_add(&g->answers, 1);
    return OK;
}

unsigned global_dedup_answers(struct global_dedup *g)
{
    return atomic_load(&g->answers);
}

void global_dedup_forget(struct global_dedup *g, uint32_t cas, const struct xet_hash *xorb)
{
    chunk_index_forget(g->chunks, cas, xorb);
}

/* ---- looking up ---- */

struct batch { /* chunks that are not known yet */
    struct xet_hash keyed[BATCH];
    const struct xet_hash *hashes[BATCH];
    size_t at[BATCH]; /* in the caller's arrays */
    size_t n;
};

static void find_batch(struct global_dedup *g, uint32_t cas, struct batch *b, bool *known, struct chunk_place *places)
{
    struct chunk_place found[BATCH];
    bool has[BATCH];

    chunk_index_find(g->chunks, cas, b->hashes, b->n, has, found);
    for (size_t i = 0; i < b->n; i++) {
        if (!has[i])
            continue;
        known[b->at[i]] = true;
        places[b->at[i]] = found[i];
    }
    b->n = 0;
}

static void find_under(struct global_dedup *g, const struct key *k, const struct xet_hash *const *hashes, size_t n,
                       bool *known, struct chunk_place *places)
{
    struct batch b = { .n = 0 };

    for (size_t i = 0; i < n; i++) {
        if (known[i])
            continue;
        if (!k->plain)
            xet_hmac(k->key, hashes[i], &b.keyed[b.n]);
        b.hashes[b.n] = k->plain ? hashes[i] : &b.keyed[b.n];
        b.at[b.n++] = i;
        if (b.n == BATCH)
            find_batch(g, k->cas, &b, known, places);
    }
    if (b.n > 0)
        find_batch(g, k->cas, &b, known, places);
}

void global_dedup_find(struct global_dedup *g, uint32_t cas, const struct xet_hash *const *hashes, size_t n,
                       bool *known, struct chunk_place *places)
{
    struct key keys[KEYS];
    size_t n_keys = global_dedup_answers(g) > 0 ? valid_keys(g, cas, keys) : 0;

    for (size_t i = 0; i < n_keys; i++)
        find_under(g, &keys[i], hashes, n, known, places);
}

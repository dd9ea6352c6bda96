/* SPDX-License-Identifier: Apache-2.0 */
/* chunk_index.c: a set-associative table, as processors' caches are. A chunk's hash names a set of eight entries, kept
 * in order of use; a new chunk pushes the last one out. No lists, no clock, one lock: a lookup is some 100 ns, against
 * tens of microseconds for the chunk it saves.
 *
 * The table starts with a few KiB and doubles rather than forget, so that a daemon that uploads little uses little. For
 * the same reason the file is read when something is looked up first, not before. */
#include "xet/chunk_index.h"

#include <pthread.h>
#include <stdlib.h>

#include "xet/chunk_file.h"

enum { WAYS = 8, FIRST_SETS = 32 };

struct chunk_index {
    size_t max_sets;
    char *path;                  /* of the file; NULL: none */
    pthread_mutex_t write_lock;  /* one writes the file at a time; taken before `lock` */
    pthread_mutex_t lock;        /* leaf; guards what follows */
    bool loaded, changed;        /* from the file; since it was read or written */
    struct chunk_entry *entries; /* sets × WAYS, most recently used first; NULL: none yet */
    size_t sets;
    size_t used;
};

struct chunk_index *chunk_index_new(size_t max_bytes, const char *path)
{
    struct chunk_index *x = mem_zalloc(sizeof *x);

    x->max_sets = max_bytes / (WAYS * sizeof(struct chunk_entry));
    if (x->max_sets < FIRST_SETS)
        x->max_sets = FIRST_SETS;
    x->path = path ? mem_strdup(path) : NULL;
    x->loaded = path == NULL;
    pthread_mutex_init(&x->write_lock, NULL);
    pthread_mutex_init(&x->lock, NULL);
    return x;
}

void chunk_index_free(struct chunk_index *x)
{
    if (!x)
        return;
    free(x->entries);
    free(x->path);
    pthread_mutex_destroy(&x->write_lock);
    pthread_mutex_destroy(&x->lock);
    free(x);
}

uint32_t chunk_index_cas(const char *cas_url)
{
    uint32_t h = 2166136261u; /* FNV-1a */

    for (; *cas_url; cas_url++)
        h = (h ^ (uint8_t)*cas_url) * 16777619u;
    return h ? h : 1;
}

/* A hash's bytes are random, so any of them do; the product spreads them over any number of sets. */
static struct chunk_entry *set_of(struct chunk_entry *entries, size_t sets, const struct xet_hash *chunk, uint32_t cas)
{
    uint64_t word;

    memcpy(&word, chunk->b, sizeof word);
    word ^= (uint64_t)cas << 32 | cas;
    return entries + (size_t)((unsigned __int128)word * sets >> 64) * WAYS;
}

static void to_front(struct chunk_entry *set, unsigned way)
{
    struct chunk_entry hit = set[way];

    memmove(set + 1, set, way * sizeof *set);
    set[0] = hit;
}

static struct chunk_entry *find(struct chunk_index *x, uint32_t cas, const struct xet_hash *chunk)
{
    if (!x->entries)
        return NULL;
    struct chunk_entry *set = set_of(x->entries, x->sets, chunk, cas);
    for (unsigned way = 0; way < WAYS; way++) {
        if (set[way].cas == cas && xet_hash_eq(&set[way].chunk, chunk)) {
            if (way > 0)
                to_front(set, way);
            return set;
        }
    }
    return NULL;
}

static void put_first(struct chunk_index *x, struct chunk_entry *set, const struct chunk_entry *e)
{
    if (!set[WAYS - 1].cas)
        x->used++;
    memmove(set + 1, set, (WAYS - 1) * sizeof *set);
    set[0] = *e;
}

/* Oldest first into the new sets, so that the order of use stays. */
static void grow(struct chunk_index *x)
{
    size_t sets = x->sets ? x->sets * 2 : FIRST_SETS;
    struct chunk_entry *old = x->entries;
    size_t n = x->sets * WAYS;

    if (sets > x->max_sets)
        sets = x->max_sets;
    x->entries = mem_zalloc(sets * WAYS * sizeof *x->entries);
    x->sets = sets;
    x->used = 0;
    for (size_t i = 0; i < n; i++) {
        const struct chunk_entry *e = &old[i / WAYS * WAYS + (WAYS - 1 - i % WAYS)];
        if (e->cas)
            put_first(x, set_of(x->entries, sets, &e->chunk, e->cas), e);
    }
    free(old);
}

/* When an entry would be forgotten; but not for the sake of a few hashes that fall into one set. */
static bool wants_to_grow(const struct chunk_index *x, const struct chunk_entry *e)
{
    if (x->sets == 0)
        return true;
    if (x->sets == x->max_sets || x->used < x->sets * WAYS / 4)
        return false;
    return set_of(x->entries, x->sets, &e->chunk, e->cas)[WAYS - 1].cas != 0;
}

static void add(struct chunk_index *x, const struct chunk_entry *e)
{
    struct chunk_entry *known = find(x, e->cas, &e->chunk);

    if (known) { /* the newer place: its neighbours are likely to be wanted with it */
        *known = *e;
        return;
    }
    if (wants_to_grow(x, e))
        grow(x);
    put_first(x, set_of(x->entries, x->sets, &e->chunk, e->cas), e);
}

/* ---- the file ---- */

/* Under the lock, before the table is used. */
static void load(struct chunk_index *x)
{
    struct chunk_file file;

    if (x->loaded)
        return;
    x->loaded = true;
    if (chunk_file_read(x->path, x->max_sets * WAYS, &file))
        return; /* none, or none of use */
    while (x->sets < file.sets && x->sets < x->max_sets)
        grow(x);
    for (size_t i = 0; i < file.n; i++)
        add(x, &file.entries[i]);
    free(file.entries);
}

/* Oldest first in each set, so that the order of use is the same when it is read. */
static struct chunk_file copy_all(const struct chunk_index *x)
{
    struct chunk_file out = { .entries = mem_alloc((x->used + 1) * sizeof *out.entries), .sets = x->sets };

    for (size_t s = 0; s < x->sets; s++) {
        for (unsigned way = WAYS; way-- > 0;) {
            if (x->entries[s * WAYS + way].cas)
                out.entries[out.n++] = x->entries[s * WAYS + way];
        }
    }
    return out;
}

enum err chunk_index_save(struct chunk_index *x)
{
    struct chunk_file file = { .n = 0 };
    enum err e = OK;

    pthread_mutex_lock(&x->write_lock);
    pthread_mutex_lock(&x->lock);
    bool wanted = x->path && x->changed;
    x->changed = false;
    if (wanted)
        file = copy_all(x);
    pthread_mutex_unlock(&x->lock);
    if (wanted)
        e = chunk_file_write(x->path, &file);
    if (e) {
        pthread_mutex_lock(&x->lock);
        x->changed = true;
        pthread_mutex_unlock(&x->lock);
    }
    pthread_mutex_unlock(&x->write_lock);
    free(file.entries);
    return e;
}

/* ---- what it is for ---- */

void chunk_index_find(struct chunk_index *x, uint32_t cas, const struct xet_hash *const *hashes, size_t n, bool *known,
                      struct chunk_place *places)
{
    pthread_mutex_lock(&x->lock);
    load(x);
    for (size_t i = 0; i < n; i++) {
        const struct chunk_entry *e = find(x, cas, hashes[i]);
        known[i] = e != NULL;
        if (e)
            places[i] = (struct chunk_place){ e->xorb, e->index };
    }
    pthread_mutex_unlock(&x->lock);
}

void chunk_index_add(struct chunk_index *x, uint32_t cas, const struct xet_hash *xorb, const struct shard_chunk *chunks,
                     size_t n)
{
    pthread_mutex_lock(&x->lock);
    load(x);
    x->changed = true;
    for (size_t i = 0; i < n; i++)
        add(x, &(struct chunk_entry){ .chunk = chunks[i].hash, .xorb = *xorb, .cas = cas, .index = (uint32_t)i });
    pthread_mutex_unlock(&x->lock);
}

void chunk_index_learn(struct chunk_index *x, uint32_t cas, const struct chunk_place *place,
                       const struct xet_hash *hashes, size_t n)
{
    pthread_mutex_lock(&x->lock);
    load(x);
    x->changed = true;
    for (size_t i = 0; i < n; i++)
        add(x, &(struct chunk_entry){ hashes[i], place->xorb, cas, place->index + (uint32_t)i });
    pthread_mutex_unlock(&x->lock);
}

void chunk_index_forget(struct chunk_index *x, uint32_t cas, const struct xet_hash *xorb)
{
    pthread_mutex_lock(&x->lock);
    load(x);
    x->changed = true;
    for (size_t s = 0; s < x->sets; s++) {
        struct chunk_entry *set = x->entries + s * WAYS;
        for (unsigned way = WAYS; way-- > 0;) {
            if (set[way].cas != cas || !xet_hash_eq(&set[way].xorb, xorb))
                continue;
            memmove(set + way, set + way + 1, (WAYS - 1 - way) * sizeof *set);
            memset(&set[WAYS - 1], 0, sizeof *set);
            x->used--;
        }
    }
    pthread_mutex_unlock(&x->lock);
}

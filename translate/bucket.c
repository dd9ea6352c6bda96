/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.c: the table of buckets in use, hashed by id, with a bound on the idle ones. */
#include "translate/bucket.h"

#include <assert.h>
#include <stdlib.h>

#include "common/clock.h"

enum { SLOTS = 256, IDLE_MAX = 1024 };

struct bucket_table {
    struct hub *hub;
    struct xet *xet;
    pthread_mutex_t lock; /* leaf; guards what follows, and the last three fields of every bucket */
    struct bucket *slots[SLOTS];
    size_t n;
};

static enum err token(void *ctx, bool write, const char *refused, struct xet_token *out)
{
    return hub_xet_token((struct hub_bucket *)ctx, write, refused, out->cas_url, sizeof out->cas_url, out->access_token,
                         sizeof out->access_token);
}

static struct bucket *bucket_new(struct bucket_table *t, struct slice id)
{
    struct bucket *b = (struct bucket *)mem_zalloc(sizeof *b);
    b->hub = hub_bucket_new(t->hub, id);
    b->space = xet_space_new(t->xet, &(struct xet_access){ token, b->hub });
    pthread_rwlock_init(&b->gate, NULL);
    return b;
}

static void bucket_free(struct bucket *b)
{
    xet_space_free(b->space);
    hub_bucket_free(b->hub);
    pthread_rwlock_destroy(&b->gate);
    free(b);
}

struct bucket_table *bucket_table_new(struct hub *hub, struct xet *xet)
{
    struct bucket_table *t = (struct bucket_table *)mem_zalloc(sizeof *t);
    t->hub = hub;
    t->xet = xet;
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void bucket_table_free(struct bucket_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < SLOTS; i++) {
        while (t->slots[i]) {
            struct bucket *b = t->slots[i];
            t->slots[i] = b->next;
            assert(b->users == 0);
            bucket_free(b);
        }
    }
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static size_t slot_of(struct slice id)
{
    uint32_t h = 2166136261u; /* FNV-1a: names are few and not chosen by strangers to hurt us */
    for (size_t i = 0; i < id.n; i++)
        h = (h ^ (uint8_t)id.p[i]) * 16777619u;
    return h % SLOTS;
}

/* Unlinks the idle bucket that was used longest ago. */
static struct bucket *take_oldest(struct bucket_table *t)
{
    struct bucket **oldest = NULL;
    for (size_t i = 0; i < SLOTS; i++)
        for (struct bucket **at = &t->slots[i]; *at; at = &(*at)->next)
            if ((*at)->users == 0 && (!oldest || (*at)->last_used_ms < (*oldest)->last_used_ms))
                oldest = at;
    if (!oldest)
        return NULL;
    struct bucket *b = *oldest;
    *oldest = b->next;
    t->n--;
    return b;
}

struct bucket *bucket_get(struct bucket_table *t, struct slice id)
{
    struct bucket *evicted = NULL;
    size_t slot = slot_of(id);

    pthread_mutex_lock(&t->lock);
    struct bucket *b = t->slots[slot];
    while (b && !slice_is(id, hub_bucket_id(b->hub)))
        b = b->next;
    if (!b) {
        if (t->n >= IDLE_MAX)
            evicted = take_oldest(t);
        b = bucket_new(t, id);
        b->next = t->slots[slot];
        t->slots[slot] = b;
        t->n++;
    }
    b->users++;
    pthread_mutex_unlock(&t->lock);
    if (evicted)
        bucket_free(evicted);
    return b;
}

void bucket_release(struct bucket_table *t, struct bucket *b)
{
    pthread_mutex_lock(&t->lock);
    assert(b->users > 0);
    b->users--;
    b->last_used_ms = clock_mono_ms();
    bool last = b->forgotten && b->users == 0;
    pthread_mutex_unlock(&t->lock);
    if (last)
        bucket_free(b);
}

void bucket_forget(struct bucket_table *t, struct bucket *b)
{
    pthread_mutex_lock(&t->lock);
    assert(b->users > 0);
    struct bucket **at = &t->slots[slot_of(slice_str(hub_bucket_id(b->hub)))];
    while (*at && *at != b)
        at = &(*at)->next;
    if (*at) {
        *at = b->next;
        t->n--;
    }
    b->forgotten = true;
    pthread_mutex_unlock(&t->lock);
}

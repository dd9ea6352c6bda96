/* SPDX-License-Identifier: Apache-2.0 */
/* visibility.c: a table of fixed size, one bucket a slot; what falls on a slot in use replaces it. */
#include "translate/visibility.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/clock.h"

enum { SLOTS = 1024, KEEP_MS = 30000, ID_MAX = 200 };

struct slot {
    char id[ID_MAX]; /* "": free */
    bool is_public;
    int64_t until_ms;
};

struct visibility_cache {
    pthread_mutex_t lock; /* leaf; never held across a call to the Hub */
    struct slot slots[SLOTS];
};

struct visibility_cache *visibility_cache_new(void)
{
    struct visibility_cache *c = (struct visibility_cache *)mem_zalloc(sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void visibility_cache_free(struct visibility_cache *c)
{
    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* FNV-1a. */
static struct slot *slot_of(struct visibility_cache *c, struct slice id)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < id.n; i++)
        h = (h ^ (unsigned char)id.p[i]) * 0x100000001b3u;
    return &c->slots[(h >> 32) % SLOTS];
}

static bool remembered(struct visibility_cache *c, struct slice id, int64_t now, bool *out)
{
    struct slot *s = slot_of(c, id);
    pthread_mutex_lock(&c->lock);
    bool hit = slice_is(id, s->id) && now < s->until_ms;
    if (hit)
        *out = s->is_public;
    pthread_mutex_unlock(&c->lock);
    return hit;
}

static void remember(struct visibility_cache *c, struct slice id, int64_t now, bool is_public)
{
    struct slot *s = slot_of(c, id);
    pthread_mutex_lock(&c->lock);
    memcpy(s->id, id.p, id.n);
    s->id[id.n] = 0;
    s->is_public = is_public;
    s->until_ms = now + KEEP_MS;
    pthread_mutex_unlock(&c->lock);
}

void visibility_tell(struct visibility_cache *c, struct slice id, bool is_public)
{
    if (id.n > 0 && id.n < ID_MAX)
        remember(c, id, clock_mono_ms(), is_public);
}

enum err visibility_is_public(struct visibility_cache *c, struct hub *hub, struct slice id, struct arena *arena,
                              bool *out)
{
    struct hub_bucket_info info = { 0 };
    int64_t now = clock_mono_ms();
    if (id.n == 0 || id.n >= ID_MAX || remembered(c, id, now, out))
        return id.n == 0 || id.n >= ID_MAX ? ERR_NO_SUCH_BUCKET : OK;
    enum err e = hub_bucket_info(hub, id, arena, &info);
    if (e && e != ERR_NO_SUCH_BUCKET)
        return e;
    *out = !e && !info.is_private;
    remember(c, id, now, *out);
    return OK;
}

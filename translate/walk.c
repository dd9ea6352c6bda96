/* SPDX-License-Identifier: Apache-2.0 */
/* walk.c: see walk.h.
 *
 * Order. A Hub's page lists paths; the key of a path may sort behind its place (a directory "sub" stands for "sub/",
 * which comes after "sub.txt"; most escapes) or, rarely, before it. So entries go through a heap ordered by key, and an
 * entry leaves it once no path still to come can have a smaller key: key_floor of the last path read is that bound. For
 * ordinary names the heap holds one entry.
 *
 * Tokens. `{last key, cursor}`: the cursor of the oldest page that has entries not yet handed out. A walk opened with
 * it reads that page again and skips keys up to the last one. */
#include "translate/walk.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/codec.h"
#include "translate/key.h"

enum { PAGE = 5000, SORT_MAX = 20 * 1000 * 1000, PATH_BYTES = 64 * 1024 };

struct held {
    char *key;
    size_t n;
    bool is_prefix;
    char xet_hash[65], git_oid[65];
    uint64_t size;
    int64_t modified_ms;
};

struct walk {
    struct walk *next; /* in the cache */
    char *handle;      /* in the cache */
    int64_t kept_ms;
    char *bucket_id;

    char *prefix, *path_prefix;
    bool by_directory;
    char *after; /* keys up to this one are skipped, and those that begin with it when after_prefix */
    size_t after_n;
    bool after_prefix;

    char *cursor;      /* of the next page; "" before the first */
    char *safe_cursor; /* of the oldest page with entries still held; "" is the first page */
    bool ended;        /* no more pages */
    bool sorting;      /* the Hub's order did not hold: all is read before the first entry leaves */
    bool any_path;
    struct buf last_path; /* read so far, to see whether the order holds */
    struct buf floor;     /* no path still to come has a smaller key */

    struct held *heap; /* binary, least key first; after a sort: an ordered array from heap_at on */
    size_t heap_n, heap_cap;
    struct held current; /* what walk_next gave last */
};

static struct slice held_key(const struct held *h)
{
    return slice_of(h->key, h->n);
}

/* ---- the heap ---- */

static bool heap_less(const struct walk *w, size_t a, size_t b)
{
    return slice_cmp(held_key(&w->heap[a]), held_key(&w->heap[b])) < 0;
}

static void heap_swap(struct walk *w, size_t a, size_t b)
{
    struct held t = w->heap[a];
    w->heap[a] = w->heap[b];
    w->heap[b] = t;
}

static void heap_push(struct walk *w, struct held h)
{
    if (w->heap_n == w->heap_cap) {
        w->heap_cap = w->heap_cap ? w->heap_cap * 2 : 64;
        w->heap = (struct held *)mem_realloc(w->heap, w->heap_cap * sizeof *w->heap);
    }
    size_t at = w->heap_n++;
    w->heap[at] = h;
    for (; at > 0 && heap_less(w, at, (at - 1) / 2); at = (at - 1) / 2)
        heap_swap(w, at, (at - 1) / 2);
}

static struct held heap_pop(struct walk *w)
{
    struct held top = w->heap[0];
    w->heap[0] = w->heap[--w->heap_n];
    for (size_t at = 0;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;
        if (left < w->heap_n && heap_less(w, left, least))
            least = left;
        if (right < w->heap_n && heap_less(w, right, least))
            least = right;
        if (least == at)
            return top;
        heap_swap(w, at, least);
        at = least;
    }
}

static void heap_clear(struct walk *w)
{
    for (size_t i = 0; i < w->heap_n; i++)
        free(w->heap[i].key);
    w->heap_n = 0;
}

/* ---- reading pages ---- */

static void set(char **to, struct slice value)
{
    free(*to);
    *to = mem_dup(value);
}

static bool wanted(const struct walk *w, struct slice key)
{
    if (!slice_starts(key, slice_str(w->prefix)))
        return false;
    struct slice after = slice_of(w->after, w->after_n);
    if (after.n == 0)
        return true;
    return slice_cmp(key, after) > 0 && !(w->after_prefix && slice_starts(key, after));
}

/* Takes one entry of the Hub's. false: its path is out of order. */
static bool take_file(struct walk *w, const struct hub_file *f, struct arena *arena)
{
    if (!w->sorting && w->any_path && slice_cmp(f->path, buf_slice(&w->last_path)) < 0)
        return false;
    w->any_path = true;
    buf_clear(&w->last_path);
    buf_add(&w->last_path, f->path);
    if (key_path_internal(f->path))
        return true;
    struct slice key = key_of_path(f->path, arena);
    if (f->is_directory)
        key = slice_str(arena_printf(arena, "%.*s/", (int)key.n, key.p));
    if (!wanted(w, key))
        return true;
    struct held h = { .key = mem_dup(key),
                      .n = key.n,
                      .is_prefix = f->is_directory,
                      .size = f->size,
                      .modified_ms = hub_file_modified(f) };
    memcpy(h.xet_hash, f->xet_hash, sizeof h.xet_hash);
    memcpy(h.git_oid, f->git_oid, sizeof h.git_oid);
    heap_push(w, h);
    return true;
}

/* The order is not that of bytes: begin again, and let nothing out before everything is read. */
static void start_sorting(struct walk *w)
{
    w->sorting = true;
    heap_clear(w);
    set(&w->cursor, SLICE(""));
    set(&w->safe_cursor, SLICE(""));
    w->ended = false;
    w->any_path = false;
    if (w->current.key && wanted(w, held_key(&w->current))) {
        set(&w->after, held_key(&w->current));
        w->after_n = w->current.n;
        w->after_prefix = false;
    }
}

static enum err read_page(struct walk *w, struct hub_bucket *b, struct arena *arena)
{
    struct hub_page page;
    enum err e = hub_tree(b, slice_str(w->path_prefix), !w->by_directory, PAGE, slice_str(w->cursor), arena, &page);
    if (e)
        return e;
    if (w->heap_n == 0)
        set(&w->safe_cursor, slice_str(w->cursor));
    for (size_t i = 0; i < page.n; i++) {
        if (!take_file(w, &page.files[i], arena)) {
            start_sorting(w);
            return OK;
        }
    }
    /* The Hub's answer is hostile until proved: a cursor that does not move would never end. */
    if (page.next.n > 0 && slice_is(page.next, w->cursor))
        return ERR_UPSTREAM_ANSWER;
    w->ended = page.next.n == 0;
    set(&w->cursor, page.next);
    if (w->any_path) {
        buf_clear(&w->floor);
        buf_add(&w->floor, slice_of(w->last_path.p, key_floor(buf_slice(&w->last_path))));
    }
    return w->heap_n > SORT_MAX ? ERR_UPSTREAM_ANSWER : OK;
}

/* May the least entry leave the heap? */
static bool settled(const struct walk *w)
{
    if (w->heap_n == 0)
        return false;
    if (w->ended)
        return true;
    return !w->sorting && w->any_path && slice_cmp(held_key(&w->heap[0]), buf_slice(&w->floor)) <= 0;
}

/* ---- the walk ---- */

static struct walk *walk_new(struct hub_bucket *b, struct slice prefix, bool by_directory)
{
    struct arena *arena = arena_new();
    struct walk *w = (struct walk *)mem_zalloc(sizeof *w);
    w->bucket_id = mem_strdup(hub_bucket_id(b));
    w->prefix = mem_dup(prefix);
    w->path_prefix = mem_dup(key_prefix_to_path(prefix, arena));
    w->by_directory = by_directory;
    w->cursor = mem_strdup("");
    w->safe_cursor = mem_strdup("");
    buf_init(&w->last_path, PATH_BYTES);
    buf_init(&w->floor, PATH_BYTES);
    arena_free(arena);
    return w;
}

void walk_free(struct walk *w)
{
    if (!w)
        return;
    heap_clear(w);
    free(w->heap);
    free(w->current.key);
    free(w->handle);
    free(w->bucket_id);
    free(w->prefix);
    free(w->path_prefix);
    free(w->after);
    free(w->cursor);
    free(w->safe_cursor);
    buf_done(&w->last_path);
    buf_done(&w->floor);
    free(w);
}

enum err walk_more(struct walk *w, struct hub_bucket *b, bool *more)
{
    while (!settled(w) && !w->ended) {
        struct arena *arena = arena_new();
        enum err e = read_page(w, b, arena);
        arena_free(arena);
        if (e)
            return e;
    }
    *more = w->heap_n > 0;
    return OK;
}

enum err walk_next(struct walk *w, struct hub_bucket *b, struct walk_entry *out, bool *found)
{
    enum err e = walk_more(w, b, found);
    if (e || !*found)
        return e;
    free(w->current.key);
    w->current = heap_pop(w);
    *out = (struct walk_entry){ .key = held_key(&w->current),
                                .is_prefix = w->current.is_prefix,
                                .size = w->current.size,
                                .modified_ms = w->current.modified_ms };
    memcpy(out->xet_hash, w->current.xet_hash, sizeof out->xet_hash);
    memcpy(out->git_oid, w->current.git_oid, sizeof out->git_oid);
    return OK;
}

void walk_skip_prefix(struct walk *w, struct slice prefix)
{
    set(&w->after, prefix);
    w->after_n = prefix.n;
    w->after_prefix = true;
    while (w->heap_n > 0 && !wanted(w, held_key(&w->heap[0])))
        free(heap_pop(w).key);
}

/* ---- tokens ---- */

/* A token is base64 of: 'o' or 'p' (an object's key, a folded prefix), the key's length in decimal, ':', key, cursor.
 */
void walk_token(const struct walk *w, struct slice last, bool last_is_prefix, struct buf *out)
{
    AUTO_BUF struct buf plain;
    buf_init(&plain, 16384);
    bool whole = w->heap_n == 0; /* nothing held: the next page is where to go on */
    buf_addf(&plain, "%c%zu:", last_is_prefix ? 'p' : 'o', last.n);
    buf_add(&plain, last);
    buf_add_str(&plain, whole && !w->sorting ? w->cursor : w->safe_cursor);
    base64_encode(buf_slice(&plain), out);
}

static enum err apply_token(struct walk *w, struct slice token)
{
    AUTO_FREE char *plain = (char *)mem_alloc(token.n + 1);
    size_t n;
    if (!base64_decode(token, plain, token.n + 1, &n) || n < 3)
        return ERR_INVALID_ARGUMENT;
    struct slice rest = slice_of(plain + 1, n - 1), digits = slice_cut(&rest, ':');
    uint64_t key_n;
    if ((plain[0] != 'o' && plain[0] != 'p') || !rest.p || !slice_u64(digits, &key_n) || key_n > rest.n)
        return ERR_INVALID_ARGUMENT;
    set(&w->after, slice_of(rest.p, key_n));
    w->after_n = key_n;
    w->after_prefix = plain[0] == 'p';
    set(&w->cursor, slice_from(rest, key_n));
    set(&w->safe_cursor, slice_str(w->cursor));
    return OK;
}

/* ---- walks kept for the client's next page ---- */

enum { KEPT_MAX = 32, KEPT_MS = 15 * 1000 };

struct walk_cache {
    pthread_mutex_t lock; /* leaf; guards what follows */
    struct walk *list;    /* newest first */
};

struct walk_cache *walk_cache_new(void)
{
    struct walk_cache *c = (struct walk_cache *)mem_zalloc(sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void walk_cache_free(struct walk_cache *c)
{
    if (!c)
        return;
    while (c->list) {
        struct walk *w = c->list;
        c->list = w->next;
        walk_free(w);
    }
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* Unlinks what is too old or too many; the caller frees it without the lock. */
static struct walk *take_stale(struct walk_cache *c, int64_t now)
{
    struct walk **at = &c->list;
    for (size_t n = 0; *at && n < KEPT_MAX && now - (*at)->kept_ms < KEPT_MS; n++)
        at = &(*at)->next;
    struct walk *stale = *at;
    *at = NULL;
    return stale;
}

static void free_list(struct walk *w)
{
    while (w) {
        struct walk *next = w->next;
        walk_free(w);
        w = next;
    }
}

void walk_keep(struct walk_cache *c, struct walk *w, struct slice handle)
{
    set(&w->handle, handle);
    w->kept_ms = clock_mono_ms();
    pthread_mutex_lock(&c->lock);
    w->next = c->list;
    c->list = w;
    struct walk *stale = take_stale(c, w->kept_ms);
    pthread_mutex_unlock(&c->lock);
    free_list(stale);
}

static struct walk *take_kept(struct walk_cache *c, struct hub_bucket *b, struct slice prefix, bool by_directory,
                              struct slice handle)
{
    struct walk *found = NULL;
    pthread_mutex_lock(&c->lock);
    struct walk *stale = take_stale(c, clock_mono_ms());
    for (struct walk **at = &c->list; *at; at = &(*at)->next) {
        struct walk *w = *at;
        if (w->by_directory == by_directory && slice_is(handle, w->handle) && slice_is(prefix, w->prefix) &&
            strcmp(w->bucket_id, hub_bucket_id(b)) == 0) {
            *at = w->next;
            found = w;
            break;
        }
    }
    pthread_mutex_unlock(&c->lock);
    free_list(stale);
    return found;
}

enum err walk_open(struct walk_cache *c, struct hub_bucket *b, struct slice prefix, bool by_directory,
                   struct slice after, struct slice token, struct walk **out)
{
    struct slice handle = token.n > 0 ? token : after;
    struct walk *w = handle.n > 0 ? take_kept(c, b, prefix, by_directory, handle) : NULL;
    if (!w) {
        w = walk_new(b, prefix, by_directory);
        set(&w->after, after);
        w->after_n = after.n;
        enum err e = token.n > 0 ? apply_token(w, token) : OK;
        if (e) {
            walk_free(w);
            return e;
        }
    }
    *out = w;
    return OK;
}

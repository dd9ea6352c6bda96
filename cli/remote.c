/* SPDX-License-Identifier: Apache-2.0 */
/* remote.c: see remote.h. */
#include "cli/remote.h"

#include <stdlib.h>

/* "dir" → "dir/": the Hub takes prefixes of names, and `dir` alone would also give `dir.json` and `dir2/…`. */
static struct slice directory_prefix(struct slice path, struct arena *arena)
{
    return path.n ? slice_str(arena_printf(arena, "%.*s/", (int)path.n, path.p)) : path;
}

static enum err give(const struct hub_page *page, struct slice path, remote_fn *fn, void *ctx, bool *any)
{
    for (size_t i = 0; i < page->n; i++) {
        if (place_below(path, page->files[i].path).n == 0)
            continue;
        *any = true;
        enum err e = fn(ctx, &page->files[i]);
        if (e)
            return e;
    }
    return OK;
}

enum err remote_each(struct hub_bucket *b, struct slice path, enum remote_depth depth, remote_fn *fn, void *ctx,
                     bool *any)
{
    struct arena *own = arena_new();
    struct slice prefix = directory_prefix(path, own);
    struct arena *arena = arena_new(); /* of one page, and of the cursor that it came by */
    struct hub_page page = { 0 };
    bool found = false;
    enum err e = OK;
    do {
        struct arena *next = arena_new();
        e = hub_tree(b, prefix, depth == REMOTE_ALL, 0, page.next, next, &page);
        arena_free(arena);
        arena = next;
        if (!e)
            e = give(&page, path, fn, ctx, &found);
    } while (!e && page.next.n);
    arena_free(arena);
    arena_free(own);
    if (any)
        *any = found;
    return e;
}

enum err remote_find(struct hub_bucket *b, const struct place *p, struct arena *arena, struct hub_file *file,
                     bool *is_file)
{
    enum err e = p->directory ? ERR_NO_SUCH_KEY : hub_lookup(b, p->path, arena, file);
    if (e && e != ERR_NO_SUCH_KEY)
        return e;
    *is_file = !e;
    return OK;
}

/* ---- the table ---- */

static enum err add_row(void *ctx, const struct hub_file *f)
{
    struct remote_table *t = (struct remote_table *)ctx;
    if (f->is_directory || memchr(f->path.p, 0, f->path.n))
        return OK;
    if (t->n == t->room) {
        t->room = t->room ? 2 * t->room : 256;
        t->rows = mem_realloc(t->rows, t->room * sizeof *t->rows);
    }
    struct remote_row *row = &t->rows[t->n++];
    *row = (struct remote_row){ .path = arena_strdup(t->arena, f->path), .size = f->size, .mtime_ms = f->mtime_ms };
    memcpy(row->xet_hash, f->xet_hash, sizeof row->xet_hash);
    return OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct remote_row *)a)->path, ((const struct remote_row *)b)->path);
}

enum err remote_load(struct hub_bucket *b, struct slice path, struct remote_table *out)
{
    struct remote_table t = { .arena = arena_new() };
    enum err e = remote_each(b, path, REMOTE_ALL, add_row, &t, NULL);
    if (e) {
        remote_table_done(&t);
        return e;
    }
    if (t.n)
        qsort(t.rows, t.n, sizeof *t.rows, compare);
    *out = t;
    return OK;
}

struct remote_row *remote_row(struct remote_table *t, const char *path)
{
    struct remote_row key = { .path = path };
    return t->n ? bsearch(&key, t->rows, t->n, sizeof *t->rows, compare) : NULL;
}

void remote_table_done(struct remote_table *t)
{
    arena_free(t->arena);
    free(t->rows);
    *t = (struct remote_table){ 0 };
}

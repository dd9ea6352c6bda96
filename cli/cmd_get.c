/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_get.c: `get`: a file to a file or stdout, or all below a place into a folder. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/crew.h"
#include "cli/local.h"
#include "cli/remote.h"
#include "cli/transfer.h"

struct get {
    struct session *s;
    struct xet_space *space;
    struct slice base; /* what of paths is not wanted here */
    int root;
    struct crew *crew;
};

struct item {
    char *path;
    uint64_t size;
    int64_t mtime_ms;
    char xet_hash[65];
};

/* `name` is where below root, `path` what it is called on the Hub. */
static enum err get_to(struct get *g, struct slice name, const struct item *item)
{
    struct local_file f;
    enum err e = local_create(g->root, name, &f);
    if (e)
        return e;
    e = transfer_down(g->s, g->space, item->size, item->xet_hash, f.fd);
    if (e) {
        local_abandon(&f);
        return e;
    }
    e = local_commit(&f, item->mtime_ms);
    if (!e)
        output_file(&g->s->out, OUTPUT_DID, "get", slice_str(item->path), item->size, item->xet_hash);
    return e;
}

static void work(void *ctx, void *given)
{
    struct get *g = (struct get *)ctx;
    struct item *item = (struct item *)given;
    struct slice path = slice_str(item->path);
    enum err e = get_to(g, place_below(g->base, path), item);
    if (e)
        output_error(&g->s->out, path, e, NULL);
    free(item->path);
    free(item);
}

static struct item item_of(const struct hub_file *f)
{
    struct item item = { .path = mem_dup(f->path), .size = f->size, .mtime_ms = f->mtime_ms };
    memcpy(item.xet_hash, f->xet_hash, sizeof item.xet_hash);
    return item;
}

static enum err give(void *ctx, const struct hub_file *f)
{
    struct get *g = (struct get *)ctx;
    if (f->is_directory)
        return OK;
    struct item *item = (struct item *)mem_alloc(sizeof *item);
    *item = item_of(f);
    crew_give(g->crew, item);
    return OK;
}

static enum err get_tree(struct get *g, struct hub_bucket *b, const struct place *p, const char *to)
{
    bool any = false;
    enum err e = local_root(to, LOCAL_MAKE, &g->root);
    if (e)
        return e;
    g->base = p->path;
    g->crew = crew_new(work, g);
    e = remote_each(b, p->path, REMOTE_ALL, give, g, &any);
    crew_finish(g->crew);
    close(g->root);
    return !e && !any && p->path.n ? ERR_NO_SUCH_KEY : e;
}

/* `to` may be a folder that is there, or said to be one by its '/': then the file keeps its name. */
static enum err get_file(struct get *g, const struct hub_file *f, const char *to)
{
    struct slice path = slice_str(to);
    struct slice name = place_basename(path);
    struct item item = item_of(f);
    enum err e = local_root(to, name.n ? LOCAL_THERE : LOCAL_MAKE, &g->root);
    if (!e)
        name = place_basename(f->path);
    else if (e == ERR_STORE && (errno == ENOENT || errno == ENOTDIR) && name.n) {
        AUTO_FREE char *folder = name.n == path.n ? mem_strdup(".") : mem_dup(slice_of(to, path.n - name.n));
        e = local_root(folder, LOCAL_THERE, &g->root);
    }
    if (!e) {
        e = get_to(g, name, &item);
        int error = errno;
        close(g->root);
        errno = error;
    }
    free(item.path);
    return e;
}

static enum err get(struct get *g, struct hub_bucket *b, const struct place *p, const char *to)
{
    struct arena *arena = arena_new();
    struct hub_file file;
    bool is_file = false;
    enum err e = remote_find(b, p, arena, &file, &is_file);
    if (!e && strcmp(to, "-") == 0)
        e = is_file ? transfer_down(g->s, g->space, file.size, file.xet_hash, 1) : ERR_NO_SUCH_KEY;
    else if (!e)
        e = is_file ? get_file(g, &file, to) : get_tree(g, b, p, to);
    int error = errno;
    arena_free(arena);
    errno = error;
    return e;
}

int cmd_get(struct session *s, const struct args *a)
{
    struct place p;
    struct session_bucket b;
    if (!session_bucket_place(s, a->place[0], &p))
        return output_status(&s->out);
    session_bucket_open(s, p.id, &b);
    struct get g = { .s = s, .space = b.space };
    const char *to = a->n > 1 ? a->place[1] : ".";
    enum err e = get(&g, b.hub, &p, to);
    if (e)
        output_error(&s->out, slice_str(e == ERR_STORE ? to : a->place[0]), e, NULL);
    session_bucket_close(&b);
    return output_status(&s->out);
}

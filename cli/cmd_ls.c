/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ls.c: `ls` and `tree`: what is at a place, a page of the Hub's listing at a time. */
#include "cli/remote.h"
#include "cli/session.h"

struct ls {
    struct output *out;
    bool human;
    unsigned unflushed;
};

enum { FLUSH_EVERY = 256 };

static enum err show(void *ctx, const struct hub_file *f)
{
    struct ls *ls = (struct ls *)ctx;
    output_entry(ls->out, f, ls->human);
    return ls->unflushed++ % FLUSH_EVERY ? OK : output_flush(ls->out);
}

static enum err list(struct hub_bucket *b, const struct place *p, enum remote_depth depth, struct ls *ls)
{
    struct arena *arena = arena_new();
    struct hub_file file;
    bool is_file = false, any = false;
    enum err e = remote_find(b, p, arena, &file, &is_file);
    if (!e)
        e = is_file ? show(ls, &file) : remote_each(b, p->path, depth, show, ls, &any);
    if (!e && !is_file && !any && p->path.n)
        e = ERR_NO_SUCH_KEY; /* an empty bucket is one; an empty directory is not there */
    arena_free(arena);
    return e;
}

int cmd_ls(struct session *s, const struct args *a)
{
    struct place p;
    struct ls ls = { &s->out, args_has(a, "human"), 0 };
    if (!session_bucket_place(s, a->place[0], &p))
        return output_status(&s->out);
    struct hub_bucket *b = hub_bucket_new(s->hub, p.id);
    enum err e = list(b, &p, args_has(a, "recursive") ? REMOTE_ALL : REMOTE_LEVEL, &ls);
    hub_bucket_free(b);
    if (e)
        output_error(&s->out, slice_str(a->place[0]), e, NULL);
    return output_status(&s->out);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_cp.c: `cp`: a file or all below a place to another place, by the Hub: no content comes here. */
#include "cli/copy.h"
#include "cli/lines.h"
#include "cli/remote.h"
#include "cli/session.h"

struct cp {
    struct session *s;
    struct lines *lines;
    const struct place *from, *to;
    bool dry_run;
};

static void copy(struct cp *cp, const struct hub_file *f, struct slice directory, struct slice name)
{
    AUTO_BUF struct buf path = { 0 };
    struct hub_line line;
    buf_init(&path, 16384);
    buf_add(&path, directory);
    buf_add_str(&path, directory.n && name.n ? "/" : "");
    buf_add(&path, name);
    enum err e = path.failed ? ERR_INVALID_ARGUMENT : copy_line(cp->from, f, buf_slice(&path), &line);
    if (e)
        output_error(&cp->s->out, f->path, e,
                     e == ERR_UPSTREAM_MISSING ? "is not in Xet, so the Hub cannot copy it: get it and put it" : NULL);
    else if (cp->dry_run)
        output_file(&cp->s->out, OUTPUT_WOULD, "copy", line.path, f->size, f->xet_hash);
    else
        lines_add(cp->lines, &line, f->size);
}

static enum err copy_below(void *ctx, const struct hub_file *f)
{
    struct cp *cp = (struct cp *)ctx;
    if (!f->is_directory)
        copy(cp, f, cp->to->path, place_below(cp->from->path, f->path));
    return OK;
}

static enum err cp_place(struct cp *cp, struct hub_bucket *source)
{
    struct arena *arena = arena_new();
    struct hub_file file;
    bool is_file = false, any = false;
    enum err e = remote_find(source, cp->from, arena, &file, &is_file);
    if (!e && is_file)
        copy(cp, &file, cp->to->path, cp->to->directory ? place_basename(file.path) : SLICE_NONE);
    else if (!e)
        e = remote_each(source, cp->from->path, REMOTE_ALL, copy_below, cp, &any);
    if (!e && !is_file && !any && cp->from->path.n)
        e = ERR_NO_SUCH_KEY;
    arena_free(arena);
    return e;
}

/* A tree copied into itself would be listed while it grows, without end. */
static bool into_itself(const struct place *from, const struct place *to)
{
    return from->kind == PLACE_BUCKET && slice_eq(from->id, to->id) &&
           (slice_eq(from->path, to->path) || place_below(from->path, to->path).n > 0);
}

int cmd_cp(struct session *s, const struct args *a)
{
    struct place from, to;
    if (!session_place(s, a->place[0], &from) || !session_bucket_place(s, a->place[1], &to))
        return output_status(&s->out);
    if (from.kind == PLACE_LOCAL)
        return output_fail(&s->out, CLI_USAGE, "%s: is not on the Hub: `put` is for what is here", a->place[0]);
    if (into_itself(&from, &to))
        return output_fail(&s->out, CLI_USAGE, "%s: is within %s", a->place[1], a->place[0]);
    struct cp cp = { s, NULL, &from, &to, args_has(a, "dry-run") };
    struct hub_bucket *source = copy_source(s->hub, &from);
    struct hub_bucket *target = hub_bucket_new(s->hub, to.id);
    cp.lines = lines_new(&s->out, target);
    enum err e = cp_place(&cp, source);
    if (e)
        output_error(&s->out, slice_str(a->place[0]), e, NULL);
    lines_finish(cp.lines, NULL);
    hub_bucket_free(target);
    hub_bucket_free(source);
    return output_status(&s->out);
}

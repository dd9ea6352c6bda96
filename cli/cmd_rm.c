/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_rm.c: `rm`: a file, or with -R everything below a place. */
#include "cli/lines.h"
#include "cli/remote.h"
#include "cli/session.h"

struct rm {
    struct output *out;
    struct lines *lines;
    bool dry_run;
};

static enum err rm_one(void *ctx, const struct hub_file *f)
{
    struct rm *rm = (struct rm *)ctx;
    if (f->is_directory)
        return OK;
    if (rm->dry_run)
        output_file(rm->out, OUTPUT_WOULD, "delete", f->path, 0, NULL);
    else
        lines_add(rm->lines, &(struct hub_line){ .op = HUB_DELETE, .path = f->path }, 0);
    return OK;
}

/* Files are deleted behind the listing's back while it goes on. A cursor that counts entries would then step over some:
 * so it is listed again until nothing is left, as long as that gets anywhere. */
static enum err rm_tree(struct rm *rm, struct hub_bucket *b, struct slice path)
{
    bool any = false;
    for (;;) {
        bool found = false;
        uint64_t done = 0;
        rm->lines = lines_new(rm->out, b);
        enum err e = remote_each(b, path, REMOTE_ALL, rm_one, rm, &found);
        lines_finish(rm->lines, &done);
        any = any || found;
        if (e)
            return e;
        if (done == 0 || output_status(rm->out))
            return any || path.n == 0 ? OK : ERR_NO_SUCH_KEY;
    }
}

static void rm_file(struct rm *rm, struct hub_bucket *b, const struct hub_file *f)
{
    rm->lines = lines_new(rm->out, b);
    rm_one(rm, f);
    lines_finish(rm->lines, NULL);
}

static enum err rm_place(struct rm *rm, struct hub_bucket *b, const struct place *p, bool recursive)
{
    struct arena *arena = arena_new();
    struct hub_file file;
    bool is_file = false;
    enum err e = remote_find(b, p, arena, &file, &is_file);
    if (!e && is_file)
        rm_file(rm, b, &file);
    if (!e && recursive)
        e = rm_tree(rm, b, p->path);
    if (e == ERR_NO_SUCH_KEY && is_file)
        e = OK; /* the file was all there was */
    if (!e && !recursive && !is_file)
        e = ERR_NO_SUCH_KEY;
    arena_free(arena);
    return e;
}

int cmd_rm(struct session *s, const struct args *a)
{
    struct place p;
    struct rm rm = { .out = &s->out, .dry_run = args_has(a, "dry-run") };
    bool recursive = args_has(a, "recursive");
    if (!session_bucket_place(s, a->place[0], &p))
        return output_status(&s->out);
    if (p.directory && !recursive)
        return output_fail(&s->out, CLI_USAGE, "%s: is a directory: -R deletes everything below it", a->place[0]);
    struct hub_bucket *b = hub_bucket_new(s->hub, p.id);
    enum err e = rm_place(&rm, b, &p, recursive);
    if (e)
        output_error(&s->out, slice_str(a->place[0]), e, NULL);
    hub_bucket_free(b);
    return output_status(&s->out);
}

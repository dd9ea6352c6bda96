/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_put.c: `put`: a file, all of a folder, or stdin, to a place. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/crew.h"
#include "cli/lines.h"
#include "cli/local.h"
#include "cli/transfer.h"

struct put {
    struct session *s;
    struct session_bucket bucket;
    struct lines *lines;
    struct crew *crew;
    struct slice base;         /* the place */
    struct slice content_type; /* given; empty: by the name */
    int root;
};

static int64_t mtime_ms(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static enum err put_open(struct put *p, int fd, const struct stat *st, struct slice path)
{
    struct xet_file file;
    bool regular = S_ISREG(st->st_mode);
    enum err e = transfer_up(p->s, p->bucket.space, fd, regular ? (uint64_t)st->st_size : 0, &file);
    if (e)
        return e;
    struct slice type = p->content_type.n ? p->content_type : transfer_content_type(path);
    struct hub_line line = transfer_line(path, &file, regular ? mtime_ms(st) : 0, type);
    lines_add(p->lines, &line, file.size);
    return OK;
}

static enum err put_below(struct put *p, struct slice name)
{
    struct arena *arena = arena_new();
    struct stat st;
    int fd;
    const char *slash = p->base.n ? "/" : "";
    char *path = arena_printf(arena, "%.*s%s%.*s", (int)p->base.n, p->base.p, slash, (int)name.n, name.p);
    enum err e = local_open(p->root, name, LOCAL_FOLLOW, &fd, &st);
    if (!e) {
        e = put_open(p, fd, &st, slice_str(path));
        int error = errno;
        close(fd);
        errno = error;
    }
    int error = errno;
    arena_free(arena);
    errno = error;
    return e;
}

static void work(void *ctx, void *given)
{
    struct put *p = (struct put *)ctx;
    struct slice name = slice_str((char *)given);
    enum err e = put_below(p, name);
    if (e)
        output_error(&p->s->out, name, e, NULL);
    free(given);
}

static enum err give(void *ctx, struct slice path, uint64_t size)
{
    (void)size;
    crew_give(((struct put *)ctx)->crew, mem_dup(path));
    return OK;
}

static void skipped(void *ctx, struct slice path, const char *why)
{
    output_note(&((struct put *)ctx)->s->out, path, why);
}

static enum err put_folder(struct put *p, const char *from)
{
    const struct local_walk walk = { LOCAL_FOLLOW, give, skipped, p };
    enum err e = local_root(from, LOCAL_THERE, &p->root);
    if (e)
        return e;
    p->crew = crew_new(work, p);
    e = local_walk(p->root, &walk);
    int error = errno;
    crew_finish(p->crew);
    close(p->root);
    errno = error;
    return e;
}

/* To a place said to be a directory, a file keeps its name. */
static enum err put_file(struct put *p, const char *from, int fd, const struct stat *st, const struct place *to)
{
    struct slice name = place_basename(slice_str(from));
    AUTO_BUF struct buf path = { 0 };
    buf_init(&path, 16384);
    buf_add(&path, to->path);
    if (to->directory) {
        buf_add_str(&path, to->path.n ? "/" : "");
        buf_add(&path, name);
    }
    return put_open(p, fd, st, buf_slice(&path));
}

static enum err put(struct put *p, const char *from, const struct place *to)
{
    bool is_stdin = strcmp(from, "-") == 0;
    struct stat st;
    int fd = is_stdin ? 0 : open(from, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return ERR_STORE;
    enum err e = S_ISDIR(st.st_mode) ? put_folder(p, from) : put_file(p, from, fd, &st, to);
    int error = errno;
    if (!is_stdin)
        close(fd);
    errno = error;
    return e;
}

int cmd_put(struct session *s, const struct args *a)
{
    struct place to;
    struct put p = { .s = s, .content_type = slice_str(args_value(a, "content-type")) };
    if (!session_bucket_place(s, a->place[1], &to))
        return output_status(&s->out);
    if (to.directory && strcmp(a->place[0], "-") == 0)
        return output_fail(&s->out, CLI_USAGE, "%s: stdin needs the path of a file", a->place[1]);
    session_bucket_open(s, to.id, &p.bucket);
    p.base = to.path;
    p.lines = lines_new(&s->out, p.bucket.hub);
    enum err e = put(&p, a->place[0], &to);
    if (e)
        output_error(&s->out, slice_str(a->place[e == ERR_STORE ? 0 : 1]), e, NULL);
    lines_finish(p.lines, NULL);
    session_bucket_close(&p.bucket);
    return output_status(&s->out);
}

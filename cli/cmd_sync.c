/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_sync.c: `sync`: makes a place like a folder, or a folder like a place. Files are the same when size and Xet hash
 * are: ours are hashed here, so nothing is sent or fetched that is there already.
 *
 *   the place's files → table ─► each file of the source: the same? ─► crew: transfer ─► what only the target has
 *
 * Nothing is deleted when anything failed: what was not read must not be taken for gone. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/crew.h"
#include "cli/lines.h"
#include "cli/local.h"
#include "cli/remote.h"
#include "cli/transfer.h"

struct sync {
    struct session *s;
    struct session_bucket bucket;
    struct slice base; /* of paths on the Hub */
    int root;
    struct remote_table table;
    struct crew *crew;
    struct lines *lines;
    bool dry_run, delete;
    _Atomic uint64_t transferred, same, deleted;
};

static void path_on_hub(const struct sync *y, struct slice name, struct buf *out)
{
    buf_init(out, 32768);
    buf_add(out, y->base);
    buf_add_str(out, y->base.n ? "/" : "");
    buf_add(out, name);
}

/* Leaves fd where it was. */
static enum err is_same(int fd, const struct stat *st, const struct remote_row *row, bool *same)
{
    char hash[XET_HASH_TEXT];
    if ((uint64_t)st->st_size != row->size || !row->xet_hash[0]) {
        *same = false;
        return OK;
    }
    enum err e = local_hash(fd, hash);
    if (!e && lseek(fd, 0, SEEK_SET) != 0)
        e = ERR_STORE;
    if (!e)
        *same = strcasecmp(hash, row->xet_hash) == 0;
    return e;
}

/* ---- a folder to a place ---- */

static enum err up(struct sync *y, int fd, const struct stat *st, struct slice path)
{
    const struct remote_row *row = remote_row(&y->table, path.p);
    struct xet_file file;
    bool same = false;
    enum err e = row ? is_same(fd, st, row, &same) : OK;
    if (e || same) {
        y->same += same;
        return e;
    }
    y->transferred++;
    if (y->dry_run) {
        output_file(&y->s->out, OUTPUT_WOULD, "put", path, (uint64_t)st->st_size, NULL);
        return OK;
    }
    e = transfer_up(y->s, y->bucket.space, fd, (uint64_t)st->st_size, &file);
    if (e)
        return e;
    int64_t mtime_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
    struct hub_line line = transfer_line(path, &file, mtime_ms, transfer_content_type(path));
    lines_add(y->lines, &line, file.size);
    return OK;
}

static void work_up(void *ctx, void *given)
{
    struct sync *y = (struct sync *)ctx;
    struct slice name = slice_str((char *)given);
    AUTO_BUF struct buf path = { 0 };
    struct stat st;
    int fd = -1;
    path_on_hub(y, name, &path);
    buf_str(&path);
    enum err e = local_open(y->root, name, LOCAL_FOLLOW, &fd, &st);
    if (!e)
        e = up(y, fd, &st, buf_slice(&path));
    if (e)
        output_error(&y->s->out, name, e, NULL);
    if (fd >= 0)
        close(fd);
    free(given);
}

static enum err give_up(void *ctx, struct slice name, uint64_t size)
{
    struct sync *y = (struct sync *)ctx;
    AUTO_BUF struct buf path = { 0 };
    (void)size;
    path_on_hub(y, name, &path);
    struct remote_row *row = remote_row(&y->table, buf_str(&path));
    if (row)
        row->seen = true;
    crew_give(y->crew, mem_dup(name));
    return OK;
}

static void skipped(void *ctx, struct slice path, const char *why)
{
    output_note(&((struct sync *)ctx)->s->out, path, why);
}

static void delete_up(struct sync *y)
{
    for (size_t i = 0; i < y->table.n; i++) {
        const struct remote_row *row = &y->table.rows[i];
        if (row->seen)
            continue;
        y->deleted++;
        if (y->dry_run)
            output_file(&y->s->out, OUTPUT_WOULD, "delete", slice_str(row->path), 0, NULL);
        else
            lines_add(y->lines, &(struct hub_line){ .op = HUB_DELETE, .path = slice_str(row->path) }, 0);
    }
}

static enum err sync_up(struct sync *y, const char *from)
{
    const struct local_walk walk = { LOCAL_FOLLOW, give_up, skipped, y };
    enum err e = local_root(from, LOCAL_THERE, &y->root);
    if (e)
        return e;
    y->lines = lines_new(&y->s->out, y->bucket.hub);
    y->crew = crew_new(work_up, y);
    e = local_walk(y->root, &walk);
    int error = errno;
    crew_finish(y->crew);
    if (!e && y->delete &&!output_status(&y->s->out))
        delete_up(y);
    lines_finish(y->lines, NULL);
    close(y->root);
    errno = error;
    return e;
}

/* ---- a place to a folder ---- */

static enum err down(struct sync *y, const struct remote_row *row, struct slice name)
{
    struct slice path = slice_str(row->path);
    struct local_file f;
    struct stat st;
    bool same = false;
    int fd;
    if (y->root >= 0 && local_open(y->root, name, LOCAL_NOFOLLOW, &fd, &st) == OK) {
        enum err e = is_same(fd, &st, row, &same);
        int error = errno;
        close(fd);
        errno = error;
        y->same += same;
        if (e || same)
            return e;
    }
    y->transferred++;
    if (y->dry_run) {
        output_file(&y->s->out, OUTPUT_WOULD, "get", path, row->size, row->xet_hash);
        return OK;
    }
    enum err e = local_create(y->root, name, &f);
    if (e)
        return e;
    e = transfer_down(y->s, y->bucket.space, row->size, row->xet_hash, f.fd);
    if (e)
        local_abandon(&f);
    else
        e = local_commit(&f, row->mtime_ms);
    if (!e)
        output_file(&y->s->out, OUTPUT_DID, "get", path, row->size, row->xet_hash);
    return e;
}

static void work_down(void *ctx, void *given)
{
    struct sync *y = (struct sync *)ctx;
    const struct remote_row *row = (const struct remote_row *)given;
    enum err e = down(y, row, place_below(y->base, slice_str(row->path)));
    if (e)
        output_error(&y->s->out, slice_str(row->path), e, NULL);
}

static enum err delete_down(void *ctx, struct slice name, uint64_t size)
{
    struct sync *y = (struct sync *)ctx;
    AUTO_BUF struct buf path = { 0 };
    enum err e = OK;
    (void)size;
    path_on_hub(y, name, &path);
    if (remote_row(&y->table, buf_str(&path)))
        return OK;
    if (!y->dry_run)
        e = local_remove(y->root, name);
    if (!e) {
        y->deleted++;
        output_file(&y->s->out, y->dry_run ? OUTPUT_WOULD : OUTPUT_DID, "delete", name, 0, NULL);
    }
    return e;
}

static enum err sync_down(struct sync *y, const char *to)
{
    const struct local_walk walk = { LOCAL_NOFOLLOW, delete_down, skipped, y };
    if (y->table.n == 0 && y->base.n)
        return ERR_NO_SUCH_KEY;
    y->root = -1;
    enum err e = local_root(to, y->dry_run ? LOCAL_THERE : LOCAL_MAKE, &y->root);
    if (e && !(y->dry_run && errno == ENOENT)) /* what a dry run would make is not there */
        return e;
    y->crew = crew_new(work_down, y);
    for (size_t i = 0; i < y->table.n; i++)
        crew_give(y->crew, &y->table.rows[i]);
    crew_finish(y->crew);
    e = y->delete &&y->root >= 0 && !output_status(&y->s->out) ? local_walk(y->root, &walk) : OK;
    int error = errno;
    if (y->root >= 0)
        close(y->root);
    errno = error;
    return e;
}

/* ---- either ---- */

static int sync_between(struct sync *y, const struct place *place, const char *local, bool is_up, const char *what)
{
    session_bucket_open(y->s, place->id, &y->bucket);
    y->base = place->path;
    enum err e = remote_load(y->bucket.hub, place->path, &y->table);
    if (e)
        output_error(&y->s->out, slice_str(what), e, NULL);
    else {
        e = is_up ? sync_up(y, local) : sync_down(y, local);
        if (e)
            output_error(&y->s->out, slice_str(e == ERR_STORE ? local : what), e, NULL);
        output_summary(&y->s->out, &(struct output_summary){ y->transferred, y->same, y->deleted });
    }
    remote_table_done(&y->table);
    session_bucket_close(&y->bucket);
    return output_status(&y->s->out);
}

int cmd_sync(struct session *s, const struct args *a)
{
    struct place from, to;
    struct sync y = { .s = s, .dry_run = args_has(a, "dry-run"), .delete = args_has(a, "delete") };
    if (!session_place(s, a->place[0], &from) || !session_place(s, a->place[1], &to))
        return output_status(&s->out);
    bool is_up = from.kind == PLACE_LOCAL;
    const struct place *place = is_up ? &to : &from;
    if (place->kind != PLACE_BUCKET || (is_up ? from.kind : to.kind) != PLACE_LOCAL)
        return output_fail(&s->out, CLI_USAGE, "one of the two has to be hf://buckets/…, the other a folder here");
    return sync_between(&y, place, a->place[is_up ? 0 : 1], is_up, a->place[is_up ? 1 : 0]);
}

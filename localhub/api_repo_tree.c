/* SPDX-License-Identifier: Apache-2.0 */
/* api_repo_tree.c: the tree of a repository (Hub API, repositories).
 *
 * Unlike a bucket's, it is asked for by directory. Files are read off the index in the order of their paths; a
 * directory is shown where the first of its files is. Not recursive, everything below it is then jumped over. The
 * cursor is what the page ended with, in hex: the next one shows what is greater. */
#include "common/codec.h"
#include "localhub/names.h"
#include "localhub/repo.h"
#include "localhub/route.h"

enum { LIMIT_MAX = 1000, ANSWER_MAX = 8 << 20 };

struct repo_tree {
    struct slice prefix; /* of paths: "" or the directory with its slash */
    bool recursive;
    unsigned limit, n;
    struct buf after; /* shown so far; the cursor in the end */
    struct buf end;
    bool more;
    struct json_out json;
};

static void tree_done(struct repo_tree *t)
{
    buf_done(&t->after);
    buf_done(&t->end);
}

static void set(struct buf *to, struct slice text)
{
    buf_clear(to);
    buf_add(to, text);
}

/* Directories on the way to this path that its predecessor was not in. Not recursive: the first of them is all there is
 * to show, and *jumped. */
static void show_directories(struct repo_tree *t, struct slice path, bool *jumped)
{
    for (size_t i = t->prefix.n; i < path.n && !*jumped; i++) {
        struct slice directory = slice_of(path.p, i);
        if (path.p[i] != '/' || slice_starts(buf_slice(&t->after), slice_of(path.p, i + 1)))
            continue;
        repo_directory_json(&t->json, directory);
        t->n++;
        *jumped = !t->recursive;
        if (*jumped) {
            set(&t->after, slice_of(path.p, i + 1));
            buf_add_char(&t->after, '\xFF');
        }
    }
}

/* One file, or the directory that hides it. */
static enum err show(struct repo_tree *t, sqlite3_stmt *s, bool *jumped)
{
    struct repo_file f;
    enum err e = repo_file_row(s, &f);
    *jumped = false;
    if (e)
        return e;
    show_directories(t, f.path, jumped);
    if (*jumped)
        return OK;
    repo_file_json(&t->json, &f);
    t->n++;
    set(&t->after, f.path);
    return OK;
}

/* Rows behind t->after, until the page is full, there are no more (*ended), or a directory has been jumped over. */
static enum err show_run(struct repo_tree *t, sqlite3_stmt *s, bool *ended)
{
    bool jumped = false;
    enum err e = OK;
    while (!e && !jumped) {
        int row = db_step(s);
        t->more = row == 1 && t->n >= t->limit;
        *ended = row != 1 || t->more;
        if (*ended)
            return row < 0 ? ERR_STORE : OK;
        e = show(t, s, &jumped);
    }
    return e;
}

static enum err show_page(struct repo_tree *t, struct db_conn *c, const struct repo *r)
{
    bool ended = false;
    enum err e = OK;
    json_open(&t->json, '[');
    while (!e && !ended) {
        AUTO_FREE char *after = mem_dup(buf_slice(&t->after)); /* it moves while the statement borrows it */
        sqlite3_stmt *s = db_stmt(c, SQL_REPO_FILES);
        if (!s)
            return ERR_STORE;
        sqlite3_bind_int64(s, 1, r->commit);
        db_bind_slice(s, 2, slice_of(after, t->after.n));
        db_bind_slice(s, 3, buf_slice(&t->end));
        e = show_run(t, s, &ended);
        sqlite3_reset(s);
    }
    json_close(&t->json, ']');
    return e;
}

/* false: answered 400. */
static bool read_cursor(struct call *c, struct repo_tree *t)
{
    struct slice cursor = call_param(c, "cursor");
    set(&t->after, t->prefix);
    if (!cursor.p)
        return true;
    char *text = (char *)arena_alloc(c->arena, cursor.n / 2 + 1);
    if (cursor.n / 2 > PATH_BYTES_MAX + 1 || !hex_decode(cursor, text, cursor.n / 2) ||
        !slice_starts(slice_of(text, cursor.n / 2), t->prefix)) {
        call_error(c, 400, NULL, "The cursor is not one of this listing");
        return false;
    }
    set(&t->after, slice_of(text, cursor.n / 2));
    return true;
}

/* false: answered 400. */
static bool tree_init(struct call *c, struct repo_tree *t)
{
    struct slice recursive = call_param(c, "recursive"), directory = c->args[4];
    if (directory.n > PATH_BYTES_MAX) {
        call_error(c, 400, NULL, "The path is too long");
        return false;
    }
    if (!call_limit(c, LIMIT_MAX, LIMIT_MAX, &t->limit))
        return false;
    t->recursive = slice_eq_nocase(recursive, SLICE("true")) || slice_is(recursive, "1");
    t->prefix = directory.n ? slice_str(arena_printf(c->arena, "%.*s/", (int)directory.n, directory.p)) : SLICE("");
    buf_init(&t->after, 2 * PATH_BYTES_MAX);
    buf_init(&t->end, 2 * PATH_BYTES_MAX);
    buf_add(&t->end, t->prefix);
    buf_add_char(&t->end, '\xFF'); /* no byte of UTF-8 */
    return read_cursor(c, t);
}

static void add_next(struct call *c, const struct repo_tree *t)
{
    char *cursor = (char *)arena_alloc(c->arena, 2 * t->after.n + 1);
    hex_encode(t->after.p, t->after.n, cursor);
    call_next_link(c, slice_str(cursor));
}

void api_repo_tree(struct call *c)
{
    AUTO_BUF struct buf body = { 0 };
    __attribute__((cleanup(tree_done))) struct repo_tree t = { .json = { &body, false } };
    AUTO_READ struct db_read r = db_read(c->hub->db);
    struct repo repo;

    if (!repo_of_api(c, r.conn, &repo) || !tree_init(c, &t))
        return;
    buf_init(&body, ANSWER_MAX);
    enum err e = show_page(&t, r.conn, &repo);
    db_read_done(&r);
    if (e)
        call_fail(c, e);
    else if (t.n == 0 && t.prefix.n)
        call_error(c, 404, "EntryNotFound", "There is no such directory at this revision");
    else {
        if (t.more)
            add_next(c, &t);
        call_json(c, 200, &body);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* api_tree.c: listing a bucket's files (Hub API, tree).
 *
 * The prefix is a raw prefix of paths. A page is read off the index in key order, from `from` up to the end of the
 * prefix:
 *
 *   recursive       every file in the range
 *   not recursive   what follows the prefix is cut at its next slash (a slash right behind the prefix is stepped over);
 *                   what is cut is a directory, and the next key to look at is the first one behind it: its content is
 *                   never read, so a page costs what it shows, not what lies below
 *
 * So entries come in the order of their keys' bytes, a directory where its content would be: "a-b", "a.txt", "a/".
 * The cursor is the key to go on from, in hex. */
#include <assert.h>
#include <stdlib.h>

#include "common/codec.h"
#include "localhub/bucket.h"
#include "localhub/entry.h"
#include "localhub/names.h"
#include "localhub/route.h"

/* PAGE_BYTES ends a page of very long paths early, with a cursor: a client sees a shorter page. */
enum { LIMIT_DEFAULT = 1000, LIMIT_MAX = 5000, PAGE_BYTES = 2 << 20 };

struct listing {
    struct slice prefix;
    bool recursive;
    unsigned limit;
    struct buf from; /* the first key to look at; in the end, the cursor */
    struct buf end;  /* behind the last key: no byte of UTF-8 is 0xFF */
    bool more;       /* out */
    unsigned n;
    struct json_out json;
};

static void listing_done(struct listing *l)
{
    buf_done(&l->from);
    buf_done(&l->end);
}

/* Where the directory's name ends within the path; 0: it is a file at this level. */
static size_t directory_end(const struct listing *l, struct slice path)
{
    size_t at = l->prefix.n;

    if (at < path.n && path.p[at] == '/')
        at++;
    const char *slash = at < path.n ? (const char *)memchr(path.p + at, '/', path.n - at) : NULL;
    return slash ? (size_t)(slash - path.p) : 0;
}

static void directory_json(struct json_out *j, struct slice path, int64_t uploaded_ms)
{
    json_open(j, '{');
    json_key(j, "type");
    json_str(j, "directory");
    json_key(j, "path");
    json_slice(j, path);
    json_key(j, "uploadedAt");
    json_time(j, uploaded_ms);
    json_close(j, '}');
}

/* The next key behind this file: a path never holds a NUL. */
static void go_behind_file(struct listing *l, struct slice path)
{
    buf_clear(&l->from);
    buf_add(&l->from, path);
    buf_add_char(&l->from, '\0');
}

/* The next key behind everything that starts with directory and slash. */
static void go_behind_directory(struct listing *l, struct slice directory)
{
    static_assert('/' + 1 == '0', "ASCII");
    buf_clear(&l->from);
    buf_add(&l->from, directory);
    buf_add_char(&l->from, '0');
}

/* Shows one entry and moves `from` behind it. *jumped: the statement's next row is not the next key. */
static enum err show(struct listing *l, sqlite3_stmt *s, bool *jumped)
{
    struct entry e;

    enum err error = entry_row(s, &e);
    if (error)
        return error;
    size_t end = l->recursive ? 0 : directory_end(l, e.path);
    *jumped = end > 0;
    if (end) {
        struct slice directory = slice_of(e.path.p, end);
        directory_json(&l->json, directory, e.uploaded_ms);
        go_behind_directory(l, directory);
    } else {
        entry_json(&l->json, &e);
        go_behind_file(l, e.path);
    }
    l->n++;
    return OK;
}

/* Rows from l->from on, until the page is full, there are no more (*ended), or a directory has been passed. */
static enum err list_run(struct listing *l, sqlite3_stmt *s, bool *ended)
{
    for (;;) {
        bool jumped;
        int row = db_step(s);
        if (row != 1) {
            *ended = true;
            return row == 0 ? OK : ERR_STORE;
        }
        if (l->n == l->limit || l->json.out->n > PAGE_BYTES) {
            l->more = *ended = true;
            return OK;
        }
        enum err e = show(l, s, &jumped);
        if (e || jumped)
            return e;
    }
}

static enum err list_page(struct listing *l, struct db_conn *c, int64_t bucket)
{
    bool ended = false;
    enum err e = OK;

    json_open(&l->json, '[');
    while (!e && !ended) {
        AUTO_FREE char *from = mem_dup(buf_slice(&l->from)); /* `from` moves while the statement borrows it */
        sqlite3_stmt *s = db_stmt(c, SQL_ENTRY_RANGE);
        if (!s)
            return ERR_STORE;
        sqlite3_bind_int64(s, 1, bucket);
        db_bind_slice(s, 2, slice_of(from, l->from.n));
        db_bind_slice(s, 3, buf_slice(&l->end));
        e = list_run(l, s, &ended);
        sqlite3_reset(s);
    }
    json_close(&l->json, ']');
    return e;
}

/* false: answered 400. */
static bool listing_init(struct call *c, struct listing *l)
{
    struct slice recursive = call_param(c, "recursive"), cursor = call_param(c, "cursor");

    l->prefix = c->args[2].p ? c->args[2] : SLICE("");
    l->recursive = !(slice_eq_nocase(recursive, SLICE("false")) || slice_is(recursive, "0"));
    if (!call_limit(c, LIMIT_DEFAULT, LIMIT_MAX, &l->limit))
        return false;
    buf_init(&l->from, 2 * PATH_BYTES_MAX);
    buf_init(&l->end, 2 * PATH_BYTES_MAX);
    buf_add(&l->from, l->prefix);
    buf_add(&l->end, l->prefix);
    buf_add_char(&l->end, '\xFF');
    if (l->prefix.n > PATH_BYTES_MAX) {
        call_error(c, 400, NULL, "The prefix is too long");
        return false;
    }
    if (!cursor.p)
        return true;
    char *key = (char *)arena_alloc(c->arena, cursor.n / 2 + 1);
    if (cursor.n / 2 > PATH_BYTES_MAX + 1 || !hex_decode(cursor, key, cursor.n / 2) ||
        !slice_starts(slice_of(key, cursor.n / 2), l->prefix)) {
        call_error(c, 400, NULL, "The cursor is not one of this listing");
        return false;
    }
    buf_clear(&l->from);
    buf_add(&l->from, slice_of(key, cursor.n / 2));
    return true;
}

static void add_next(struct call *c, const struct listing *l)
{
    char *cursor = (char *)arena_alloc(c->arena, 2 * l->from.n + 1);

    hex_encode(l->from.p, l->from.n, cursor);
    call_next_link(c, slice_str(cursor));
}

void api_tree(struct call *c)
{
    AUTO_BUF struct buf body = { 0 };
    __attribute__((cleanup(listing_done))) struct listing l = { .json = { &body, false } };
    AUTO_READ struct db_read r = db_read(c->hub->db);
    struct bucket b;

    if (!bucket_of_call_in(c, r.conn, BUCKET_READ, &b) || !listing_init(c, &l))
        return;
    buf_init(&body, PAGE_BYTES + 64 * PATH_BYTES_MAX);
    enum err e = list_page(&l, r.conn, b.id);
    db_read_done(&r);
    if (e) {
        call_fail(c, e);
        return;
    }
    if (l.more)
        add_next(c, &l);
    call_json(c, 200, &body);
}

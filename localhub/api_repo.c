/* SPDX-License-Identifier: Apache-2.0 */
/* api_repo.c: what a model, dataset or Space is, at a revision (Hub API, repositories): its commit, and the list of its
 * files as snapshots are made from it; metadata of single paths; and tokens to read its content. */
#include "common/clock.h"
#include "common/codec.h"
#include "localhub/names.h"
#include "localhub/repo.h"
#include "localhub/route.h"

enum { PATHS_MAX = 1000, FORM_MAX = 16 << 20, ANSWER_MAX = 64 << 20 };

/* ---- info ---- */

static enum err add_siblings(struct db_conn *c, const struct repo *r, struct json_out *j)
{
    sqlite3_stmt *s = db_stmt(c, SQL_REPO_FILES);
    int row;
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, r->commit);
    db_bind_slice(s, 2, SLICE(""));
    db_bind_slice(s, 3, SLICE("\xFF"));
    json_key(j, "siblings");
    json_open(j, '[');
    while ((row = db_step(s)) == 1) {
        json_open(j, '{');
        json_key(j, "rfilename");
        json_slice(j, db_col_slice(s, 0));
        json_close(j, '}');
    }
    json_close(j, ']');
    return row < 0 ? ERR_STORE : OK;
}

static void add_counters(struct json_out *j)
{
    static const char *const counters[] = { "downloads", "likes" };
    static const char *const flags[] = { "private", "gated", "disabled" };
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        json_key(j, counters[i]);
        json_u64(j, 0);
    }
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        json_key(j, flags[i]);
        json_bool(j, false);
    }
    json_key(j, "tags");
    json_open(j, '[');
    json_close(j, ']');
}

void api_repo_info(struct call *c)
{
    AUTO_BUF struct buf body = { 0 };
    struct json_out j = { &body, false };
    AUTO_READ struct db_read r = db_read(c->hub->db);
    struct repo repo;

    if (!repo_of_api(c, r.conn, &repo))
        return;
    buf_init(&body, ANSWER_MAX);
    json_open(&j, '{');
    json_key(&j, "_id");
    json_str(&j, arena_printf(c->arena, "%024llx", (unsigned long long)repo.id));
    json_key(&j, "id");
    json_str(&j, repo_id(c, &repo));
    json_key(&j, "author");
    json_slice(&j, repo.ns);
    json_key(&j, "sha");
    json_str(&j, repo.sha);
    json_key(&j, "createdAt");
    json_time(&j, repo.created_ms);
    json_key(&j, "lastModified");
    json_time(&j, repo.made_ms);
    add_counters(&j);
    enum err e = add_siblings(r.conn, &repo, &j);
    json_close(&j, '}');
    db_read_done(&r);
    if (e)
        call_fail(c, e);
    else
        call_json(c, 200, &body);
}

/* ---- paths-info: a form, paths=…&paths=… ---- */

/* A path that is a directory is told as one. */
static enum err add_path(struct db_conn *c, const struct repo *r, struct slice path, struct arena *arena,
                         struct json_out *j)
{
    struct repo_file f;
    enum err e = repo_file_find(c, r, path, &f);
    if (!e)
        repo_file_json(j, &f);
    if (e != ERR_NO_SUCH_KEY)
        return e;
    sqlite3_stmt *s = db_stmt(c, SQL_REPO_FILES);
    if (!s)
        return ERR_STORE;
    db_bind_slice(s, 2, slice_str(arena_printf(arena, "%.*s/", (int)path.n, path.p)));
    db_bind_slice(s, 3, slice_str(arena_printf(arena, "%.*s0", (int)path.n, path.p)));
    sqlite3_bind_int64(s, 1, r->commit);
    int row = db_step(s);
    if (row == 1) {
        repo_directory_json(j, path);
        sqlite3_reset(s);
    }
    return row < 0 ? ERR_STORE : OK;
}

static enum err add_paths(struct call *c, struct db_conn *conn, const struct repo *r, struct slice form,
                          struct json_out *j)
{
    size_t n = 0;
    json_open(j, '[');
    while (form.p) {
        struct slice value = slice_cut(&form, '&'), name = slice_cut(&value, '=');
        AUTO_BUF struct buf path = { 0 };
        if (!slice_is(name, "paths"))
            continue;
        buf_init(&path, value.n + 1);
        if (++n > PATHS_MAX || !percent_decode(value, true, &path))
            return ERR_INVALID_ARGUMENT;
        enum err e = path_problem(buf_slice(&path)) ? OK : add_path(conn, r, buf_slice(&path), c->arena, j);
        if (e)
            return e;
    }
    json_close(j, ']');
    return OK;
}

void api_repo_paths(struct call *c)
{
    AUTO_BUF struct buf form = { 0 }, body = { 0 };
    struct json_out j = { &body, false };
    struct repo repo;

    if (!call_body(c, FORM_MAX, &form))
        return;
    AUTO_READ struct db_read r = db_read(c->hub->db);
    if (!repo_of_api(c, r.conn, &repo))
        return;
    buf_init(&body, ANSWER_MAX);
    enum err e = add_paths(c, r.conn, &repo, buf_slice(&form), &j);
    db_read_done(&r);
    if (e)
        call_fail(c, e);
    else
        call_json(c, 200, &body);
}

/* ---- tokens ---- */

void api_repo_token(struct call *c)
{
    AUTO_READ struct db_read r = db_read(c->hub->db);
    struct repo repo;
    bool found = repo_of_api(c, r.conn, &repo);
    db_read_done(&r);
    if (found)
        api_give_token(c, (INT64_C(1) << 62) + repo.id, false); /* no bucket's id */
}

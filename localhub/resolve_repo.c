/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_repo.c: one file of a repository by its path (Hub API, repositories). A large file is in Xet: its metadata is
 * in headers, its bytes behind a redirect to a signed URL. A small one comes as it is, under the URL that names the
 * commit: one that names a branch redirects there. */
#include "common/clock.h"
#include "common/codec.h"
#include "localhub/names.h"
#include "localhub/repo.h"
#include "localhub/route.h"
#include "localhub/signed_url.h"

enum { URL_MAX = 8 * PATH_BYTES_MAX };

struct found {
    struct repo repo;
    struct repo_file file;
    struct slice content; /* of a small file, when asked for */
};

/* /models have their id first, the others their type. */
static const char *type_of_call(struct call *c)
{
    struct slice rest = slice_from(c->path, 1), first = slice_cut(&rest, '/');
    const char *type = repo_type(first);
    return type && strcmp(type, "models") != 0 ? type : "models";
}

static enum err read_content(struct call *c, struct db_conn *conn, struct found *f)
{
    sqlite3_stmt *s = db_stmt(conn, SQL_BLOB_READ);
    if (!s)
        return ERR_STORE;
    db_bind_text(s, 1, slice_str(f->file.oid));
    int row = db_step(s);
    if (row != 1)
        return ERR_STORE;
    f->content = arena_copy(c->arena, db_col_slice(s, 0));
    sqlite3_reset(s);
    return OK;
}

/* false: answered. */
static bool find(struct call *c, struct found *f)
{
    AUTO_READ struct db_read r = db_read(c->hub->db);
    if (!repo_of_call(c, r.conn, type_of_call(c), c->args[0], c->args[1], c->args[2], &f->repo))
        return false;
    enum err e = path_problem(c->args[3]) ? ERR_NO_SUCH_KEY : repo_file_find(r.conn, &f->repo, c->args[3], &f->file);
    if (!e && !f->file.in_xet)
        e = read_content(c, r.conn, f);
    if (e == ERR_NO_SUCH_KEY)
        call_error(c, 404, "EntryNotFound", "Entry not found");
    else if (e)
        call_fail(c, e);
    return !e;
}

static const char *quoted(struct call *c, const char *text)
{
    return arena_printf(c->arena, "\"%s\"", text);
}

static void add_xet(struct call *c, const struct found *f)
{
    char hash[XET_HASH_TEXT];
    const char *auth = arena_printf(c->arena, "%s/api/%s/%s/xet-read-token/%s", c->base, f->repo.type,
                                    repo_id(c, &f->repo), f->repo.sha);
    xet_hash_text(&f->file.hash, hash);
    httpd_add_header_str(c->r, "X-Xet-Hash", hash);
    httpd_add_header_str(c->r, "X-Xet-Refresh-Route", auth);
    httpd_add_header_str(c->r, "X-Linked-Size", arena_printf(c->arena, "%llu", (unsigned long long)f->file.size));
    httpd_add_header_str(c->r, "X-Linked-ETag", quoted(c, f->file.sha256));
    httpd_add_header_str(c->r, "Link",
                         arena_printf(c->arena,
                                      "<%s>; rel=\"xet-auth\", <%s/cas/v1/reconstructions/%s>; "
                                      "rel=\"xet-reconstruction-info\"",
                                      auth, c->base, hash));
}

static void add_metadata(struct call *c, const struct found *f)
{
    char date[CLOCK_TEXT];
    clock_http_date(f->repo.made_ms, date);
    httpd_add_header_str(c->r, "X-Repo-Commit", f->repo.sha);
    httpd_add_header_str(c->r, "ETag", quoted(c, f->file.in_xet ? f->file.sha256 : f->file.oid));
    httpd_add_header_str(c->r, "Last-Modified", date);
    httpd_add_header_str(c->r, "Accept-Ranges", "bytes");
    if (f->file.in_xet)
        add_xet(c, f);
}

static void redirect_to_content(struct call *c, const struct found *f)
{
    AUTO_BUF struct buf url = { 0 }, scope = { 0 };
    int64_t expires_s = clock_now_ms() / 1000 + c->hub->url_ttl_s;
    const char *slash = (const char *)memrchr(f->file.path.p, '/', f->file.path.n);
    buf_init(&scope, 2 * PATH_BYTES_MAX);
    buf_init(&url, URL_MAX);
    buf_add_char(&scope, '\n'); /* no content type; the name behind it */
    buf_add(&scope, slice_from(f->file.path, slash ? (size_t)(slash - f->file.path.p) + 1 : 0));
    buf_add_str(&url, c->base);
    signed_url_add(&c->hub->keys, SIGNED_FILE, &f->file.hash, expires_s, buf_slice(&scope), &url);
    httpd_add_header(c->r, "Location", buf_slice(&url));
    call_empty(c, 302);
}

static void redirect_to_commit(struct call *c, const struct found *f)
{
    AUTO_BUF struct buf url = { 0 };
    const char *prefix = strcmp(f->repo.type, "models") == 0 ? "" : f->repo.type;
    buf_init(&url, URL_MAX);
    buf_addf(&url, "%s%s/%s/resolve/%s/", *prefix ? "/" : "", prefix, repo_id(c, &f->repo), f->repo.sha);
    percent_encode(f->file.path, PERCENT_PATH, &url);
    httpd_add_header(c->r, "Location", buf_slice(&url));
    call_empty(c, 307);
}

static void send_content(struct call *c, const struct found *f)
{
    uint64_t from = 0, to = f->content.n;
    switch (call_range(c, f->content.n, &from, &to)) {
    case RANGE_UNSATISFIABLE:
        call_unsatisfiable(c, f->content.n);
        return;
    case RANGE_ONE:
        httpd_add_header_str(c->r, "Content-Range",
                             arena_printf(c->arena, "bytes %llu-%llu/%zu", (unsigned long long)from,
                                          (unsigned long long)to, f->content.n));
        httpd_reply(c->r, 206, slice_of(f->content.p + from, (size_t)(to - from + 1)));
        return;
    default:
        httpd_reply(c->r, 200, f->content);
    }
}

void resolve_repo(struct call *c)
{
    struct found f = { 0 };
    bool head = slice_is(httpd_method(c->r), "HEAD");
    if (!find(c, &f))
        return;
    add_metadata(c, &f);
    if (!head && !f.file.in_xet && !slice_is(c->args[2], f.repo.sha)) {
        redirect_to_commit(c, &f);
        return;
    }
    if (!head && f.file.in_xet) {
        redirect_to_content(c, &f);
        return;
    }
    httpd_add_header_str(c->r, "Content-Type",
                         f.file.in_xet ? "application/octet-stream" : "text/plain; charset=utf-8");
    if (head)
        httpd_reply_head(c->r, 200, f.file.size);
    else
        send_content(c, &f);
}

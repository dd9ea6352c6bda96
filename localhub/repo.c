/* SPDX-License-Identifier: Apache-2.0 */
/* repo.c: rows of repositories, their commits and files, and a file as the Hub's JSON. */
#include "localhub/repo.h"

#include <openssl/evp.h>

#include "common/codec.h"

const char *repo_type(struct slice text)
{
    static const char *const types[] = { "models", "datasets", "spaces" };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (slice_is(text, types[i]))
            return types[i];
    return NULL;
}

/* Hex digits of a column, into room for exactly these. */
static bool column_hex(sqlite3_stmt *s, int i, char *out, size_t n)
{
    struct slice text = db_col_slice(s, i);
    if (text.n != n)
        return false;
    memcpy(out, text.p, n);
    out[n] = 0;
    return true;
}

static enum err find_id(struct db_conn *c, const char *type, struct slice ns, struct slice name, struct repo *out)
{
    sqlite3_stmt *s = db_stmt(c, SQL_REPO_FIND);
    if (!s)
        return ERR_STORE;
    db_bind_text(s, 1, slice_str(type));
    db_bind_text(s, 2, ns);
    db_bind_text(s, 3, name);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_NO_SUCH_BUCKET : ERR_STORE;
    out->id = sqlite3_column_int64(s, 0);
    out->created_ms = sqlite3_column_int64(s, 1);
    sqlite3_reset(s);
    return OK;
}

bool repo_exists(struct db_conn *c, struct slice type, struct slice id)
{
    static const struct {
        const char *one, *all;
    } types[] = { { "model", "models" }, { "dataset", "datasets" }, { "space", "spaces" } };
    struct slice name = id, ns = slice_cut(&name, '/');
    struct repo found;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (slice_is(type, types[i].one))
            return name.p && find_id(c, types[i].all, ns, name, &found) == OK;
    return false;
}

static enum err find_commit(struct db_conn *c, struct slice revision, struct repo *out)
{
    sqlite3_stmt *s = db_stmt(c, SQL_REVISION_FIND);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, out->id);
    db_bind_text(s, 2, revision);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_NO_SUCH_KEY : ERR_STORE;
    out->commit = sqlite3_column_int64(s, 0);
    out->made_ms = sqlite3_column_int64(s, 2);
    bool whole = column_hex(s, 1, out->sha, REPO_OID - 1);
    sqlite3_reset(s);
    return whole ? OK : ERR_STORE;
}

enum err repo_find(struct db_conn *c, const char *type, struct slice ns, struct slice name, struct slice revision,
                   struct arena *arena, struct repo *out)
{
    struct repo r = { .type = type, .ns = arena_copy(arena, ns), .name = arena_copy(arena, name) };
    enum err e = find_id(c, type, ns, name, &r);
    if (!e)
        e = find_commit(c, revision, &r);
    if (!e)
        *out = r;
    return e;
}

bool repo_of_call(struct call *c, struct db_conn *conn, const char *type, struct slice ns, struct slice name,
                  struct slice revision, struct repo *out)
{
    enum err e = conn ? repo_find(conn, type, ns, name, revision, c->arena, out) : ERR_STORE;
    if (e == ERR_NO_SUCH_KEY)
        call_error(c, 404, "RevisionNotFound", "Invalid rev id");
    else if (e == ERR_NO_SUCH_BUCKET && c->who)
        call_error(c, 404, "RepoNotFound", "Repository not found");
    else if (e == ERR_NO_SUCH_BUCKET)
        call_error(c, 401, "RepoNotFound", "Invalid username or password.");
    else if (e)
        call_fail(c, e);
    return !e;
}

bool repo_of_api(struct call *c, struct db_conn *conn, struct repo *out)
{
    const char *type = repo_type(c->args[0]);
    struct slice revision = c->args[3].p ? c->args[3] : SLICE("main");
    if (type)
        return repo_of_call(c, conn, type, c->args[1], c->args[2], revision, out);
    call_error(c, 404, NULL, "Not Found");
    return false;
}

const char *repo_id(struct call *c, const struct repo *r)
{
    return arena_printf(c->arena, "%.*s/%.*s", (int)r->ns.n, r->ns.p, (int)r->name.n, r->name.p);
}

enum err repo_file_row(sqlite3_stmt *s, struct repo_file *out)
{
    struct repo_file f = { .path = db_col_slice(s, 0), .size = (uint64_t)sqlite3_column_int64(s, 2) };
    f.in_xet = sqlite3_column_type(s, 3) != SQLITE_NULL;
    if (!column_hex(s, 1, f.oid, REPO_OID - 1))
        return ERR_STORE;
    if (f.in_xet && !(db_col_hash(s, 3, &f.hash) && column_hex(s, 4, f.sha256, REPO_SHA256 - 1)))
        return ERR_STORE;
    *out = f;
    return OK;
}

enum err repo_file_find(struct db_conn *c, const struct repo *r, struct slice path, struct repo_file *out)
{
    sqlite3_stmt *s = db_stmt(c, SQL_REPO_FILE_FIND);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, r->commit);
    db_bind_slice(s, 2, path);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_NO_SUCH_KEY : ERR_STORE;
    enum err e = repo_file_row(s, out);
    out->path = path;
    sqlite3_reset(s);
    return e;
}

static void large_json(struct json_out *j, const struct repo_file *f)
{
    AUTO_BUF struct buf pointer = { 0 };
    repo_pointer(f->sha256, f->size, &pointer);
    json_key(j, "lfs");
    json_open(j, '{');
    json_key(j, "oid");
    json_str(j, f->sha256);
    json_key(j, "size");
    json_u64(j, f->size);
    json_key(j, "pointerSize");
    json_u64(j, pointer.n);
    json_close(j, '}');
    json_key(j, "xetHash");
    json_hash(j, &f->hash);
}

void repo_file_json(struct json_out *j, const struct repo_file *f)
{
    json_open(j, '{');
    json_key(j, "type");
    json_str(j, "file");
    json_key(j, "oid");
    json_str(j, f->oid);
    json_key(j, "size");
    json_u64(j, f->size);
    if (f->in_xet)
        large_json(j, f);
    json_key(j, "path");
    json_slice(j, f->path);
    json_close(j, '}');
}

/* git's trees are not kept: the name of a directory's is that of its path, which nobody can tell. */
void repo_directory_json(struct json_out *j, struct slice path)
{
    char oid[REPO_OID];
    repo_blob_oid(path, oid);
    json_open(j, '{');
    json_key(j, "type");
    json_str(j, "directory");
    json_key(j, "oid");
    json_str(j, oid);
    json_key(j, "size");
    json_u64(j, 0);
    json_key(j, "path");
    json_slice(j, path);
    json_close(j, '}');
}

void repo_blob_oid(struct slice content, char out[REPO_OID])
{
    AUTO_BUF struct buf all = { 0 };
    uint8_t digest[20];
    buf_init(&all, SIZE_MAX);
    buf_addf(&all, "blob %zu", content.n);
    buf_add_char(&all, '\0');
    buf_add(&all, content);
    EVP_Digest(all.p, all.n, digest, NULL, EVP_sha1(), NULL);
    hex_encode(digest, sizeof digest, out);
}

void repo_pointer(const char *sha256, uint64_t size, struct buf *out)
{
    buf_init(out, 256);
    buf_addf(out, "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %llu\n", sha256,
             (unsigned long long)size);
}

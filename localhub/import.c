/* SPDX-License-Identifier: Apache-2.0 */
/* import.c: repositories from outside, by the process that owns the directory (localhub.h): blobs one by one, then a
 * commit that names them all and what is in Xet; a revision shows it when it is whole, or not at all. */
#include <assert.h>
#include <stdio.h>

#include "common/clock.h"
#include "localhub/localhub.h"
#include "localhub/names.h"
#include "localhub/repo.h"

/* ---- blobs ---- */

struct blob_write {
    struct db_write write;
    const char *oid;
    struct slice content;
};

static enum err apply_blob(struct db_conn *c, struct db_write *w)
{
    const struct blob_write *b = (struct blob_write *)w;
    sqlite3_stmt *s = db_stmt(c, SQL_BLOB_ADD);
    if (!s)
        return ERR_STORE;
    db_bind_text(s, 1, slice_str(b->oid));
    db_bind_slice(s, 2, b->content.n ? b->content : SLICE(""));
    return db_run(s);
}

enum err localhub_import_blob(struct localhub *h, struct slice content, char oid[41])
{
    repo_blob_oid(content, oid);
    struct blob_write b = { .write.apply = apply_blob, .write.item.weight = content.n, .oid = oid, .content = content };
    return db_write(h->db, &b.write);
}

/* ---- a commit ---- */

struct commit_write {
    struct db_write write;
    const struct localhub_import *in;
    const char *type;
    struct slice ns, name;
    char sha[REPO_OID];
    int64_t now_ms;
};

static enum err add_repo(struct db_conn *c, const struct commit_write *w, int64_t *id)
{
    sqlite3_stmt *s = db_stmt(c, SQL_REPO_ADD), *find = db_stmt(c, SQL_REPO_FIND);
    enum err e = s && find ? OK : ERR_STORE;
    if (!e) {
        db_bind_text(s, 1, slice_str(w->type));
        db_bind_text(s, 2, w->ns);
        db_bind_text(s, 3, w->name);
        sqlite3_bind_int64(s, 4, w->now_ms);
        e = db_run(s);
    }
    if (!e) {
        db_bind_text(find, 1, slice_str(w->type));
        db_bind_text(find, 2, w->ns);
        db_bind_text(find, 3, w->name);
        e = db_step(find) == 1 ? OK : ERR_STORE;
        *id = e ? 0 : sqlite3_column_int64(find, 0);
        sqlite3_reset(find);
    }
    return e;
}

static enum err add_commit(struct db_conn *c, const struct commit_write *w, int64_t *id)
{
    sqlite3_stmt *s = db_stmt(c, SQL_COMMIT_ADD);
    if (!s)
        return ERR_STORE;
    db_bind_text(s, 1, slice_str(w->sha));
    sqlite3_bind_int64(s, 2, w->now_ms);
    enum err e = db_run(s);
    *id = db_last_id(c);
    return e;
}

static enum err add_revision(struct db_conn *c, int64_t repo, const char *name, int64_t commit)
{
    sqlite3_stmt *s = db_stmt(c, SQL_REVISION_PUT);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, repo);
    db_bind_text(s, 2, slice_str(name));
    sqlite3_bind_int64(s, 3, commit);
    return db_run(s);
}

static enum err add_file(struct db_conn *c, int64_t commit, const struct localhub_file *f)
{
    sqlite3_stmt *s = db_stmt(c, SQL_REPO_FILE_ADD);
    struct xet_hash hash;
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, commit);
    db_bind_slice(s, 2, f->path);
    db_bind_text(s, 3, slice_str(f->oid));
    sqlite3_bind_int64(s, 4, (int64_t)f->size);
    if (f->xet_hash[0]) {
        if (!xet_hash_parse(slice_str(f->xet_hash), &hash))
            return ERR_INVALID_ARGUMENT;
        db_bind_hash(s, 5, &hash);
        db_bind_text(s, 6, slice_str(f->sha256));
    }
    return db_run(s);
}

/* Past the first change only ERR_STORE undoes what was done. */
static enum err apply_commit(struct db_conn *c, struct db_write *write)
{
    struct commit_write *w = (struct commit_write *)write;
    int64_t repo = 0, commit = 0;
    enum err e = add_repo(c, w, &repo);
    if (!e)
        e = add_commit(c, w, &commit);
    for (size_t i = 0; !e && i < w->in->n_files; i++)
        e = add_file(c, commit, &w->in->files[i]);
    if (!e)
        e = add_revision(c, repo, w->in->revision, commit);
    if (!e)
        e = add_revision(c, repo, w->sha, commit);
    return e ? ERR_STORE : OK;
}

/* Of what is in it, of where it is and of when: no two commits have the same. */
static void name_commit(struct commit_write *w)
{
    AUTO_BUF struct buf text = { 0 };
    buf_init(&text, SIZE_MAX);
    buf_addf(&text, "%s %s %s %lld\n", w->type, w->in->id, w->in->revision, (long long)w->now_ms);
    for (size_t i = 0; i < w->in->n_files; i++) {
        buf_addf(&text, "%s ", w->in->files[i].oid);
        buf_add(&text, w->in->files[i].path);
        buf_add_char(&text, '\n');
    }
    repo_blob_oid(buf_slice(&text), w->sha);
}

static enum err check(const struct localhub_import *in, struct commit_write *w, char why[256])
{
    struct slice name = slice_str(in->id), ns = slice_cut(&name, '/');
    w->type = repo_type(slice_str(in->type));
    w->ns = ns;
    w->name = name;
    if (!w->type)
        snprintf(why, 256, "%.64s: not one of models, datasets, spaces", in->type);
    else if (!name.p || !name_ok(ns) || !name_ok(name))
        snprintf(why, 256, "%.128s: not namespace/name", in->id);
    for (size_t i = 0; !why[0] && i < in->n_files; i++)
        if (path_problem(in->files[i].path))
            snprintf(why, 256, "%.128s: %s", in->files[i].path.p, path_problem(in->files[i].path));
    return why[0] ? ERR_INVALID_ARGUMENT : OK;
}

enum err localhub_import_commit(struct localhub *h, const struct localhub_import *in, char why[256], char sha[41])
{
    struct commit_write w = { .write.apply = apply_commit, .in = in, .now_ms = clock_now_ms() };
    why[0] = 0;
    enum err e = check(in, &w, why);
    if (e)
        return e;
    name_commit(&w);
    w.write.item.weight = in->n_files * 256;
    e = db_write(h->db, &w.write);
    if (e)
        snprintf(why, 256, "the embedded Hub's database cannot be written");
    else
        memcpy(sha, w.sha, sizeof w.sha);
    return e;
}

void localhub_pointer_oid(const char *sha256, uint64_t size, char oid[41])
{
    AUTO_BUF struct buf pointer = { 0 };
    repo_pointer(sha256, size, &pointer);
    repo_blob_oid(buf_slice(&pointer), oid);
}

void localhub_write_token(struct localhub *h, char token[LOCALHUB_TOKEN_MAX])
{
    static_assert(LOCALHUB_TOKEN_MAX >= CAS_TOKEN_MAX, "room");
    const struct cas_token t = { 0, clock_now_ms() / 1000 + h->token_ttl_s, true };
    cas_token_make(&h->keys, &t, token);
}

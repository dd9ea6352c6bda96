/* SPDX-License-Identifier: Apache-2.0 */
/* api_batch.c: the Hub's one call that changes files (Hub API, batch): NDJSON, a line an operation.
 *
 *   body ──► lines: parsed, paths checked, copy sources looked up ──► one db_write ──► answer, line by line
 *
 * Lines that fail are told in the answer; the others hold. A body that is not NDJSON changes nothing: 400. The lines of
 * one call are applied in order, in one transaction, together with those of other calls waiting at that moment. */
#include <stdlib.h>

#include "common/clock.h"
#include "localhub/bucket.h"
#include "localhub/contents.h"
#include "localhub/json_in.h"
#include "localhub/names.h"
#include "localhub/repo.h"
#include "localhub/route.h"

enum { LINES_MAX = 1000, BODY_MAX = 8 << 20, TYPE_BYTES_MAX = 256, ANSWER_MAX = 16 << 20 };

enum op { OP_ADD, OP_COPY, OP_DELETE };
struct line {
    enum op op;
    struct slice path;
    struct xet_hash hash;
    int64_t mtime_ms;
    struct slice content_type; /* p NULL: none */
    struct slice source;       /* of a copy: "ns/name" */
    struct slice source_type;  /* "bucket", "model", "dataset", "space" */
    const char *problem;       /* NULL: none */
};

struct batch {
    struct db_write write;
    int64_t bucket, now_ms;
    struct line *lines;
    size_t n;
    int64_t size_delta, files_delta;
};

/* ---- parsing ---- */

static const char *parse_content(struct call *c, json_t *j, struct line *l)
{
    l->content_type = json_in_text(j, "contentType");
    if (l->content_type.n > TYPE_BYTES_MAX)
        return "contentType is too long";
    if (l->content_type.p)
        l->content_type = arena_copy(c->arena, l->content_type);
    if (!xet_hash_parse(json_in_text(j, "xetHash"), &l->hash))
        return "xetHash must be 64 hex digits";
    (void)json_in_ms(j, "mtime", &l->mtime_ms);
    return NULL;
}

static const char *parse_copy(struct call *c, json_t *j, struct line *l)
{
    struct slice type = json_in_text(j, "sourceRepoType");
    if (!type.p)
        return "Source repository not found";
    l->source_type = arena_copy(c->arena, type);
    l->source = arena_copy(c->arena, json_in_text(j, "sourceRepoId"));
    return NULL;
}

/* false: not a line of the batch format at all. What is wrong with its values goes to l->problem. */
static bool parse_line(struct call *c, struct slice text, int64_t now_ms, struct line *l)
{
    AUTO_JSON json_t *j = json_in(text);
    struct slice type = json_in_text(j, "type"), path = json_in_text(j, "path");

    if (!j || !path.p)
        return false;
    *l = (struct line){ .path = arena_copy(c->arena, path), .problem = path_problem(path), .mtime_ms = now_ms };
    if (slice_is(type, "addFile"))
        l->op = OP_ADD;
    else if (slice_is(type, "copyFile"))
        l->op = OP_COPY;
    else if (slice_is(type, "deleteFile"))
        l->op = OP_DELETE;
    else
        return false;
    if (!l->problem && l->op != OP_DELETE)
        l->problem = parse_content(c, j, l);
    if (!l->problem && l->op == OP_COPY)
        l->problem = parse_copy(c, j, l);
    return true;
}

/* false: answered 400. */
static bool parse_batch(struct call *c, struct slice body, struct batch *b)
{
    struct slice rest = body;

    b->lines = (struct line *)arena_alloc(c->arena, LINES_MAX * sizeof *b->lines);
    while (rest.p) {
        struct slice text = slice_trim(slice_cut(&rest, '\n'));
        if (text.n && text.p[text.n - 1] == '\r')
            text.n--;
        if (text.n == 0)
            continue;
        if (b->n == LINES_MAX) {
            call_error(c, 400, NULL, "A batch has at most 1000 lines");
            return false;
        }
        if (!parse_line(c, text, b->now_ms, &b->lines[b->n++])) {
            call_error(c, 400, NULL, "A line is not a JSON object with a known type and a path");
            return false;
        }
    }
    return true;
}

static bool source_readable(struct call *c, struct db_conn *conn, const struct line *l)
{
    struct slice name = l->source, ns = slice_cut(&name, '/');
    struct bucket source;

    if (!slice_is(l->source_type, "bucket"))
        return repo_exists(conn, l->source_type, l->source);
    return name.p && bucket_find(conn, ns, name, c->arena, &source) == OK && bucket_readable(&source, c->who);
}

/* Copies need a source that the caller may read. Lines mostly name the same one: only a change is looked up. */
static void check_sources(struct call *c, struct db_conn *conn, struct batch *b)
{
    const struct line *last = NULL;
    bool ok = false;

    for (size_t i = 0; i < b->n; i++) {
        struct line *l = &b->lines[i];
        if (l->problem || l->op != OP_COPY)
            continue;
        if (!last || !slice_eq(last->source, l->source) || !slice_eq(last->source_type, l->source_type))
            ok = source_readable(c, conn, l);
        last = l;
        if (!ok)
            l->problem = "Source repository not found";
    }
}

/* ---- applying, on a writer's thread ---- */

/* -1: none. */
static enum err old_size(struct db_conn *c, int64_t bucket, struct slice path, int64_t *out)
{
    sqlite3_stmt *s = db_stmt(c, SQL_ENTRY_SIZE);

    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, bucket);
    db_bind_slice(s, 2, path);
    int row = db_step(s);
    *out = row == 1 ? sqlite3_column_int64(s, 0) : -1;
    if (row == 1)
        sqlite3_reset(s);
    return row < 0 ? ERR_STORE : OK;
}

static enum err put_entry(struct db_conn *c, const struct batch *b, const struct line *l, uint64_t size)
{
    sqlite3_stmt *s = db_stmt(c, SQL_ENTRY_PUT);

    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, b->bucket);
    db_bind_slice(s, 2, l->path);
    db_bind_hash(s, 3, &l->hash);
    sqlite3_bind_int64(s, 4, (int64_t)size);
    sqlite3_bind_int64(s, 5, l->mtime_ms);
    sqlite3_bind_int64(s, 6, b->now_ms);
    db_bind_text(s, 7, l->content_type);
    return db_run(s);
}

static enum err delete_entry(struct db_conn *c, const struct batch *b, const struct line *l)
{
    sqlite3_stmt *s = db_stmt(c, SQL_ENTRY_DELETE);

    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, b->bucket);
    db_bind_slice(s, 2, l->path);
    return db_run(s);
}

/* Only ERR_STORE is returned; a line that fails gets its problem. */
static enum err apply_line(struct db_conn *c, struct batch *b, struct line *l)
{
    uint64_t size = 0;
    int64_t old = -1;

    if (l->op != OP_DELETE) {
        enum err e = file_size_find(c, &l->hash, &size);
        if (e == ERR_NO_SUCH_KEY)
            l->problem = "xetHash is not known to the storage: upload the content first";
        if (e)
            return e == ERR_NO_SUCH_KEY ? OK : ERR_STORE;
    }
    if (old_size(c, b->bucket, l->path, &old) != OK)
        return ERR_STORE;
    if (old >= 0) {
        b->size_delta -= old;
        b->files_delta--;
    }
    if (l->op == OP_DELETE)
        return old >= 0 ? delete_entry(c, b, l) : OK;
    b->size_delta += (int64_t)size;
    b->files_delta++;
    return put_entry(c, b, l, size);
}

static enum err touch(struct db_conn *c, const struct batch *b)
{
    sqlite3_stmt *s = db_stmt(c, SQL_BUCKET_TOUCH);

    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, b->bucket);
    sqlite3_bind_int64(s, 2, b->size_delta);
    sqlite3_bind_int64(s, 3, b->files_delta);
    sqlite3_bind_int64(s, 4, b->now_ms);
    return db_run(s);
}

static enum err apply_batch(struct db_conn *c, struct db_write *w)
{
    struct batch *b = (struct batch *)w;
    sqlite3_stmt *s = db_stmt(c, SQL_BUCKET_IS); /* it may have gone since the rights were looked at */
    bool changed = false;

    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, b->bucket);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_NO_SUCH_BUCKET : ERR_STORE;
    sqlite3_reset(s);
    for (size_t i = 0; i < b->n; i++) {
        struct line *l = &b->lines[i];
        if (!l->problem && apply_line(c, b, l) != OK)
            return ERR_STORE;
        changed = changed || !l->problem;
    }
    return changed ? touch(c, b) : OK;
}

/* ---- answering ---- */

static void answer(struct call *c, const struct batch *b)
{
    AUTO_BUF struct buf body = { 0 };
    struct json_out j = { &body, false };
    size_t failed = 0;

    for (size_t i = 0; i < b->n; i++)
        failed += b->lines[i].problem != NULL;
    buf_init(&body, ANSWER_MAX);
    json_open(&j, '{');
    json_key(&j, "success");
    json_bool(&j, failed == 0);
    json_key(&j, "processed");
    json_u64(&j, b->n);
    json_key(&j, "succeeded");
    json_u64(&j, b->n - failed);
    json_key(&j, "failed");
    json_open(&j, '[');
    for (size_t i = 0; i < b->n; i++) {
        if (!b->lines[i].problem)
            continue;
        json_open(&j, '{');
        json_key(&j, "path");
        json_slice(&j, b->lines[i].path);
        json_key(&j, "error");
        json_str(&j, b->lines[i].problem);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    call_json(c, b->n && failed == b->n ? 422 : 200, &body);
}

static size_t weight(const struct batch *b)
{
    size_t sum = 0;

    for (size_t i = 0; i < b->n; i++)
        sum += b->lines[i].path.n + 128;
    return sum;
}

/* false: answered. */
static bool prepare(struct call *c, struct batch *b)
{
    AUTO_BUF struct buf body = { 0 };
    struct bucket bucket;

    if (!call_body(c, BODY_MAX, &body) || !parse_batch(c, buf_slice(&body), b))
        return false;
    AUTO_READ struct db_read r = db_read(c->hub->db);
    if (!bucket_of_call_in(c, r.conn, BUCKET_WRITE, &bucket))
        return false;
    b->bucket = bucket.id;
    check_sources(c, r.conn, b);
    return true;
}

void api_batch(struct call *c)
{
    struct batch b = { .write.apply = apply_batch, .now_ms = clock_now_ms() };

    if (!prepare(c, &b))
        return;
    b.write.item.weight = weight(&b);
    enum err e = b.n ? db_write(c->hub->db, &b.write) : OK;
    if (e == ERR_NO_SUCH_BUCKET)
        bucket_missing(c);
    else if (e)
        call_fail(c, e);
    else
        answer(c, &b);
}

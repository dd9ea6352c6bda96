/* SPDX-License-Identifier: Apache-2.0 */
/* cas_shard.c: files being registered: v1 answers with JSON and a status, v2 with a line of JSON per step.
 *
 *   body ──► shard_check ──► rows of `file` and `chunk`, in transactions shared with others ──► answer
 *
 * A file is identified by its content, so doing it twice changes nothing. */
#include <stdlib.h>

#include "localhub/route.h"
#include "localhub/shard_check.h"

/* Shards up to SMALL_BODY are held by as many requests as there are threads, larger ones by few (hub->large_bodies). */
enum { SMALL_BODY = 1 << 20, FILES_AT_A_TIME = 1000 };

struct shard_write {
    struct db_write write;
    const struct shard_files *files;
    size_t from, to;
    uint64_t added; /* out */
};

static enum err add_file(struct db_conn *c, const struct shard_files *f, const struct shard_file_row *row)
{
    sqlite3_stmt *s = db_stmt(c, SQL_FILE_ADD);

    if (!s)
        return ERR_STORE;
    db_bind_hash(s, 1, &row->hash);
    sqlite3_bind_int64(s, 2, (int64_t)row->size);
    db_bind_slice(s, 3, slice_of(f->terms.p + row->terms_at, row->terms_n));
    return db_run(s);
}

static enum err offer_first_chunk(struct db_conn *c, const struct shard_file_row *row)
{
    sqlite3_stmt *s = db_stmt(c, SQL_CHUNK_ADD);

    if (!s)
        return ERR_STORE;
    db_bind_hash(s, 1, &row->first_chunk);
    sqlite3_bind_int64(s, 2, row->first_xorb);
    return db_run(s);
}

static enum err apply_files(struct db_conn *c, struct db_write *write)
{
    struct shard_write *w = (struct shard_write *)write;

    for (size_t i = w->from; i < w->to; i++) {
        const struct shard_file_row *row = &w->files->list[i];
        if (add_file(c, w->files, row) != OK)
            return ERR_STORE;
        if (db_changes(c) == 0)
            continue;
        w->added++;
        if (offer_first_chunk(c, row) != OK)
            return ERR_STORE;
    }
    return OK;
}

static enum err store_files(struct call *c, const struct shard_files *files, uint64_t *added)
{
    for (size_t from = 0; from < files->n; from += FILES_AT_A_TIME) {
        size_t to = files->n - from > FILES_AT_A_TIME ? from + FILES_AT_A_TIME : files->n;
        struct shard_write w = { .write.apply = apply_files, .files = files, .from = from, .to = to };
        for (size_t i = from; i < to; i++)
            w.write.item.weight += files->list[i].terms_n + 64;
        enum err e = db_write(c->hub->db, &w.write);
        if (e)
            return e;
        *added += w.added;
    }
    return OK;
}

static enum err register_shard(struct call *c, struct slice shard, uint64_t *added, const char **why)
{
    struct shard_files files;

    enum err e = shard_check(c->hub->db, shard, &files, why);
    if (!e)
        e = store_files(c, &files, added);
    shard_files_done(&files);
    return e;
}

/* false: answered, or nobody there. */
static bool receive_and_register(struct call *c, enum err *e, uint64_t *added, const char **why)
{
    AUTO_BUF struct buf body = { 0 };
    bool large = httpd_content_length(c->r) > SMALL_BODY; /* chunked: may be */

    if (large)
        while (sem_wait(&c->hub->large_bodies) != 0)
            ; /* EINTR */
    bool got = call_body(c, SHARD_MAX_BYTES, &body);
    if (got)
        *e = register_shard(c, buf_slice(&body), added, why);
    buf_done(&body);
    if (large)
        sem_post(&c->hub->large_bodies);
    return got;
}

void cas_shard_v1(struct call *c)
{
    AUTO_BUF struct buf body = { 0 };
    struct json_out j = { &body, false };
    const char *why = NULL;
    uint64_t added = 0;
    enum err e = OK;

    if (!receive_and_register(c, &e, &added, &why))
        return;
    if (e) {
        if (e == ERR_BAD_REQUEST)
            call_error(c, 400, NULL, why);
        else
            call_fail(c, e);
        return;
    }
    buf_init(&body, 256);
    json_open(&j, '{');
    json_key(&j, "result");
    json_u64(&j, added > 0);
    json_close(&j, '}');
    call_json(c, 200, &body);
}

static void add_event(struct buf *out, const char *type, const char *key, const char *value)
{
    struct json_out j = { out, false };

    json_open(&j, '{');
    json_key(&j, "type");
    json_str(&j, type);
    if (key) {
        json_key(&j, key);
        json_str(&j, value);
    }
    json_close(&j, '}');
    buf_add_char(out, '\n');
}

static void add_error_event(struct buf *out, enum err e, const char *why)
{
    struct json_out j = { out, false };

    json_open(&j, '{');
    json_key(&j, "type");
    json_str(&j, "error");
    json_key(&j, "message");
    json_str(&j, why ? why : err_text(e));
    json_key(&j, "retryable");
    json_bool(&j, e != ERR_BAD_REQUEST);
    json_close(&j, '}');
    buf_add_char(out, '\n');
}

static void add_result_event(struct buf *out, uint64_t added)
{
    struct json_out j = { out, false };

    json_open(&j, '{');
    json_key(&j, "type");
    json_str(&j, "result");
    json_key(&j, "result");
    json_u64(&j, added > 0);
    json_close(&j, '}');
    buf_add_char(out, '\n');
}

void cas_shard_v2(struct call *c)
{
    AUTO_BUF struct buf body = { 0 };
    const char *why = NULL;
    uint64_t added = 0;
    enum err e = OK;

    if (!receive_and_register(c, &e, &added, &why))
        return;
    buf_init(&body, 4096);
    if (e) {
        add_error_event(&body, e, why);
    } else {
        add_event(&body, "committing", "stage", "syncing");
        add_result_event(&body, added);
    }
    httpd_add_header_str(c->r, "Content-Type", "application/x-ndjson");
    httpd_reply(c->r, 200, buf_slice(&body));
}

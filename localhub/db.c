/* SPDX-License-Identifier: Apache-2.0 */
/* db.c: connections, prepared statements, and the group commit.
 *
 * One connection writes, held by whichever caller leads in the combine; a few read, opened when first needed. Their
 * page caches are small. */
#include "localhub/db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"

enum {
    READERS = 6,
    GROUP_ITEMS = 256,
    GROUP_BYTES = 8 << 20,
    CHECKPOINT_PAGES = 4096, /* 16 MiB of log before its pages go to the database */
    BUSY_MS = 10000,         /* only a backup or a sqlite3 shell can be in our way */
};

static const char *const sql_text[SQL_COUNT] = {
#define X(name, text) [name] = (text),
    DB_SQL(X)
#undef X
};

struct db_conn {
    sqlite3 *sqlite;
    sqlite3_stmt *stmts[SQL_COUNT];
};

struct db {
    char *path;
    struct combine writers;
    struct db_conn *writer; /* the combine's leader only */
    /* any thread, under lock */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct db_conn *idle[READERS];
    unsigned n_idle, n_open;
};

static void log_failure(sqlite3 *s, const char *what)
{
    log_say(LOG_ERROR, "localhub", "database: %s: %s", what, sqlite3_errmsg(s));
}

static void conn_close(struct db_conn *c)
{
    if (!c)
        return;
    for (int i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(c->stmts[i]);
    sqlite3_close(c->sqlite);
    free(c);
}

static bool conn_exec(struct db_conn *c, const char *sql)
{
    if (sqlite3_exec(c->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    log_failure(c->sqlite, "set-up");
    return false;
}

/* cache_size in KiB: the B-trees' inner pages. The rest is the kernel's cache: a mapping of the file for each
 * connection would count as memory of ours many times over. */
static struct db_conn *conn_open(const char *path, int cache_kib)
{
    struct db_conn *c = (struct db_conn *)mem_zalloc(sizeof *c);
    char pragmas[256];

    snprintf(pragmas, sizeof pragmas,
             "PRAGMA synchronous=FULL; PRAGMA cache_size=-%d; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
             "PRAGMA wal_autocheckpoint=%d; PRAGMA journal_size_limit=67108864;",
             cache_kib, CHECKPOINT_PAGES);
    int rc = sqlite3_open_v2(path, &c->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(c->sqlite, BUSY_MS);
        sqlite3_extended_result_codes(c->sqlite, 1);
        if (conn_exec(c, pragmas))
            return c;
    }
    conn_close(c);
    return NULL;
}

static int user_version(struct db_conn *c)
{
    sqlite3_stmt *s = NULL;
    int version = -1;

    if (sqlite3_prepare_v2(c->sqlite, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        version = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return version;
}

static bool schema_ready(struct db_conn *c, char why[256])
{
    if (!conn_exec(c, "PRAGMA journal_mode=WAL"))
        goto failed;
    int version = user_version(c);
    if (version == 0) {
        if (!conn_exec(c, "BEGIN IMMEDIATE;" DB_SCHEMA "COMMIT"))
            goto failed;
        version = DB_SCHEMA_VERSION;
    }
    if (version == DB_SCHEMA_VERSION) {
        if (!conn_exec(c, DB_SCHEMA_REPOS))
            goto failed;
        return true;
    }
    if (version > 0) {
        snprintf(why, 256, "the database has schema %d, this program knows %d", version, DB_SCHEMA_VERSION);
        return false;
    }
failed:
    snprintf(why, 256, "cannot use the database: %.200s", sqlite3_errmsg(c->sqlite));
    return false;
}

static void write_group(void *ctx, struct combine_item *first);

enum err db_open(const char *path, char why[256], struct db **out)
{
    struct db_conn *writer = conn_open(path, 2048);

    if (!writer) {
        snprintf(why, 256, "cannot open the database %.200s", path);
        return ERR_STORE;
    }
    if (!schema_ready(writer, why)) {
        conn_close(writer);
        return ERR_STORE;
    }
    struct db *d = (struct db *)mem_zalloc(sizeof *d);
    d->path = mem_strdup(path);
    d->writer = writer;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->freed, NULL);
    combine_init(&d->writers, write_group, d, 1, GROUP_ITEMS, GROUP_BYTES);
    *out = d;
    return OK;
}

void db_close(struct db *d)
{
    if (!d)
        return;
    assert(d->n_idle == d->n_open);
    for (unsigned i = 0; i < d->n_idle; i++)
        conn_close(d->idle[i]);
    conn_close(d->writer);
    combine_done(&d->writers);
    pthread_cond_destroy(&d->freed);
    pthread_mutex_destroy(&d->lock);
    free(d->path);
    free(d);
}

/* ---- reading ---- */

struct db_conn *db_read_begin(struct db *d)
{
    struct db_conn *c = NULL;
    bool open = false;

    pthread_mutex_lock(&d->lock);
    while (d->n_idle == 0 && d->n_open == READERS)
        pthread_cond_wait(&d->freed, &d->lock);
    if (d->n_idle > 0)
        c = d->idle[--d->n_idle];
    else {
        d->n_open++;
        open = true;
    }
    pthread_mutex_unlock(&d->lock);
    if (!open)
        return c;
    c = conn_open(d->path, 256);
    if (!c) {
        pthread_mutex_lock(&d->lock);
        d->n_open--;
        pthread_cond_signal(&d->freed);
        pthread_mutex_unlock(&d->lock);
    }
    return c;
}

/* A statement left in the middle of its rows would hold its snapshot, and with it the log. */
static void reset_all(struct db_conn *c)
{
    for (int i = 0; i < SQL_COUNT; i++)
        if (c->stmts[i] && sqlite3_stmt_busy(c->stmts[i]))
            sqlite3_reset(c->stmts[i]);
}

void db_read_end(struct db *d, struct db_conn *c)
{
    reset_all(c);
    pthread_mutex_lock(&d->lock);
    d->idle[d->n_idle++] = c;
    pthread_mutex_unlock(&d->lock);
    pthread_cond_signal(&d->freed);
}

struct db_read db_read(struct db *d)
{
    return (struct db_read){ d, db_read_begin(d) };
}

void db_read_done(struct db_read *r)
{
    if (r->conn)
        db_read_end(r->db, r->conn);
    r->conn = NULL;
}

/* ---- writing ---- */

static enum err group_apply(struct db_conn *c, struct combine_item *first)
{
    enum err e = db_run(db_stmt(c, SQL_BEGIN));

    if (e)
        return e;
    for (struct combine_item *i = first; i; i = i->next) {
        struct db_write *w = (struct db_write *)i;
        w->result = w->apply(c, w);
        if (w->result == ERR_STORE)
            return ERR_STORE;
    }
    reset_all(c);
    return db_run(db_stmt(c, SQL_COMMIT));
}

static void write_group(void *ctx, struct combine_item *first)
{
    struct db *d = (struct db *)ctx;

    if (group_apply(d->writer, first) == OK)
        return;
    reset_all(d->writer);
    if (!sqlite3_get_autocommit(d->writer->sqlite) && db_run(db_stmt(d->writer, SQL_ROLLBACK)) != OK)
        log_say(LOG_ERROR, "localhub", "database: cannot roll back");
    for (struct combine_item *i = first; i; i = i->next)
        ((struct db_write *)i)->result = ERR_STORE;
}

enum err db_write(struct db *d, struct db_write *w)
{
    static_assert(offsetof(struct db_write, item) == 0, "write_group casts items");
    if (w->item.weight == 0)
        w->item.weight = 1;
    w->result = ERR_STORE;
    combine_run(&d->writers, &w->item);
    return w->result;
}

/* ---- statements ---- */

sqlite3_stmt *db_stmt(struct db_conn *c, enum db_sql id)
{
    if (c->stmts[id]) {
        sqlite3_reset(c->stmts[id]);
        sqlite3_clear_bindings(c->stmts[id]);
        return c->stmts[id];
    }
    if (sqlite3_prepare_v3(c->sqlite, sql_text[id], -1, SQLITE_PREPARE_PERSISTENT, &c->stmts[id], NULL) != SQLITE_OK)
        log_failure(c->sqlite, sql_text[id]);
    return c->stmts[id];
}

void db_bind_slice(sqlite3_stmt *s, int i, struct slice blob)
{
    sqlite3_bind_blob64(s, i, blob.p ? blob.p : "", blob.n, SQLITE_STATIC);
}

void db_bind_text(sqlite3_stmt *s, int i, struct slice text)
{
    if (text.p)
        sqlite3_bind_text64(s, i, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
    else
        sqlite3_bind_null(s, i);
}

void db_bind_hash(sqlite3_stmt *s, int i, const struct xet_hash *h)
{
    sqlite3_bind_blob(s, i, h->b, sizeof h->b, SQLITE_STATIC);
}

int db_step(sqlite3_stmt *s)
{
    int rc = sqlite3_step(s);

    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        log_failure(sqlite3_db_handle(s), sqlite3_sql(s));
    sqlite3_reset(s);
    return rc == SQLITE_DONE ? 0 : -1;
}

enum err db_run(sqlite3_stmt *s)
{
    int rc;

    if (!s)
        return ERR_STORE;
    do
        rc = db_step(s);
    while (rc == 1);
    return rc == 0 ? OK : ERR_STORE;
}

int64_t db_changes(struct db_conn *c)
{
    return sqlite3_changes64(c->sqlite);
}

int64_t db_last_id(struct db_conn *c)
{
    return sqlite3_last_insert_rowid(c->sqlite);
}

struct slice db_col_slice(sqlite3_stmt *s, int i)
{
    const void *p = sqlite3_column_blob(s, i); /* before bytes: SQLite, "Result Values From A Query" */

    return slice_of(p ? p : "", (size_t)sqlite3_column_bytes(s, i));
}

bool db_col_hash(sqlite3_stmt *s, int i, struct xet_hash *out)
{
    struct slice b = db_col_slice(s, i);

    if (b.n != sizeof out->b)
        return false;
    memcpy(out->b, b.p, sizeof out->b);
    return true;
}

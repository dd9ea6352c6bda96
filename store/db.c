/* SPDX-License-Identifier: Apache-2.0 */
/* db.c: the state file. A new file gets its schema in one transaction; an old one is checked before anything in it is
 * touched: whose it is (application_id) and how new (user_version). After that it is in WAL mode with synchronous=FULL:
 * a commit is on disk when it returns (https://www.sqlite.org/pragma.html#pragma_synchronous).
 *
 * Keys, ids and all else that clients choose are BLOBs: ordered byte by byte, whatever they hold. */
#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"

#define APPLICATION_ID 0x68756733 /* "hug3" */
#define VERSION        1          /* what `schema` makes; counts up with every change of it */
#define BUSY_MS        10000      /* another process has the file: a backup, a second gateway */

static const char schema[] = "CREATE TABLE upload ("
                             " n INTEGER PRIMARY KEY,"
                             " id BLOB NOT NULL UNIQUE,"
                             " bucket BLOB NOT NULL,"
                             " key BLOB NOT NULL,"
                             " headers BLOB NOT NULL,"
                             " owner BLOB NOT NULL,"
                             " created_ms INTEGER NOT NULL);"
                             "CREATE INDEX upload_in_order ON upload (bucket, key, id);"
                             "CREATE INDEX upload_by_age ON upload (created_ms);"
                             "CREATE TABLE part ("
                             " upload INTEGER NOT NULL REFERENCES upload (n) ON DELETE CASCADE,"
                             " number INTEGER NOT NULL,"
                             " size INTEGER NOT NULL,"
                             " modified_ms INTEGER NOT NULL,"
                             " etag BLOB NOT NULL,"
                             " checksum BLOB NOT NULL,"
                             " recipe BLOB NOT NULL," /* last: the columns before it are read without it */
                             " PRIMARY KEY (upload, number));"
                             "CREATE TABLE completed ("
                             " id BLOB PRIMARY KEY,"
                             " bucket BLOB NOT NULL,"
                             " key BLOB NOT NULL,"
                             " etag BLOB NOT NULL,"
                             " parts BLOB NOT NULL,"
                             " completed_ms INTEGER NOT NULL) WITHOUT ROWID;"
                             "CREATE INDEX completed_by_age ON completed (completed_ms);";

#define UPLOAD_COLUMNS "id, bucket, key, headers, owner, created_ms"

/* The lists compare (key, id) as a pair, so that they begin in the middle of upload_in_order and not at its start. */
static const char *const texts[DB_STATEMENTS] = {
    [DB_BEGIN] = "BEGIN IMMEDIATE",
    [DB_COMMIT] = "COMMIT",
    [DB_ROLLBACK] = "ROLLBACK",
    [DB_UPLOAD_CREATE] = "INSERT INTO upload (" UPLOAD_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [DB_UPLOAD_GET] = "SELECT " UPLOAD_COLUMNS " FROM upload WHERE id = ?1 AND bucket = ?2 AND key = ?3",
    [DB_UPLOAD_DELETE] = "DELETE FROM upload WHERE id = ?1",
    [DB_UPLOAD_LIST] = "SELECT " UPLOAD_COLUMNS " FROM upload WHERE bucket = ?1 AND (key, id) > (?2, ?3) AND key < ?5"
                       " ORDER BY key, id LIMIT ?4",
    [DB_UPLOAD_LIST_TO_END] = "SELECT " UPLOAD_COLUMNS " FROM upload WHERE bucket = ?1 AND (key, id) > (?2, ?3)"
                              " ORDER BY key, id LIMIT ?4",
    [DB_UPLOAD_EXPIRE] = "DELETE FROM upload WHERE created_ms < ?1",
    [DB_PART_PUT] = "INSERT OR REPLACE INTO part (upload, number, size, modified_ms, etag, checksum, recipe)"
                    " SELECT n, ?2, ?3, ?4, ?5, ?6, ?7 FROM upload WHERE id = ?1",
    [DB_PART_LIST] = "SELECT number, size, modified_ms, etag, checksum FROM part"
                     " WHERE upload = (SELECT n FROM upload WHERE id = ?1) AND number > ?2 ORDER BY number LIMIT ?3",
    [DB_PART_GET] = "SELECT number, size, modified_ms, etag, checksum, recipe FROM part"
                    " WHERE upload = (SELECT n FROM upload WHERE id = ?1) AND number = ?2",
    [DB_COMPLETE] =
        "INSERT INTO completed (id, bucket, key, etag, parts, completed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [DB_COMPLETED_GET] = "SELECT etag, parts FROM completed WHERE id = ?1 AND bucket = ?2 AND key = ?3",
    [DB_COMPLETED_EXPIRE] = "DELETE FROM completed WHERE completed_ms < ?1",
};

/* A file with nothing in it is a new database to SQLite. Made here, it is nobody else's to read, and so are the files
 * that SQLite puts beside it; and errno says more than SQLite does. */
static enum err create_file(const char *path, char why[256])
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return OK;
    }
    if (errno == EEXIST)
        return OK;
    snprintf(why, 256, "cannot create %.150s: %s", path, strerror(errno));
    return ERR_STORE;
}

static enum err refuse(struct db *db, const char *path, char why[256])
{
    int code = sqlite3_errcode(db->connection);
    snprintf(why, 256, "cannot use %.150s: %s", path,
             code == SQLITE_NOTADB ? "it is not a database" : sqlite3_errmsg(db->connection));
    return ERR_STORE;
}

static bool pragma_int(struct db *db, const char *text, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    bool ok = sqlite3_prepare_v2(db->connection, text, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
    if (ok)
        *out = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return ok;
}

static bool execute(struct db *db, const char *text)
{
    return sqlite3_exec(db->connection, text, NULL, NULL, NULL) == SQLITE_OK;
}

/* In a transaction: another process may be creating the same file. */
static enum err check_or_create(struct db *db, const char *path, char why[256])
{
    int64_t application = 0, version = 0, things = 0;
    char marks[100];
    if (!pragma_int(db, "PRAGMA application_id", &application) || !pragma_int(db, "PRAGMA user_version", &version) ||
        !pragma_int(db, "SELECT count(*) FROM sqlite_schema", &things))
        return refuse(db, path, why);
    if (application == 0 && version == 0 && things == 0) {
        snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, VERSION);
        return execute(db, schema) && execute(db, marks) ? OK : refuse(db, path, why);
    }
    if (application != APPLICATION_ID) {
        snprintf(why, 256, "cannot use %.150s: it is another program's database", path);
        return ERR_STORE;
    }
    if (version > VERSION) {
        snprintf(why, 256, "cannot use %.150s: made by a newer version of hugs3 (schema %lld, this one knows %d)", path,
                 (long long)version, VERSION);
        return ERR_STORE;
    }
    return OK;
}

static enum err prepare(struct db *db, const char *path, char why[256])
{
    for (int i = 0; i < DB_STATEMENTS; i++)
        if (sqlite3_prepare_v3(db->connection, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &db->statements[i], NULL))
            return refuse(db, path, why);
    return OK;
}

static enum err set_up(struct db *db, const char *path, char why[256])
{
    sqlite3_busy_timeout(db->connection, BUSY_MS);
    if (!execute(db, "BEGIN IMMEDIATE"))
        return refuse(db, path, why);
    enum err e = check_or_create(db, path, why);
    if (e) {
        (void)execute(db, "ROLLBACK");
        return e;
    }
    /* The WAL keeps its size after a burst of large recipes unless told otherwise. */
    if (!execute(db, "COMMIT") || !execute(db, "PRAGMA journal_mode = WAL") ||
        !execute(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864"))
        return refuse(db, path, why);
    return prepare(db, path, why);
}

enum err store_db_open(const char *path, char why[256], struct db *out)
{
    struct db db = { 0 };
    *out = db;
    enum err e = create_file(path, why);
    if (e)
        return e;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &db.connection, flags, NULL) == SQLITE_OK)
        e = set_up(&db, path, why);
    else
        e = refuse(&db, path, why);
    if (e)
        store_db_close(&db);
    else
        *out = db;
    return e;
}

void store_db_close(struct db *db)
{
    for (int i = 0; i < DB_STATEMENTS; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->connection);
    *db = (struct db){ 0 };
}

/* A NULL pointer would be SQL's NULL, and an empty key is no NULL. */
void store_db_bind_bytes(struct db *db, enum store_db_statement s, int parameter, struct slice bytes)
{
    int code = sqlite3_bind_blob64(db->statements[s], parameter, bytes.n ? bytes.p : "", bytes.n, SQLITE_STATIC);
    assert(code == SQLITE_OK || code == SQLITE_TOOBIG || code == SQLITE_NOMEM); /* the last two: step fails too */
}

void store_db_bind_int(struct db *db, enum store_db_statement s, int parameter, int64_t value)
{
    int code = sqlite3_bind_int64(db->statements[s], parameter, value);
    assert(code == SQLITE_OK);
}

int store_db_step(struct db *db, enum store_db_statement s)
{
    int code = sqlite3_step(db->statements[s]);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        log_say(LOG_ERROR, "store", "SQLite: %s", sqlite3_errmsg(db->connection));
    return code;
}

void store_db_done(struct db *db, enum store_db_statement s)
{
    sqlite3_reset(db->statements[s]);
    sqlite3_clear_bindings(db->statements[s]);
}

enum err store_db_run(struct db *db, enum store_db_statement s)
{
    int code = store_db_step(db, s);
    store_db_done(db, s);
    return code == SQLITE_DONE ? OK : ERR_STORE;
}

int64_t store_db_changes(struct db *db)
{
    return sqlite3_changes64(db->connection);
}

struct slice store_db_bytes(struct db *db, enum store_db_statement s, int column, struct arena *arena)
{
    const void *bytes = sqlite3_column_blob(db->statements[s], column);
    int n = sqlite3_column_bytes(db->statements[s], column);
    return arena_copy(arena, slice_of(bytes, bytes ? (size_t)n : 0));
}

int64_t store_db_int(struct db *db, enum store_db_statement s, int column)
{
    return sqlite3_column_int64(db->statements[s], column);
}

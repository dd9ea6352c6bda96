/* SPDX-License-Identifier: Apache-2.0 */
/* db.h: the SQLite database: who may write when, and connections to read with.
 *
 *   writing   any thread → db_write ── in line ──► one transaction for all who wait, one fsync, everybody's answer
 *   reading   any thread → db_read_begin … statements … db_read_end; never waits for writers (WAL)
 *
 * When db_write returns OK the change is on disk: write-ahead log, synchronous=FULL. A reader that begins afterwards
 * sees it. Reads are short: copy what you need and end before anything that can block, like an answer to a slow client.
 */
#ifndef HUGS3_LOCALHUB_DB_H
#define HUGS3_LOCALHUB_DB_H

#include <sqlite3.h>

#include "common/combine.h"
#include "localhub/db_sql.h"
#include "xet/format.h"

struct db;
struct db_conn; /* one connection and its prepared statements; one thread at a time */

/* Makes or opens it. `why` gets one line. */
MUST_USE enum err db_open(const char *path, char why[256], struct db **out);
void db_close(struct db *d); /* nobody may be inside; NULL is fine */

struct db_conn *db_read_begin(struct db *d); /* waits for a connection; NULL: none can be had (ERR_STORE) */
void db_read_end(struct db *d, struct db_conn *c);
#define AUTO_READ __attribute__((cleanup(db_read_done)))
struct db_read {
    struct db *db;
    struct db_conn *conn; /* NULL: ERR_STORE */
};
struct db_read db_read(struct db *d);
void db_read_done(struct db_read *r); /* more than once is fine */

/* A change. `apply` runs on some writer's thread, inside a transaction that may hold others' changes too: it changes
 * everything it means to and returns OK; or changes nothing and returns why; or returns ERR_STORE, which undoes the
 * whole transaction, for everybody in it. Embedded first in the caller's own struct. */
struct db_write {
    struct combine_item item; /* item.weight: bytes it writes, roughly; 0 is taken as 1 */
    enum err (*apply)(struct db_conn *c, struct db_write *w);
    enum err result;
};
MUST_USE enum err db_write(struct db *d, struct db_write *w);

/* The statement, reset and without bindings; NULL: the database fails (logged). */
sqlite3_stmt *db_stmt(struct db_conn *c, enum db_sql id);
void db_bind_slice(sqlite3_stmt *s, int i, struct slice blob); /* borrowed until the statement is reset */
void db_bind_text(sqlite3_stmt *s, int i, struct slice text);  /* p NULL: NULL */
void db_bind_hash(sqlite3_stmt *s, int i, const struct xet_hash *h);
/* 1: a row; 0: done; -1: failed, logged. When not 1, the statement is reset. */
int db_step(sqlite3_stmt *s);
MUST_USE enum err db_run(sqlite3_stmt *s); /* to the end: OK or ERR_STORE; NULL is ERR_STORE */
int64_t db_changes(struct db_conn *c);     /* rows of the last db_run */
int64_t db_last_id(struct db_conn *c);
struct slice db_col_slice(sqlite3_stmt *s, int i); /* valid until the next step or reset */
MUST_USE bool db_col_hash(sqlite3_stmt *s, int i, struct xet_hash *out);

#endif

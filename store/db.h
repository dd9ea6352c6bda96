/* SPDX-License-Identifier: Apache-2.0 */
/* db.h: the SQLite file: opening it, its schema, its statements. A connection with its statements is used by one thread
 * at a time; store.c sees to that. */
#ifndef HUGS3_STORE_DB_H
#define HUGS3_STORE_DB_H

#include <sqlite3.h>

#include "common/arena.h"

enum store_db_statement {
    DB_BEGIN,
    DB_COMMIT,
    DB_ROLLBACK,
    DB_UPLOAD_CREATE,
    DB_UPLOAD_GET,
    DB_UPLOAD_DELETE,
    DB_UPLOAD_LIST,        /* keys below an end */
    DB_UPLOAD_LIST_TO_END, /* all keys */
    DB_UPLOAD_EXPIRE,
    DB_PART_PUT,
    DB_PART_LIST,
    DB_PART_GET,
    DB_COMPLETE,
    DB_COMPLETED_GET,
    DB_COMPLETED_EXPIRE,
    DB_STATEMENTS
};

struct db {
    sqlite3 *connection;
    sqlite3_stmt *statements[DB_STATEMENTS];
};

/* Creates the file, readable by its owner alone, when there is none. *out is zeroed on failure. `why`: as store_open.
 */
MUST_USE enum err store_db_open(const char *path, char why[256], struct db *out);
void store_db_close(struct db *db); /* zeroed is fine */

/* Parameters count from 1, columns from 0, as SQLite has it. Bytes are borrowed until store_db_done. */
void store_db_bind_bytes(struct db *db, enum store_db_statement s, int parameter, struct slice bytes);
void store_db_bind_int(struct db *db, enum store_db_statement s, int parameter, int64_t value);
/* SQLITE_ROW, SQLITE_DONE or, logged, an error. */
int store_db_step(struct db *db, enum store_db_statement s);
/* Ready for the next use; after every use. */
void store_db_done(struct db *db, enum store_db_statement s);
/* One step of a statement that gives no rows, and store_db_done. ERR_STORE. */
MUST_USE enum err store_db_run(struct db *db, enum store_db_statement s);
int64_t store_db_changes(struct db *db); /* rows by the last statement, those of cascades not counted */
struct slice store_db_bytes(struct db *db, enum store_db_statement s, int column, struct arena *arena); /* copied */
int64_t store_db_int(struct db *db, enum store_db_statement s, int column);

#endif

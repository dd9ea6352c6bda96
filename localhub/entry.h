/* SPDX-License-Identifier: Apache-2.0 */
/* entry.h: a file in a bucket, as a row and as the Hub's JSON. */
#ifndef HUGS3_LOCALHUB_ENTRY_H
#define HUGS3_LOCALHUB_ENTRY_H

#include "localhub/db.h"
#include "localhub/json_out.h"

struct entry {
    struct slice path;
    struct xet_hash hash;
    uint64_t size;
    int64_t mtime_ms, uploaded_ms;
    struct slice content_type; /* p NULL: none */
};

/* Reads columns ENTRY_COLUMNS of the current row; slices are valid until the next step or reset. */
MUST_USE enum err entry_row(sqlite3_stmt *s, struct entry *out);
/* As entry_row, for one path. ERR_NO_SUCH_KEY, ERR_STORE. */
MUST_USE enum err entry_find(struct db_conn *c, int64_t bucket, struct slice path, struct entry *out);
void entry_json(struct json_out *j, const struct entry *e);

#endif

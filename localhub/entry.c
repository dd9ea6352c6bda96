/* SPDX-License-Identifier: Apache-2.0 */
/* entry.c: rows of `entry`. */
#include "localhub/entry.h"

enum err entry_row(sqlite3_stmt *s, struct entry *out)
{
    struct entry e = { .path = db_col_slice(s, 0) };

    if (!db_col_hash(s, 1, &e.hash))
        return ERR_STORE;
    e.size = (uint64_t)sqlite3_column_int64(s, 2);
    e.mtime_ms = sqlite3_column_int64(s, 3);
    e.uploaded_ms = sqlite3_column_int64(s, 4);
    if (sqlite3_column_type(s, 5) != SQLITE_NULL)
        e.content_type = db_col_slice(s, 5);
    *out = e;
    return OK;
}

enum err entry_find(struct db_conn *c, int64_t bucket, struct slice path, struct entry *out)
{
    sqlite3_stmt *s = db_stmt(c, SQL_ENTRY_FIND);

    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, bucket);
    db_bind_slice(s, 2, path);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_NO_SUCH_KEY : ERR_STORE;
    return entry_row(s, out);
}

void entry_json(struct json_out *j, const struct entry *e)
{
    json_open(j, '{');
    json_key(j, "type");
    json_str(j, "file");
    json_key(j, "path");
    json_slice(j, e->path);
    json_key(j, "size");
    json_u64(j, e->size);
    json_key(j, "xetHash");
    json_hash(j, &e->hash);
    json_key(j, "mtime");
    json_time(j, e->mtime_ms);
    json_key(j, "uploadedAt");
    json_time(j, e->uploaded_ms);
    if (e->content_type.p) {
        json_key(j, "contentType");
        json_slice(j, e->content_type);
    }
    json_close(j, '}');
}

/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.c: rows of `bucket`, and the rights to them. */
#include "localhub/bucket.h"

void bucket_row(sqlite3_stmt *s, struct arena *arena, struct bucket *out)
{
    *out = (struct bucket){
        .id = sqlite3_column_int64(s, 0),
        .ns = arena_copy(arena, db_col_slice(s, 1)),
        .name = arena_copy(arena, db_col_slice(s, 2)),
        .is_private = sqlite3_column_int(s, 3),
        .created_ms = sqlite3_column_int64(s, 4),
        .updated_ms = sqlite3_column_int64(s, 5),
        .size = (uint64_t)sqlite3_column_int64(s, 6),
        .files = (uint64_t)sqlite3_column_int64(s, 7),
    };
}

enum err bucket_find(struct db_conn *c, struct slice ns, struct slice name, struct arena *arena, struct bucket *out)
{
    sqlite3_stmt *s = db_stmt(c, SQL_BUCKET_FIND);

    if (!s)
        return ERR_STORE;
    db_bind_text(s, 1, ns);
    db_bind_text(s, 2, name);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_NO_SUCH_BUCKET : ERR_STORE;
    bucket_row(s, arena, out);
    sqlite3_reset(s);
    return OK;
}

bool bucket_readable(const struct bucket *b, const struct person *who)
{
    return !b->is_private || person_owns(who, b->ns);
}

void bucket_missing(struct call *c)
{
    if (c->who)
        call_error(c, 404, "RepoNotFound", "Bucket not found");
    else
        call_error(c, 401, "RepoNotFound", "Invalid username or password.");
}

bool namespace_of_call(struct call *c, struct slice *ns)
{
    *ns = c->args[0];
    if (!slice_is(*ns, "me"))
        return true;
    if (c->who)
        *ns = slice_str(c->who->name);
    else
        call_error(c, 401, NULL, "Invalid username or password.");
    return c->who;
}

bool bucket_of_call_in(struct call *c, struct db_conn *conn, enum bucket_use use, struct bucket *out)
{
    struct bucket b;

    enum err e = conn ? bucket_find(conn, c->args[0], c->args[1], c->arena, &b) : ERR_STORE;
    if (e == ERR_NO_SUCH_BUCKET || (!e && !bucket_readable(&b, c->who))) {
        bucket_missing(c);
        return false;
    }
    if (e) {
        call_fail(c, e);
        return false;
    }
    if (use == BUCKET_WRITE && !person_owns(c->who, b.ns)) {
        if (c->who)
            call_error(c, 403, NULL, "You do not have write access to this bucket");
        else
            call_error(c, 401, NULL, "Invalid username or password.");
        return false;
    }
    *out = b;
    return true;
}

bool bucket_of_call(struct call *c, enum bucket_use use, struct bucket *out)
{
    AUTO_READ struct db_read r = db_read(c->hub->db);

    return bucket_of_call_in(c, r.conn, use, out);
}

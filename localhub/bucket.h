/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.h: buckets: finding one by its id, and what the caller may do with it.
 *
 * A private bucket does not exist for those who may not read it: 404 to another user, 401 to an anonymous caller, who
 * gets that for a missing bucket too. A public bucket of somebody else may be read and not written: 403. */
#ifndef HUGS3_LOCALHUB_BUCKET_H
#define HUGS3_LOCALHUB_BUCKET_H

#include "localhub/call.h"

struct bucket {
    int64_t id;
    struct slice ns, name;
    bool is_private;
    int64_t created_ms, updated_ms;
    uint64_t size, files;
};

/* Reads columns BUCKET_COLUMNS of the current row; text is copied to the arena. */
void bucket_row(sqlite3_stmt *s, struct arena *arena, struct bucket *out);
/* Without rights. ERR_NO_SUCH_BUCKET, ERR_STORE. */
MUST_USE enum err bucket_find(struct db_conn *c, struct slice ns, struct slice name, struct arena *arena,
                              struct bucket *out);
bool bucket_readable(const struct bucket *b, const struct person *who);

enum bucket_use { BUCKET_READ, BUCKET_WRITE };
/* The bucket that the route's first two placeholders name. false: answered. */
MUST_USE bool bucket_of_call(struct call *c, enum bucket_use use, struct bucket *out);
/* The same within a read that is under way. */
MUST_USE bool bucket_of_call_in(struct call *c, struct db_conn *conn, enum bucket_use use, struct bucket *out);
void bucket_missing(struct call *c); /* 404, or 401 to an anonymous caller */
/* "me" is the caller's own name. false: answered 401. */
MUST_USE bool namespace_of_call(struct call *c, struct slice *ns);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* repo.h: models, datasets and Spaces: finding one at a revision, and its files. They are put in from outside
 * (import.c) and only read over HTTP; everybody may read them. */
#ifndef HUGS3_LOCALHUB_REPO_H
#define HUGS3_LOCALHUB_REPO_H

#include "localhub/call.h"

enum { REPO_OID = 41, REPO_SHA256 = 65 }; /* hex digits and NUL */

struct repo {
    const char *type; /* "models" */
    struct slice ns, name;
    int64_t id, commit; /* rows */
    char sha[REPO_OID]; /* of the commit */
    int64_t created_ms, made_ms;
};

struct repo_file {
    struct slice path;
    char oid[REPO_OID]; /* of git's blob: the content, or the pointer of a large file */
    uint64_t size;
    bool in_xet;
    struct xet_hash hash;     /* when in Xet */
    char sha256[REPO_SHA256]; /* when in Xet */
};

/* A type as the API spells it: "models", "datasets", "spaces"; NULL: none of them. */
const char *repo_type(struct slice text);
/* Without rights. ERR_NO_SUCH_BUCKET: no such repository; ERR_NO_SUCH_KEY: no such revision. */
MUST_USE enum err repo_find(struct db_conn *c, const char *type, struct slice ns, struct slice name,
                            struct slice revision, struct arena *arena, struct repo *out);
/* Whether there is such a repository, at whatever revision; `type` as copies name it: "model". */
bool repo_exists(struct db_conn *c, struct slice type, struct slice id);
/* As repo_find, for a call, which is answered when it cannot be found. */
MUST_USE bool repo_of_call(struct call *c, struct db_conn *conn, const char *type, struct slice ns, struct slice name,
                           struct slice revision, struct repo *out);
/* Of an API call: type, namespace, name and revision are the route's first placeholders. */
MUST_USE bool repo_of_api(struct call *c, struct db_conn *conn, struct repo *out);
const char *repo_id(struct call *c, const struct repo *r); /* "ns/name" */

/* Reads columns REPO_FILE_COLUMNS of the current row; path is valid until the next step or reset. */
MUST_USE enum err repo_file_row(sqlite3_stmt *s, struct repo_file *out);
MUST_USE enum err repo_file_find(struct db_conn *c, const struct repo *r, struct slice path, struct repo_file *out);
void repo_file_json(struct json_out *j, const struct repo_file *f);
void repo_directory_json(struct json_out *j, struct slice path);

/* git's name of a blob: SHA-1 of "blob SIZE", a NUL, and the content. */
void repo_blob_oid(struct slice content, char out[REPO_OID]);
/* What git has in the place of a large file: the pointer of Git LFS. */
void repo_pointer(const char *sha256, uint64_t size, struct buf *out);

#endif

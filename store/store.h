/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: the little state that outlives a request: multipart uploads and their parts. SQLite, one file.
 * A call that returns OK is on disk: it survives kill -9 and a power cut. Any thread; calls may wait for the disk. */
#ifndef HUGS3_STORE_STORE_H
#define HUGS3_STORE_STORE_H

#include "common/arena.h"

struct store;

/* Opens or creates. `why` gets one line for the user on failure (no directory, not ours, made by a newer version, …).
 */
MUST_USE enum err store_open(const char *path, char why[256], struct store **out);
void store_close(struct store *s); /* NULL is fine */

#define STORE_UPLOAD_ID 44 /* text and NUL; letters, digits, '-' and '_'; cannot be guessed */

/* Slices are borrowed from the caller when given, from `arena` when returned. */
struct store_upload {
    char id[STORE_UPLOAD_ID];
    struct slice bucket;  /* the Hub's id, ns/name */
    struct slice key;     /* as S3 knows it */
    struct slice headers; /* what CreateMultipartUpload said of the object: opaque to the store */
    struct slice owner;   /* the access key id that began it */
    int64_t created_ms;
};

struct store_part {
    unsigned number; /* 1 to 10,000 */
    uint64_t size;
    int64_t modified_ms;
    struct slice etag;     /* without quotes */
    struct slice checksum; /* "CRC32:base64" or empty */
    struct slice recipe;   /* xet's, opaque; not read by store_part_list */
};

/* Makes up up->id. */
MUST_USE enum err store_upload_create(struct store *s, struct store_upload *up);
/* ERR_NO_SUCH_UPLOAD also when the upload is of another bucket or key. */
MUST_USE enum err store_upload_get(struct store *s, struct slice id, struct slice bucket, struct slice key,
                                   struct arena *arena, struct store_upload *out);
/* The upload and its parts. ERR_NO_SUCH_UPLOAD. */
MUST_USE enum err store_upload_delete(struct store *s, struct slice id);

/* In order of (key, id), those behind (after_key, after_id); up to `max`. *n is how many; *more: there are others. */
MUST_USE enum err store_upload_list(struct store *s, struct slice bucket, struct slice prefix, struct slice after_key,
                                    struct slice after_id, size_t max, struct arena *arena, struct store_upload *out,
                                    size_t *n, bool *more);
/* Deletes the uploads begun before. *n: how many. */
MUST_USE enum err store_upload_expire(struct store *s, int64_t before_ms, uint64_t *n);

/* Replaces the part of that number. ERR_NO_SUCH_UPLOAD when the upload has ended meanwhile. */
MUST_USE enum err store_part_put(struct store *s, struct slice id, const struct store_part *part);
MUST_USE enum err store_part_list(struct store *s, struct slice id, unsigned after, size_t max, struct arena *arena,
                                  struct store_part *out, size_t *n, bool *more);
/* With its recipe. ERR_INVALID_PART: none of that number. */
MUST_USE enum err store_part_get(struct store *s, struct slice id, unsigned number, struct arena *arena,
                                 struct store_part *out);

/* What a completed upload became, so that a repeated CompleteMultipartUpload gets the same answer; forgotten by
 * store_upload_expire. Deletes the upload in the same transaction. `parts`: a digest of the part list it was completed
 * with. ERR_NO_SUCH_UPLOAD. */
MUST_USE enum err store_complete(struct store *s, struct slice id, struct slice bucket, struct slice key,
                                 struct slice etag, struct slice parts);
MUST_USE enum err store_completed_get(struct store *s, struct slice id, struct slice bucket, struct slice key,
                                      struct arena *arena, struct slice *etag, struct slice *parts);

#endif

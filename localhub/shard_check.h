/* SPDX-License-Identifier: Apache-2.0 */
/* shard_check.h: checks an uploaded shard against the xorbs that are stored, and makes rows of its files.
 *
 * Checked, for every file: its terms name stored xorbs and lie within them, their sizes and verification hashes are
 * those of the chunks they name, and the tree over all its chunks gives the file's hash. For every xorb that the shard
 * describes: it is stored and has these chunks. Nothing is written here. */
#ifndef HUGS3_LOCALHUB_SHARD_CHECK_H
#define HUGS3_LOCALHUB_SHARD_CHECK_H

#include "localhub/contents.h"

struct shard_file_row {
    struct xet_hash hash;
    uint64_t size;
    size_t terms_at, terms_n;    /* bytes in shard_files.terms */
    struct xet_hash first_chunk; /* a file's first chunk is offered for global dedup */
    int64_t first_xorb;
};
struct shard_files {
    struct shard_file_row *list;
    size_t n, cap;
    struct buf terms;
};
void shard_files_done(struct shard_files *f);

/* ERR_BAD_REQUEST: `why` says in words for the client what is wrong. ERR_STORE. *out is for the caller to end with
 * shard_files_done, whatever is returned. */
MUST_USE enum err shard_check(struct db *db, struct slice shard, struct shard_files *out, const char **why);

#endif

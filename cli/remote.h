/* SPDX-License-Identifier: Apache-2.0 */
/* remote.h: what is in a bucket at a place: streamed page by page, or kept as a sorted table. */
#ifndef HUGS3_CLI_REMOTE_H
#define HUGS3_CLI_REMOTE_H

#include "cli/place.h"
#include "hub/hub.h"

enum remote_depth { REMOTE_LEVEL, REMOTE_ALL };
typedef enum err remote_fn(void *ctx, const struct hub_file *f); /* its error ends it; *f is valid for the call */

/* What is below the directory at `path` (empty: all of the bucket), in the Hub's order. *any (may be NULL): there was
 * something. */
MUST_USE enum err remote_each(struct hub_bucket *b, struct slice path, enum remote_depth depth, remote_fn *fn,
                              void *ctx, bool *any);

/* What a place names: a file (*file in the arena, *is_file), or all below it. A place said to be a directory is not
 * looked up. No error says that there is something below it. */
MUST_USE enum err remote_find(struct hub_bucket *b, const struct place *p, struct arena *arena, struct hub_file *file,
                              bool *is_file);

/* All files below a place, sorted: about 100 bytes and the path for each. */
struct remote_row {
    const char *path; /* all of it */
    uint64_t size;
    char xet_hash[65];
    bool seen; /* the caller's */
    int64_t mtime_ms;
};
struct remote_table {
    struct arena *arena;
    struct remote_row *rows;
    size_t n, room;
};
MUST_USE enum err remote_load(struct hub_bucket *b, struct slice path, struct remote_table *out);
struct remote_row *remote_row(struct remote_table *t, const char *path); /* NULL: none */
void remote_table_done(struct remote_table *t);                          /* a zeroed one is fine */

#endif

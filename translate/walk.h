/* SPDX-License-Identifier: Apache-2.0 */
/* walk.h: a bucket's keys in S3's order (bytes of UTF-8), page by page from the Hub.
 *
 *   hub_tree pages ─► paths as keys ─► a heap that holds what may still be overtaken ─► walk_next
 *
 * The Hub's pages are asked for as large as it gives them; what a client's page leaves over is kept for its next one
 * (walk_keep), and the continuation token alone is enough to go on without it. If the Hub's order turns out not to be
 * that of bytes, everything under the prefix is read and sorted. */
#ifndef HUGS3_TRANSLATE_WALK_H
#define HUGS3_TRANSLATE_WALK_H

#include "hub/hub.h"

struct walk;
struct walk_cache;

struct walk_entry {
    struct slice key;  /* with a '/' at its end when `is_prefix`; valid until the next walk_next */
    bool is_prefix;    /* a directory: stands for all keys below it */
    char xet_hash[65]; /* the rest: of an object */
    char git_oid[65];
    uint64_t size;
    int64_t modified_ms;
};

struct walk_cache *walk_cache_new(void);
void walk_cache_free(struct walk_cache *c);

/* Keys that begin with `prefix` and are greater than `after` (empty: all). by_directory: what lies below a '/' behind
 * the prefix comes as one entry where the Hub can say so, else as many; the caller folds. `token`: from walk_token, or
 * empty; ERR_INVALID_ARGUMENT when it is not one. A walk kept under `token`, or under `after` when there is no token,
 * is taken up where it stopped. */
MUST_USE enum err walk_open(struct walk_cache *c, struct hub_bucket *b, struct slice prefix, bool by_directory,
                            struct slice after, struct slice token, struct walk **out);
/* false with OK: no more. `b` is the bucket it was opened with. */
MUST_USE enum err walk_next(struct walk *w, struct hub_bucket *b, struct walk_entry *out, bool *found);
/* Whether walk_next would find one; takes nothing. */
MUST_USE enum err walk_more(struct walk *w, struct hub_bucket *b, bool *more);
/* What begins with `prefix` is not wanted any more: it has been folded into one. */
void walk_skip_prefix(struct walk *w, struct slice prefix);
/* The token to go on behind `last`: an object's key, or a prefix that was folded. */
void walk_token(const struct walk *w, struct slice last, bool last_is_prefix, struct buf *out);
/* Gives the walk back for whoever comes with this token or, without tokens, this `after`; takes w. */
void walk_keep(struct walk_cache *c, struct walk *w, struct slice handle);
void walk_free(struct walk *w); /* NULL is fine */

#endif

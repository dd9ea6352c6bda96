/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h: which chunks of which xorbs make up bytes `from` to `to` of a file. What a reconstruction tells a client, and
 * what serving a file's bytes ourselves goes by. */
#ifndef HUGS3_LOCALHUB_PLAN_H
#define HUGS3_LOCALHUB_PLAN_H

#include "localhub/contents.h"

struct plan {
    struct file_info file;
    size_t first, n;             /* terms that are touched; the first and the last one are cut to chunks: */
    struct file_term head, tail; /* the same one when n is 1 */
    uint32_t skip;               /* bytes of the first chunk before `from` */
};

/* `from` to `to` (inclusive) must lie in the file, unless it is empty: then n is 0. Takes `file` over, whatever is
 * returned. ERR_CORRUPT, ERR_STORE. */
MUST_USE enum err plan_make(struct db_conn *c, struct file_info *file, uint64_t from, uint64_t to, struct plan *out);
void plan_done(struct plan *p); /* zeroed is fine */
#define AUTO_PLAN __attribute__((cleanup(plan_done)))

void plan_term(const struct plan *p, size_t i, struct file_term *out); /* i < n */

#endif

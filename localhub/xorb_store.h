/* SPDX-License-Identifier: Apache-2.0 */
/* xorb_store.h: where the bytes of xorbs are kept, and how they get there without a kill -9 leaving half of one.
 *
 *   small (up to XORB_ROW_MAX)  a row of `content`, in the same transaction as the xorb's own row: one fsync, shared
 *                               with everybody who commits at that moment
 *   large                       xorbs/tmp/N ── checked, synced ──► xorbs/ab/<hash> ── directory synced ──► row
 *
 * A file without a row is what a crash left; the next upload of that xorb replaces it. Two uploads of one xorb at a
 * time may be packed differently, so only one of them gets to the last steps; the other then finds the row. */
#ifndef HUGS3_LOCALHUB_XORB_STORE_H
#define HUGS3_LOCALHUB_XORB_STORE_H

#include "localhub/contents.h"

enum { XORB_ROW_MAX = 96 << 10 };

struct xorb_store;

/* Makes what is missing under the directory, removes what unfinished uploads left. Borrows both. */
MUST_USE enum err xorb_store_new(struct db *db, int dir_fd, char why[256], struct xorb_store **out);
void xorb_store_free(struct xorb_store *s); /* NULL is fine */

/* One upload. ERR_CORRUPT: not a xorb of that hash. ERR_STORE: the disk fails or is full. */
struct xorb_put;
struct xorb_put *xorb_put_new(struct xorb_store *s, const struct xet_hash *hash);
MUST_USE enum err xorb_put_write(struct xorb_put *p, struct slice bytes);
/* OK: the xorb is on disk and known. *inserted: it was not before. */
MUST_USE enum err xorb_put_finish(struct xorb_put *p, bool *inserted);
void xorb_put_free(struct xorb_put *p); /* at any time; NULL is fine */

/* Reading. The file of a xorb with in_file; the caller closes it. */
MUST_USE enum err xorb_store_open(struct xorb_store *s, const struct xet_hash *hash, int *fd);
/* Bytes of a xorb without in_file. */
MUST_USE enum err xorb_row_read(struct db_conn *c, int64_t id, uint64_t from, size_t n, char *out);
MUST_USE enum err xorb_file_read(int fd, uint64_t from, size_t n, char *out); /* exactly n */

#endif

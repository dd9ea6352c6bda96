/* SPDX-License-Identifier: Apache-2.0 */
/* contents.h: what the CAS knows about files and xorbs, as it is kept in the database.
 *
 * A xorb's chunks are one blob, 40 bytes a chunk, so that neither checking a shard nor answering a reconstruction reads
 * the xorb again:
 *     0  32  hash of the chunk
 *    32   4  where it ends in the serialized xorb
 *    36   4  where it ends in the unpacked xorb
 * A file's terms are one blob, 52 bytes a term. Xorbs never change, so a term carries its bytes' place as well:
 *     0  32  hash of the xorb
 *    32   4  unpacked bytes
 *    36   4  first chunk
 *    40   4  chunk behind the last one
 *    44   4  first byte in the serialized xorb
 *    48   4  byte behind the last one
 * Integers are little-endian. */
#ifndef HUGS3_LOCALHUB_CONTENTS_H
#define HUGS3_LOCALHUB_CONTENTS_H

#include "localhub/db.h"

enum { CHUNK_ROW = 40, TERM_ROW = 52 };

struct xorb_info {
    int64_t id;
    struct xet_hash hash;
    uint64_t size, packed; /* unpacked and serialized bytes */
    bool in_file;          /* else a row of `content` */
    uint32_t n;            /* chunks */
    char *chunks;          /* owned */
};

/* ERR_NO_SUCH_KEY: none of that hash. ERR_CORRUPT: the row makes no sense. */
MUST_USE enum err xorb_info_find(struct db_conn *c, const struct xet_hash *hash, struct xorb_info *out);
/* The xorb that a chunk offered for global dedup lies in. */
MUST_USE enum err xorb_info_of_chunk(struct db_conn *c, const struct xet_hash *chunk, struct xorb_info *out);
void xorb_info_done(struct xorb_info *x); /* zeroed is fine */
#define AUTO_XORB_INFO __attribute__((cleanup(xorb_info_done)))

void chunk_row_add(struct buf *rows, const struct xet_hash *hash, uint32_t packed_end, uint32_t size_end);
void xorb_chunk_hash(const struct xorb_info *x, uint32_t i, struct xet_hash *out);
/* Where the first i chunks end: 0 for i = 0. i <= n. */
uint32_t xorb_packed_end(const struct xorb_info *x, uint32_t i);
uint32_t xorb_size_end(const struct xorb_info *x, uint32_t i);

struct file_term {
    struct xet_hash xorb;
    uint32_t size, start, end, packed_from, packed_to;
};
struct file_info {
    uint64_t size;
    size_t n;    /* terms */
    char *terms; /* owned */
};
/* The file of 64 zeros is empty and always there. ERR_NO_SUCH_KEY, ERR_CORRUPT. */
MUST_USE enum err file_info_find(struct db_conn *c, const struct xet_hash *hash, struct file_info *out);
MUST_USE enum err file_size_find(struct db_conn *c, const struct xet_hash *hash, uint64_t *out);
void file_info_done(struct file_info *f);
#define AUTO_FILE_INFO __attribute__((cleanup(file_info_done)))

void term_row_add(struct buf *rows, const struct file_term *t);
void file_term_at(const struct file_info *f, size_t i, struct file_term *out);

#endif

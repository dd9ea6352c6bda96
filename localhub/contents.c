/* SPDX-License-Identifier: Apache-2.0 */
/* contents.c: rows of `xorb` and `file`, read, and the layout of their blobs (contents.h). */
#include "localhub/contents.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>

static void put32(struct buf *b, uint32_t n)
{
    uint32_t le = htole32(n);

    buf_add(b, slice_of(&le, sizeof le));
}

static uint32_t get32(const char *p)
{
    uint32_t le;

    memcpy(&le, p, sizeof le);
    return le32toh(le);
}

/* Takes columns id, hash, size, packed, in_file, chunks. */
static enum err read_xorb(sqlite3_stmt *s, struct xorb_info *out)
{
    struct xorb_info x = { .id = sqlite3_column_int64(s, 0) };
    struct slice chunks = db_col_slice(s, 5);

    if (!db_col_hash(s, 1, &x.hash) || chunks.n == 0 || chunks.n % CHUNK_ROW || chunks.n / CHUNK_ROW > XORB_MAX_CHUNKS)
        return ERR_CORRUPT;
    x.size = (uint64_t)sqlite3_column_int64(s, 2);
    x.packed = (uint64_t)sqlite3_column_int64(s, 3);
    x.in_file = sqlite3_column_int(s, 4);
    x.n = (uint32_t)(chunks.n / CHUNK_ROW);
    x.chunks = mem_dup(chunks);
    *out = x;
    return OK;
}

static enum err find_xorb(struct db_conn *c, enum db_sql sql, const struct xet_hash *hash, struct xorb_info *out)
{
    sqlite3_stmt *s = db_stmt(c, sql);

    if (!s)
        return ERR_STORE;
    db_bind_hash(s, 1, hash);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_NO_SUCH_KEY : ERR_STORE;
    enum err e = read_xorb(s, out);
    sqlite3_reset(s);
    return e;
}

enum err xorb_info_find(struct db_conn *c, const struct xet_hash *hash, struct xorb_info *out)
{
    return find_xorb(c, SQL_XORB_FIND, hash, out);
}

enum err xorb_info_of_chunk(struct db_conn *c, const struct xet_hash *chunk, struct xorb_info *out)
{
    return find_xorb(c, SQL_CHUNK_XORB, chunk, out);
}

void xorb_info_done(struct xorb_info *x)
{
    free(x->chunks);
    *x = (struct xorb_info){ 0 };
}

void chunk_row_add(struct buf *rows, const struct xet_hash *hash, uint32_t packed_end, uint32_t size_end)
{
    buf_add(rows, slice_of(hash->b, sizeof hash->b));
    put32(rows, packed_end);
    put32(rows, size_end);
}

void xorb_chunk_hash(const struct xorb_info *x, uint32_t i, struct xet_hash *out)
{
    assert(i < x->n);
    memcpy(out->b, x->chunks + (size_t)i * CHUNK_ROW, sizeof out->b);
}

uint32_t xorb_packed_end(const struct xorb_info *x, uint32_t i)
{
    assert(i <= x->n);
    return i ? get32(x->chunks + (size_t)(i - 1) * CHUNK_ROW + 32) : 0;
}

uint32_t xorb_size_end(const struct xorb_info *x, uint32_t i)
{
    assert(i <= x->n);
    return i ? get32(x->chunks + (size_t)(i - 1) * CHUNK_ROW + 36) : 0;
}

enum err file_info_find(struct db_conn *c, const struct xet_hash *hash, struct file_info *out)
{
    sqlite3_stmt *s;

    if (xet_hash_eq(hash, &xet_hash_zero)) {
        *out = (struct file_info){ 0 };
        return OK;
    }
    s = db_stmt(c, SQL_FILE_FIND);
    if (!s)
        return ERR_STORE;
    db_bind_hash(s, 1, hash);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_NO_SUCH_KEY : ERR_STORE;
    struct slice terms = db_col_slice(s, 1);
    enum err e = terms.n > 0 && terms.n % TERM_ROW == 0 ? OK : ERR_CORRUPT;
    if (!e)
        *out = (struct file_info){ (uint64_t)sqlite3_column_int64(s, 0), terms.n / TERM_ROW, mem_dup(terms) };
    sqlite3_reset(s);
    return e;
}

enum err file_size_find(struct db_conn *c, const struct xet_hash *hash, uint64_t *out)
{
    sqlite3_stmt *s;

    if (xet_hash_eq(hash, &xet_hash_zero)) {
        *out = 0;
        return OK;
    }
    s = db_stmt(c, SQL_FILE_SIZE);
    if (!s)
        return ERR_STORE;
    db_bind_hash(s, 1, hash);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_NO_SUCH_KEY : ERR_STORE;
    *out = (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return OK;
}

void file_info_done(struct file_info *f)
{
    free(f->terms);
    *f = (struct file_info){ 0 };
}

void term_row_add(struct buf *rows, const struct file_term *t)
{
    buf_add(rows, slice_of(t->xorb.b, sizeof t->xorb.b));
    put32(rows, t->size);
    put32(rows, t->start);
    put32(rows, t->end);
    put32(rows, t->packed_from);
    put32(rows, t->packed_to);
}

void file_term_at(const struct file_info *f, size_t i, struct file_term *out)
{
    const char *p = f->terms + i * TERM_ROW;

    assert(i < f->n);
    memcpy(out->xorb.b, p, sizeof out->xorb.b);
    out->size = get32(p + 32);
    out->start = get32(p + 36);
    out->end = get32(p + 40);
    out->packed_from = get32(p + 44);
    out->packed_to = get32(p + 48);
}

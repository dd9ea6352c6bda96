/* SPDX-License-Identifier: Apache-2.0 */
/* xorb_reader.c: opening a xorb's file, or copying its row so that the connection is free again at once. */
#include "localhub/xorb_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

void xorb_reader_done(struct xorb_reader *x)
{
    if (x->fd >= 0)
        close(x->fd);
    free(x->row);
    *x = (struct xorb_reader){ .fd = -1 };
}

static enum err read_row(struct db_conn *c, int64_t id, struct xorb_reader *x)
{
    if (x->packed > XORB_ROW_MAX)
        return ERR_CORRUPT;
    x->row = (char *)mem_alloc(x->packed);
    return xorb_row_read(c, id, 0, x->packed, x->row);
}

enum err xorb_reader_open(struct db *db, struct xorb_store *store, const struct xet_hash *hash, struct xorb_reader *out)
{
    AUTO_READ struct db_read r = db_read(db);
    AUTO_READER struct xorb_reader x = { .fd = -1 };
    sqlite3_stmt *s = r.conn ? db_stmt(r.conn, SQL_XORB_PLACE) : NULL;

    if (!s)
        return ERR_STORE;
    db_bind_hash(s, 1, hash);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_NO_SUCH_KEY : ERR_STORE;
    int64_t id = sqlite3_column_int64(s, 0);
    bool in_file = sqlite3_column_int(s, 2);
    x.packed = (uint64_t)sqlite3_column_int64(s, 1);
    enum err e = in_file ? xorb_store_open(store, hash, &x.fd) : read_row(r.conn, id, &x);
    if (e)
        return e;
    *out = x;
    x = (struct xorb_reader){ .fd = -1 };
    return OK;
}

enum err xorb_reader_read(struct xorb_reader *x, uint64_t from, size_t n, char *out)
{
    assert(from <= x->packed && n <= x->packed - from);
    if (x->fd >= 0)
        return xorb_file_read(x->fd, from, n, out);
    memcpy(out, x->row + from, n);
    return OK;
}

int xorb_reader_take_fd(struct xorb_reader *x)
{
    int fd = x->fd;

    x->fd = -1;
    return fd;
}

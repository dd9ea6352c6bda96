/* SPDX-License-Identifier: Apache-2.0 */
/* xorb_reader.h: the stored bytes of one xorb, wherever they are kept. */
#ifndef HUGS3_LOCALHUB_XORB_READER_H
#define HUGS3_LOCALHUB_XORB_READER_H

#include "localhub/xorb_store.h"

struct xorb_reader {
    uint64_t packed; /* its serialized bytes */
    int fd;          /* -1: in `row` */
    char *row;       /* all of a small one, owned */
};

/* ERR_NO_SUCH_KEY, ERR_STORE. A reader holds no database connection. */
MUST_USE enum err xorb_reader_open(struct db *db, struct xorb_store *s, const struct xet_hash *hash,
                                   struct xorb_reader *out);
/* Exactly n bytes; from + n <= packed. ERR_CORRUPT, ERR_STORE. */
MUST_USE enum err xorb_reader_read(struct xorb_reader *x, uint64_t from, size_t n, char *out);
int xorb_reader_take_fd(struct xorb_reader *x); /* -1: there is none */
void xorb_reader_done(struct xorb_reader *x);   /* more than once is fine; { .fd = -1 } is an empty one */
#define AUTO_READER __attribute__((cleanup(xorb_reader_done)))

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* transfer.h: content between an open file of ours and the CAS, streamed, with progress. ERR_STORE: errno says what. */
#ifndef HUGS3_CLI_TRANSFER_H
#define HUGS3_CLI_TRANSFER_H

#include "cli/session.h"

/* Everything fd has from here on; size 0: not known. */
MUST_USE enum err transfer_up(struct session *s, struct xet_space *space, int fd, uint64_t size, struct xet_file *out);
MUST_USE enum err transfer_down(struct session *s, struct xet_space *space, uint64_t size, const char *xet_hash,
                                int fd);
/* The line that makes it a file of the bucket; path and content_type are borrowed. */
struct hub_line transfer_line(struct slice path, const struct xet_file *file, int64_t mtime_ms,
                              struct slice content_type);
/* By the name's ending (the registry of media types, and what is usual); empty: not known. */
struct slice transfer_content_type(struct slice path);

#endif

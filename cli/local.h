/* SPDX-License-Identifier: Apache-2.0 */
/* local.h: folders of this machine. Everything is reached from one open root, segment by segment and never through a
 * link to a directory: whatever names a bucket has, nothing outside the root is written, read or deleted.
 *
 * Errors: ERR_BAD_REQUEST (the name would lead out), ERR_STORE (errno says what). */
#ifndef HUGS3_CLI_LOCAL_H
#define HUGS3_CLI_LOCAL_H

#include <sys/stat.h>

#include "xet/format.h"

/* The root itself may be a link: whoever typed it meant that. LOCAL_MAKE makes it and what is above it. */
enum local_root { LOCAL_THERE, LOCAL_MAKE };
MUST_USE enum err local_root(const char *path, enum local_root how, int *root);

/* Opens a regular file below root for reading. A link as the last segment is followed only with LOCAL_FOLLOW. */
enum local_link { LOCAL_NOFOLLOW, LOCAL_FOLLOW };
MUST_USE enum err local_open(int root, struct slice path, enum local_link links, int *fd, struct stat *st);

/* A file that gets its name only when it is whole. */
struct local_file {
    int fd;
    int dir;
    char *name;
    char temporary[48];
};
MUST_USE enum err local_create(int root, struct slice path, struct local_file *out); /* makes directories */
/* mtime_ms 0: now. Either way, f is done. */
MUST_USE enum err local_commit(struct local_file *f, int64_t mtime_ms);
void local_abandon(struct local_file *f);

MUST_USE enum err local_remove(int root, struct slice path);

/* Every regular file below root, links to files included when `links` says so; links to directories, sockets and the
 * like are given to `skipped` instead, without being followed. In no order. */
struct local_walk {
    enum local_link links;
    enum err (*file)(void *ctx, struct slice path, uint64_t size);
    void (*skipped)(void *ctx, struct slice path, const char *why);
    void *ctx;
};
MUST_USE enum err local_walk(int root, const struct local_walk *walk);

/* The Xet hash of what fd has from here on, as text. */
MUST_USE enum err local_hash(int fd, char out[XET_HASH_TEXT]);

#endif

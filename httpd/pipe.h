/* SPDX-License-Identifier: Apache-2.0 */
/* pipe.h: a bounded ring of bytes between an epoll thread and a request thread, and the shelf where big rings wait to
 * be used again.
 *
 * One side fills, the other drains. A pipe has no lock: its fields are the request's, under the request's lock. The
 * bytes themselves are copied without it, since a span belongs to one side only:
 *     lock; pipe_room; unlock; memcpy; lock; pipe_filled; unlock          and the same with pipe_data, pipe_drained */
#ifndef HUGS3_HTTPD_PIPE_H
#define HUGS3_HTTPD_PIPE_H

#include <pthread.h>

#include "common/buf.h"

#define PIPE_SMALL 65536 /* bodies of a known length up to this get a ring of their own size */

struct pipe {
    char *mem; /* NULL: not opened */
    size_t cap;
    size_t at;   /* where the oldest byte is */
    size_t used; /* bytes to be drained */
};

#define SHELF_SLOTS 16

struct shelf {
    size_t size; /* of each ring on it */
    /* any thread, under lock */
    pthread_mutex_t lock;
    char *rings[SHELF_SLOTS];
    size_t n;
};

void shelf_init(struct shelf *s, size_t size);
void shelf_done(struct shelf *s);
void shelf_trim(struct shelf *s, size_t keep); /* gives memory back to the system when there is nothing to do */

/* A ring for `expected` bytes, at most the shelf's size; UINT64_MAX: nobody knows how many. */
void pipe_open(struct pipe *p, struct shelf *s, uint64_t expected);
void pipe_close(struct pipe *p, struct shelf *s); /* not opened is fine */

/* The longest run that can be written, or read, without wrapping around; n == 0: full, or empty. */
char *pipe_room(struct pipe *p, size_t *n);
void pipe_filled(struct pipe *p, size_t n);
struct slice pipe_data(const struct pipe *p);
void pipe_drained(struct pipe *p, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h: memory that dies all at once, with the request it belongs to.
 * One thread at a time. Allocation never fails (it aborts, like mem_*); callers bound what they put in by bounding
 * their input. Blocks of 4 KiB, larger for larger pieces. */
#ifndef HUGS3_COMMON_ARENA_H
#define HUGS3_COMMON_ARENA_H

#include "common/buf.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);                         /* NULL is fine */
void *arena_alloc(struct arena *a, size_t n);             /* zeroed, aligned for any type */
struct slice arena_copy(struct arena *a, struct slice s); /* with a NUL behind it, not counted */
char *arena_strdup(struct arena *a, struct slice s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif

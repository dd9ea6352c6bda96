/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h: borrowed bytes (slice) and owned, capped bytes (buf).
 *
 * A slice is not NUL-terminated and owns nothing. A buf grows up to the cap given at birth; writing past the cap
 * latches `failed`, so a builder writes straight down and checks once at the end. No memory for small things is not
 * an error anybody handles: mem_* abort (doc/decisions/002-out-of-memory.md). No locks: one thread at a time. */
#ifndef HUGS3_COMMON_BUF_H
#define HUGS3_COMMON_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/err.h"

struct slice {
    const char *p;
    size_t n;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })
#define SLICE_NONE     ((struct slice){ NULL, 0 })

static inline struct slice slice_of(const void *p, size_t n)
{
    return (struct slice){ (const char *)p, n };
}
static inline struct slice slice_str(const char *s)
{
    return (struct slice){ s, s ? strlen(s) : 0 };
} /* NULL: empty */
bool slice_eq(struct slice a, struct slice b);
bool slice_eq_nocase(struct slice a, struct slice b); /* ASCII case only */
bool slice_is(struct slice a, const char *s);
bool slice_starts(struct slice a, struct slice prefix);
bool slice_ends(struct slice a, struct slice suffix);
int slice_cmp(struct slice a, struct slice b);      /* unsigned bytes: S3's order of keys */
struct slice slice_from(struct slice a, size_t at); /* what follows `at`; empty past the end */
struct slice slice_trim(struct slice a);            /* without blanks and tabs at both ends */
/* Cuts *rest at the first `sep`: returns what is before it, *rest is what is behind it. No `sep`: all, and *rest gets
 * p == NULL. */
struct slice slice_cut(struct slice *rest, char sep);
/* Decimal digits only, no sign, no blanks, no overflow; false leaves *out alone. */
MUST_USE bool slice_u64(struct slice a, uint64_t *out);

/* Never NULL; abort when there is no memory. mem_dup's copy has a NUL behind it. Free with free(). */
void *mem_alloc(size_t n);  /* not zeroed */
void *mem_zalloc(size_t n); /* zeroed */
void *mem_realloc(void *p, size_t n);
char *mem_dup(struct slice s);
char *mem_strdup(const char *s);

struct buf {
    char *p; /* NULL until something is added; p[n] is not set: buf_str sets it */
    size_t n;
    size_t cap;
    size_t max;  /* bytes; fixed by buf_init */
    bool failed; /* something did not fit: content is a prefix of what was meant */
};

void buf_init(struct buf *b, size_t max); /* allocates nothing */
void buf_done(struct buf *b);             /* frees; b may be init'ed again; zeroed struct is fine */
void buf_clear(struct buf *b);            /* empty again, memory kept, failed reset */
void buf_add(struct buf *b, struct slice s);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for n more bytes to be written by the caller at the returned place, then told with buf_grew(n or less).
 * NULL (and latched) when past max. */
char *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);
static inline struct slice buf_slice(const struct buf *b)
{
    return (struct slice){ b->p, b->n };
}
const char *buf_str(struct buf *b); /* NUL-terminated view, valid until the next add; "" when empty */
char *buf_take(struct buf *b);      /* the content, NUL-terminated, now the caller's to free(); b is empty after */

#define AUTO_BUF __attribute__((cleanup(buf_done)))

void free_ptr(void *pp); /* for AUTO_FREE: frees *(void **)pp */
#define AUTO_FREE __attribute__((cleanup(free_ptr)))

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* buf.c: growing buffers with a ceiling, and memory that is there or the process is not. */
#include "common/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_FIRST 64

static void *there_or_abort(void *p, size_t n)
{
    if (p == NULL) {
        fprintf(stderr, "out of memory (%zu bytes)\n", n);
        abort();
    }
    return p;
}

/* malloc(0) may be NULL: ask for one byte instead, so that NULL always means failure. */
void *mem_alloc(size_t n)
{
    return there_or_abort(malloc(n ? n : 1), n);
}

void *mem_zalloc(size_t n)
{
    return there_or_abort(calloc(1, n ? n : 1), n);
}

void *mem_realloc(void *p, size_t n)
{
    return there_or_abort(realloc(p, n ? n : 1), n);
}

char *mem_dup(struct slice s)
{
    char *copy = mem_alloc(s.n + 1);
    if (s.n)
        memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return copy;
}

char *mem_strdup(const char *s)
{
    return mem_dup(slice_str(s));
}

void free_ptr(void *pp)
{
    free(*(void **)pp);
}

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){ .max = max };
}

void buf_done(struct buf *b)
{
    free(b->p);
    *b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

/* Makes room for n more bytes and a NUL, which is not counted against max. Once p is set, n < cap. */
static bool buf_reserve(struct buf *b, size_t n)
{
    if (b->failed || n > b->max - b->n || n > SIZE_MAX / 4 - b->n) {
        b->failed = true;
        return false;
    }
    size_t need = b->n + n + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap * 2 : BUF_FIRST;
    if (b->max < SIZE_MAX && cap > b->max + 1)
        cap = b->max + 1;
    if (cap < need)
        cap = need;
    b->p = mem_realloc(b->p, cap);
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, struct slice s)
{
    if (!buf_reserve(b, s.n) || s.n == 0)
        return;
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
}

void buf_add_str(struct buf *b, const char *s)
{
    buf_add(b, slice_str(s));
}

void buf_add_char(struct buf *b, char c)
{
    if (buf_reserve(b, 1))
        b->p[b->n++] = c;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    assert(n >= 0);
    if (!buf_reserve(b, (size_t)n))
        return;
    va_start(args, fmt);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, args);
    va_end(args);
    b->n += (size_t)n;
}

char *buf_room(struct buf *b, size_t n)
{
    return buf_reserve(b, n) ? b->p + b->n : NULL;
}

void buf_grew(struct buf *b, size_t n)
{
    assert(n == 0 || n < b->cap - b->n);
    b->n += n;
}

const char *buf_str(struct buf *b)
{
    if (b->p == NULL)
        return "";
    b->p[b->n] = '\0';
    return b->p;
}

char *buf_take(struct buf *b)
{
    char *content = b->p ? b->p : mem_alloc(1);
    content[b->n] = '\0';
    *b = (struct buf){ .max = b->max };
    return content;
}

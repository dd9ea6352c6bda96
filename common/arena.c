/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c: a chain of blocks, the newest first; pieces are cut from its front. A piece too large for the rest of a
 * block that is still mostly empty gets a block of its own, put behind the current one so that its rest stays in use.
 */
#include "common/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_SIZE 4096
#define LARGE      (BLOCK_SIZE / 4) /* pieces from here on do not end the current block */

struct block {
    struct block *next;
    size_t used, size; /* of data */
    alignas(max_align_t) char data[];
};

struct arena {
    struct block *head; /* never NULL: the one pieces are cut from */
};

static struct block *block_new(size_t size, struct block *next)
{
    assert(size <= SIZE_MAX - sizeof(struct block));
    struct block *b = mem_alloc(sizeof *b + size);
    b->next = next;
    b->used = 0;
    b->size = size;
    return b;
}

/* The arena itself lives in its first block: one allocation for a small request. */
struct arena *arena_new(void)
{
    struct block *first = block_new(BLOCK_SIZE - sizeof(struct block), NULL);
    struct arena *a = (struct arena *)(void *)first->data;
    first->used = (sizeof *a + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    a->head = first;
    return a;
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    for (struct block *b = a->head, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
}

static char *take_from(struct block *b, size_t n)
{
    char *piece = b->data + b->used;
    b->used += n;
    return piece;
}

static char *piece_of(struct arena *a, size_t n)
{
    const size_t mask = alignof(max_align_t) - 1;
    assert(n <= SIZE_MAX - BLOCK_SIZE);
    n = (n + mask) & ~mask;
    if (n <= a->head->size - a->head->used)
        return take_from(a->head, n);
    if (n >= LARGE) {
        a->head->next = block_new(n, a->head->next);
        return take_from(a->head->next, n);
    }
    a->head = block_new(BLOCK_SIZE - sizeof(struct block), a->head);
    return take_from(a->head, n);
}

void *arena_alloc(struct arena *a, size_t n)
{
    return memset(piece_of(a, n), 0, n);
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    char *copy = piece_of(a, s.n + 1);
    if (s.n)
        memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return slice_of(copy, s.n);
}

char *arena_strdup(struct arena *a, struct slice s)
{
    return (char *)arena_copy(a, s).p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    assert(fmt != NULL);
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    assert(n >= 0);
    char *text = piece_of(a, (size_t)n + 1);
    va_start(args, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    return text;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pipe.c: the ring, and the shelf of big ones. A fresh mebibyte costs 256 page faults, so a few are kept; small rings
 * come from malloc, which does the same for them. */
#include "httpd/pipe.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

void shelf_init(struct shelf *s, size_t size)
{
    *s = (struct shelf){ .size = size };
    pthread_mutex_init(&s->lock, NULL);
}

void shelf_trim(struct shelf *s, size_t keep)
{
    pthread_mutex_lock(&s->lock);
    while (s->n > keep)
        munmap(s->rings[--s->n], s->size);
    pthread_mutex_unlock(&s->lock);
}

void shelf_done(struct shelf *s)
{
    shelf_trim(s, 0);
    pthread_mutex_destroy(&s->lock);
}

static char *shelf_take(struct shelf *s)
{
    char *ring = NULL;
    pthread_mutex_lock(&s->lock);
    if (s->n > 0)
        ring = s->rings[--s->n];
    pthread_mutex_unlock(&s->lock);
    if (ring != NULL)
        return ring;
    void *fresh = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED) {
        perror("no memory for a pipe");
        abort();
    }
    return fresh;
}

static void shelf_give(struct shelf *s, char *ring)
{
    pthread_mutex_lock(&s->lock);
    bool kept = s->n < SHELF_SLOTS;
    if (kept)
        s->rings[s->n++] = ring;
    pthread_mutex_unlock(&s->lock);
    if (!kept)
        munmap(ring, s->size);
}

void pipe_open(struct pipe *p, struct shelf *s, uint64_t expected)
{
    assert(p->mem == NULL && expected > 0);
    bool small = expected <= PIPE_SMALL && expected < s->size;
    p->cap = small ? (size_t)expected : s->size;
    p->mem = small ? mem_alloc(p->cap) : shelf_take(s);
    p->at = p->used = 0;
}

void pipe_close(struct pipe *p, struct shelf *s)
{
    if (p->mem == NULL)
        return;
    if (p->cap == s->size)
        shelf_give(s, p->mem);
    else
        free(p->mem);
    p->mem = NULL;
}

char *pipe_room(struct pipe *p, size_t *n)
{
    /* Empty: nothing is lent, so start anew, in memory that was just used and with a run as long as can be. Only the
     * side that fills may do so: it knows that no copy of its own is under way. */
    if (p->used == 0)
        p->at = 0;
    size_t end = p->at + p->used;
    if (end >= p->cap) {
        end -= p->cap;
        *n = p->at - end;
    } else {
        *n = p->cap - end;
    }
    return p->mem + end;
}

void pipe_filled(struct pipe *p, size_t n)
{
    assert(n <= p->cap - p->used);
    p->used += n;
}

struct slice pipe_data(const struct pipe *p)
{
    size_t run = p->cap - p->at;
    return slice_of(p->mem + p->at, p->used < run ? p->used : run);
}

void pipe_drained(struct pipe *p, size_t n)
{
    assert(n <= p->used);
    p->used -= n;
    p->at += n;
    if (p->at >= p->cap)
        p->at -= p->cap;
}

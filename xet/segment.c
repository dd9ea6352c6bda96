/* SPDX-License-Identifier: Apache-2.0 */
/* segment.c: mapped rather than allocated, so that what is given back really leaves the process: a daemon that has
 * been busy must become small again. Some stay for the next: fresh pages cost about a tenth of all the work that is
 * done on them. */
#include "xet/segment.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { KEPT = 4 }; /* when nothing is in use; else as many as are in use, and these */

void segments_init(struct segments *s, struct budget *budget)
{
    *s = (struct segments){ .budget = budget };
    pthread_mutex_init(&s->lock, NULL);
}

void segments_done(struct segments *s)
{
    assert(s->n_used == 0);
    while (s->free) {
        struct segment *g = s->free;
        s->free = g->next;
        munmap(g, SEGMENT_CHARGE);
    }
    pthread_mutex_destroy(&s->lock);
}

static struct segment *map_segment(void)
{
    struct segment *g = mmap(NULL, SEGMENT_CHARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (g == MAP_FAILED)
        abort(); /* as mem_alloc does */
    g->charge = SEGMENT_CHARGE;
    g->room = SEGMENT_CHARGE - sizeof *g;
    return g;
}

struct segment *segment_take(struct segments *s)
{
    pthread_mutex_lock(&s->lock);
    struct segment *g = s->free;
    if (g) {
        s->free = g->next;
        s->n_free--;
    }
    s->n_used++;
    pthread_mutex_unlock(&s->lock);
    if (!g)
        g = map_segment();
    g->next = NULL;
    g->used = 0;
    return g;
}

size_t segment_small_charge(size_t room)
{
    return sizeof(struct segment) + room;
}

struct segment *segment_small(size_t room)
{
    struct segment *g = mem_alloc(sizeof *g + room);

    assert(segment_small_charge(room) < SEGMENT_CHARGE / 2);
    *g = (struct segment){ .charge = segment_small_charge(room), .room = room };
    return g;
}

/* What the small one holds is not counted for a moment: to wait while holding something could wait for ever. */
struct segment *segment_grow(struct segments *s, struct segment *small)
{
    budget_give(s->budget, small->charge);
    budget_wait(s->budget, SEGMENT_CHARGE);
    struct segment *g = segment_take(s);
    memcpy(g->data, small->data, small->used);
    g->used = small->used;
    free(small);
    return g;
}

/* Off the free list until there are not too many of them; linked for the caller to unmap without the lock. */
static struct segment *surplus(struct segments *s)
{
    struct segment *list = NULL;

    while (s->n_free > s->n_used + KEPT) {
        struct segment *g = s->free;
        s->free = g->next;
        s->n_free--;
        g->next = list;
        list = g;
    }
    return list;
}

void segment_give(struct segments *s, struct segment *g)
{
    size_t charge = g->charge;

    if (charge == SEGMENT_CHARGE) {
        pthread_mutex_lock(&s->lock);
        g->next = s->free;
        s->free = g;
        s->n_free++;
        s->n_used--;
        struct segment *list = surplus(s);
        pthread_mutex_unlock(&s->lock);
        while (list) {
            struct segment *next = list->next;
            munmap(list, SEGMENT_CHARGE);
            list = next;
        }
    } else
        free(g);
    budget_give(s->budget, charge);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* combine.c: the line of waiting callers and who leads next.
 *
 * Invariant: the line is empty unless in_flight == max_in_flight. So a newcomer either leads at once, alone, or waits.
 * A leader that is done passes its place on to the head of the line, which leaves the line at that moment; it gathers
 * its companions only when it has woken up, so that whoever arrives meanwhile goes along. */
#include "common/combine.h"

#include <assert.h>

void combine_init(struct combine *c, combine_fn *fn, void *ctx, unsigned max_in_flight, size_t max_items,
                  size_t max_weight)
{
    assert(max_in_flight > 0 && max_items > 0);
    *c = (struct combine){
        .fn = fn, .ctx = ctx, .max_in_flight = max_in_flight, .max_items = max_items, .max_weight = max_weight
    };
    pthread_mutex_init(&c->lock, NULL);
}

void combine_done(struct combine *c)
{
    assert(c->head == NULL && c->in_flight == 0);
    pthread_mutex_destroy(&c->lock);
}

static void line_add(struct combine *c, struct combine_item *item)
{
    item->next = NULL;
    if (c->tail)
        c->tail->next = item;
    else
        c->head = item;
    c->tail = item;
}

static struct combine_item *line_take(struct combine *c)
{
    struct combine_item *item = c->head;
    c->head = item->next;
    if (c->head == NULL)
        c->tail = NULL;
    item->next = NULL;
    return item;
}

/* Links behind `leader` those at the head of the line that fit; the first one that does not ends it, for the order. */
static void gather(struct combine *c, struct combine_item *leader)
{
    size_t items = 1, weight = leader->weight;
    struct combine_item *last = leader;
    while (c->head && items < c->max_items && weight <= c->max_weight && c->head->weight <= c->max_weight - weight) {
        last->next = line_take(c);
        last = last->next;
        items++;
        weight += last->weight;
    }
}

/* The waiter's item, condition included, is gone as soon as it can take the lock: signal while holding it. */
static void tell(struct combine_item *item, int state)
{
    item->state = state;
    pthread_cond_signal(&item->turn);
}

static void lead(struct combine *c, struct combine_item *leader)
{
    gather(c, leader);
    pthread_mutex_unlock(&c->lock);

    c->fn(c->ctx, leader);

    pthread_mutex_lock(&c->lock);
    if (c->head)
        tell(line_take(c), COMBINE_LEADS);
    else
        c->in_flight--;
    for (struct combine_item *item = leader->next, *next; item; item = next) {
        next = item->next;
        tell(item, COMBINE_DONE);
    }
}

void combine_run(struct combine *c, struct combine_item *item)
{
    assert(item->weight > 0);
    pthread_mutex_lock(&c->lock);
    item->next = NULL;
    if (c->in_flight < c->max_in_flight) {
        assert(c->head == NULL);
        c->in_flight++;
        item->state = COMBINE_LEADS;
        lead(c, item);
        pthread_mutex_unlock(&c->lock);
        return;
    }
    pthread_cond_init(&item->turn, NULL);
    item->state = COMBINE_WAITS;
    line_add(c, item);
    while (item->state == COMBINE_WAITS)
        pthread_cond_wait(&item->turn, &c->lock);
    if (item->state == COMBINE_LEADS)
        lead(c, item);
    pthread_mutex_unlock(&c->lock);
    pthread_cond_destroy(&item->turn);
}

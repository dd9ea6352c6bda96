/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c: see crew.h. */
#include "cli/crew.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/buf.h"

enum { THREADS = 8, QUEUE = 32 };

struct crew {
    crew_fn *work;
    void *ctx;
    pthread_t threads[THREADS];
    unsigned n_threads;
    pthread_mutex_t lock; /* leaf; guards what follows */
    pthread_cond_t changed;
    void *queue[QUEUE];
    unsigned first, n;
    bool ending;
};

static void *take(struct crew *c)
{
    void *item = NULL;
    pthread_mutex_lock(&c->lock);
    while (c->n == 0 && !c->ending)
        pthread_cond_wait(&c->changed, &c->lock);
    if (c->n > 0) {
        item = c->queue[c->first];
        c->first = (c->first + 1) % QUEUE;
        c->n--;
        pthread_cond_broadcast(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
    return item;
}

static void *run(void *ctx)
{
    struct crew *c = (struct crew *)ctx;
    void *item;
    while ((item = take(c)))
        c->work(c->ctx, item);
    return NULL;
}

struct crew *crew_new(crew_fn *work, void *ctx)
{
    struct crew *c = (struct crew *)mem_zalloc(sizeof *c);
    c->work = work;
    c->ctx = ctx;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    while (c->n_threads < THREADS && pthread_create(&c->threads[c->n_threads], NULL, run, c) == 0)
        c->n_threads++;
    return c;
}

void crew_give(struct crew *c, void *item)
{
    if (c->n_threads == 0) { /* the system has no thread to give: slower, but done */
        c->work(c->ctx, item);
        return;
    }
    pthread_mutex_lock(&c->lock);
    while (c->n == QUEUE)
        pthread_cond_wait(&c->changed, &c->lock);
    c->queue[(c->first + c->n) % QUEUE] = item;
    c->n++;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

void crew_finish(struct crew *c)
{
    pthread_mutex_lock(&c->lock);
    c->ending = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < c->n_threads; i++)
        pthread_join(c->threads[i], NULL);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

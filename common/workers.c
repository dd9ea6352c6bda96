/* SPDX-License-Identifier: Apache-2.0 */
/* workers.c: one queue, first in first out, and threads that empty it. */
#include "common/workers.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/thread.h"

struct workers {
    unsigned count;
    pthread_mutex_t lock; /* leaf; guards what follows */
    pthread_cond_t work;
    struct job *head, *tail;
    unsigned idle; /* threads waiting for `work` */
    bool stopping;
    pthread_t threads[];
};

/* Takes the lock's caller to the next job; NULL: none will come. */
static struct job *next_job(struct workers *w)
{
    while (w->head == NULL && !w->stopping) {
        w->idle++;
        pthread_cond_wait(&w->work, &w->lock);
        w->idle--;
    }
    struct job *j = w->head;
    if (j) {
        w->head = j->next;
        if (w->head == NULL)
            w->tail = NULL;
    }
    return j;
}

static void *worker(void *arg)
{
    struct workers *w = arg;
    for (;;) {
        pthread_mutex_lock(&w->lock);
        struct job *j = next_job(w);
        pthread_mutex_unlock(&w->lock);
        if (j == NULL)
            return NULL;
        j->run(j); /* j may be gone from here on */
    }
}

struct workers *workers_new(unsigned threads)
{
    if (threads == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        threads = cores > 0 ? (unsigned)cores : 1;
    }
    struct workers *w = mem_zalloc(sizeof *w + threads * sizeof w->threads[0]);
    w->count = threads;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    for (unsigned i = 0; i < threads; i++)
        w->threads[i] = thread_start("hugs3-cpu", worker, w);
    return w;
}

void workers_free(struct workers *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_mutex_unlock(&w->lock);
    pthread_cond_broadcast(&w->work);
    for (unsigned i = 0; i < w->count; i++)
        pthread_join(w->threads[i], NULL);
    assert(w->head == NULL);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

void workers_submit(struct workers *w, struct job *j)
{
    j->next = NULL;
    pthread_mutex_lock(&w->lock);
    assert(!w->stopping);
    if (w->tail)
        w->tail->next = j;
    else
        w->head = j;
    w->tail = j;
    bool wake = w->idle > 0;
    pthread_mutex_unlock(&w->lock);
    if (wake)
        pthread_cond_signal(&w->work);
}

unsigned workers_count(const struct workers *w)
{
    return w->count;
}

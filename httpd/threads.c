/* SPDX-License-Identifier: Apache-2.0 */
/* threads.c: idle threads lie on a stack, each with a condition of its own, so that a submit wakes exactly one. A
 * thread that ends leaves its handle behind for the next one that ends, or threads_stop, to join: nobody touches the
 * pool after that. */
#include "httpd/threads.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define IDLE_S      10 /* how long a thread waits for work before it may end */
#define IDLE_KEPT   4  /* this many stay for ever */
#define NAME_LENGTH 16

/* Handlers keep their buffers on the heap. Sanitizers blow up stack frames several times over. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_BYTES (2U << 20)
#else
#define STACK_BYTES (256U << 10)
#endif

struct idle { /* on the stack of the thread that waits */
    struct idle *next;
    struct task *task; /* set by whoever wakes it */
    pthread_cond_t wake;
};

struct threads {
    char name[NAME_LENGTH];
    unsigned max, queue;
    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t ended; /* a thread has ended: for threads_stop */
    struct idle *idle;
    struct task *first, **last; /* the line */
    unsigned waiting, running, count;
    bool stopping;
    bool has_dead;
    pthread_t dead; /* has ended, or is about to; to be joined */
};

struct threads *threads_new(const char *name, unsigned max, unsigned queue)
{
    struct threads *t = mem_zalloc(sizeof *t);
    snprintf(t->name, sizeof t->name, "%s", name);
    t->max = max;
    t->queue = queue;
    t->last = &t->first;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->ended, NULL);
    return t;
}

static struct task *line_take(struct threads *t)
{
    struct task *task = t->first;
    if (task == NULL)
        return NULL;
    t->first = task->next;
    if (t->first == NULL)
        t->last = &t->first;
    t->waiting--;
    return task;
}

static void idle_remove(struct threads *t, struct idle *me)
{
    struct idle **at = &t->idle;
    while (*at != me)
        at = &(*at)->next;
    *at = me->next;
}

/* NULL: nothing came for a long time, or the pool stops. Under lock, which it lets go of while waiting. */
static struct task *idle_wait(struct threads *t)
{
    struct idle me = { .next = t->idle };
    struct timespec until;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&me.wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += IDLE_S;

    t->idle = &me;
    int timed_out = 0;
    while (me.task == NULL && !t->stopping && !timed_out)
        timed_out = pthread_cond_timedwait(&me.wake, &t->lock, &until);
    if (me.task == NULL)
        idle_remove(t, &me);
    pthread_cond_destroy(&me.wake);
    return me.task;
}

/* Under lock; returns with the lock released, as the last thing a thread does with the pool. */
static void thread_end(struct threads *t)
{
    pthread_t before = t->dead;
    bool join = t->has_dead;
    t->dead = pthread_self();
    t->has_dead = true;
    t->count--;
    pthread_cond_signal(&t->ended);
    pthread_mutex_unlock(&t->lock);
    if (join)
        pthread_join(before, NULL);
}

static void *thread_main(void *arg)
{
    struct threads *t = arg;
    pthread_setname_np(pthread_self(), t->name);
    pthread_mutex_lock(&t->lock);
    for (;;) {
        struct task *task = line_take(t);
        if (task == NULL && !t->stopping)
            task = idle_wait(t);
        if (task == NULL && (t->stopping || t->count > IDLE_KEPT) && t->first == NULL)
            break;
        if (task == NULL)
            continue;
        t->running++;
        pthread_mutex_unlock(&t->lock);
        task->run(task);
        pthread_mutex_lock(&t->lock);
        t->running--;
    }
    thread_end(t);
    return NULL;
}

/* Under lock. */
static bool thread_begin(struct threads *t)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, before;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    bool ok = pthread_create(&thread, &attr, thread_main, t) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    t->count += ok;
    return ok;
}

static void line_add(struct threads *t, struct task *task)
{
    task->next = NULL;
    *t->last = task;
    t->last = &task->next;
    t->waiting++;
}

bool threads_submit(struct threads *t, struct task *task)
{
    bool taken = true;
    pthread_mutex_lock(&t->lock);
    assert(!t->stopping);
    struct idle *idle = t->idle;
    if (idle != NULL) {
        t->idle = idle->next;
        idle->task = task;
        /* Under the lock: once it is released, the sleeper may be gone with its condition. */
        pthread_cond_signal(&idle->wake);
    } else if (t->count < t->max && thread_begin(t)) {
        line_add(t, task);
    } else if (t->waiting < t->queue && t->count > 0) {
        line_add(t, task);
    } else {
        taken = false;
    }
    pthread_mutex_unlock(&t->lock);
    return taken;
}

struct threads_count threads_count(struct threads *t)
{
    pthread_mutex_lock(&t->lock);
    struct threads_count count = { t->count, t->running, t->waiting };
    pthread_mutex_unlock(&t->lock);
    return count;
}

void threads_stop(struct threads *t)
{
    pthread_mutex_lock(&t->lock);
    t->stopping = true;
    for (struct idle *idle = t->idle; idle != NULL; idle = idle->next)
        pthread_cond_signal(&idle->wake);
    while (t->count > 0)
        pthread_cond_wait(&t->ended, &t->lock);
    bool join = t->has_dead;
    pthread_t dead = t->dead;
    t->has_dead = false;
    pthread_mutex_unlock(&t->lock);
    if (join)
        pthread_join(dead, NULL);
}

void threads_free(struct threads *t)
{
    if (t == NULL)
        return;
    pthread_cond_destroy(&t->ended);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

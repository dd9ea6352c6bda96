/* SPDX-License-Identifier: Apache-2.0 */
/* threads.c: idle threads lie on a stack, each with a semaphore of its own, so that a submit wakes exactly one, and
 * that one finds its task in its hands: it takes no lock on its way to it (two futex calls a request less).
 *
 * A thread's record stays when the thread ends, for the next one that is started: a submit may still be waking it.
 * A thread that ends leaves its handle behind for the next one that ends, or threads_stop, to join: nobody touches the
 * pool after that. */
#include "httpd/threads.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
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

struct thread {
    struct threads *pool;
    struct thread *next; /* under lock: idle or ended */
    sem_t wake;          /* posted once for each time it is taken from the idle ones */
    struct task *task;   /* the taker's, until it posts; NULL: the pool stops */
};

struct threads {
    char name[NAME_LENGTH];
    unsigned max, queue;
    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t none; /* for threads_stop: count is 0 */
    struct thread *idle, *ended;
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
    pthread_cond_init(&t->none, NULL);
    return t;
}

/* The line. Under lock. */

static void line_add(struct threads *t, struct task *task)
{
    task->next = NULL;
    *t->last = task;
    t->last = &task->next;
    t->waiting++;
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
    t->running++;
    return task;
}

/* Idle threads */

/* Under lock. false: somebody has taken it, and is going to post. */
static bool idle_remove(struct threads *t, struct thread *me)
{
    for (struct thread **at = &t->idle; *at != NULL; at = &(*at)->next) {
        if (*at != me)
            continue;
        *at = me->next;
        return true;
    }
    return false;
}

/* false: nothing came for a long time. By the wall clock: a jump ends a thread early, or lets it live on. */
static bool wait_for_wake(struct thread *me)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += IDLE_S;
    int failed;
    do {
        failed = sem_timedwait(&me->wake, &until);
    } while (failed && errno == EINTR);
    return !failed;
}

static void wait_without_end(struct thread *me)
{
    while (sem_wait(&me->wake) != 0)
        continue;
}

/* From the stack of idle threads; NULL: nothing came for a long time, or the pool stops. */
static struct task *idle_wait(struct threads *t, struct thread *me)
{
    if (wait_for_wake(me))
        return me->task;
    pthread_mutex_lock(&t->lock);
    bool removed = idle_remove(t, me);
    pthread_mutex_unlock(&t->lock);
    if (removed)
        return NULL;
    wait_without_end(me);
    return me->task;
}

/* Threads */

static struct task *next_task(struct threads *t, struct thread *me)
{
    for (unsigned ran = 1;; ran = 0) {
        pthread_mutex_lock(&t->lock);
        t->running -= ran;
        struct task *task = line_take(t);
        bool stopping = t->stopping, few = t->count <= IDLE_KEPT;
        if (task == NULL && !stopping) {
            me->next = t->idle;
            t->idle = me;
        }
        pthread_mutex_unlock(&t->lock);
        if (task != NULL || stopping)
            return task;
        task = idle_wait(t, me);
        if (task != NULL || !few)
            return task;
    }
}

/* Returns with the lock released: the last thing that a thread does with the pool. */
static void thread_end(struct threads *t, struct thread *me)
{
    pthread_mutex_lock(&t->lock);
    pthread_t before = t->dead;
    bool join = t->has_dead;
    t->dead = pthread_self();
    t->has_dead = true;
    me->next = t->ended;
    t->ended = me;
    t->count--;
    pthread_cond_signal(&t->none);
    pthread_mutex_unlock(&t->lock);
    if (join)
        pthread_join(before, NULL);
}

static void *thread_main(void *arg)
{
    struct thread *me = arg;
    struct threads *t = me->pool;
    pthread_setname_np(pthread_self(), t->name);
    for (struct task *task = me->task; task != NULL; task = next_task(t, me))
        task->run(task);
    thread_end(t, me);
    return NULL;
}

/* Under lock. */
static struct thread *record_take(struct threads *t)
{
    struct thread *me = t->ended;
    if (me != NULL) {
        t->ended = me->next;
        return me;
    }
    me = mem_zalloc(sizeof *me);
    me->pool = t;
    sem_init(&me->wake, 0, 0);
    return me;
}

/* Under lock. */
static bool thread_begin(struct threads *t, struct task *task)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, before;
    struct thread *me = record_take(t);
    me->task = task;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    bool ok = pthread_create(&thread, &attr, thread_main, me) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (ok) {
        t->count++;
        t->running++;
        return true;
    }
    me->next = t->ended;
    t->ended = me;
    return false;
}

/* The pool */

bool threads_submit(struct threads *t, struct task *task)
{
    bool taken = true;
    pthread_mutex_lock(&t->lock);
    assert(!t->stopping);
    struct thread *idle = t->idle;
    if (idle != NULL) {
        t->idle = idle->next;
        t->running++;
    } else if (t->count < t->max && thread_begin(t, task)) {
        /* it has its task already */
    } else if (t->waiting < t->queue && t->count > 0) {
        line_add(t, task);
    } else {
        taken = false;
    }
    pthread_mutex_unlock(&t->lock);
    if (idle != NULL) {
        idle->task = task;
        sem_post(&idle->wake);
    }
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
    while (t->idle != NULL) {
        struct thread *idle = t->idle;
        t->idle = idle->next;
        idle->task = NULL;
        sem_post(&idle->wake);
    }
    while (t->count > 0)
        pthread_cond_wait(&t->none, &t->lock);
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
    while (t->ended != NULL) {
        struct thread *me = t->ended;
        t->ended = me->next;
        sem_destroy(&me->wake);
        free(me);
    }
    pthread_cond_destroy(&t->none);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c: a number of bytes, and a line of those who wait for some of them. While somebody waits, budget_try is
 * refused: who holds nothing yet would starve behind those who hold something and always want more. */
#include "common/budget.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct waiter { /* on the stack of budget_wait */
    size_t n;
    bool granted;
    struct waiter *next;
    pthread_cond_t turn;
};

struct budget {
    size_t bytes;
    pthread_mutex_t lock; /* leaf; guards what follows */
    size_t used;
    size_t members;
    struct waiter *head, *tail;
};

struct budget *budget_new(size_t bytes)
{
    struct budget *b = mem_zalloc(sizeof *b);
    b->bytes = bytes;
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

void budget_free(struct budget *b)
{
    if (b == NULL)
        return;
    assert(b->used == 0 && b->head == NULL);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

void budget_join(struct budget *b)
{
    pthread_mutex_lock(&b->lock);
    b->members++;
    pthread_mutex_unlock(&b->lock);
}

void budget_leave(struct budget *b)
{
    pthread_mutex_lock(&b->lock);
    assert(b->members > 0);
    b->members--;
    pthread_mutex_unlock(&b->lock);
}

size_t budget_share(struct budget *b)
{
    pthread_mutex_lock(&b->lock);
    size_t share = b->bytes / (b->members + 1);
    pthread_mutex_unlock(&b->lock);
    return share;
}

static bool take_now(struct budget *b, size_t n)
{
    if (b->head || n > b->bytes - b->used)
        return false;
    b->used += n;
    return true;
}

bool budget_try(struct budget *b, size_t n)
{
    pthread_mutex_lock(&b->lock);
    bool taken = take_now(b, n);
    pthread_mutex_unlock(&b->lock);
    return taken;
}

void budget_wait(struct budget *b, size_t n)
{
    struct waiter w = { .n = n < b->bytes ? n : b->bytes };
    pthread_mutex_lock(&b->lock);
    if (!take_now(b, w.n)) {
        pthread_cond_init(&w.turn, NULL);
        if (b->tail)
            b->tail->next = &w;
        else
            b->head = &w;
        b->tail = &w;
        while (!w.granted)
            pthread_cond_wait(&w.turn, &b->lock);
        pthread_cond_destroy(&w.turn);
    }
    pthread_mutex_unlock(&b->lock);
}

/* From the head on, as far as it goes. Under the lock: a granted waiter's stack frame is gone once it can take it. */
static void grant(struct budget *b)
{
    while (b->head && b->head->n <= b->bytes - b->used) {
        struct waiter *w = b->head;
        b->head = w->next;
        if (b->head == NULL)
            b->tail = NULL;
        b->used += w->n;
        w->granted = true;
        pthread_cond_signal(&w->turn);
    }
}

void budget_give(struct budget *b, size_t n)
{
    if (n > b->bytes)
        n = b->bytes; /* as budget_wait cut it */
    pthread_mutex_lock(&b->lock);
    assert(n <= b->used);
    b->used -= n;
    grant(b);
    pthread_mutex_unlock(&b->lock);
}

size_t budget_used(struct budget *b)
{
    pthread_mutex_lock(&b->lock);
    size_t used = b->used;
    pthread_mutex_unlock(&b->lock);
    return used;
}

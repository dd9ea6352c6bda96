/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.c: the thread that empties deleted buckets. */
#include "localhub/sweep.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/thread.h"

enum { ROWS_AT_A_TIME = 500 };

struct sweep {
    struct db *db;
    pthread_t thread;
    pthread_mutex_t lock; /* leaf; guards what follows */
    pthread_cond_t changed;
    bool work, stop;
};

struct sweep_write {
    struct db_write write;
    bool more; /* out */
};

static enum err sweep_some(struct db_conn *c, int64_t bucket, bool *emptied)
{
    sqlite3_stmt *s = db_stmt(c, SQL_DOOM_SWEEP);

    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, bucket);
    sqlite3_bind_int(s, 2, ROWS_AT_A_TIME);
    enum err e = db_run(s);
    *emptied = db_changes(c) < ROWS_AT_A_TIME;
    return e;
}

static enum err apply_sweep(struct db_conn *c, struct db_write *write)
{
    struct sweep_write *w = (struct sweep_write *)write;
    sqlite3_stmt *s = db_stmt(c, SQL_DOOM_NEXT);
    bool emptied = false;

    int row = s ? db_step(s) : -1;
    if (row != 1)
        return row == 0 ? OK : ERR_STORE;
    int64_t bucket = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    enum err e = sweep_some(c, bucket, &emptied);
    if (e)
        return e;
    w->more = true;
    if (!emptied)
        return OK;
    s = db_stmt(c, SQL_DOOM_DONE);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, bucket);
    return db_run(s);
}

static bool wait_for_work(struct sweep *s, bool more)
{
    pthread_mutex_lock(&s->lock);
    while (!more && !s->work && !s->stop)
        pthread_cond_wait(&s->changed, &s->lock);
    s->work = false;
    bool go = !s->stop;
    pthread_mutex_unlock(&s->lock);
    return go;
}

static void *run(void *arg)
{
    struct sweep *s = (struct sweep *)arg;
    bool more = false;

    while (wait_for_work(s, more)) {
        struct sweep_write w = { .write.apply = apply_sweep };
        more = db_write(s->db, &w.write) == OK && w.more; /* after a failure: when the next bucket is deleted */
    }
    return NULL;
}

struct sweep *sweep_start(struct db *db)
{
    struct sweep *s = (struct sweep *)mem_zalloc(sizeof *s);

    s->db = db;
    s->work = true;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->thread = thread_start("hub-sweep", run, s);
    return s;
}

void sweep_wake(struct sweep *s)
{
    pthread_mutex_lock(&s->lock);
    s->work = true;
    pthread_mutex_unlock(&s->lock);
    pthread_cond_signal(&s->changed);
}

void sweep_stop(struct sweep *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_mutex_unlock(&s->lock);
    pthread_cond_signal(&s->changed);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

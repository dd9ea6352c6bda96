/* SPDX-License-Identifier: Apache-2.0 */
/* threads.h: the request threads: a bounded pool for work that blocks, and the line before it.
 *
 * A thread is started when work comes and none is idle, up to `max`; one that was idle for a while ends, down to a few.
 * The thread that became idle last gets the next work: its stack and cache are warm, and the others may age. Work that
 * finds all threads busy waits in line, first come, first served. */
#ifndef HUGS3_HTTPD_THREADS_H
#define HUGS3_HTTPD_THREADS_H

#include "common/buf.h"

struct threads;

/* The caller's, untouched by others from submit until run() is called, once. */
struct task {
    void (*run)(struct task *t);
    struct task *next; /* threads.c only */
};

struct threads *threads_new(const char *name, unsigned max, unsigned queue); /* name: at most 15 bytes, copied */
/* Any thread, never waits. false: the line is full, nothing was taken. */
MUST_USE bool threads_submit(struct threads *t, struct task *task);
/* Runs what is in line, waits for the running ones, and ends all threads. Nothing may be submitted any more. */
void threads_stop(struct threads *t);
void threads_free(struct threads *t); /* after threads_stop; NULL is fine */

struct threads_count {
    unsigned threads, running, waiting;
};
struct threads_count threads_count(struct threads *t);

#endif

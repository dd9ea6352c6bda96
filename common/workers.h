/* SPDX-License-Identifier: Apache-2.0 */
/* workers.h: a fixed set of threads for work that only computes (chunk hashes, compression).
 * Jobs never block on network, disk or another job. */
#ifndef HUGS3_COMMON_WORKERS_H
#define HUGS3_COMMON_WORKERS_H

#include "common/buf.h"

struct workers;

/* The caller's, untouched by others from submit until run() has been called by a worker; run() tells its owner. */
struct job {
    void (*run)(struct job *j);
    struct job *next; /* workers.c only */
};

struct workers *workers_new(unsigned threads);         /* 0: one a core */
void workers_free(struct workers *w);                  /* runs what is queued, then joins; NULL is fine */
void workers_submit(struct workers *w, struct job *j); /* any thread; never blocks; whoever submits bounds the number */
unsigned workers_count(const struct workers *w);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* put.h: one upload, as its files share it.
 *
 *   put.c         content → chunks in jobs → workers; the end
 *   put_ask.c     finished jobs, in order: do others have it?
 *   put_settle.c  finished jobs, in order: is a chunk stored, or known already?
 *   put_send.c    xorbs cut and sent; room for more content
 *
 *   job (filled) → ring (on the workers) → settled → open xorb → flying xorb → gone
 *
 * One thread at a time; workers touch the jobs in the ring only. After an error (`err`) everything is let go. */
#ifndef HUGS3_XET_PUT_H
#define HUGS3_XET_PUT_H

#include "xet/cas.h"
#include "xet/layout.h"
#include "xet/put_job.h"
#include "xet/xorb_out.h"

/* A run of known chunks shorter than this is sent again: a reader pays for every term with a request. */
enum { PUT_RUN = 8, PUT_RING = 32 };

struct put_known { /* a chunk of the run that may be too short */
    struct put_job *job;
    unsigned chunk;
    struct layout_place place;
};

struct xet_put {
    struct xet_space *space;
    struct xet *xet;
    enum err err;
    uint64_t size_hint; /* 0: unknown */
    struct xet_put_stats stats;

    /* filling */
    struct xet_chunker chunker;
    struct put_job *job;  /* NULL: none begun */
    struct put_job *jobs; /* all that were ever made */
    bool large;           /* more than one job: a member of the budget */
    size_t held;          /* bytes of the budget */

    /* on the workers, oldest first */
    struct put_job *ring[PUT_RING];
    unsigned ring_first, ring_n;
    pthread_mutex_t lock; /* guards the jobs' `done` */
    pthread_cond_t changed;

    /* asking */
    struct global_question *question; /* NULL: none is open */
    uint64_t looked;                  /* bytes of content that were looked at for one */
    uint64_t ask_from;                /* none before this byte */

    /* settling */
    struct put_known run[PUT_RUN];
    unsigned n_run;
    bool take_all; /* a small file all of whose chunks are known: runs may be short */
    bool in_run;   /* the chunk before was known, and taken from `last` */
    struct layout_place last;
    uint64_t settled; /* bytes of content */

    /* sending */
    struct xorb_out open, flying;
    struct cas_xorb *flight; /* NULL: none ever */
    bool in_flight;
    size_t n_registered; /* of layout.own: in a shard already */

    struct layout layout; /* last: large, and need not be zeroed */
};

/* put.c */
void put_job_wait(struct xet_put *p, struct put_job *j);
unsigned put_ring_room(const struct xet_put *p);

/* put_ask.c; before put_settle_job. The job's hashes are there. */
bool put_ask(struct xet_put *p, struct put_job *j);      /* asks if need be; true: put_ask_wait would not wait */
void put_ask_wait(struct xet_put *p, struct put_job *j); /* asks if need be, waits a little for what was asked */

/* put_settle.c: errors of sending are latched in p->err. */
void put_settle_oldest(struct xet_put *p); /* waits for it; the ring is not empty */
void put_settle_job(struct xet_put *p, struct put_job *j);
void put_settle_run(struct xet_put *p); /* no more chunks follow for now: a run that is open is too short */

/* put_send.c */
bool put_xorb_takes(const struct xet_put *p, const struct put_job *j); /* the open xorb has room for all its chunks */
bool put_xorb_is_full(const struct xet_put *p);
void put_cut(struct xet_put *p);               /* ends the open xorb and starts sending it */
void put_land(struct xet_put *p);              /* waits for the xorb that is being sent */
MUST_USE enum err put_room(struct xet_put *p); /* SEGMENT_CHARGE bytes of the budget, however long it takes */
struct commit_xorb *put_unregistered(const struct xet_put *p, size_t *n); /* to be freed by put_unregistered_free */
void put_unregistered_free(struct commit_xorb *xorbs, size_t n);

#endif

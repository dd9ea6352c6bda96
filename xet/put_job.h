/* SPDX-License-Identifier: Apache-2.0 */
/* put_job.h: a stretch of content, cut into chunks, in one segment: hashed, looked up and packed in one go, on a worker
 * or on the caller's thread. Big enough that handing it over costs nothing, small enough to keep all cores busy.
 *
 *   segment  [room][chunk 0      ][room][chunk 1 ][room][chunk 2          ] …      as put.c fills it
 *            [head][packed 0 ]....[head][chunk 1 ][room][chunk 2          ]        after the job
 *                  shrunk               as it is        known: left alone, it may have to be packed later
 *
 * Each chunk has room for its xorb header before it, so that packing happens in place. */
#ifndef HUGS3_XET_PUT_JOB_H
#define HUGS3_XET_PUT_JOB_H

#include "common/workers.h"
#include "xet/global_dedup.h"
#include "xet/segment.h"

enum { PUT_JOB_CHUNKS = SEGMENT_CHARGE / (XET_CHUNK_MIN + XORB_HEADER) + 1 };

struct put_chunk {
    struct xet_hash hash;
    uint32_t at; /* of its header, in the segment */
    uint32_t size;
    uint32_t packed; /* header and data; 0: not packed */
    bool known;      /* it lies in `place`, says the chunk index or the CAS */
    struct chunk_place place;
};

struct put_job {
    struct job job;
    struct put_job *next;    /* its put's */
    struct segment *segment; /* NULL: idle */
    unsigned n;              /* chunks complete */
    struct chunk_index *index;
    struct global_dedup *global;
    uint32_t cas;     /* 0: look nothing up */
    unsigned answers; /* of the CAS, when it was looked up */
    /* Set by a worker when it is done, under `lock`. */
    pthread_mutex_t *lock;
    pthread_cond_t *changed;
    bool done;
    /* The owner's, afterwards: has the CAS been asked (put_ask.c), how many of the chunks have been settled, and which
     * of them go into a xorb. */
    bool asked;
    unsigned settled;
    bool stored[PUT_JOB_CHUNKS];
    struct put_chunk chunks[PUT_JOB_CHUNKS];
};

void put_job_run(struct put_job *j); /* here and now */
void put_job_submit(struct put_job *j, struct workers *w);
void put_job_look_again(struct put_job *j);                      /* the CAS may have answered in between */
void put_job_pack(struct put_job *j, unsigned i);                /* a chunk that was left alone */
struct slice put_job_piece(const struct put_job *j, unsigned i); /* of a packed chunk */

#endif

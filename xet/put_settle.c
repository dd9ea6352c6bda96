/* SPDX-License-Identifier: Apache-2.0 */
/* put_settle.c: what becomes of each chunk, in the file's order. "Deduplication" of the Xet specification, and its
 * advice to keep runs long:
 *
 *   unknown                                    stored in the open xorb
 *   known, follows on a run that was taken     taken, whatever its length
 *   known otherwise                            begins a run, which is taken once it has PUT_RUN chunks;
 *                                              ends it before, its chunks are stored after all
 *
 * The undecided run keeps at most PUT_RUN chunks, and with them their jobs, waiting. */
#include <assert.h>

#include "xet/put.h"

/* All chunks of a job are settled: what is to be stored goes into the open xorb, the job is idle again. */
static void finish_job(struct xet_put *p, struct put_job *j)
{
    struct slice pieces[PUT_JOB_CHUNKS];
    size_t n = 0;

    if (p->take_all) /* its bytes may be needed: see put.c */
        return;
    for (unsigned i = 0; i < j->n; i++) {
        if (j->stored[i])
            pieces[n++] = put_job_piece(j, i);
    }
    p->held -= xorb_out_add(&p->open, &p->xet->segments, j->segment, pieces, n);
    j->segment = NULL;
    if (put_xorb_is_full(p))
        put_cut(p);
}

static void settled(struct xet_put *p, struct put_job *j, unsigned i, bool stored)
{
    j->stored[i] = stored;
    p->settled += j->chunks[i].size;
    if (++j->settled == j->n)
        finish_job(p, j);
}

static void begin_chunk(struct xet_put *p, const struct put_job *j)
{
    if (j->settled == 0 && !put_xorb_takes(p, j))
        put_cut(p);
}

static void store(struct xet_put *p, struct put_job *j, unsigned i)
{
    struct put_chunk *c = &j->chunks[i];

    begin_chunk(p, j);
    if (c->packed == 0)
        put_job_pack(j, i);
    layout_store(&p->layout, &c->hash, c->size);
    p->in_run = false;
    settled(p, j, i, true);
}

static void take(struct xet_put *p, struct put_job *j, unsigned i, const struct layout_place *place)
{
    const struct put_chunk *c = &j->chunks[i];

    begin_chunk(p, j);
    layout_known(&p->layout, place, &c->hash, c->size);
    p->stats.deduplicated += c->size;
    p->last = *place;
    p->in_run = true;
    settled(p, j, i, false);
}

static void take_run(struct xet_put *p)
{
    unsigned n = p->n_run;

    p->n_run = 0;
    for (unsigned k = 0; k < n; k++)
        take(p, p->run[k].job, p->run[k].chunk, &p->run[k].place);
}

void put_settle_run(struct xet_put *p)
{
    unsigned n = p->n_run;

    p->n_run = 0;
    for (unsigned k = 0; k < n; k++)
        store(p, p->run[k].job, p->run[k].chunk);
}

static void settle_chunk(struct xet_put *p, struct put_job *j, unsigned i)
{
    const struct put_chunk *c = &j->chunks[i];
    const struct layout_place *after = p->in_run ? &p->last : NULL;
    struct layout_place place;

    if (p->n_run > 0)
        after = &p->run[p->n_run - 1].place;
    bool known = layout_find(&p->layout, &c->hash, c->known ? &c->place : NULL, after, &place);
    bool follows = known && after && layout_continues(after, &place);
    if (p->n_run > 0 && !follows)
        put_settle_run(p);
    if (!known) {
        store(p, j, i);
    } else if (p->take_all || (follows && p->n_run == 0)) {
        take(p, j, i, &place);
    } else {
        p->run[p->n_run++] = (struct put_known){ j, i, place };
        if (p->n_run == PUT_RUN)
            take_run(p);
    }
}

void put_settle_job(struct xet_put *p, struct put_job *j)
{
    unsigned n = j->n; /* the job is idle after its last chunk */

    for (unsigned i = 0; i < n; i++)
        settle_chunk(p, j, i);
}

void put_settle_oldest(struct xet_put *p)
{
    struct put_job *j = p->ring[p->ring_first];

    assert(p->ring_n > 0);
    put_job_wait(p, j);
    p->ring_first = (p->ring_first + 1) % PUT_RING;
    p->ring_n--;
    put_ask_wait(p, j);
    put_settle_job(p, j);
}

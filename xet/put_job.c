/* SPDX-License-Identifier: Apache-2.0 */
/* put_job.c: what is done to chunks when uploading: hash, look up, pack. */
#include "xet/put_job.h"

#include <assert.h>

#include "xet/format.h"
#include "xet/wire.h"

static struct slice content(const struct put_job *j, const struct put_chunk *c)
{
    return slice_of(j->segment->data + c->at + XORB_HEADER, c->size);
}

/* The header that xorb_pack would write for a chunk stored as it is: "Xorb format" of the Xet specification. */
static void pack_as_is(struct put_job *j, struct put_chunk *c)
{
    char *head = j->segment->data + c->at;

    head[0] = 0;
    wire_put24(head + 1, c->size);
    head[4] = XORB_NONE;
    wire_put24(head + 5, c->size);
    c->packed = XORB_HEADER + c->size;
}

static void pack(struct put_job *j, struct put_chunk *c, struct buf *scratch)
{
    enum xorb_scheme scheme = xorb_guess(content(j, c));

    if (scheme != XORB_NONE) {
        buf_clear(scratch);
        xorb_pack(content(j, c), scheme, scratch);
        assert(!scratch->failed);
        if (scratch->n < XORB_HEADER + c->size) {
            memcpy(j->segment->data + c->at, scratch->p, scratch->n);
            c->packed = (uint32_t)scratch->n;
            return;
        }
    }
    pack_as_is(j, c);
}

void put_job_pack(struct put_job *j, unsigned i)
{
    AUTO_BUF struct buf scratch;

    buf_init(&scratch, XORB_HEADER + XET_CHUNK_MAX);
    pack(j, &j->chunks[i], &scratch);
}

struct looked_up {
    const struct xet_hash *hashes[PUT_JOB_CHUNKS];
    struct chunk_place places[PUT_JOB_CHUNKS];
    bool known[PUT_JOB_CHUNKS];
};

static void set_known(struct put_job *j, const struct looked_up *l)
{
    for (unsigned i = 0; i < j->n; i++) {
        if (l->known[i] && !j->chunks[i].known) {
            j->chunks[i].known = true;
            j->chunks[i].place = l->places[i];
        }
    }
}

static void look_up(struct put_job *j)
{
    struct looked_up l;

    for (unsigned i = 0; i < j->n; i++)
        l.hashes[i] = &j->chunks[i].hash;
    chunk_index_find(j->index, j->cas, l.hashes, j->n, l.known, l.places);
    j->answers = global_dedup_answers(j->global);
    global_dedup_find(j->global, j->cas, l.hashes, j->n, l.known, l.places);
    set_known(j, &l);
}

void put_job_look_again(struct put_job *j)
{
    struct looked_up l;
    unsigned answers = global_dedup_answers(j->global);

    if (!j->cas || answers == j->answers)
        return;
    for (unsigned i = 0; i < j->n; i++) {
        l.hashes[i] = &j->chunks[i].hash;
        l.known[i] = j->chunks[i].known;
    }
    j->answers = answers;
    global_dedup_find(j->global, j->cas, l.hashes, j->n, l.known, l.places);
    set_known(j, &l);
}

void put_job_run(struct put_job *j)
{
    AUTO_BUF struct buf scratch;

    buf_init(&scratch, XORB_HEADER + XET_CHUNK_MAX);
    for (unsigned i = 0; i < j->n; i++) {
        struct put_chunk *c = &j->chunks[i];
        xet_chunk_hash(content(j, c), &c->hash);
        c->packed = 0;
        c->known = false;
    }
    if (j->cas)
        look_up(j);
    for (unsigned i = 0; i < j->n; i++) {
        if (!j->chunks[i].known)
            pack(j, &j->chunks[i], &scratch);
    }
}

static void run_on_worker(struct job *job)
{
    struct put_job *j = (struct put_job *)job;
    pthread_mutex_t *lock = j->lock;

    put_job_run(j);
    pthread_mutex_lock(lock);
    j->done = true;
    pthread_cond_signal(j->changed);
    pthread_mutex_unlock(lock);
}

void put_job_submit(struct put_job *j, struct workers *w)
{
    j->done = false;
    j->job.run = run_on_worker;
    workers_submit(w, &j->job);
}

struct slice put_job_piece(const struct put_job *j, unsigned i)
{
    assert(j->chunks[i].packed > 0);
    return slice_of(j->segment->data + j->chunks[i].at, j->chunks[i].packed);
}

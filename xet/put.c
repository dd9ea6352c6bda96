/* SPDX-License-Identifier: Apache-2.0 */
/* put.c: content comes in, is cut into chunks, and the chunks of a segment are handed to the workers together. What is
 * one segment at most never leaves the caller's thread, and takes a segment of its own size: small objects are many.
 *
 * When the content ends: a small tail goes with those of other files (commit.h), a large one as a xorb of its own. */
#include "xet/put.h"

#include <assert.h>
#include <stdlib.h>

#include "xet/commit.h"
#include "xet/recipe.h"

enum { SMALL_BYTES = 128 << 10 };  /* up to this much content has a segment of its own size */
enum { OWN_XORB_BYTES = 4 << 20 }; /* a tail of this size is worth a request of its own */

struct xet_put *xet_put_new(struct xet_space *s, uint64_t size_hint)
{
    struct xet_put *p = mem_alloc(sizeof *p);

    memset(p, 0, offsetof(struct xet_put, layout));
    p->space = s;
    p->xet = s->xet;
    p->size_hint = size_hint;
    xet_chunker_init(&p->chunker);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    layout_init(&p->layout);
    return p;
}

/* ---- jobs ---- */

unsigned put_ring_room(const struct xet_put *p)
{
    unsigned room = workers_count(p->xet->workers) + 2;

    return room < PUT_RING ? room : PUT_RING;
}

void put_job_wait(struct xet_put *p, struct put_job *j)
{
    pthread_mutex_lock(&p->lock);
    while (!j->done)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

static bool job_is_done(struct xet_put *p, struct put_job *j)
{
    pthread_mutex_lock(&p->lock);
    bool done = j->done;
    pthread_mutex_unlock(&p->lock);
    return done;
}

/* There are as many as the ring takes, and those whose chunks are undecided: few enough to look through. */
static struct put_job *idle_job(struct xet_put *p)
{
    struct put_job *j = p->jobs;

    while (j && j->segment)
        j = j->next;
    if (!j) {
        j = mem_alloc(sizeof *j);
        j->next = p->jobs;
        p->jobs = j;
    }
    j->segment = NULL;
    j->n = 0;
    j->settled = 0;
    j->asked = false;
    j->index = p->xet->index;
    j->global = p->xet->global;
    j->answers = 0;
    j->cas = atomic_load_explicit(&p->space->cas, memory_order_relaxed);
    j->lock = &p->lock;
    j->changed = &p->changed;
    j->done = false;
    return j;
}

/* With the first token of a space the CAS is known, and with it what it has. It is needed anyway. */
static enum err know_cas(struct xet_put *p)
{
    struct xet_token token;

    return atomic_load_explicit(&p->space->cas, memory_order_relaxed) ? OK : cas_token(p->space, true, NULL, &token);
}

static enum err begin_job(struct xet_put *p)
{
    bool small = !p->large && p->size_hint > 0 && p->size_hint <= SMALL_BYTES;
    struct segment *g;

    enum err e = know_cas(p);
    if (e)
        return e;
    if (small) {
        size_t room = p->size_hint + (p->size_hint / XET_CHUNK_MIN + 1) * XORB_HEADER;
        size_t charge = segment_small_charge(room);
        budget_wait(p->xet->up, charge);
        p->held += charge;
        g = segment_small(room);
    } else {
        e = put_room(p);
        if (e)
            return e;
        g = segment_take(&p->xet->segments);
    }
    p->job = idle_job(p);
    p->job->segment = g;
    return OK;
}

static bool oldest_is_ready(struct xet_put *p)
{
    struct put_job *j = p->ring[p->ring_first];

    return job_is_done(p, j) && put_ask(p, j);
}

static void submit_job(struct xet_put *p)
{
    if (!p->large) {
        p->large = true;
        budget_join(p->xet->up);
    }
    if (p->in_flight && http_ready(p->flight->pending))
        put_land(p); /* at once, for its memory: a slow sender may not fill the next xorb for long */
    while (p->ring_n > 0 && (p->ring_n >= put_ring_room(p) || oldest_is_ready(p)))
        put_settle_oldest(p);
    p->ring[(p->ring_first + p->ring_n) % PUT_RING] = p->job;
    p->ring_n++;
    put_job_submit(p->job, p->xet->workers);
    p->job = NULL;
}

/* ---- chunks ---- */

/* Only a segment made for a size_hint that was too low can be too small. */
static void make_room(struct xet_put *p, size_t n)
{
    struct segment *g = p->job->segment;

    if (g->used + n <= g->room)
        return;
    assert(g->charge < SEGMENT_CHARGE && !p->large);
    p->held -= g->charge;
    p->job->segment = segment_grow(&p->xet->segments, g);
    p->held += SEGMENT_CHARGE;
}

static void append(struct xet_put *p, struct slice bytes)
{
    struct put_job *j = p->job;
    struct put_chunk *c = &j->chunks[j->n];

    if (bytes.n == 0)
        return;
    if (c->size == 0) {
        make_room(p, XORB_HEADER + bytes.n);
        c->at = (uint32_t)j->segment->used;
        j->segment->used += XORB_HEADER;
    } else
        make_room(p, bytes.n);
    memcpy(j->segment->data + j->segment->used, bytes.p, bytes.n);
    j->segment->used += bytes.n;
    c->size += (uint32_t)bytes.n;
}

static void begin_next_chunk(struct put_job *j)
{
    assert(j->n < PUT_JOB_CHUNKS);
    j->chunks[j->n].size = 0;
}

static bool job_is_full(const struct put_job *j)
{
    const struct segment *g = j->segment;

    return g->charge == SEGMENT_CHARGE && g->used + XORB_HEADER + XET_CHUNK_MAX > g->room;
}

static enum err write_some(struct xet_put *p, struct slice *content)
{
    bool cut;

    if (!p->job) {
        enum err e = begin_job(p);
        if (e)
            return e;
        begin_next_chunk(p->job);
    }
    size_t n = xet_chunker_scan(&p->chunker, *content, &cut);
    append(p, slice_of(content->p, n));
    *content = slice_from(*content, n);
    if (cut) {
        p->job->n++;
        if (job_is_full(p->job))
            submit_job(p);
        else
            begin_next_chunk(p->job);
    }
    return p->err;
}

enum err xet_put_write(struct xet_put *p, struct slice content)
{
    p->stats.received += content.n;
    atomic_fetch_add_explicit(&p->xet->received, content.n, memory_order_relaxed);
    while (!p->err && content.n > 0)
        p->err = write_some(p, &content);
    return p->err;
}

/* ---- the end ---- */

static bool all_known(const struct put_job *j)
{
    for (unsigned i = 0; i < j->n; i++) {
        if (!j->chunks[i].known)
            return false;
    }
    return j->n > 0;
}

/* What is left of the content, through to the open xorb. */
static void settle_all(struct xet_put *p)
{
    struct put_job *last = p->job;

    if (last && last->chunks[last->n].size > 0)
        last->n++;
    if (last && last->n > 0) {
        put_job_run(last); /* while workers are at the others */
        p->take_all = !p->large && all_known(last);
    }
    while (p->ring_n > 0)
        put_settle_oldest(p);
    if (last && last->n > 0) {
        put_ask_wait(p, last);
        put_settle_job(p, last);
    }
    put_settle_run(p);
}

static enum err commit(struct xet_put *p, struct shard_term **terms)
{
    const struct layout_xorb *tail = layout_open(&p->layout);
    struct shard_chunk *chunks = tail ? layout_shard_chunks(&p->layout, tail) : NULL;
    struct commit c = {
        .terms = layout_shard_terms(&p->layout),
        .n_terms = p->layout.n_terms,
        .pieces = p->open.pieces,
        .n_pieces = p->open.n,
        .tail_bytes = p->open.bytes,
        .tail = chunks,
        .n_tail = tail ? tail->chunks : 0,
    };
    struct commit_xorb *xorbs = put_unregistered(p, &c.n_xorbs);

    c.xorbs = xorbs;
    xet_tree_root(&p->layout.tree, &c.file);
    xet_file_hash(&c.file, &c.file);
    enum err e = commit_run(p->space, &c);
    put_unregistered_free(xorbs, c.n_xorbs);
    free(chunks);
    if (!e)
        p->stats.sent += c.tail_bytes;
    *terms = c.terms;
    return e;
}

/* The CAS refuses the file. The likely cause is a xorb that it has lost and that the chunk index, or an answer of its
 * own, named. */
static void forget_others(struct xet_put *p)
{
    uint32_t cas = atomic_load(&p->space->cas);
    const struct xet_hash *last = NULL; /* each walks the whole index: not again for the next term */

    for (size_t i = 0; i < p->layout.n_terms; i++) {
        const struct layout_place *start = &p->layout.terms[i].start;
        if (start->own != LAYOUT_OTHER || (last && xet_hash_eq(last, &start->other)))
            continue;
        chunk_index_forget(p->xet->index, cas, &start->other);
        global_dedup_forget(p->xet->global, cas, &start->other);
        last = &start->other;
    }
}

/* A small file of known chunks only still has its bytes: as if nothing had been known. */
static void store_all(struct xet_put *p)
{
    struct put_job *j = p->job;

    layout_done(&p->layout);
    layout_init(&p->layout);
    p->take_all = false;
    p->in_run = false;
    p->settled = 0;
    p->stats.deduplicated = 0;
    for (unsigned i = 0; i < j->n; i++)
        j->chunks[i].known = false;
    j->settled = 0;
    put_settle_job(p, j);
    put_settle_run(p);
}

static enum err send_rest(struct xet_put *p, struct shard_term **terms)
{
    settle_all(p);
    if (p->open.bytes >= OWN_XORB_BYTES)
        put_cut(p);
    put_land(p);
    if (p->err)
        return p->err;
    enum err e = commit(p, terms);
    if (e != ERR_BAD_REQUEST)
        return e;
    forget_others(p);
    if (!p->take_all)
        return ERR_UPSTREAM_ANSWER; /* the bytes are gone; when the client sends them again, they are stored */
    free(*terms);
    *terms = NULL;
    store_all(p);
    e = commit(p, terms);
    return e == ERR_BAD_REQUEST ? ERR_UPSTREAM_ANSWER : e;
}

/* What the CAS said of others' xorbs holds, now that it has taken the file: next time it need not be asked. */
static void learn_others(struct xet_put *p)
{
    uint32_t cas = atomic_load(&p->space->cas);
    bool heard = global_dedup_answers(p->xet->global) > 0;

    for (size_t i = 0; heard && i < p->layout.n_terms; i++) {
        const struct layout_term *t = &p->layout.terms[i];
        if (t->start.own == LAYOUT_OTHER)
            chunk_index_learn(p->xet->index, cas, &(struct chunk_place){ t->start.other, t->start.index },
                              p->layout.file.hash + t->first, t->chunks);
    }
}

enum err xet_put_finish(struct xet_put *p, struct xet_file *out, struct buf *recipe)
{
    AUTO_FREE struct shard_term *terms = NULL;
    struct xet_file file = { .hash = xet_hash_zero, .size = p->stats.received };

    if (!p->err && file.size > 0)
        p->err = send_rest(p, &terms);
    if (p->err)
        return p->err;
    if (file.size > 0) {
        xet_tree_root(&p->layout.tree, &file.hash);
        xet_file_hash(&file.hash, &file.hash);
    }
    learn_others(p);
    atomic_fetch_add_explicit(&p->xet->deduplicated, p->stats.deduplicated, memory_order_relaxed);
    if (recipe)
        recipe_write(terms, p->layout.n_terms, &p->layout.file, recipe);
    *out = file;
    return OK;
}

void xet_put_stats(const struct xet_put *p, struct xet_put_stats *out)
{
    *out = p->stats;
}

static void free_jobs(struct xet_put *p)
{
    for (unsigned i = 0; i < p->ring_n; i++)
        put_job_wait(p, p->ring[(p->ring_first + i) % PUT_RING]);
    while (p->jobs) {
        struct put_job *j = p->jobs;
        p->jobs = j->next;
        if (j->segment)
            segment_give(&p->xet->segments, j->segment);
        free(j);
    }
}

void xet_put_free(struct xet_put *p)
{
    if (!p)
        return;
    free_jobs(p);
    global_end(p->question);
    xorb_out_clear(&p->open, &p->xet->segments);
    put_land(p);
    if (p->large)
        budget_leave(p->xet->up);
    free(p->flight);
    layout_done(&p->layout);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
    free(p);
}

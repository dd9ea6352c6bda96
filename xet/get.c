/* SPDX-License-Identifier: Apache-2.0 */
/* get.c: one download. Chunks come packed from fetch.c, are unpacked one by one and given to the reader; a chunk that
 * is stored as it is goes out from where the HTTP client put it.
 *
 * A file is asked for in windows, so that a reconstruction's size is bounded. Whatever fails on the way (an expired
 * URL, a cut connection, a xorb that makes no sense) is answered by asking for the reconstruction again, from the byte
 * where we are. Of a whole file the hash is computed again, chunk by chunk, and the last chunk is kept back until it
 * matches: a reader that gets all bytes has got the right ones. A part's hash is known to nobody, so there is nothing
 * to check. */
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "xet/fetch.h"

/* Bytes of a file that one reconstruction is asked for: the first is small for the first byte's sake. */
#define WINDOW_FIRST ((uint64_t)128 << 20)
#define WINDOW_MOST  ((uint64_t)1 << 30)
enum { LARGE = 1 << 20 };            /* from here on a member of the budget */
enum { TRIES = 6, TRIES_WRONG = 3 }; /* without a chunk in between; of answers that are wrong */
enum { BACKOFF_FIRST_MS = 50, BACKOFF_MOST_MS = 5000 };

struct xet_get {
    struct xet_space *space;
    struct xet_file file;
    uint64_t at, end; /* of the file: the next byte to give, and where to stop */
    bool large;
    unsigned failures; /* since the last chunk */

    struct recon plan;
    bool has_plan;
    uint64_t window, window_most; /* bytes to ask for next, and from then on */
    size_t next_term;
    uint32_t chunks_left; /* of the term that is read: chunks, bytes */
    uint32_t bytes_left;
    uint64_t skip; /* bytes before `at` that are still to come */
    struct fetch fetch;

    struct buf unpacked;
    char *scratch; /* XET_CHUNK_MAX bytes, NULL until needed */

    bool whole;
    struct xet_tree tree; /* of a whole file; last: large, and need not be zeroed */
};

/* ---- the plan ---- */

static void drop_plan(struct xet_get *g)
{
    fetch_begin(&g->fetch, NULL);
    if (g->has_plan)
        recon_done(&g->plan);
    g->has_plan = false;
    g->chunks_left = 0;
}

static enum err make_plan(struct xet_get *g)
{
    uint64_t length = g->end - g->at < g->window ? g->end - g->at : g->window;

    drop_plan(g);
    enum err e = recon_ask(g->space, &g->file.hash, g->at, g->at + length - 1, &g->plan);
    if (e == ERR_UPSTREAM_ANSWER && length > WINDOW_FIRST) { /* too long, perhaps: a file in many pieces */
        g->window = g->window_most = WINDOW_FIRST;
        return make_plan(g);
    }
    if (e)
        return e;
    g->window = g->window_most;
    g->has_plan = true;
    g->next_term = 0;
    g->skip = g->plan.skip;
    fetch_begin(&g->fetch, &g->plan);
    return OK;
}

/* ---- chunks ---- */

static enum err unpack(struct xet_get *g, const struct xorb_chunk_head *head, struct slice data, struct slice *out)
{
    if (head->scheme == XORB_NONE) {
        *out = data;
        return OK;
    }
    if (head->scheme == XORB_BG4_LZ4 && !g->scratch)
        g->scratch = mem_alloc(XET_CHUNK_MAX);
    buf_clear(&g->unpacked);
    char *room = buf_room(&g->unpacked, head->size);
    enum err e = xorb_unpack(head, data.p, room, g->scratch);
    if (!e)
        *out = slice_of(room, head->size);
    return e;
}

/* A whole file's chunk. Chunks that were given before a failure are in the tree already: then all of it is skipped, or
 * it is another file. */
static enum err check_chunk(struct xet_get *g, struct slice chunk)
{
    struct xet_hash hash;

    if (g->skip >= chunk.n)
        return OK;
    if (g->skip > 0 || g->at + chunk.n > g->end)
        return ERR_CORRUPT;
    xet_chunk_hash(chunk, &hash);
    xet_tree_add(&g->tree, &hash, chunk.n);
    if (g->at + chunk.n < g->end)
        return OK;
    xet_tree_root(&g->tree, &hash);
    xet_file_hash(&hash, &hash);
    return xet_hash_eq(&hash, &g->file.hash) ? OK : ERR_CORRUPT;
}

/* What of the chunk is wanted. */
static void give(struct xet_get *g, struct slice chunk, struct slice *out)
{
    size_t before = g->skip < chunk.n ? (size_t)g->skip : chunk.n;

    g->skip -= before;
    chunk = slice_from(chunk, before);
    if (chunk.n > g->end - g->at)
        chunk.n = (size_t)(g->end - g->at);
    g->at += chunk.n;
    *out = chunk;
}

/* On to the next term, and to the next plan behind the last one. */
static enum err advance(struct xet_get *g)
{
    enum err e = g->has_plan && g->next_term < g->plan.n_terms ? OK : make_plan(g);

    if (!e)
        e = fetch_term(&g->fetch, g->next_term);
    if (e)
        return e;
    const struct recon_term *t = &g->plan.terms[g->next_term++];
    g->chunks_left = t->end - t->start;
    g->bytes_left = t->size;
    return OK;
}

/* The next chunk's share; may be empty. Leaves everything but the fetching as it was when it fails. */
static enum err next_chunk(struct xet_get *g, struct slice *out)
{
    struct xorb_chunk_head head;
    struct slice data, chunk;

    enum err e = g->chunks_left > 0 ? OK : advance(g);
    if (!e)
        e = fetch_chunk(&g->fetch, &head, &data);
    if (e)
        return e;
    /* The term's size has to come out exactly. */
    if (head.size > g->bytes_left || (g->chunks_left == 1 && head.size != g->bytes_left))
        return ERR_CORRUPT;
    e = unpack(g, &head, data, &chunk);
    if (!e && g->whole)
        e = check_chunk(g, chunk);
    if (e)
        return e;
    g->chunks_left--;
    g->bytes_left -= head.size;
    give(g, chunk, out);
    return OK;
}

/* ---- failures ---- */

static unsigned tries(enum err e)
{
    switch (e) {
    case ERR_UPSTREAM:
    case ERR_UPSTREAM_REFUSED: /* of a signed URL: expired */
    case ERR_SLOW_DOWN:
        return TRIES;
    case ERR_CORRUPT:
    case ERR_UPSTREAM_ANSWER:
    case ERR_UPSTREAM_MISSING:
        return TRIES_WRONG;
    default:
        return 0;
    }
}

/* Exponential, with full jitter. An expired URL needs no waiting. */
static void back_off(const struct xet_get *g, enum err e)
{
    uint32_t random = 0, most_ms = BACKOFF_FIRST_MS << g->failures;

    if (e == ERR_UPSTREAM_REFUSED && g->failures == 1)
        return;
    if (most_ms > BACKOFF_MOST_MS)
        most_ms = BACKOFF_MOST_MS;
    (void)!getrandom(&random, sizeof random, GRND_NONBLOCK);
    random %= most_ms;
    nanosleep(&(struct timespec){ random / 1000, random % 1000 * 1000000L }, NULL);
}

enum err xet_get_read(struct xet_get *g, struct slice *out)
{
    struct slice bytes = SLICE_NONE;

    while (bytes.n == 0 && g->at < g->end) {
        enum err e = next_chunk(g, &bytes);
        if (!e) {
            g->failures = 0;
            continue;
        }
        /* Without a plan it was the CAS's own answer, and tried again often enough; a tree that is full is final. */
        bool final = !g->has_plan || (g->whole && g->tree.size == g->end);
        drop_plan(g);
        if (final || ++g->failures >= tries(e))
            return e == ERR_UPSTREAM_REFUSED ? ERR_UPSTREAM : e;
        back_off(g, e);
    }
    *out = bytes;
    return OK;
}

/* ---- beginning and end ---- */

enum err xet_get_open(struct xet_space *s, const struct xet_file *file, uint64_t offset, uint64_t length,
                      struct xet_get **out)
{
    struct xet_get *g = mem_alloc(sizeof *g);

    memset(g, 0, offsetof(struct xet_get, tree));
    g->space = s;
    g->file = *file;
    g->at = offset;
    g->end = offset + length;
    g->whole = offset == 0 && length == file->size;
    g->window = WINDOW_FIRST;
    g->window_most = WINDOW_MOST;
    buf_init(&g->unpacked, XET_CHUNK_MAX);
    xet_tree_init(&g->tree);
    fetch_init(&g->fetch, s->xet);
    g->large = length >= LARGE;
    if (g->large)
        budget_join(s->xet->down);
    enum err e = make_plan(g);
    if (e) {
        xet_get_free(g);
        return e;
    }
    *out = g;
    return OK;
}

void xet_get_free(struct xet_get *g)
{
    if (!g)
        return;
    drop_plan(g);
    fetch_done(&g->fetch);
    if (g->large)
        budget_leave(g->space->xet->down);
    buf_done(&g->unpacked);
    free(g->scratch);
    free(g);
}

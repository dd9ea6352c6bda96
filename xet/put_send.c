/* SPDX-License-Identifier: Apache-2.0 */
/* put_send.c: the open xorb is filled while the one before it is on its way; a third is never begun. So a slow CAS
 * stops the upload here, and with it the sender.
 *
 * How large a xorb gets: large ones are fewer requests, small ones leave less to do when the content ends. XORB_BYTES
 * while much is to come; then each is half of what is left, so that the last one is XORB_LEAST; and never more than
 * the upload's share of memory has room for two of. */
#include <assert.h>
#include <stdlib.h>

#include "xet/commit.h"
#include "xet/put.h"

enum { XORB_BYTES = 32 << 20, XORB_LEAST = 8 << 20, XORB_TINY = 1 << 20 };
/* Xorbs wait to be registered with their file's shard; past this, a shard of xorbs alone goes ahead. */
enum { UNREGISTERED_BYTES = 8 << 20 };

/* What two xorbs and the jobs may hold together is the share. Segments count, not what is in them. */
static size_t half_share(const struct xet_put *p)
{
    size_t share = budget_share(p->xet->up);
    size_t jobs = (size_t)(put_ring_room(p) + 2) * SEGMENT_CHARGE;
    size_t half = share > jobs ? (share - jobs) / 2 : 0;

    return half > XORB_TINY ? half : XORB_TINY;
}

bool put_xorb_is_full(const struct xet_put *p)
{
    if (!p->large)
        return false;
    if (p->open.bytes >= XORB_BYTES || p->open.charge >= half_share(p))
        return true;
    uint64_t left = p->size_hint > p->settled ? p->size_hint - p->settled : UINT64_MAX;
    return p->open.bytes >= XORB_LEAST && p->open.bytes >= left;
}

/* The limits of the format; the reference stops at 64 MiB of content, too. */
bool put_xorb_takes(const struct xet_put *p, const struct put_job *j)
{
    const struct layout_xorb *x = layout_open(&p->layout);

    return !x || (x->chunks + j->n <= XORB_MAX_CHUNKS && x->size + SEGMENT_CHARGE <= XORB_MAX_BYTES);
}

/* ---- registered ahead ---- */

static size_t landed(const struct xet_put *p)
{
    return p->layout.n_own - (p->layout.open ? 1 : 0) - (p->in_flight ? 1 : 0);
}

struct commit_xorb *put_unregistered(const struct xet_put *p, size_t *n)
{
    size_t first = p->n_registered;

    *n = landed(p) - first;
    if (*n == 0)
        return NULL;
    struct commit_xorb *xorbs = mem_alloc(*n * sizeof *xorbs);
    for (size_t i = 0; i < *n; i++) {
        const struct layout_xorb *x = &p->layout.own[first + i];
        xorbs[i] = (struct commit_xorb){ x->hash, layout_shard_chunks(&p->layout, x), x->chunks, x->packed };
    }
    return xorbs;
}

void put_unregistered_free(struct commit_xorb *xorbs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(xorbs[i].chunks);
    free(xorbs);
}

static enum err register_ahead(struct xet_put *p)
{
    size_t n = landed(p), bytes = 0;

    for (size_t i = p->n_registered; i < n; i++)
        bytes += shard_xorb_bytes(p->layout.own[i].chunks);
    if (bytes < UNREGISTERED_BYTES)
        return OK;
    struct commit_xorb *xorbs = put_unregistered(p, &n);
    enum err e = commit_xorbs(p->space, xorbs, n);
    put_unregistered_free(xorbs, n);
    if (!e)
        p->n_registered += n;
    return e;
}

/* ---- sending ---- */

void put_land(struct xet_put *p)
{
    if (!p->in_flight)
        return;
    size_t bytes = p->flying.bytes;
    enum err e = cas_xorb_finish(p->flight);
    p->in_flight = false;
    p->held -= xorb_out_clear(&p->flying, &p->xet->segments);
    if (e == ERR_BAD_REQUEST)
        e = ERR_UPSTREAM_ANSWER; /* it holds our hash for wrong */
    if (!e) {
        p->stats.sent += bytes;
        atomic_fetch_add(&p->xet->sent, bytes);
        e = register_ahead(p);
    }
    if (!p->err)
        p->err = e;
}

void put_cut(struct xet_put *p)
{
    struct xet_token token;

    if (!p->layout.open)
        return;
    const struct layout_xorb *x = layout_cut(&p->layout, (uint32_t)p->open.bytes);
    put_land(p);
    if (!p->err)
        p->err = cas_token(p->space, true, NULL, &token);
    if (p->err) {
        p->held -= xorb_out_clear(&p->open, &p->xet->segments);
        return;
    }
    if (!p->flight)
        p->flight = mem_alloc(sizeof *p->flight);
    p->flying = p->open;
    p->open = (struct xorb_out){ 0 };
    cas_xorb_start(p->flight, p->space, &token, &x->hash, p->flying.pieces, p->flying.n);
    p->in_flight = true;
}

/* ---- room ---- */

/* Lets go of some of what is held, as budget.h demands of whoever is refused: twice, and nothing is left. */
static void let_go(struct xet_put *p)
{
    if (p->in_flight) {
        put_land(p);
        return;
    }
    while (p->ring_n > 0)
        put_settle_oldest(p);
    put_settle_run(p);
    put_cut(p);
    assert(p->in_flight || p->held == 0);
}

enum err put_room(struct xet_put *p)
{
    struct budget *b = p->xet->up;

    while (!p->err) {
        if (p->held == 0) {
            budget_wait(b, SEGMENT_CHARGE);
            break;
        }
        if (p->held + SEGMENT_CHARGE <= budget_share(b) && budget_try(b, SEGMENT_CHARGE))
            break;
        let_go(p);
    }
    if (!p->err)
        p->held += SEGMENT_CHARGE;
    return p->err;
}

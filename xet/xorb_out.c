/* SPDX-License-Identifier: Apache-2.0 */
/* xorb_out.c: keep or copy. A segment that is at least half full of pieces is kept as it is, so that content that does
 * not compress is never copied; of others the pieces are copied behind the last ones, which is little. */
#include "xet/xorb_out.h"

#include <stdlib.h>

static void add_piece(struct xorb_out *x, struct slice piece)
{
    struct slice *last = x->n ? &x->pieces[x->n - 1] : NULL;

    x->bytes += piece.n;
    if (last && last->p + last->n == piece.p) {
        last->n += piece.n;
        return;
    }
    if (x->n == x->room) {
        x->room = x->room ? x->room * 2 : 4;
        x->pieces = mem_realloc(x->pieces, x->room * sizeof *x->pieces);
    }
    x->pieces[x->n++] = piece;
}

static void copy_pieces(struct xorb_out *x, struct segment *to, const struct slice *pieces, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *at = to->data + to->used;
        memmove(at, pieces[i].p, pieces[i].n); /* within one segment, to the front */
        to->used += pieces[i].n;
        add_piece(x, slice_of(at, pieces[i].n));
    }
}

size_t xorb_out_add(struct xorb_out *x, struct segments *pool, struct segment *g, const struct slice *pieces, size_t n)
{
    size_t bytes = 0, charge = g->charge;

    for (size_t i = 0; i < n; i++)
        bytes += pieces[i].n;
    if (bytes == 0 || (x->segments && x->segments->room - x->segments->used >= bytes)) {
        if (bytes > 0)
            copy_pieces(x, x->segments, pieces, n);
        segment_give(pool, g);
        return charge;
    }
    g->next = x->segments;
    x->segments = g;
    x->charge += charge;
    if (bytes < g->room / 2) {
        g->used = 0;
        copy_pieces(x, g, pieces, n);
    } else {
        g->used = (size_t)(pieces[n - 1].p + pieces[n - 1].n - g->data);
        for (size_t i = 0; i < n; i++)
            add_piece(x, pieces[i]);
    }
    return 0;
}

size_t xorb_out_clear(struct xorb_out *x, struct segments *pool)
{
    size_t given = x->charge;

    while (x->segments) {
        struct segment *g = x->segments;
        x->segments = g->next;
        segment_give(pool, g);
    }
    free(x->pieces);
    *x = (struct xorb_out){ 0 };
    return given;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* round.c: lines to slots, verdicts to lines. Each round does at least one line of each of its paths, so rounds end. */
#include "hub/round.h"

#include <stdlib.h>

void round_init(struct round *r, size_t n_lines)
{
    size_t max = n_lines < HUB_CALL_MAX ? n_lines : HUB_CALL_MAX;
    pathmap_init(&r->paths, max);
    r->slots = mem_alloc(max * sizeof *r->slots);
}

void round_done(struct round *r)
{
    free(r->slots);
    pathmap_done(&r->paths);
}

static bool may_stand_for(const struct hub_line *later, const struct hub_line *earlier)
{
    return later->op != HUB_DELETE || earlier->op == HUB_DELETE;
}

/* Puts the line into its path's slot. false: no room in this round, for this line or any new path. */
static bool place(struct round *r, struct batch_line *l)
{
    size_t number = pathmap_find(&r->paths, l->line->path);
    l->earlier = NULL;
    if (number == PATHMAP_NONE) {
        if (r->paths.n == r->paths.max)
            return false;
        number = pathmap_put(&r->paths, l->line->path);
        r->slots[number] = (struct round_slot){ .last = l };
        return true;
    }
    struct round_slot *slot = &r->slots[number];
    if (slot->blocked || !may_stand_for(l->line, slot->last->line)) {
        slot->blocked = true;
        return true;
    }
    l->earlier = slot->last;
    slot->last = l;
    return true;
}

bool round_plan(struct round *r, struct batch_line *const *lines, size_t n)
{
    pathmap_clear(&r->paths);
    for (size_t i = 0; i < n; i++)
        if (!lines[i]->done && !place(r, lines[i]))
            break;
    return r->paths.n > 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Asking for the very same thing: then one failure is both's. The times may differ. */
static bool are_twins(const struct hub_line *a, const struct hub_line *b)
{
    return a->op == b->op && (a->op == HUB_DELETE ||
                              (strcmp(a->xet_hash, b->xet_hash) == 0 && slice_eq(a->content_type, b->content_type) &&
                               same_text(a->source_type, b->source_type) && slice_eq(a->source_id, b->source_id)));
}

static void settle_line(struct batch_line *l, enum err e, struct slice words)
{
    l->done = true;
    l->line->result = e;
    l->line->error = e && words.n ? arena_strdup(l->arena, words) : NULL;
}

void round_settle(struct round *r, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++) {
        const struct round_slot *slot = &r->slots[i];
        for (struct batch_line *l = slot->last; l; l = l->earlier) {
            if (slot->e && !are_twins(l->line, slot->last->line))
                break;
            settle_line(l, slot->e, slot->words);
        }
    }
}

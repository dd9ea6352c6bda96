/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c: group commit. Callers at the same time share a batch call; one call is in flight per bucket, so that what
 * comes later for a path never overtakes.
 *
 *   hub_batch ── lines as text, one item ──▶ combine ──▶ leader: hub_batch_lead
 *       lines of all items ─▶ round.c: each path once ─▶ POST batch ─▶ verdict.c ─▶ results
 *                                 ▲                                        │ some lines not done yet
 *                                 └────────────────────────────────────────┘
 * Each caller makes the text of its own lines before it gets in line; the leader only joins them, and writes into the
 * others' lines and arenas while their threads wait in combine_run. Sending a line twice is harmless (adds and copies
 * name content by its hash, deletes of nothing succeed), so calls are repeated. */
#include <stdlib.h>

#include "hub/bucket.h"
#include "hub/ask.h"
#include "hub/line.h"
#include "hub/round.h"
#include "hub/verdict.h"

#define ANSWER_MAX (16 * 1024 * 1024) /* all 1,000 lines failed, with long paths and words */

struct batch_item {
    struct combine_item base;
    struct batch_line *lines;
    size_t n;
    enum err e; /* of the call as a whole */
};

/* One leader's work. */
struct batch {
    struct hub_bucket *bucket;
    struct batch_line **lines; /* of all items, in order */
    size_t n;
    struct round round;
    unsigned halvings;
};

static void join_lines(const struct round *r, size_t from, size_t n, struct buf *body)
{
    buf_init(body, n * LINE_MAX_BYTES);
    for (size_t i = from; i < from + n; i++)
        buf_add(body, r->slots[i].last->json);
}

static bool has_copy(const struct round *r, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++)
        if (r->slots[i].last->line->op == HUB_COPY)
            return true;
    return false;
}

/* Whether a call's error may be about one of its lines: a path, or the source of a copy. */
static bool maybe_one_line(const struct batch *batch, size_t from, size_t n, enum err e)
{
    switch (e) {
    case ERR_INVALID_ARGUMENT:
        return true;
    case ERR_UPSTREAM_REFUSED:
    case ERR_NO_SUCH_BUCKET:
    case ERR_NO_SUCH_KEY:
        return has_copy(&batch->round, from, n);
    default:
        return false;
    }
}

/* 200, or 422 when every line failed, with the same body. */
static enum err read_answer(struct batch *batch, const struct http_response *r, size_t from, size_t n)
{
    AUTO_JSON json_t *json = NULL;
    enum err e = ask_parse(r, &json);
    if (!e)
        e = verdict_read(json, &batch->round, from, n);
    if (e)
        return e;
    verdict_excuse_deletes(batch->bucket, &batch->round, from, n);
    round_settle(&batch->round, from, n);
    return OK;
}

static void settle_refused(struct batch *batch, const struct http_response *r, size_t at, enum err e)
{
    struct round_slot *slot = &batch->round.slots[at];
    slot->e = e;
    slot->words = ask_error_text(r, slot->last->arena);
    round_settle(&batch->round, at, 1);
}

static enum err batch_range(struct batch *batch, size_t from, size_t n)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_BUF struct buf body = { 0 };
    AUTO_RESPONSE struct http_response r = { 0 };

    buf_init(&url, ASK_URL_MAX);
    buf_add_str(&url, batch->bucket->url);
    buf_add_str(&url, "/batch");
    join_lines(&batch->round, from, n, &body);
    const struct ask ask = { .method = "POST",
                             .url = buf_str(&url),
                             .content_type = "application/x-ndjson",
                             .body = buf_slice(&body),
                             .max_answer = ANSWER_MAX };
    enum err e = ask_make(batch->bucket->hub, &ask, &r);
    if (!e)
        return read_answer(batch, &r, from, n);
    if (r.status == 422 && read_answer(batch, &r, from, n) == OK)
        return OK;
    if (!maybe_one_line(batch, from, n, e))
        return e;
    if (n == 1) {
        settle_refused(batch, &r, from, e);
        return OK;
    }
    if (batch->halvings == 0)
        return e;
    batch->halvings--;
    e = batch_range(batch, from, n / 2);
    return e ? e : batch_range(batch, from + n / 2, n - n / 2);
}

/* After an error of the call as a whole, the lines that got no answer have it. */
static void finish(struct combine_item *first, enum err e)
{
    for (struct combine_item *base = first; base; base = base->next) {
        struct batch_item *item = (struct batch_item *)base;
        for (size_t i = 0; i < item->n; i++) {
            if (item->lines[i].done)
                continue;
            item->lines[i].line->result = e;
            item->e = e;
        }
    }
}

static void gather(struct batch *batch, struct combine_item *first)
{
    size_t at = 0;
    for (struct combine_item *base = first; base; base = base->next)
        batch->n += ((struct batch_item *)base)->n;
    batch->lines = mem_alloc(batch->n * sizeof(struct batch_line *));
    for (struct combine_item *base = first; base; base = base->next)
        for (size_t i = 0; i < ((struct batch_item *)base)->n; i++)
            batch->lines[at++] = &((struct batch_item *)base)->lines[i];
}

void hub_batch_lead(void *ctx, struct combine_item *first)
{
    struct batch batch = { .bucket = ctx, .halvings = HUB_HALVINGS };
    enum err e = OK;
    gather(&batch, first);
    round_init(&batch.round, batch.n);
    while (!e && round_plan(&batch.round, batch.lines, batch.n)) {
        hub_ratelimit_pace(&batch.bucket->hub->ratelimit);
        e = batch_range(&batch, 0, batch.round.paths.n);
    }
    finish(first, e);
    round_done(&batch.round);
    free(batch.lines);
}

/* The lines as text; those that cannot be sent are done already. Returns how many are not. */
static size_t write_lines(struct hub_line *lines, size_t n, struct arena *arena, struct batch_line *out,
                          struct buf *text)
{
    size_t to_do = 0;
    buf_init(text, n * LINE_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        size_t from = text->n;
        lines[i].error = NULL;
        lines[i].result = hub_line_write(&lines[i], text);
        if (lines[i].result)
            text->n = from;
        /* Where the text begins is known when it has stopped growing. */
        out[i] = (struct batch_line){
            .line = &lines[i], .arena = arena, .json = { NULL, text->n - from }, .done = lines[i].result != OK
        };
        to_do += !out[i].done;
    }
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        out[i].json.p = text->p + at;
        at += out[i].json.n;
    }
    return to_do;
}

enum err hub_batch(struct hub_bucket *b, struct hub_line *lines, size_t n, struct arena *arena)
{
    AUTO_BUF struct buf text = { 0 };
    AUTO_FREE struct batch_line *mine = NULL;

    if (b->url == NULL) {
        for (size_t i = 0; i < n; i++)
            lines[i].result = ERR_NO_SUCH_BUCKET;
        return ERR_NO_SUCH_BUCKET;
    }
    if (n == 0)
        return OK;
    mine = mem_alloc(n * sizeof *mine);
    struct batch_item item = { .lines = mine, .n = n };
    item.base.weight = write_lines(lines, n, arena, mine, &text);
    if (item.base.weight)
        combine_run(&b->batches, &item.base);
    return item.e;
}

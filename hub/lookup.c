/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.c: what is at a path. Callers at the same time share a paths-info call.
 *
 *   hub_lookup ── one item ──▶ combine ──▶ leader: lookup_lead
 *       items ─▶ paths, each once ─▶ POST paths-info ─▶ entries ─▶ by path to every item that asked
 *
 * A lookup never gets the answer of a call that had begun before it. Up to HUB_LOOKUPS calls are under way at once.
 * The leader writes into the others' arenas: their threads wait in combine_run meanwhile.
 *
 * A call that the Hub refuses as a whole is made again in halves, so that one caller's path does not fail the others'.
 * Paths are checked beforehand, so this should not happen; hence only so many calls are spent on it. */
#include <assert.h>
#include <stdlib.h>

#include "hub/bucket.h"
#include "hub/call.h"
#include "hub/names.h"

#define ANSWER_MAX (16 * 1024 * 1024) /* 1,000 entries with the longest paths are half of it */
#define BODY_MAX   (32 * 1024 * 1024) /* 1,000 paths of 4 KiB, each byte escaped as six */

struct lookup_item {
    struct combine_item base;
    struct slice path;
    struct arena *arena;
    struct hub_file *out;
    enum err e;
};

/* One leader's work. */
struct lookup {
    struct hub_bucket *bucket;
    struct pathmap paths;
    struct lookup_item **items; /* in order of arrival */
    size_t *numbers;            /* of each item's path */
    size_t n;
    unsigned halvings;
};

static bool ask_body(const struct pathmap *paths, size_t from, size_t n, struct buf *body)
{
    json_t *list = json_array();
    bool whole = true;
    for (size_t i = from; i < from + n; i++)
        whole = json_array_append_new(list, json_stringn(paths->paths[i].p, paths->paths[i].n)) == 0 && whole;
    buf_init(body, BODY_MAX);
    return field_write(json_pack("{s:o}", "paths", list), body) && whole;
}

enum err lookup_ask(struct hub_bucket *b, const struct pathmap *paths, size_t from, size_t n, json_t **entries)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_BUF struct buf body = { 0 };
    json_t *json;

    if (!ask_body(paths, from, n, &body))
        return ERR_INVALID_ARGUMENT;
    buf_init(&url, CALL_URL_MAX);
    buf_add_str(&url, b->url);
    buf_add_str(&url, "/paths-info");
    const struct call call = { .method = "POST",
                               .url = buf_str(&url),
                               .content_type = "application/json",
                               .body = buf_slice(&body),
                               .max_answer = ANSWER_MAX };
    enum err e = call_json(b->hub, &call, &json);
    if (e)
        return e;
    if (!json_is_array(json)) {
        json_decref(json);
        return ERR_UPSTREAM_ANSWER;
    }
    *entries = json;
    return OK;
}

/* To every item with one of these paths. */
static void fail(struct lookup *l, size_t from, size_t n, enum err e)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->numbers[i] >= from && l->numbers[i] < from + n)
            l->items[i]->e = e;
}

static void item_answer(struct lookup_item *item, const json_t *entry)
{
    struct hub_file file;
    bool known;
    if (entry == NULL) {
        item->e = ERR_NO_SUCH_KEY;
        return;
    }
    item->e = field_entry(entry, item->arena, &file, &known);
    if (item->e)
        return;
    if (!known || file.is_directory)
        item->e = ERR_NO_SUCH_KEY;
    else
        *item->out = file;
}

/* Entries by the number of their path. What was not asked for, or answered twice, is dropped or replaced. */
static void answer(struct lookup *l, size_t from, size_t n, const json_t *entries)
{
    const json_t **by_number = mem_zalloc(n * sizeof *by_number);
    const json_t *entry;
    size_t at;
    json_array_foreach(entries, at, entry)
    {
        struct slice path;
        if (!field_text(entry, "path", NAME_PATH_MAX, &path))
            continue;
        size_t number = pathmap_find(&l->paths, path);
        if (number != PATHMAP_NONE && number >= from && number < from + n)
            by_number[number - from] = entry;
    }
    for (size_t i = 0; i < l->n; i++)
        if (l->numbers[i] >= from && l->numbers[i] < from + n)
            item_answer(l->items[i], by_number[l->numbers[i] - from]);
    free(by_number);
}

static void lookup_range(struct lookup *l, size_t from, size_t n)
{
    AUTO_JSON json_t *entries = NULL;
    enum err e = lookup_ask(l->bucket, &l->paths, from, n, &entries);
    if (!e) {
        answer(l, from, n, entries);
        return;
    }
    bool maybe_one_path = e == ERR_INVALID_ARGUMENT || e == ERR_NO_SUCH_KEY;
    if (!maybe_one_path || n == 1 || l->halvings == 0) {
        fail(l, from, n, e);
        return;
    }
    l->halvings--;
    lookup_range(l, from, n / 2);
    lookup_range(l, from + n / 2, n - n / 2);
}

void lookup_lead(void *ctx, struct combine_item *first)
{
    struct lookup l = { .bucket = ctx, .halvings = HUB_HALVINGS };
    for (struct combine_item *item = first; item; item = item->next)
        l.n++;
    assert(l.n <= HUB_CALL_MAX);
    l.items = mem_alloc(l.n * sizeof *l.items);
    l.numbers = mem_alloc(l.n * sizeof *l.numbers);
    pathmap_init(&l.paths, l.n);
    size_t i = 0;
    for (struct combine_item *item = first; item; item = item->next, i++) {
        l.items[i] = (struct lookup_item *)item;
        l.numbers[i] = pathmap_put(&l.paths, l.items[i]->path);
    }
    ratelimit_pace(&l.bucket->hub->ratelimit);
    lookup_range(&l, 0, l.paths.n);
    pathmap_done(&l.paths);
    free(l.numbers);
    free(l.items);
}

enum err hub_lookup(struct hub_bucket *b, struct slice path, struct arena *arena, struct hub_file *out)
{
    if (b->url == NULL)
        return ERR_NO_SUCH_BUCKET;
    if (!name_path_valid(path))
        return ERR_INVALID_ARGUMENT;
    struct lookup_item item = { .base = { .weight = 1 }, .path = path, .arena = arena, .out = out };
    combine_run(&b->lookups, &item.base);
    return item.e;
}

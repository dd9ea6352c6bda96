/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.c: what is at a path. Callers at the same time share a paths-info call.
 *
 *   hub_lookup ── one item ──▶ combine ──▶ leader: hub_lookup_lead
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
#include "hub/ask.h"
#include "common/codec.h"
#include "hub/names.h"
#include "hub/repo.h"
#include "hub/resolve.h"

#define ANSWER_MAX   (16 * 1024 * 1024) /* 1,000 entries with the longest paths are half of it */
#define RESOLVES_MAX 16
#define BODY_MAX     (32 * 1024 * 1024) /* 1,000 paths of 4 KiB, each byte escaped as six */

/* One path somebody wanted about. */
struct wanted {
    struct slice path;
    struct arena *arena;
    struct hub_file file; /* when e is OK */
    enum err e;
};

struct lookup_item {
    struct combine_item base; /* its weight is n */
    struct wanted wanted[2];
    size_t n;
};

/* One leader's work. */
struct lookup {
    struct hub_bucket *bucket;
    struct pathmap paths;
    struct wanted **wanted; /* in order of arrival */
    size_t *numbers;        /* of each one's path */
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

/* The same call of a repository takes a form. */
static bool ask_form(const struct pathmap *paths, size_t from, size_t n, struct buf *body)
{
    buf_init(body, BODY_MAX);
    for (size_t i = from; i < from + n; i++) {
        buf_add_str(body, i > from ? "&paths=" : "paths=");
        percent_encode(paths->paths[i], PERCENT_ALL, body);
    }
    return !body->failed;
}

enum err hub_lookup_ask(struct hub_bucket *b, const struct pathmap *paths, size_t from, size_t n, json_t **entries)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_BUF struct buf body = { 0 };
    json_t *json;

    if (!(b->at ? ask_form(paths, from, n, &body) : ask_body(paths, from, n, &body)))
        return ERR_INVALID_ARGUMENT;
    buf_init(&url, ASK_URL_MAX);
    buf_addf(&url, "%s/paths-info%s", b->url, b->at ? b->at : "");
    const struct ask ask = { .method = "POST",
                             .url = buf_str(&url),
                             .content_type = b->at ? "application/x-www-form-urlencoded" : "application/json",
                             .body = buf_slice(&body),
                             .max_answer = ANSWER_MAX };
    enum err e = ask_json(b->hub, &ask, &json);
    if (e)
        return e;
    if (!json_is_array(json)) {
        json_decref(json);
        return ERR_UPSTREAM_ANSWER;
    }
    *entries = json;
    return OK;
}

/* To all that asked for one of these paths. */
static void fail(struct lookup *l, size_t from, size_t n, enum err e)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->numbers[i] >= from && l->numbers[i] < from + n)
            l->wanted[i]->e = e;
}

static enum err read_answer(struct wanted *w, const json_t *entry)
{
    bool known;
    if (entry == NULL)
        return ERR_NO_SUCH_KEY;
    enum err e = field_entry(entry, w->arena, &w->file, &known);
    return !e && (!known || w->file.is_directory) ? ERR_NO_SUCH_KEY : e;
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
            l->wanted[i]->e = read_answer(l->wanted[i], by_number[l->numbers[i] - from]);
    free(by_number);
}

static void lookup_range(struct lookup *l, size_t from, size_t n)
{
    AUTO_JSON json_t *entries = NULL;
    enum err e = hub_lookup_ask(l->bucket, &l->paths, from, n, &entries);
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

/* While the API class is spent, the resolvers' may not be. It takes a call for each path, so only few are looked up
 * that way; and it tells a little less (resolve.h), which beats making the client wait for minutes. */
static bool lookup_elsewhere(struct lookup *l)
{
    struct ratelimit *rl = &l->bucket->hub->ratelimit;
    if (l->bucket->at || l->n > RESOLVES_MAX || !hub_ratelimit_spent(rl, LIMIT_API) ||
        hub_ratelimit_spent(rl, LIMIT_RESOLVERS))
        return false;
    for (size_t i = 0; i < l->n; i++)
        l->wanted[i]->e = hub_resolve(l->bucket, l->wanted[i]->path, l->wanted[i]->arena, &l->wanted[i]->file);
    return true;
}

void hub_lookup_lead(void *ctx, struct combine_item *first)
{
    struct lookup l = { .bucket = ctx, .halvings = HUB_HALVINGS };
    for (struct combine_item *item = first; item; item = item->next)
        l.n += item->weight;
    assert(l.n <= HUB_CALL_MAX);
    l.wanted = mem_alloc(l.n * sizeof *l.wanted);
    l.numbers = mem_alloc(l.n * sizeof *l.numbers);
    pathmap_init(&l.paths, l.n);
    size_t i = 0;
    for (struct combine_item *item = first; item; item = item->next) {
        struct lookup_item *asking = (struct lookup_item *)item;
        for (size_t j = 0; j < asking->n; j++, i++) {
            l.wanted[i] = &asking->wanted[j];
            l.numbers[i] = pathmap_put(&l.paths, asking->wanted[j].path);
        }
    }
    if (!lookup_elsewhere(&l)) {
        hub_ratelimit_pace(&l.bucket->hub->ratelimit);
        lookup_range(&l, 0, l.paths.n);
    }
    pathmap_done(&l.paths);
    free(l.numbers);
    free(l.wanted);
}

static enum err look_up(struct hub_bucket *b, struct lookup_item *item)
{
    if (b->url == NULL)
        return ERR_NO_SUCH_BUCKET;
    for (size_t i = 0; i < item->n; i++)
        if (!hub_name_path_valid(item->wanted[i].path))
            return ERR_INVALID_ARGUMENT;
    combine_run(&b->lookups, &item->base);
    return item->wanted[0].e;
}

enum err hub_lookup(struct hub_bucket *b, struct slice path, struct arena *arena, struct hub_file *out)
{
    struct lookup_item item = { .base = { .weight = 1 }, .wanted = { { .path = path, .arena = arena } }, .n = 1 };
    enum err e = look_up(b, &item);
    if (!e && b->at)
        e = repo_date(b, arena, &item.wanted[0].file, 1);
    if (!e)
        *out = item.wanted[0].file;
    return e;
}

enum err hub_lookup_pair(struct hub_bucket *b, struct slice path, struct slice beside, struct arena *arena,
                         struct hub_file *out, struct hub_file *out_beside, bool *found)
{
    struct lookup_item item = { .base = { .weight = 2 },
                                .wanted = { { .path = path, .arena = arena }, { .path = beside, .arena = arena } },
                                .n = 2 };
    enum err e = look_up(b, &item);
    if (!e && item.wanted[1].e && item.wanted[1].e != ERR_NO_SUCH_KEY)
        e = item.wanted[1].e;
    if (e)
        return e;
    *out = item.wanted[0].file;
    *found = item.wanted[1].e == OK;
    if (*found)
        *out_beside = item.wanted[1].file;
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.c: {"success","processed","succeeded","failed":[{"path","error"}]} to slots.
 *
 * The only thing that tells why a line failed is a sentence meant for people. A few words in it are worth looking for,
 * since they decide whether a client will try again; the rest is the client's mistake until it is known better. */
#include "hub/verdict.h"

#include "hub/bucket.h"
#include "hub/fields.h"
#include "hub/names.h"

static const struct {
    const char *word; /* in any case */
    enum err e;
} reasons[] = {
    { "hash", ERR_UPSTREAM_MISSING }, /* not registered with the CAS */
    { "xet", ERR_UPSTREAM_MISSING },
    { "not found", ERR_UPSTREAM_MISSING },
    { "does not exist", ERR_UPSTREAM_MISSING },
    { "not exist", ERR_UPSTREAM_MISSING },
    { "region", ERR_UPSTREAM_REFUSED }, /* copies work only within one */
    { "permission", ERR_UPSTREAM_REFUSED },
    { "forbidden", ERR_UPSTREAM_REFUSED },
    { "not allowed", ERR_UPSTREAM_REFUSED },
    { "quota", ERR_UPSTREAM_REFUSED },
    { "storage limit", ERR_UPSTREAM_REFUSED },
};

static enum err reason_of(const char *words)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcasestr(words, reasons[i].word))
            return reasons[i].e;
    return ERR_INVALID_ARGUMENT;
}

/* false: this names none of the lines sent. */
static bool read_failure(const json_t *failure, struct round *r, size_t from, size_t n)
{
    struct slice path, words = SLICE("");
    if (!field_text(failure, "path", NAME_PATH_MAX, &path))
        return false;
    size_t number = pathmap_find(&r->paths, path);
    if (number == PATHMAP_NONE || number < from || number >= from + n)
        return false;
    field_text(failure, "error", SIZE_MAX, &words);
    struct round_slot *slot = &r->slots[number];
    slot->e = reason_of(words.p);
    slot->words = field_words(words);
    return true;
}

static bool counts_agree(const json_t *answer, size_t sent, size_t failed)
{
    uint64_t processed = sent, succeeded = sent - failed;
    bool success = true;
    field_u64(answer, "processed", &processed);
    field_u64(answer, "succeeded", &succeeded);
    field_bool(answer, "success", &success);
    return processed == sent && succeeded == sent - failed && (success || failed > 0);
}

enum err verdict_read(const json_t *answer, struct round *r, size_t from, size_t n)
{
    const json_t *failures = json_object_get(answer, "failed"), *failure;
    bool success = false, all_known = true;
    size_t failed = 0, i;
    field_bool(answer, "success", &success);
    if (!json_is_array(failures) && !success)
        return ERR_UPSTREAM_ANSWER;
    for (i = from; i < from + n; i++)
        r->slots[i].e = OK;
    json_array_foreach(failures, i, failure) all_known = read_failure(failure, r, from, n) && all_known;
    for (i = from; i < from + n; i++)
        failed += r->slots[i].e != OK;
    if (all_known && counts_agree(answer, n, failed))
        return OK;
    for (i = from; i < from + n; i++)
        if (r->slots[i].e == OK)
            r->slots[i].e = ERR_UPSTREAM_ANSWER;
    return OK;
}

static bool failed_delete(const struct round_slot *slot)
{
    return slot->e && slot->last->line->op == HUB_DELETE;
}

static void excuse(struct round *r, const struct pathmap *asked, const json_t *entries)
{
    bool there[HUB_CALL_MAX] = { false };
    const json_t *entry;
    size_t i;
    json_array_foreach(entries, i, entry)
    {
        struct slice path;
        if (!field_text(entry, "path", NAME_PATH_MAX, &path))
            return; /* whatever this is, it proves nothing */
        size_t number = pathmap_find(asked, path);
        if (number != PATHMAP_NONE)
            there[number] = true;
    }
    for (i = 0; i < asked->n; i++)
        if (!there[i])
            r->slots[pathmap_find(&r->paths, asked->paths[i])].e = OK;
}

void verdict_excuse_deletes(struct hub_bucket *b, struct round *r, size_t from, size_t n)
{
    struct pathmap asked;
    AUTO_JSON json_t *entries = NULL;
    pathmap_init(&asked, n);
    for (size_t i = from; i < from + n; i++)
        if (failed_delete(&r->slots[i]))
            pathmap_put(&asked, r->paths.paths[i]);
    if (asked.n && hub_lookup_ask(b, &asked, 0, asked.n, &entries) == OK)
        excuse(r, &asked, entries);
    pathmap_done(&asked);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* buckets.c: buckets as a whole: create, info, delete, move, settings, and a namespace's list. One call each, but for
 * the list's pages and for what has to be found out when a call was repeated. */
#include "common/clock.h"
#include "common/codec.h"
#include "hub/ask.h"
#include "hub/link.h"
#include "hub/names.h"
#include "hub/repo.h"

#define JSON_TYPE       "application/json"
#define INFO_ANSWER_MAX (32 * 1024 * 1024) /* a repository's may list its files all the same */
#define LIST_ANSWER_MAX (16 * 1024 * 1024)
#define LIST_PAGES_MAX  10000 /* a list that does not end is not one */
#define SKEW_MS         2000  /* times in headers are whole seconds */

static void bucket_url(struct hub *h, struct slice id, const char *tail, struct buf *url)
{
    ask_url(h, url, "/api/buckets/");
    percent_encode(id, PERCENT_PATH, url);
    buf_add_str(url, tail);
}

static json_t *slice_json(struct slice text)
{
    return json_stringn(text.p ? text.p : "", text.n);
}

/* ---- create ---- */

/* Hub API, create: `private` is what version 1 of its own client sends, `visibility` what version 2 does. A Hub that
 * knows only one of them must not make a bucket public that was to be private: so both. */
static bool create_body(enum hub_visibility visibility, struct slice region, struct buf *out)
{
    json_t *body = json_object();
    if (visibility != HUB_DEFAULT) {
        bool is_private = visibility == HUB_PRIVATE;
        json_object_set_new(body, "private", json_boolean(is_private));
        json_object_set_new(body, "visibility", json_string(is_private ? "private" : "public"));
    }
    if (region.n)
        json_object_set_new(body, "region", slice_json(region));
    buf_init(out, 1024);
    return field_write(body, out);
}

/* The Hub's clock when it answered, so that ours need not be right. */
static int64_t hub_clock_ms(const struct http_response *r)
{
    int64_t now = clock_now_ms();
    if (!clock_parse_http_date(http_response_header(r, "Date"), &now))
        now = clock_now_ms();
    return now;
}

/* A create was repeated, and now the bucket exists: was that us? It was when the bucket is younger than our first try
 * and nobody has put anything into it. */
static enum err create_again(struct hub *h, struct slice id, const struct http_response *r, int64_t began_mono)
{
    struct hub_bucket_info info;
    int64_t began = hub_clock_ms(r) - (clock_mono_ms() - began_mono);
    struct arena *arena = arena_new();
    enum err e = hub_bucket_info(h, id, arena, &info);
    bool ours = !e && info.created_ms >= began - SKEW_MS && info.files == 0;
    arena_free(arena);
    return ours ? OK : ERR_UPSTREAM_EXISTS;
}

enum err hub_bucket_create(struct hub *h, struct slice id, enum hub_visibility visibility, struct slice region)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_BUF struct buf body = { 0 };
    AUTO_RESPONSE struct http_response r = { 0 };
    int64_t began = clock_mono_ms();

    if (!hub_name_id_valid(id) || !create_body(visibility, region, &body))
        return ERR_INVALID_ARGUMENT;
    bucket_url(h, id, "", &url);
    const struct ask ask = {
        .method = "POST", .url = buf_str(&url), .content_type = JSON_TYPE, .body = buf_slice(&body)
    };
    enum err e = ask_make(h, &ask, &r);
    if (e == ERR_UPSTREAM_EXISTS && r.tries > 1)
        return create_again(h, id, &r, began);
    return e;
}

/* ---- one bucket ---- */

/* false: no such id. */
static bool info_url(struct hub *h, struct slice id, struct buf *url)
{
    struct repo repo;
    if (repo_parse(id, &repo)) {
        repo_url(h, &repo, url);
        buf_add_str(url, "/revision");
        repo_add_revision(repo.revision, url);
        buf_add_str(url, "?expand=createdAt&expand=lastModified&expand=private"); /* not the list of its files */
        return true;
    }
    if (!hub_name_id_valid(id))
        return false;
    bucket_url(h, id, "", url);
    return true;
}

enum err hub_bucket_info(struct hub *h, struct slice id, struct arena *arena, struct hub_bucket_info *out)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_JSON json_t *json = NULL;
    bool known;

    if (!info_url(h, id, &url))
        return ERR_NO_SUCH_BUCKET;
    const struct ask ask = { .method = "GET", .url = buf_str(&url), .max_answer = INFO_ANSWER_MAX };
    enum err e = ask_json(h, &ask, &json);
    if (e)
        return e;
    struct hub_bucket_info info;
    e = field_bucket(json, arena, &info, &known);
    if (e || !known)
        return ERR_UPSTREAM_ANSWER;
    *out = info;
    return OK;
}

enum err hub_bucket_delete(struct hub *h, struct slice id)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_RESPONSE struct http_response r = { 0 };

    if (!hub_name_id_valid(id))
        return ERR_NO_SUCH_BUCKET;
    bucket_url(h, id, "", &url);
    enum err e = ask_make(h, &(struct ask){ .method = "DELETE", .url = buf_str(&url) }, &r);
    /* Gone at the second try: the first one did it, though its answer was lost. */
    return e == ERR_NO_SUCH_BUCKET && r.tries > 1 ? OK : e;
}

/* Not repeated: were the first try's answer lost, the second one's would be about another bucket of the old name. */
enum err hub_bucket_move(struct hub *h, struct slice from, struct slice to)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_BUF struct buf body = { 0 };
    AUTO_RESPONSE struct http_response r = { 0 };

    if (!hub_name_id_valid(from))
        return ERR_NO_SUCH_BUCKET;
    if (!hub_name_id_valid(to))
        return ERR_INVALID_ARGUMENT;
    buf_init(&body, 1024);
    if (!field_write(
            json_pack("{s:o,s:o,s:s}", "fromRepo", slice_json(from), "toRepo", slice_json(to), "type", "bucket"),
            &body))
        return ERR_INVALID_ARGUMENT;
    ask_url(h, &url, "/api/repos/move");
    const struct ask ask = {
        .method = "POST", .url = buf_str(&url), .content_type = JSON_TYPE, .body = buf_slice(&body), .once = true
    };
    return ask_make(h, &ask, &r);
}

enum err hub_bucket_set_visibility(struct hub *h, struct slice id, enum hub_visibility visibility)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_RESPONSE struct http_response r = { 0 };

    if (!hub_name_id_valid(id))
        return ERR_NO_SUCH_BUCKET;
    if (visibility == HUB_DEFAULT)
        return ERR_INVALID_ARGUMENT; /* there is no such setting: a default is for what is new */
    bucket_url(h, id, "/settings", &url);
    const struct ask ask = {
        .method = "PUT",
        .url = buf_str(&url),
        .content_type = JSON_TYPE,
        .body = visibility == HUB_PRIVATE ? SLICE("{\"private\":true}") : SLICE("{\"private\":false}"),
    };
    return ask_make(h, &ask, &r);
}

/* ---- a namespace's buckets ---- */

static enum err give_page(const json_t *page, hub_bucket_fn *fn, void *ctx)
{
    struct arena *arena = arena_new();
    enum err e = json_is_array(page) ? OK : ERR_UPSTREAM_ANSWER;
    size_t i;
    const json_t *object;
    json_array_foreach(page, i, object)
    {
        struct hub_bucket_info info;
        bool known = false;
        e = field_bucket(object, arena, &info, &known);
        if (!e && known)
            e = fn(ctx, &info);
        if (e)
            break;
    }
    arena_free(arena);
    return e;
}

/* One page: `query` is replaced by the next one's, empty at the end. */
static enum err list_page(struct hub *h, struct slice ns, struct buf *query, hub_bucket_fn *fn, void *ctx)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_RESPONSE struct http_response r = { 0 };
    AUTO_JSON json_t *page = NULL;
    struct slice next;

    bucket_url(h, ns, query->n ? "?" : "", &url);
    buf_add(&url, buf_slice(query));
    const struct ask ask = { .method = "GET", .url = buf_str(&url), .max_answer = LIST_ANSWER_MAX };
    enum err e = ask_make(h, &ask, &r);
    if (!e)
        e = ask_parse(&r, &page);
    if (!e)
        e = link_next(&r, &next);
    if (e)
        return e;
    if (next.n && slice_eq(next, buf_slice(query)))
        return ERR_UPSTREAM_ANSWER; /* the next page is this one */
    buf_clear(query);
    buf_add(query, next);
    return give_page(page, fn, ctx);
}

enum err hub_bucket_list(struct hub *h, struct slice ns, struct slice search, hub_bucket_fn *fn, void *ctx)
{
    AUTO_BUF struct buf query = { 0 };

    if (!hub_name_part_valid(ns))
        return ERR_NO_SUCH_BUCKET;
    buf_init(&query, LINK_QUERY_MAX);
    if (search.n) {
        buf_add_str(&query, "search=");
        percent_encode(search, PERCENT_ALL, &query);
    }
    if (query.failed)
        return ERR_INVALID_ARGUMENT;
    for (unsigned pages = 0; pages < LIST_PAGES_MAX; pages++) {
        enum err e = list_page(h, ns, &query, fn, ctx);
        if (e || query.n == 0)
            return e;
    }
    return ERR_UPSTREAM_ANSWER;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c: one page of a bucket's listing. prefix, cursor → URL → entries, and the next page's cursor out of the Link.
 *
 * A cursor is kept as it stood in the Link, percent-encoded, and goes back into a URL unchanged: whether a `+` in it
 * means a blank is then nobody's question here. */
#include "common/codec.h"
#include "hub/ask.h"
#include "hub/link.h"
#include "hub/names.h"
#include "hub/repo.h"

#define TREE_ANSWER_MAX  (32 * 1024 * 1024) /* 5,000 entries with the longest paths */
#define TREE_ENTRIES_MAX (2 * HUB_PAGE_MAX)

static void tree_url(const struct hub_bucket *b, struct slice prefix, bool recursive, unsigned limit,
                     struct slice cursor, struct buf *url)
{
    struct slice path = b->at ? repo_directory(prefix) : prefix;
    buf_init(url, ASK_URL_MAX);
    buf_addf(url, "%s/tree%s%s", b->url, b->at ? b->at : "", path.n ? "/" : "");
    percent_encode(path, PERCENT_PATH, url);
    buf_addf(url, "?recursive=%s", recursive ? "true" : "false");
    if (b->at == NULL) /* a repository's pages are as large as the Hub likes */
        buf_addf(url, "&limit=%u", limit);
    if (cursor.n) {
        buf_add_str(url, "&cursor=");
        buf_add(url, cursor);
    }
}

/* The arena keeps the old list too: doubling bounds that by what the new one takes. */
static void more_room(struct arena *arena, struct hub_page *page, size_t *room)
{
    size_t more = *room ? 2 * *room : 64;
    struct hub_file *files = arena_alloc(arena, more * sizeof *files);
    if (page->n)
        memcpy(files, page->files, page->n * sizeof *files);
    page->files = files;
    *room = more;
}

/* Only what begins with the prefix: it may not have been what was sent (names.h), and a Hub that takes `logs/` for
 * `logs` also gives `logs.json`. An entry that cannot be read fails the page: left out, it would look deleted. */
static enum err read_entry(const json_t *entry, struct slice prefix, struct arena *arena, struct hub_page *page)
{
    bool known;
    enum err e = field_entry(entry, arena, &page->files[page->n], &known);
    if (!e && known && slice_starts(page->files[page->n].path, prefix))
        page->n++;
    return e;
}

/* A repository's recursive tree has the directories as well. */
static void drop_directories(struct hub_page *page)
{
    size_t kept = 0;
    for (size_t i = 0; i < page->n; i++)
        if (!page->files[i].is_directory)
            page->files[kept++] = page->files[i];
    page->n = kept;
}

static enum err read_entries(struct slice body, struct slice prefix, struct arena *arena, struct hub_page *page)
{
    struct field_list list = { .rest = body };
    size_t room = 0;
    for (size_t i = 0; i < TREE_ENTRIES_MAX; i++) {
        AUTO_JSON json_t *entry = NULL;
        enum err e = field_next(&list, &entry);
        if (e || entry == NULL)
            return e;
        if (page->n == room)
            more_room(arena, page, &room);
        e = read_entry(entry, prefix, arena, page);
        if (e)
            return e;
    }
    return ERR_UPSTREAM_ANSWER;
}

static enum err read_next(const struct http_response *r, struct slice cursor, struct arena *arena, struct slice *next)
{
    struct slice query;
    enum err e = link_next(r, &query);
    if (e)
        return e;
    if (query.n == 0)
        return OK;
    struct slice found = link_parameter(query, "cursor");
    if (found.n == 0 || slice_eq(found, cursor))
        return ERR_UPSTREAM_ANSWER; /* more, but no way on: better an error than a listing cut short */
    *next = arena_copy(arena, found);
    return OK;
}

/* No path can begin like this, so there is nothing to list; but the bucket has to be there for that. */
static enum err nothing(struct hub_bucket *b, struct arena *arena, struct hub_page *out)
{
    struct hub_bucket_info info;
    enum err e = hub_bucket_info(b->hub, slice_str(b->id), arena, &info);
    if (!e)
        *out = (struct hub_page){ 0 };
    return e;
}

enum err hub_tree(struct hub_bucket *b, struct slice prefix, bool recursive, unsigned limit, struct slice cursor,
                  struct arena *arena, struct hub_page *out)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_RESPONSE struct http_response r = { 0 };
    struct hub_page page = { 0 };
    struct slice send;

    if (b->url == NULL)
        return ERR_NO_SUCH_BUCKET;
    if (!link_query_valid(cursor) || (cursor.n && memchr(cursor.p, '&', cursor.n)))
        return ERR_INVALID_ARGUMENT;
    if (hub_name_prefix(prefix, &send) == NAME_PREFIX_NONE)
        return nothing(b, arena, out);
    if (limit == 0 || limit > HUB_PAGE_MAX)
        limit = HUB_PAGE_MAX;
    tree_url(b, send, recursive, limit, cursor, &url);
    const struct ask ask = { .method = "GET", .url = buf_str(&url), .max_answer = TREE_ANSWER_MAX };
    enum err e = ask_make(b->hub, &ask, &r);
    if (e == ERR_NO_SUCH_KEY) { /* nothing has the prefix: an empty list, said another way */
        *out = page;
        return OK;
    }
    if (!e)
        e = read_entries(buf_slice(&r.body), prefix, arena, &page);
    if (!e)
        e = read_next(&r, cursor, arena, &page.next);
    if (!e && recursive)
        drop_directories(&page);
    if (!e && b->at)
        e = repo_date(b, arena, page.files, page.n);
    if (!e)
        *out = page;
    return e;
}

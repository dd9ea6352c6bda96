/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c: HEAD of a file's resolve URL (Hub API, files). The answer may be a redirect to the content: its own
 * headers tell everything, and it is not followed. */
#include "hub/resolve.h"

#include "common/clock.h"
#include "common/codec.h"
#include "hub/ask.h"

static bool read_size(const struct http_response *r, uint64_t *out)
{
    if (slice_u64(http_response_header(r, "X-Linked-Size"), out))
        return true;
    /* A redirect's Content-Length is its own. */
    return r->status == 200 && slice_u64(http_response_header(r, "Content-Length"), out);
}

static enum err read_headers(const struct http_response *r, struct hub_file *file)
{
    struct slice hash = http_response_header(r, "X-Xet-Hash");
    if (!read_size(r, &file->size) || (hash.n && !field_hash(hash, file->xet_hash)))
        return ERR_UPSTREAM_ANSWER;
    int64_t ms = 0;
    if (clock_parse_http_date(http_response_header(r, "Last-Modified"), &ms) && ms > 0)
        file->uploaded_ms = ms;
    return OK;
}

enum err hub_resolve(struct hub_bucket *b, struct slice path, struct arena *arena, struct hub_file *out)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_RESPONSE struct http_response r = { 0 };
    struct hub_file file = { 0 };

    ask_url(b->hub, &url, "/buckets/");
    percent_encode(slice_str(b->id), PERCENT_PATH, &url);
    buf_add_str(&url, "/resolve/");
    percent_encode(path, PERCENT_PATH, &url);
    enum err e = ask_make(b->hub, &(struct ask){ .method = "HEAD", .url = buf_str(&url), .may_redirect = true }, &r);
    if (!e)
        e = read_headers(&r, &file);
    if (e)
        return e;
    file.path = arena_copy(arena, path);
    if (r.status == 200)
        file.content_type = arena_copy(arena, field_type(http_response_header(&r, "Content-Type")));
    *out = file;
    return OK;
}

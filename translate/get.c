/* SPDX-License-Identifier: Apache-2.0 */
/* get.c: GetObject and HeadObject: one lookup, then the bytes as Xet gives them.
 * Amazon S3 API Reference, GetObject, HeadObject. */
#include "common/clock.h"
#include "translate/call.h"
#include "translate/condition.h"
#include "translate/range.h"

static enum err find(struct s3_call *c, struct bucket *b, struct hub_file *file, char etag[ETAG_TEXT])
{
    struct slice path;
    enum err e = call_path(c, &path);
    if (!e)
        e = hub_lookup(b->hub, path, c->arena, file);
    if (!e)
        etag_text(file->xet_hash, etag);
    return e;
}

static void add_override(struct s3_call *c, const char *arg, const char *header, struct slice value)
{
    struct slice override = call_arg(c, arg);
    if (override.n > 0)
        value = override;
    if (value.n > 0)
        httpd_add_header(c->http, header, value);
}

static void add_headers(struct s3_call *c, const struct hub_file *file, const char *etag, const struct range *range)
{
    char date[CLOCK_TEXT];
    clock_http_date(hub_file_modified(file), date);
    httpd_add_header_str(c->http, "ETag", etag);
    httpd_add_header_str(c->http, "Last-Modified", date);
    httpd_add_header_str(c->http, "Accept-Ranges", "bytes");
    add_override(c, "response-content-type", "Content-Type",
                 file->content_type.n ? file->content_type : SLICE("binary/octet-stream"));
    add_override(c, "response-cache-control", "Cache-Control", SLICE_NONE);
    add_override(c, "response-content-disposition", "Content-Disposition", SLICE_NONE);
    add_override(c, "response-content-encoding", "Content-Encoding", SLICE_NONE);
    add_override(c, "response-content-language", "Content-Language", SLICE_NONE);
    add_override(c, "response-expires", "Expires", SLICE_NONE);
    if (range->partial)
        httpd_add_header_str(c->http, "Content-Range",
                             arena_printf(c->arena, "bytes %llu-%llu/%llu", (unsigned long long)range->offset,
                                          (unsigned long long)(range->offset + range->length - 1),
                                          (unsigned long long)file->size));
}

/* Overrides are for those who signed. */
static enum err check_overrides(struct s3_call *c)
{
    for (size_t i = 0; i < c->n_args; i++)
        if (slice_starts(c->args[i].name, SLICE("response-")) && c->auth.how == AUTH_ANONYMOUS)
            return call_fail(c, ERR_BAD_REQUEST,
                             "Request specific response headers cannot be used for anonymous GET requests.");
    return OK;
}

/* All that is known before the answer begins. */
static enum err prepare(struct s3_call *c, struct bucket *b, struct hub_file *file, char etag[ETAG_TEXT],
                        struct range *range)
{
    enum err e = check_overrides(c);
    if (!e)
        e = find(c, b, file, etag);
    if (e)
        return e;
    e = condition_read(c, &(struct condition_object){ etag, hub_file_modified(file) });
    if (e == ERR_NOT_MODIFIED) {
        char date[CLOCK_TEXT];
        clock_http_date(hub_file_modified(file), date);
        httpd_add_header_str(c->http, "ETag", etag);
        httpd_add_header_str(c->http, "Last-Modified", date);
    }
    if (e)
        return e;
    e = range_parse(call_header(c, "Range"), file->size, range);
    if (e)
        httpd_add_header_str(c->http, "Content-Range",
                             arena_printf(c->arena, "bytes */%llu", (unsigned long long)file->size));
    return e;
}

enum err s3_head_object(struct s3_call *c)
{
    struct bucket *b;
    enum err e = call_bucket(c, &b);
    if (e)
        return e;
    struct hub_file file;
    struct range range;
    char etag[ETAG_TEXT];
    e = prepare(c, b, &file, etag, &range);
    if (!e) {
        add_headers(c, &file, etag, &range);
        httpd_reply_head(c->http, range.partial ? 206 : 200, range.length);
    }
    bucket_release(c->s3->buckets, b);
    return e;
}

static void send_body(struct s3_call *c, struct xet_get *get)
{
    enum err e;
    for (;;) {
        struct slice bytes;
        e = xet_get_read(get, &bytes);
        if (e || bytes.n == 0)
            break;
        e = httpd_write(c->http, bytes);
        if (e)
            break;
    }
    if (e) {
        /* The head is out: cutting the connection is the only way left to say that this is not all. */
        c->broken = e;
        httpd_abort(c->http);
    }
}

enum err s3_get_object(struct s3_call *c)
{
    struct bucket *b;
    enum err e = call_bucket(c, &b);
    if (e)
        return e;
    struct hub_file file;
    struct range range;
    struct xet_file content = { 0 };
    struct xet_get *get = NULL;
    char etag[ETAG_TEXT];
    e = prepare(c, b, &file, etag, &range);
    content.size = e ? 0 : file.size;
    if (!e && !xet_hash_parse(slice_str(file.xet_hash), &content.hash))
        e = ERR_UPSTREAM_ANSWER;
    if (!e && range.length > 0)
        e = xet_get_open(b->space, &content, range.offset, range.length, &get);
    if (!e) {
        add_headers(c, &file, etag, &range);
        httpd_start(c->http, range.partial ? 206 : 200, range.length);
        if (get)
            send_body(c, get);
    }
    xet_get_free(get);
    bucket_release(c->s3->buckets, b);
    return e;
}

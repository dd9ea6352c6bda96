/* SPDX-License-Identifier: Apache-2.0 */
/* get.c: GetObject and HeadObject: one lookup, then the bytes as Xet gives them.
 * Amazon S3 API Reference, GetObject, HeadObject. */
#include "common/clock.h"
#include "translate/multipart.h"
#include "translate/content.h"
#include "translate/range.h"

/* What 304 has, too. */
static void add_validators(struct s3_call *c, const struct object *o)
{
    char date[CLOCK_TEXT];
    clock_http_date(o->modified_ms, date);
    httpd_add_header_str(c->http, "ETag", o->etag);
    httpd_add_header_str(c->http, "Last-Modified", date);
}

static void add_headers(struct s3_call *c, const struct object *o, const struct range *range)
{
    add_validators(c, o);
    httpd_add_header_str(c->http, "Accept-Ranges", "bytes");
    struct slice type = call_arg(c, "response-content-type");
    if (type.n == 0)
        type = o->file.content_type.n ? o->file.content_type : SLICE("binary/octet-stream");
    httpd_add_header(c->http, "Content-Type", type);
    meta_add_headers(c, &o->meta);
    /* Never on a part: clients would hold it against the part's bytes. */
    if (!range->partial && slice_eq_nocase(call_header(c, "x-amz-checksum-mode"), SLICE("ENABLED")))
        meta_add_checksum_headers(c, &o->meta);
    if (range->partial)
        httpd_add_header_str(c->http, "Content-Range",
                             arena_printf(c->arena, "bytes %llu-%llu/%llu", (unsigned long long)range->offset,
                                          (unsigned long long)(range->offset + range->length - 1),
                                          (unsigned long long)o->file.size));
}

/* Overrides are for those who signed. */
static enum err check_overrides(struct s3_call *c)
{
    for (size_t i = 0; i < c->n_args; i++)
        if (slice_starts(c->args[i].name, SLICE("response-")) && c->auth.how == AUTH_ANONYMOUS)
            return call_refuse(c, ERR_BAD_REQUEST,
                               "Request specific response headers cannot be used for anonymous GET requests.");
    return OK;
}

/* partNumber: an object is one part, however it was uploaded, so that part 1 is all of it. */
static enum err read_range(struct s3_call *c, uint64_t size, struct range *out)
{
    struct slice part = call_arg(c, "partNumber"), header = call_header(c, "Range");
    uint64_t number = 0;
    if (!part.p)
        return range_parse(header, size, out);
    if (header.p)
        return call_refuse(c, ERR_BAD_REQUEST, "Cannot specify both Range header and partNumber query parameter");
    if (!slice_u64(part, &number) || number < 1 || number > PART_NUMBER_MAX)
        return call_refuse(c, ERR_INVALID_ARGUMENT, "Part number must be an integer between 1 and 10000, inclusive");
    if (number > 1)
        return ERR_INVALID_PART_NUMBER;
    *out = (struct range){ 0, size, size > 0 };
    return OK;
}

/* All that is known before the answer begins. */
static enum err prepare(struct s3_call *c, struct bucket *b, struct object *o, struct range *range)
{
    struct slice path;
    enum err e = check_overrides(c);
    if (!e)
        e = call_path(c, &path);
    if (!e)
        e = object_find(c, b, path, o);
    if (e)
        return e;
    e = condition_read(c, &(struct condition_object){ o->etag, o->modified_ms });
    if (e)
        return e;
    e = read_range(c, o->file.size, range);
    if (e == ERR_INVALID_RANGE)
        httpd_add_header_str(c->http, "Content-Range",
                             arena_printf(c->arena, "bytes */%llu", (unsigned long long)o->file.size));
    return e;
}

/* With the length the object has, not the answer's: RFC 9110 section 15.4.5 and 8.6. */
static enum err answer_not_modified(struct s3_call *c, const struct object *o)
{
    add_validators(c, o);
    httpd_reply_head(c->http, 304, o->file.size);
    return OK;
}

enum err s3_head_object(struct s3_call *c)
{
    struct bucket *b;
    struct object o;
    struct range range = { 0 };
    enum err e = call_bucket(c, &b);
    if (e)
        return e;
    e = prepare(c, b, &o, &range);
    if (!e) {
        add_headers(c, &o, &range);
        httpd_reply_head(c->http, range.partial ? 206 : 200, range.length);
    } else if (e == ERR_NOT_MODIFIED) {
        e = answer_not_modified(c, &o);
    }
    bucket_release(c->s3->buckets, b);
    return e;
}

static void send_body(struct s3_call *c, struct content *content)
{
    enum err e;
    for (;;) {
        struct slice bytes;
        e = content_read(content, &bytes);
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
    struct object o;
    struct range range = { 0 };
    struct content content = { 0 };
    enum err e = call_bucket(c, &b);
    if (e)
        return e;
    e = prepare(c, b, &o, &range);
    if (e == ERR_NOT_MODIFIED) {
        bucket_release(c->s3->buckets, b);
        return answer_not_modified(c, &o);
    }
    if (!e)
        e = content_open(b, &o, range.offset, range.length, &content);
    if (!e) {
        add_headers(c, &o, &range);
        httpd_start(c->http, range.partial ? 206 : 200, range.length);
        send_body(c, &content);
    }
    content_close(&content);
    bucket_release(c->s3->buckets, b);
    return e;
}

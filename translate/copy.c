/* SPDX-License-Identifier: Apache-2.0 */
/* copy.c: CopyObject: a copyFile line; no bytes move. Amazon S3 API Reference, CopyObject. */
#include "common/clock.h"
#include "translate/copy_source.h"
#include "translate/write.h"

enum directive { DIRECTIVE_COPY, DIRECTIVE_REPLACE };

static enum err read_directive(struct s3_call *c, enum directive *out)
{
    struct slice text = call_header(c, "x-amz-metadata-directive");
    if (text.p && !slice_is(text, "COPY") && !slice_is(text, "REPLACE"))
        return call_fail(c, ERR_INVALID_ARGUMENT, "Unknown metadata directive.");
    *out = slice_is(text, "REPLACE") ? DIRECTIVE_REPLACE : DIRECTIVE_COPY;
    return OK;
}

static enum err copy_line(struct s3_call *c, struct bucket *to, struct slice path, const struct copy_source *from)
{
    struct hub_line line = { .op = HUB_COPY,
                             .path = path,
                             .mtime_ms = clock_now_ms(),
                             .source_type = "bucket",
                             .source_id = slice_str(hub_bucket_id(from->bucket->hub)) };
    memcpy(line.xet_hash, from->file.xet_hash, sizeof line.xet_hash);
    return write_lines(c, to, path, &line, 1);
}

/* copyFile within and across buckets. Where the content type is replaced an addFile of the same hash follows, or does
 * alone where the bucket has the content already; a batch takes a path once, so these are two calls. An empty file has
 * no content in the CAS to be copied: it is added. */
static enum err send(struct s3_call *c, struct bucket *to, struct slice path, const struct copy_source *from,
                     enum directive directive)
{
    bool replace = directive == DIRECTIVE_REPLACE;
    bool add = from->file.size == 0 || replace;
    enum err e = add && (from->file.size == 0 || from->bucket == to) ? OK : copy_line(c, to, path, from);
    if (e || !add)
        return e;
    return write_add(c, to, path, &from->content, replace ? call_header(c, "Content-Type") : from->file.content_type);
}

static void answer(struct s3_call *c, const struct copy_source *from)
{
    AUTO_XML struct xml_out x = { 0 };
    xml_begin(&x, "CopyObjectResult", XML_S3_NAMESPACE);
    xml_time(&x, "LastModified", clock_now_ms());
    xml_str(&x, "ETag", from->etag);
    call_reply_xml(c, 200, &x);
}

enum err s3_copy_object(struct s3_call *c)
{
    struct bucket *b;
    struct slice path;
    enum directive directive;
    struct copy_source from;
    enum err e = call_refuse_promises(c);
    if (!e)
        e = read_directive(c, &directive);
    if (!e)
        e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    e = copy_source_find(c, &from);
    if (!e) {
        if (from.bucket == b && slice_eq(from.path, path) && directive == DIRECTIVE_COPY)
            e = ERR_COPY_ONTO_ITSELF;
        if (!e)
            e = send(c, b, path, &from, directive);
        if (!e)
            answer(c, &from);
        copy_source_done(c, &from);
    }
    bucket_release(c->s3->buckets, b);
    return e;
}

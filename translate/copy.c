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

/* copyFile within and across buckets; where the content type is replaced, an addFile of the same hash follows in the
 * same call, or does alone where the bucket has the content already. An empty file has no content in the CAS to be
 * copied: it is added. */
static enum err send(struct s3_call *c, struct bucket *to, struct slice path, const struct copy_source *from,
                     enum directive directive)
{
    struct hub_line lines[2];
    size_t n = 0;
    bool add = from->file.size == 0 || directive == DIRECTIVE_REPLACE;
    bool here = from->bucket == to && add;
    if (from->file.size > 0 && !here)
        lines[n++] = (struct hub_line){ .op = HUB_COPY,
                                        .path = path,
                                        .mtime_ms = clock_now_ms(),
                                        .source_type = "bucket",
                                        .source_id = slice_str(hub_bucket_id(from->bucket->hub)) };
    if (add)
        lines[n++] = (struct hub_line){ .op = HUB_ADD,
                                        .path = path,
                                        .mtime_ms = clock_now_ms(),
                                        .content_type = directive == DIRECTIVE_REPLACE ? call_header(c, "Content-Type")
                                                                                       : from->file.content_type };
    for (size_t i = 0; i < n; i++)
        memcpy(lines[i].xet_hash, from->file.xet_hash, sizeof lines[i].xet_hash);
    return write_lines(c, to, path, lines, n);
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

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
        return call_refuse(c, ERR_INVALID_ARGUMENT, "Unknown metadata directive.");
    *out = slice_is(text, "REPLACE") ? DIRECTIVE_REPLACE : DIRECTIVE_COPY;
    return OK;
}

static struct hub_line copy_line(const struct copy_source *from, struct slice path, const char *hash, int64_t mtime_ms)
{
    struct hub_line line = { .op = HUB_COPY,
                             .path = path,
                             .mtime_ms = mtime_ms,
                             .source_type = "bucket",
                             .source_id = slice_str(hub_bucket_id(from->bucket->hub)) };
    memcpy(line.xet_hash, hash, sizeof line.xet_hash);
    return line;
}

/* copyFile within and across buckets. */
static enum err copy(struct s3_call *c, struct bucket *to, struct slice path, const struct copy_source *from)
{
    struct hub_line line = copy_line(from, path, from->object.file.xet_hash, clock_now_ms());
    return write_lines(c, to, path, &line, 1);
}

/* With its content type or metadata new, or with a companion that must name the new object: an addFile of the same
 * hash, behind a copyFile where the bucket does not have the content yet; a batch takes a path once, so these are two
 * calls. An empty file has no content in the CAS to be copied: it is added. */
static enum err add(struct s3_call *c, struct bucket *to, struct slice path, const struct copy_source *from,
                    struct slice content_type, const struct meta *meta)
{
    enum err e = from->object.file.size == 0 || from->bucket == to ? OK : copy(c, to, path, from);
    return e ? e : write_add(c, to, path, &from->object.content, content_type, meta);
}

static enum err send(struct s3_call *c, struct bucket *to, struct slice path, const struct copy_source *from,
                     enum directive directive)
{
    const struct object *o = &from->object;
    if (directive == DIRECTIVE_COPY)
        return o->file.size > 0 && !o->has_companion ? copy(c, to, path, from)
                                                     : add(c, to, path, from, o->file.content_type, &o->meta);
    struct meta meta;
    enum err e = meta_of_request(c, &meta);
    return e ? e : add(c, to, path, from, call_header(c, "Content-Type"), &meta);
}

static void answer(struct s3_call *c, const struct copy_source *from)
{
    AUTO_XML struct xml_out x = { 0 };
    xml_begin(&x, "CopyObjectResult", XML_S3_NAMESPACE);
    xml_time(&x, "LastModified", clock_now_ms());
    xml_str(&x, "ETag", from->object.etag);
    call_reply_xml(c, 200, &x);
}

enum err s3_copy_object(struct s3_call *c)
{
    struct bucket *b;
    struct slice path;
    enum directive directive = DIRECTIVE_COPY;
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
        if (from.bucket == b && slice_eq(from.object.path, path) && directive == DIRECTIVE_COPY)
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

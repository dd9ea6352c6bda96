/* SPDX-License-Identifier: Apache-2.0 */
/* copy.c: CopyObject: a copyFile line; no bytes move, but those of a repository's file that is not in Xet.
 * Amazon S3 API Reference, CopyObject. */
#include "common/clock.h"
#include "translate/content.h"
#include "translate/copy_source.h"
#include "translate/write.h"

enum directive { DIRECTIVE_COPY, DIRECTIVE_REPLACE };
struct directives {
    enum directive metadata, tagging;
};

static enum err read_directive(struct s3_call *c, const char *header, const char *refusal, enum directive *out)
{
    struct slice text = call_header(c, header);
    if (text.p && !slice_is(text, "COPY") && !slice_is(text, "REPLACE"))
        return call_refuse(c, ERR_INVALID_ARGUMENT, "%s", refusal);
    *out = slice_is(text, "REPLACE") ? DIRECTIVE_REPLACE : DIRECTIVE_COPY;
    return OK;
}

static enum err read_directives(struct s3_call *c, struct directives *out)
{
    enum err e = read_directive(c, "x-amz-metadata-directive", "Unknown metadata directive.", &out->metadata);
    return e ? e : read_directive(c, "x-amz-tagging-directive", "Unknown tagging directive.", &out->tagging);
}

static struct hub_line copy_line(const struct copy_source *from, struct slice path, const char *hash, int64_t mtime_ms)
{
    struct hub_line line = { .op = HUB_COPY,
                             .path = path,
                             .mtime_ms = mtime_ms,
                             .source_type = hub_bucket_source_type(from->bucket->hub),
                             .source_id = hub_bucket_source_id(from->bucket->hub) };
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
 * calls. An empty file has no content in the CAS to be copied: it is added; and so is what `bring` brought. */
static enum err add(struct s3_call *c, struct bucket *to, struct slice path, const struct copy_source *from,
                    struct slice content_type, const struct meta *meta)
{
    bool there = from->object.file.size == 0 || from->bucket == to || !object_in_xet(&from->object);
    enum err e = there ? OK : copy(c, to, path, from);
    return e ? e : write_add(c, to, path, &from->object.content, content_type, meta);
}

/* What the copy carries beside its bytes: of metadata and of tags, the source's or the request's. */
static enum err copied_meta(struct s3_call *c, const struct object *o, struct directives d, struct meta *out)
{
    struct tags tags;
    enum err e = OK;
    meta_copy(out, &o->meta, c->arena);
    if (d.metadata == DIRECTIVE_REPLACE)
        e = meta_of_request(c, out);
    if (e)
        return e;
    tags_of_meta(&o->meta, c->arena, &tags);
    if (d.tagging == DIRECTIVE_REPLACE)
        e = tags_of_request(c, &tags);
    if (e)
        return e;
    tags_to_meta(&tags, c->arena, out);
    meta_copy_checksum(out, &o->meta);
    return OK;
}

static enum err send(struct s3_call *c, struct bucket *to, struct slice path, const struct copy_source *from,
                     struct directives d)
{
    const struct object *o = &from->object;
    /* A copyFile line has no place for a content type. */
    bool plain =
        d.metadata == DIRECTIVE_COPY && d.tagging == DIRECTIVE_COPY && !o->has_companion && o->file.content_type.n == 0;
    if (plain && o->file.size > 0 && object_in_xet(o))
        return copy(c, to, path, from);
    struct meta meta;
    enum err e = copied_meta(c, o, d, &meta);
    struct slice type = d.metadata == DIRECTIVE_COPY ? o->file.content_type : call_header(c, "Content-Type");
    return e ? e : add(c, to, path, from, type, &meta);
}

/* What is not in Xet, of a repository, comes through here into the bucket's corner of the CAS. */
static enum err bring(struct bucket *to, struct copy_source *from)
{
    struct object *o = &from->object;
    char hash[XET_HASH_TEXT];
    if (object_in_xet(o))
        return OK;
    enum err e = content_pass(from->bucket, o, 0, o->file.size, to, &o->content, NULL);
    if (e)
        return e;
    xet_hash_text(&o->content.hash, hash);
    etag_text(hash, o->etag);
    return OK;
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
    struct directives directives = { 0 };
    struct copy_source from;
    enum err e = call_refuse_promises(c);
    if (!e)
        e = read_directives(c, &directives);
    if (!e)
        e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    e = copy_source_find(c, &from);
    if (!e) {
        if (from.bucket == b && slice_eq(from.object.path, path) && directives.metadata == DIRECTIVE_COPY)
            e = ERR_COPY_ONTO_ITSELF;
        if (!e)
            e = bring(b, &from);
        if (!e)
            e = send(c, b, path, &from, directives);
        if (!e)
            answer(c, &from);
        copy_source_done(c, &from);
    }
    bucket_release(c->s3->buckets, b);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* complete.c: CompleteMultipartUpload: checks the client's list of parts against the store, joins their recipes, makes
 * the object visible. Asked twice, it answers twice the same. Amazon S3 API Reference, CompleteMultipartUpload. */
#include <stdlib.h>

#include "common/codec.h"
#include "translate/part_sums.h"
#include "translate/write.h"
#include "translate/xml_in.h"

enum { DOCUMENT_MAX = 8 << 20 /* 10,000 parts with every checksum */ };

struct wanted_part {
    unsigned number;
    struct slice etag;     /* without quotes; empty: none given */
    struct slice checksum; /* as the store writes them; empty: none given */
};

struct completion {
    struct wanted_part *parts;
    size_t n;
    struct slice digest; /* of the list, to know it again */
    uint64_t size;
    struct part_sums sums; /* to be done with */
    struct slice checksum; /* in base64; p == NULL: none is known */
    struct xet_file file;
};

static struct slice without_quotes(struct slice s)
{
    s = slice_trim(s);
    return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? slice_of(s.p + 1, s.n - 2) : s;
}

static struct slice part_checksum(const xmlNode *node, struct arena *arena)
{
    for (enum checksum sum = CHECKSUM_CRC32; sum <= CHECKSUM_SHA256; sum++) {
        struct slice value = xml_content(xml_child(node, checksum_element(sum)), arena);
        if (value.n > 0)
            return slice_str(arena_printf(arena, "%s:%.*s", checksum_name(sum), (int)value.n, value.p));
    }
    return SLICE("");
}

static enum err parse_part(struct s3_call *c, const xmlNode *node, struct wanted_part *out)
{
    uint64_t number;
    struct slice text = slice_trim(xml_content(xml_child(node, "PartNumber"), c->arena));
    if (!slice_u64(text, &number) || number < 1)
        return ERR_MALFORMED_XML;
    if (number > PART_NUMBER_MAX)
        return call_refuse(c, ERR_INVALID_ARGUMENT, "PartNumber must be an integer between 1 and 10000, inclusive");
    *out = (struct wanted_part){ .number = (unsigned)number,
                                 .etag = without_quotes(xml_content(xml_child(node, "ETag"), c->arena)),
                                 .checksum = part_checksum(node, c->arena) };
    return out->etag.n > 0 ? OK : ERR_MALFORMED_XML;
}

static enum err parse(struct s3_call *c, struct slice text, struct completion *done)
{
    AUTO_XML_IN struct xml_in x = { 0 };
    enum err e = xml_parse(text, "CompleteMultipartUpload", &x);
    if (e)
        return e;
    done->parts = (struct wanted_part *)arena_alloc(c->arena, PART_NUMBER_MAX * sizeof *done->parts);
    AUTO_BUF struct buf list;
    buf_init(&list, DOCUMENT_MAX);
    for (const xmlNode *node = xml_child(xml_root(&x), "Part"); node; node = xml_next(node, "Part")) {
        struct wanted_part *part = &done->parts[done->n];
        if (done->n == PART_NUMBER_MAX)
            return ERR_MALFORMED_XML;
        e = parse_part(c, node, part);
        if (e)
            return e;
        if (done->n > 0 && part->number <= part[-1].number)
            return ERR_INVALID_PART_ORDER;
        buf_addf(&list, "%u %.*s\n", part->number, (int)part->etag.n, part->etag.p);
        done->n++;
    }
    struct xet_hash digest;
    char digest_text[XET_HASH_TEXT];
    xet_chunk_hash(buf_slice(&list), &digest);
    xet_hash_text(&digest, digest_text);
    done->digest = arena_copy(c->arena, slice_str(digest_text));
    return done->n > 0 ? OK : ERR_MALFORMED_XML;
}

static enum err check_part(const struct wanted_part *want, const struct store_part *have, bool last)
{
    if (!slice_eq(want->etag, have->etag))
        return ERR_INVALID_PART;
    if (want->checksum.n > 0 && have->checksum.n > 0 && !slice_eq(want->checksum, have->checksum))
        return ERR_INVALID_PART;
    return last || have->size >= PART_SIZE_MIN ? OK : ERR_TOO_SMALL;
}

/* Checks and joins the parts, one recipe in memory at a time. */
static enum err join(struct s3_call *c, struct bucket *b, const struct store_upload *up, struct completion *done)
{
    struct xet_join *j = xet_join_new(b->space);
    enum err e = OK;
    for (size_t i = 0; !e && i < done->n; i++) {
        struct arena *arena = arena_new();
        struct store_part part;
        e = store_part_get(c->s3->config.store, slice_str(up->id), done->parts[i].number, arena, &part);
        if (!e)
            e = check_part(&done->parts[i], &part, i + 1 == done->n);
        if (!e && part.size > 0)
            e = xet_join_add(j, part.recipe);
        if (!e) {
            part_sums_add(&done->sums, &part);
            done->size += part.size;
        }
        arena_free(arena);
    }
    if (!e)
        e = xet_join_finish(j, &done->file);
    xet_join_free(j);
    return e;
}

/* What the client said of the object, before it is made: x-amz-mp-object-size and x-amz-checksum-*. */
static enum err check_whole(struct s3_call *c, struct completion *done)
{
    struct slice text = call_header(c, "x-amz-mp-object-size");
    uint64_t size;
    if (text.p && (!slice_u64(text, &size) || size != done->size))
        return call_refuse(c, ERR_BAD_REQUEST,
                           "The provided 'x-amz-mp-object-size' header does not match what was computed: %llu",
                           (unsigned long long)done->size);
    return part_sums_finish(c, &done->sums, &done->checksum);
}

static void answer(struct s3_call *c, struct slice etag, const struct completion *done)
{
    AUTO_XML struct xml_out x = { 0 };
    struct slice host = call_header(c, "Host");
    AUTO_BUF struct buf location;
    buf_init(&location, 16384);
    buf_addf(&location, "http://%.*s/", (int)host.n, host.p ? host.p : "");
    percent_encode(c->bucket, PERCENT_ALL, &location);
    buf_add_char(&location, '/');
    percent_encode(c->key, PERCENT_PATH, &location);
    xml_begin(&x, "CompleteMultipartUploadResult", XML_S3_NAMESPACE);
    xml_text(&x, "Location", buf_slice(&location));
    xml_text(&x, "Bucket", c->bucket);
    xml_text(&x, "Key", c->key);
    xml_text(&x, "ETag", etag);
    if (done->checksum.p) {
        xml_text(&x, checksum_element(done->sums.sum), done->checksum);
        xml_str(&x, "ChecksumType", part_sums_type_name(&done->sums));
    }
    call_reply_xml(c, 200, &x);
}

/* The upload is gone: completed before, with the same list? */
static enum err repeat(struct s3_call *c, struct bucket *b, const struct completion *done)
{
    struct slice etag, parts;
    enum err e = store_completed_get(c->s3->config.store, call_arg(c, "uploadId"), slice_str(hub_bucket_id(b->hub)),
                                     c->key, c->arena, &etag, &parts);
    if (!e && !slice_eq(parts, done->digest))
        e = ERR_NO_SUCH_UPLOAD;
    if (!e)
        answer(c, etag, done);
    return e;
}

static enum err complete(struct s3_call *c, struct bucket *b, const struct store_upload *up, struct slice path,
                         struct completion *done)
{
    char hash[XET_HASH_TEXT], etag[ETAG_TEXT];
    struct meta meta;
    meta_of_text(up->headers, c->arena, &meta);
    enum err e = part_sums_begin(c, up, &done->sums);
    if (!e)
        e = join(c, b, up, done);
    if (!e)
        e = check_whole(c, done);
    if (!e && done->checksum.p)
        meta_keep_checksum(c, &meta, done->sums.sum, done->checksum, part_sums_type_name(&done->sums));
    if (!e)
        e = write_add(c, b, path, &done->file, multipart_header(up, "content-type"), &meta);
    if (e)
        return e;
    xet_hash_text(&done->file.hash, hash);
    etag_text(hash, etag);
    /* The object is visible. Should this fail, a repeated request does it all again, to the same end. */
    e = store_complete(c->s3->config.store, slice_str(up->id), up->bucket, c->key, slice_str(etag), done->digest);
    if (!e)
        answer(c, slice_str(etag), done);
    return e;
}

enum err s3_complete_multipart_upload(struct s3_call *c)
{
    struct bucket *b;
    struct slice path;
    struct store_upload up;
    struct completion done = { 0 };
    enum err e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    AUTO_BUF struct buf text;
    buf_init(&text, DOCUMENT_MAX);
    e = call_read_completion(c, DOCUMENT_MAX, &text);
    if (!e)
        e = parse(c, buf_slice(&text), &done);
    if (!e)
        e = multipart_find(c, b, &up);
    if (!e)
        e = complete(c, b, &up, path, &done);
    else if (e == ERR_NO_SUCH_UPLOAD)
        e = repeat(c, b, &done);
    part_sums_done(&done.sums);
    bucket_release(c->s3->buckets, b);
    return e;
}

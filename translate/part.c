/* SPDX-License-Identifier: Apache-2.0 */
/* part.c: UploadPart and UploadPartCopy: a part's content into Xet, its recipe into the store.
 * Amazon S3 API Reference, UploadPart, UploadPartCopy. */
#include "common/clock.h"
#include "translate/content.h"
#include "translate/copy_source.h"
#include "translate/part_sums.h"
#include "translate/range.h"

static enum err keep(struct s3_call *c, const struct store_upload *up, unsigned number, const struct body_in *in,
                     struct buf *recipe, const char *etag)
{
    return store_part_put(
        c->s3->config.store, slice_str(up->id),
        &(struct store_part){ .number = number,
                              .size = in->file.size,
                              .modified_ms = clock_now_ms(),
                              .etag = slice_of(etag + 1, strlen(etag) - 2),
                              .checksum = multipart_checksum_text(c->arena, in->checksum, in->checksum_value),
                              .recipe = buf_slice(recipe) });
}

#define RECIPE_MAX (64U << 20) /* 5 GiB in chunks of 8 KiB, 36 bytes each, and room */

static enum err read_number(struct s3_call *c, unsigned *out)
{
    uint64_t number;
    if (!slice_u64(call_arg(c, "partNumber"), &number) || number < 1 || number > PART_NUMBER_MAX)
        return call_refuse(c, ERR_INVALID_ARGUMENT, "Part number must be an integer between 1 and 10000, inclusive");
    *out = (unsigned)number;
    return OK;
}

/* All parts have the checksum that the upload was begun with: the client's, or else one of our own. */
static enum err receive(struct s3_call *c, struct bucket *b, const struct store_upload *up, struct body_in *in,
                        struct buf *recipe)
{
    in->wanted = part_sums_algorithm(up);
    enum err e = call_body_to_xet(c, b, in, recipe);
    if (!e && in->wanted != CHECKSUM_NONE && in->checksum != in->wanted)
        e = call_refuse(c, ERR_BAD_REQUEST,
                        "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
                        checksum_name(in->wanted), checksum_name(in->checksum));
    return e;
}

enum err s3_upload_part(struct s3_call *c)
{
    unsigned number = 0;
    struct bucket *b;
    enum err e = call_refuse_promises(c);
    if (!e)
        e = read_number(c, &number);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    struct store_upload up;
    struct body_in in = { 0 };
    char hash[XET_HASH_TEXT], etag[ETAG_TEXT];
    AUTO_BUF struct buf recipe;
    buf_init(&recipe, RECIPE_MAX);
    e = multipart_find(c, b, &up);
    if (!e)
        e = receive(c, b, &up, &in, &recipe);
    if (!e) {
        xet_hash_text(&in.file.hash, hash);
        etag_text(hash, etag);
        e = recipe.failed ? ERR_TOO_LARGE : keep(c, &up, number, &in, &recipe, etag);
    }
    if (!e) {
        httpd_add_header_str(c->http, "ETag", etag);
        call_add_checksum(c, in.checksum, in.checksum_value);
        call_add_upload_stats(c, &in.stats);
        call_reply_empty(c, 200);
    }
    bucket_release(c->s3->buckets, b);
    return e;
}

/* ---- UploadPartCopy ---- */

/* x-amz-copy-source-range: "bytes=first-last", whole and inside the source, unlike the Range of a read. */
static enum err read_range(struct s3_call *c, uint64_t size, struct range *out)
{
    struct slice header = call_header(c, "x-amz-copy-source-range");
    *out = (struct range){ 0, size, false };
    if (!header.p)
        return OK;
    struct slice rest = slice_from(header, 6), first = slice_cut(&rest, '-');
    uint64_t from, to;
    if (!slice_starts(header, SLICE("bytes=")) || !slice_u64(first, &from) || !slice_u64(rest, &to) || to < from)
        return call_refuse(
            c, ERR_INVALID_ARGUMENT,
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last "
            "are the zero-based offsets of the first and last bytes to copy");
    if (to >= size)
        return call_refuse(c, ERR_INVALID_ARGUMENT, "Range specified is not valid for source object of size: %llu",
                           (unsigned long long)size);
    *out = (struct range){ from, to - from + 1, true };
    return OK;
}

static void answer_copy(struct s3_call *c, const char *etag)
{
    AUTO_XML struct xml_out x = { 0 };
    xml_begin(&x, "CopyPartResult", XML_S3_NAMESPACE);
    xml_time(&x, "LastModified", clock_now_ms());
    xml_str(&x, "ETag", etag);
    call_reply_xml(c, 200, &x);
}

static enum err copy_part(struct s3_call *c, struct bucket *b, const struct store_upload *up, unsigned number,
                          const struct copy_source *from)
{
    struct range range;
    struct body_in in = { 0 };
    char hash[XET_HASH_TEXT], etag[ETAG_TEXT];
    AUTO_BUF struct buf recipe;
    buf_init(&recipe, RECIPE_MAX);
    enum err e = read_range(c, from->object.file.size, &range);
    if (!e && range.length > S3_OBJECT_MAX)
        e = ERR_TOO_LARGE;
    if (!e)
        e = content_pass(from->bucket, &from->object, range.offset, range.length, b, &in.file, &recipe);
    if (e)
        return e;
    xet_hash_text(&in.file.hash, hash);
    etag_text(hash, etag);
    e = recipe.failed ? ERR_TOO_LARGE : keep(c, up, number, &in, &recipe, etag);
    if (!e)
        answer_copy(c, etag);
    return e;
}

enum err s3_upload_part_copy(struct s3_call *c)
{
    unsigned number = 0;
    struct bucket *b;
    struct store_upload up;
    struct copy_source from;
    enum err e = read_number(c, &number);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    e = multipart_find(c, b, &up);
    if (!e)
        e = copy_source_find(c, &from);
    if (!e) {
        e = copy_part(c, b, &up, number, &from);
        copy_source_done(c, &from);
    }
    bucket_release(c->s3->buckets, b);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* multipart.c: a multipart upload's begin, end without completion, and listings.
 * Amazon S3 API Reference, CreateMultipartUpload, AbortMultipartUpload, ListParts, ListMultipartUploads. */
#include "translate/multipart.h"

#include "common/clock.h"
#include "common/codec.h"
#include "translate/part_sums.h"
#include "translate/tags.h"

enum err multipart_find(struct s3_call *c, struct bucket *b, struct store_upload *out)
{
    return store_upload_get(c->s3->config.store, call_arg(c, "uploadId"), slice_str(hub_bucket_id(b->hub)), c->key,
                            c->arena, out);
}

struct slice multipart_header(const struct store_upload *up, const char *name)
{
    struct slice rest = up->headers;
    while (rest.p) {
        struct slice value = slice_cut(&rest, '\n'), field = slice_cut(&value, ':');
        if (slice_is(field, name))
            return slice_trim(value);
    }
    return SLICE_NONE;
}

struct slice multipart_checksum_text(struct arena *arena, enum checksum sum, const uint8_t value[CHECKSUM_MAX])
{
    if (sum == CHECKSUM_NONE)
        return SLICE("");
    AUTO_BUF struct buf text;
    buf_init(&text, 128);
    buf_add_str(&text, checksum_name(sum));
    buf_add_char(&text, ':');
    base64_encode(slice_of(value, checksum_size(sum)), &text);
    return arena_copy(arena, buf_slice(&text));
}

void multipart_write_checksum(struct xml_out *x, struct slice text)
{
    enum checksum sum;
    struct slice name = slice_cut(&text, ':');
    if (text.p && checksum_parse(name, &sum))
        xml_text(x, checksum_element(sum), text);
}

/* ---- CreateMultipartUpload ---- */

static enum err keep_headers(struct s3_call *c, struct slice *out)
{
    static const char *const kept[] = { "content-type", "x-amz-checksum-algorithm", "x-amz-checksum-type" };
    AUTO_BUF struct buf text;
    buf_init(&text, 64 * 1024);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct slice value = call_header(c, kept[i]);
        if (value.n > 0) {
            buf_addf(&text, "%s: ", kept[i]);
            buf_add(&text, value);
            buf_add_char(&text, '\n');
        }
    }
    struct meta meta;
    struct tags tags;
    enum err e = part_sums_check_create(c);
    if (!e)
        e = meta_of_request(c, &meta);
    if (!e)
        e = tags_of_request(c, &tags);
    if (e)
        return e;
    tags_to_meta(&tags, c->arena, &meta);
    buf_add(&text, meta_text(c->arena, &meta));
    *out = arena_copy(c->arena, buf_slice(&text));
    return text.failed ? ERR_BAD_REQUEST : OK;
}

static void answer_create(struct s3_call *c, const struct store_upload *up)
{
    AUTO_XML struct xml_out x = { 0 };
    if (part_sums_algorithm(up) != CHECKSUM_NONE) {
        httpd_add_header_str(c->http, "x-amz-checksum-algorithm", checksum_name(part_sums_algorithm(up)));
        httpd_add_header_str(c->http, "x-amz-checksum-type", part_sums_type(up));
    }
    xml_begin(&x, "InitiateMultipartUploadResult", XML_S3_NAMESPACE);
    xml_text(&x, "Bucket", c->bucket);
    xml_text(&x, "Key", c->key);
    xml_str(&x, "UploadId", up->id);
    call_reply_xml(c, 200, &x);
}

enum err s3_create_multipart_upload(struct s3_call *c)
{
    struct bucket *b;
    struct slice path;
    struct store_upload up = { .key = c->key, .owner = slice_str(c->auth.access_key_id), .created_ms = clock_now_ms() };
    enum err e = call_refuse_promises(c);
    if (!e)
        e = keep_headers(c, &up.headers);
    if (!e)
        e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    struct xet_token token; /* the bucket must be there and ours to write to */
    up.bucket = slice_str(hub_bucket_id(b->hub));
    e = hub_xet_token(b->hub, true, NULL, token.cas_url, sizeof token.cas_url, token.access_token,
                      sizeof token.access_token);
    if (!e)
        e = store_upload_create(c->s3->config.store, &up);
    if (!e)
        answer_create(c, &up);
    bucket_release(c->s3->buckets, b);
    return e;
}

/* ---- AbortMultipartUpload ---- */

enum err s3_abort_multipart_upload(struct s3_call *c)
{
    struct bucket *b;
    struct store_upload up;
    enum err e = call_bucket(c, &b);
    if (e)
        return e;
    e = multipart_find(c, b, &up);
    if (!e)
        e = store_upload_delete(c->s3->config.store, slice_str(up.id));
    bucket_release(c->s3->buckets, b);
    if (!e)
        call_reply_empty(c, 204);
    return e;
}

/* ---- ListParts ---- */

static void write_owners(struct s3_call *c, struct slice initiator, struct xml_out *x)
{
    xml_open(x, "Initiator");
    xml_text(x, "ID", initiator);
    xml_text(x, "DisplayName", initiator);
    xml_close(x);
    xml_open(x, "Owner");
    xml_str(x, "ID", c->s3->config.ns);
    xml_str(x, "DisplayName", c->s3->config.ns);
    xml_close(x);
}

static void write_part(const struct store_part *part, struct arena *arena, struct xml_out *x)
{
    xml_open(x, "Part");
    xml_uint(x, "PartNumber", part->number);
    xml_time(x, "LastModified", part->modified_ms);
    xml_str(x, "ETag", arena_printf(arena, "\"%.*s\"", (int)part->etag.n, part->etag.p));
    xml_uint(x, "Size", part->size);
    multipart_write_checksum(x, part->checksum);
    xml_close(x);
}

static void answer_parts(struct s3_call *c, const struct store_upload *up, uint64_t marker, uint64_t max,
                         const struct store_part *parts, size_t n, bool more)
{
    AUTO_XML struct xml_out x = { 0 };
    xml_begin(&x, "ListPartsResult", XML_S3_NAMESPACE);
    xml_text(&x, "Bucket", c->bucket);
    xml_text(&x, "Key", c->key);
    xml_str(&x, "UploadId", up->id);
    write_owners(c, up->owner, &x);
    xml_str(&x, "StorageClass", "STANDARD");
    xml_uint(&x, "PartNumberMarker", marker);
    xml_uint(&x, "NextPartNumberMarker", n > 0 ? parts[n - 1].number : 0);
    xml_uint(&x, "MaxParts", max);
    xml_str(&x, "IsTruncated", more ? "true" : "false");
    if (part_sums_algorithm(up) != CHECKSUM_NONE) {
        xml_str(&x, "ChecksumAlgorithm", checksum_name(part_sums_algorithm(up)));
        xml_str(&x, "ChecksumType", part_sums_type(up));
    }
    for (size_t i = 0; i < n; i++)
        write_part(&parts[i], c->arena, &x);
    call_reply_xml(c, 200, &x);
}

enum err s3_list_parts(struct s3_call *c)
{
    uint64_t marker, max;
    struct bucket *b;
    enum err e = call_arg_uint(c, "part-number-marker", 0, INT32_MAX, 0, &marker);
    if (!e)
        e = call_arg_uint(c, "max-parts", 0, INT32_MAX, 1000, &max);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    if (max > 1000)
        max = 1000;
    struct store_upload up;
    size_t n = 0;
    bool more = false;
    struct store_part *parts = (struct store_part *)arena_alloc(c->arena, (max + 1) * sizeof *parts);
    e = multipart_find(c, b, &up);
    if (!e && max > 0)
        e = store_part_list(c->s3->config.store, slice_str(up.id), (unsigned)marker, max, c->arena, parts, &n, &more);
    if (!e)
        answer_parts(c, &up, marker, max, parts, n, more);
    bucket_release(c->s3->buckets, b);
    return e;
}

/* ---- ListMultipartUploads ---- */

struct upload_listing {
    struct slice prefix, delimiter, key_marker, id_marker;
    uint64_t max;
    bool url;
    /* what came of it */
    size_t n_prefixes, n_uploads;
    struct slice *prefixes;
    struct slice last_key, last_id;
    bool truncated;
};

static void write_upload(struct s3_call *c, const struct store_upload *up, struct xml_out *x)
{
    xml_open(x, "Upload");
    xml_name_text(x, "Key", up->key);
    xml_str(x, "UploadId", up->id);
    write_owners(c, up->owner, x);
    xml_str(x, "StorageClass", "STANDARD");
    xml_time(x, "Initiated", up->created_ms);
    xml_close(x);
}

/* One upload into the answer, as itself or folded at the delimiter. */
static void take_upload(struct s3_call *c, struct upload_listing *l, const struct store_upload *up, struct xml_out *x)
{
    struct slice rest = slice_from(up->key, l->prefix.n);
    const char *at =
        l->delimiter.n > 0 && rest.n > 0 ? (const char *)memmem(rest.p, rest.n, l->delimiter.p, l->delimiter.n) : NULL;
    l->last_key = up->key;
    l->last_id = arena_copy(c->arena, slice_str(up->id));
    if (!at) {
        write_upload(c, up, x);
        l->n_uploads++;
        return;
    }
    struct slice folded = slice_of(up->key.p, (size_t)(at - up->key.p) + l->delimiter.n);
    if (l->n_prefixes == 0 || !slice_eq(l->prefixes[l->n_prefixes - 1], folded))
        l->prefixes[l->n_prefixes++] = folded;
}

static enum err collect_uploads(struct s3_call *c, struct bucket *b, struct upload_listing *l, struct xml_out *x)
{
    struct store_upload *list = (struct store_upload *)arena_alloc(c->arena, (l->max + 1) * sizeof *list);
    l->prefixes = (struct slice *)arena_alloc(c->arena, (l->max + 1) * sizeof *l->prefixes);
    l->last_key = l->key_marker;
    l->last_id = l->id_marker;
    bool more = l->max > 0;
    while (more && l->n_uploads + l->n_prefixes < l->max) {
        size_t n;
        enum err e = store_upload_list(c->s3->config.store, slice_str(hub_bucket_id(b->hub)), l->prefix, l->last_key,
                                       l->last_id, l->max - l->n_uploads - l->n_prefixes, c->arena, list, &n, &more);
        if (e)
            return e;
        for (size_t i = 0; i < n; i++)
            take_upload(c, l, &list[i], x);
    }
    l->truncated = more;
    return OK;
}

static void answer_uploads(struct s3_call *c, const struct upload_listing *l, struct xml_out *x)
{
    for (size_t i = 0; i < l->n_prefixes; i++) {
        xml_open(x, "CommonPrefixes");
        xml_name_text(x, "Prefix", l->prefixes[i]);
        xml_close(x);
    }
    xml_str(x, "IsTruncated", l->truncated ? "true" : "false");
    if (l->truncated) {
        xml_name_text(x, "NextKeyMarker", l->last_key);
        xml_text(x, "NextUploadIdMarker", l->last_id);
    }
    call_reply_xml(c, 200, x);
}

enum err s3_list_multipart_uploads(struct s3_call *c)
{
    struct bucket *b;
    struct upload_listing l = { .prefix = call_arg(c, "prefix"),
                                .delimiter = call_arg(c, "delimiter"),
                                .key_marker = call_arg(c, "key-marker"),
                                .id_marker = call_arg(c, "upload-id-marker"),
                                .url = slice_is(call_arg(c, "encoding-type"), "url") };
    enum err e = call_arg_uint(c, "max-uploads", 0, INT32_MAX, 1000, &l.max);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    if (l.max > 1000)
        l.max = 1000;
    struct slice id = slice_str(hub_bucket_id(b->hub));
    struct hub_bucket_info info;
    AUTO_XML struct xml_out x = { .url = l.url };
    xml_begin(&x, "ListMultipartUploadsResult", XML_S3_NAMESPACE);
    xml_text(&x, "Bucket", c->bucket);
    xml_name_text(&x, "KeyMarker", l.key_marker);
    xml_text(&x, "UploadIdMarker", l.id_marker);
    xml_name_text(&x, "Prefix", l.prefix);
    if (l.delimiter.n > 0)
        xml_name_text(&x, "Delimiter", l.delimiter);
    xml_uint(&x, "MaxUploads", l.max);
    if (l.url)
        xml_str(&x, "EncodingType", "url");
    e = hub_bucket_info(c->s3->config.hub, id, c->arena, &info);
    if (!e)
        e = collect_uploads(c, b, &l, &x);
    if (!e)
        answer_uploads(c, &l, &x);
    bucket_release(c->s3->buckets, b);
    return e;
}

enum err s3_expire_uploads(struct s3 *s, int64_t max_age_ms, uint64_t *n)
{
    return store_upload_expire(s->config.store, clock_now_ms() - max_age_ms, n);
}

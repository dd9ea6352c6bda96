/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.c: see dispatch.h. Operation names are those of the Amazon S3 API Reference. */
#include "gateway/dispatch.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"

enum scope { SERVICE, BUCKET, OBJECT };

struct operation {
    const char *name;
    const char *method;
    enum scope scope;
    const char *required; /* an argument that must be there, or NULL */
    const char *header;   /* a header that must be there, or NULL */
    const char *allowed;  /* further arguments, separated by blanks */
    s3_op *run;
};

#define OVERRIDES                                                                                                      \
    "response-content-type response-content-language response-expires response-cache-control "                         \
    "response-content-disposition response-content-encoding versionId partNumber"
#define LISTING "prefix delimiter max-keys encoding-type"

/* Rows that require more stand before those that require less. */
static const struct operation operations[] = {
    { "ListBuckets", "GET", SERVICE, NULL, NULL, "max-buckets prefix continuation-token", s3_list_buckets },

    { "GetBucketLocation", "GET", BUCKET, "location", NULL, "", s3_get_bucket_location },
    { "GetBucketVersioning", "GET", BUCKET, "versioning", NULL, "", s3_get_bucket_subresource },
    { "GetBucketEncryption", "GET", BUCKET, "encryption", NULL, "", s3_get_bucket_subresource },
    { "GetBucketOwnershipControls", "GET", BUCKET, "ownershipControls", NULL, "", s3_get_bucket_subresource },
    { "GetBucketRequestPayment", "GET", BUCKET, "requestPayment", NULL, "", s3_get_bucket_subresource },
    { "GetBucketAccelerateConfiguration", "GET", BUCKET, "accelerate", NULL, "", s3_get_bucket_subresource },
    { "GetBucketLogging", "GET", BUCKET, "logging", NULL, "", s3_get_bucket_subresource },
    { "GetBucketNotificationConfiguration", "GET", BUCKET, "notification", NULL, "", s3_get_bucket_subresource },
    { "GetBucketPolicy", "GET", BUCKET, "policy", NULL, "", s3_get_bucket_subresource },
    { "GetBucketCors", "GET", BUCKET, "cors", NULL, "", s3_get_bucket_subresource },
    { "GetBucketTagging", "GET", BUCKET, "tagging", NULL, "", s3_get_bucket_subresource },
    { "GetBucketLifecycleConfiguration", "GET", BUCKET, "lifecycle", NULL, "", s3_get_bucket_subresource },
    { "GetBucketWebsite", "GET", BUCKET, "website", NULL, "", s3_get_bucket_subresource },
    { "GetBucketReplication", "GET", BUCKET, "replication", NULL, "", s3_get_bucket_subresource },
    { "GetObjectLockConfiguration", "GET", BUCKET, "object-lock", NULL, "", s3_get_bucket_subresource },
    { "GetPublicAccessBlock", "GET", BUCKET, "publicAccessBlock", NULL, "", s3_get_bucket_subresource },
    { "PutBucketVersioning", "PUT", BUCKET, "versioning", NULL, "", s3_put_bucket_subresource },
    { "PutBucketEncryption", "PUT", BUCKET, "encryption", NULL, "", s3_put_bucket_subresource },
    { "PutBucketOwnershipControls", "PUT", BUCKET, "ownershipControls", NULL, "", s3_put_bucket_subresource },
    { "PutBucketRequestPayment", "PUT", BUCKET, "requestPayment", NULL, "", s3_put_bucket_subresource },
    { "PutBucketAccelerateConfiguration", "PUT", BUCKET, "accelerate", NULL, "", s3_put_bucket_subresource },
    { "PutBucketLogging", "PUT", BUCKET, "logging", NULL, "", s3_put_bucket_subresource },
    { "PutBucketNotificationConfiguration", "PUT", BUCKET, "notification", NULL, "", s3_put_bucket_subresource },
    { "PutBucketPolicy", "PUT", BUCKET, "policy", NULL, "", s3_put_bucket_subresource },
    { "PutBucketCors", "PUT", BUCKET, "cors", NULL, "", s3_put_bucket_subresource },
    { "PutBucketTagging", "PUT", BUCKET, "tagging", NULL, "", s3_put_bucket_subresource },
    { "PutBucketLifecycleConfiguration", "PUT", BUCKET, "lifecycle", NULL, "", s3_put_bucket_subresource },
    { "PutBucketWebsite", "PUT", BUCKET, "website", NULL, "", s3_put_bucket_subresource },
    { "PutBucketReplication", "PUT", BUCKET, "replication", NULL, "", s3_put_bucket_subresource },
    { "PutObjectLockConfiguration", "PUT", BUCKET, "object-lock", NULL, "", s3_put_bucket_subresource },
    { "PutPublicAccessBlock", "PUT", BUCKET, "publicAccessBlock", NULL, "", s3_put_bucket_subresource },
    { "DeleteBucketEncryption", "DELETE", BUCKET, "encryption", NULL, "", s3_delete_bucket_subresource },
    { "DeleteBucketOwnershipControls", "DELETE", BUCKET, "ownershipControls", NULL, "", s3_delete_bucket_subresource },
    { "DeleteBucketPolicy", "DELETE", BUCKET, "policy", NULL, "", s3_delete_bucket_subresource },
    { "DeleteBucketCors", "DELETE", BUCKET, "cors", NULL, "", s3_delete_bucket_subresource },
    { "DeleteBucketTagging", "DELETE", BUCKET, "tagging", NULL, "", s3_delete_bucket_subresource },
    { "DeleteBucketLifecycle", "DELETE", BUCKET, "lifecycle", NULL, "", s3_delete_bucket_subresource },
    { "DeleteBucketWebsite", "DELETE", BUCKET, "website", NULL, "", s3_delete_bucket_subresource },
    { "DeleteBucketReplication", "DELETE", BUCKET, "replication", NULL, "", s3_delete_bucket_subresource },
    { "DeletePublicAccessBlock", "DELETE", BUCKET, "publicAccessBlock", NULL, "", s3_delete_bucket_subresource },
    { "GetBucketPolicyStatus", "GET", BUCKET, "policyStatus", NULL, "", s3_get_bucket_policy_status },
    { "GetBucketAcl", "GET", BUCKET, "acl", NULL, "", s3_get_bucket_acl },
    { "PutBucketAcl", "PUT", BUCKET, "acl", NULL, "", s3_put_bucket_acl },
    { "ListObjectVersions", "GET", BUCKET, "versions", NULL, LISTING " key-marker version-id-marker",
      s3_list_object_versions },
    { "ListMultipartUploads", "GET", BUCKET, "uploads", NULL,
      "prefix delimiter max-uploads key-marker upload-id-marker encoding-type", s3_list_multipart_uploads },
    { "ListObjectsV2", "GET", BUCKET, "list-type", NULL, LISTING " continuation-token start-after fetch-owner",
      s3_list_objects_v2 },
    { "ListObjects", "GET", BUCKET, NULL, NULL, LISTING " marker", s3_list_objects },
    { "HeadBucket", "HEAD", BUCKET, NULL, NULL, "", s3_head_bucket },
    { "CreateBucket", "PUT", BUCKET, NULL, NULL, "", s3_create_bucket },
    { "DeleteBucket", "DELETE", BUCKET, NULL, NULL, "", s3_delete_bucket },
    { "DeleteObjects", "POST", BUCKET, "delete", NULL, "", s3_delete_objects },
    { "PostObject", "POST", BUCKET, NULL, "content-type", "", s3_post_object },

    { "ListParts", "GET", OBJECT, "uploadId", NULL, "max-parts part-number-marker", s3_list_parts },
    { "GetObjectAcl", "GET", OBJECT, "acl", NULL, "versionId", s3_get_object_acl },
    { "PutObjectAcl", "PUT", OBJECT, "acl", NULL, "versionId", s3_put_object_acl },
    { "GetObjectAttributes", "GET", OBJECT, "attributes", NULL, "versionId", s3_get_object_attributes },
    { "GetObjectTagging", "GET", OBJECT, "tagging", NULL, "versionId", s3_get_object_tagging },
    { "PutObjectTagging", "PUT", OBJECT, "tagging", NULL, "versionId", s3_put_object_tagging },
    { "DeleteObjectTagging", "DELETE", OBJECT, "tagging", NULL, "versionId", s3_delete_object_tagging },
    { "GetObjectRetention", "GET", OBJECT, "retention", NULL, "versionId", s3_object_lock },
    { "PutObjectRetention", "PUT", OBJECT, "retention", NULL, "versionId", s3_object_lock },
    { "GetObjectLegalHold", "GET", OBJECT, "legal-hold", NULL, "versionId", s3_object_lock },
    { "PutObjectLegalHold", "PUT", OBJECT, "legal-hold", NULL, "versionId", s3_object_lock },
    { "GetObject", "GET", OBJECT, NULL, NULL, OVERRIDES, s3_get_object },
    { "HeadObject", "HEAD", OBJECT, NULL, NULL, OVERRIDES, s3_head_object },
    { "RenameObject", "PUT", OBJECT, "renameObject", "x-amz-rename-source", "", s3_rename_object },
    { "UploadPartCopy", "PUT", OBJECT, "uploadId", "x-amz-copy-source", "partNumber", s3_upload_part_copy },
    { "UploadPart", "PUT", OBJECT, "uploadId", NULL, "partNumber", s3_upload_part },
    { "CopyObject", "PUT", OBJECT, NULL, "x-amz-copy-source", "", s3_copy_object },
    { "PutObject", "PUT", OBJECT, NULL, NULL, "", s3_put_object },
    { "AbortMultipartUpload", "DELETE", OBJECT, "uploadId", NULL, "", s3_abort_multipart_upload },
    { "DeleteObject", "DELETE", OBJECT, NULL, NULL, "versionId", s3_delete_object },
    { "CreateMultipartUpload", "POST", OBJECT, "uploads", NULL, "", s3_create_multipart_upload },
    { "CompleteMultipartUpload", "POST", OBJECT, "uploadId", NULL, "", s3_complete_multipart_upload },
};

/* ---- finding the row ---- */

static bool in_words(struct slice name, const char *words)
{
    struct slice rest = slice_str(words);
    while (rest.p)
        if (slice_eq(slice_cut(&rest, ' '), name))
            return name.n > 0;
    return false;
}

/* What any request may carry: the SDKs' name of the call, and the signature of a presigned one. */
static bool is_common(struct slice name)
{
    return slice_is(name, "x-id") || slice_eq_nocase(slice_of(name.p, name.n < 6 ? name.n : 6), SLICE("x-amz-")) ||
           in_words(name, "AWSAccessKeyId Signature Expires");
}

static enum err check_arguments(struct s3_call *c, const struct operation *op)
{
    for (size_t i = 0; i < c->n_args; i++) {
        struct slice name = c->args[i].name;
        if (!is_common(name) && !(op->required && slice_is(name, op->required)) && !in_words(name, op->allowed)) {
            c->detail = arena_printf(c->arena, "hugs3 has no '?%.*s' here.", name.n > 64 ? 64 : (int)name.n, name.p);
            return ERR_NOT_IMPLEMENTED;
        }
        /* Objects have one version, which S3 calls "null". */
        if (slice_is(name, "versionId") && !slice_is(c->args[i].value, "null"))
            return ERR_NO_SUCH_VERSION;
        if (slice_is(name, "list-type") && !slice_is(c->args[i].value, "2"))
            return ERR_INVALID_ARGUMENT;
    }
    return OK;
}

static bool has_argument(const struct s3_call *c, const char *name)
{
    for (size_t i = 0; i < c->n_args; i++)
        if (slice_is(c->args[i].name, name))
            return true;
    return false;
}

static enum err find_operation(struct s3_call *c, const struct operation **out)
{
    enum scope scope = c->bucket.n == 0 ? SERVICE : c->key.n == 0 ? BUCKET : OBJECT;
    bool known = false;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        const struct operation *op = &operations[i];
        known |= slice_is(httpd_method(c->http), op->method);
        if (op->scope != scope || !slice_is(httpd_method(c->http), op->method) ||
            (op->required && !has_argument(c, op->required)) || (op->header && !httpd_header(c->http, op->header).p))
            continue;
        enum err e = check_arguments(c, op);
        if (!e)
            *out = op;
        return e;
    }
    if (c->n_args > 0 && known)
        return ERR_NOT_IMPLEMENTED;
    return ERR_METHOD;
}

/* ---- one request ---- */

/* 16 hex digits, unlike those of other runs: a random start, then counted up. */
static void make_request_id(char out[S3_REQUEST_ID])
{
    static _Atomic uint64_t next;
    uint64_t id = atomic_fetch_add(&next, 1);
    if (id == 0) {
        uint64_t start;
        if (getrandom(&start, sizeof start, 0) != sizeof start)
            start = (uint64_t)clock_now_ms() << 20;
        atomic_fetch_add(&next, start | 1);
        id = atomic_fetch_add(&next, 1);
    }
    snprintf(out, S3_REQUEST_ID, "%016llX", (unsigned long long)id);
}

static void log_request(const struct s3_call *c, const char *operation, enum err e)
{
    if (!log_enabled(LOG_INFO))
        return;
    AUTO_BUF struct buf line;
    buf_init(&line, 16384);
    log_begin(&line, LOG_INFO, "s3", "request");
    log_field(&line, "id", slice_str(c->request_id));
    log_field(&line, "op", slice_str(operation));
    if (c->bucket.n > 0)
        log_field(&line, "bucket", c->bucket);
    if (c->key.n > 0)
        log_field(&line, "key", c->key);
    log_field_int(&line, "status", httpd_status(c->http));
    if (e)
        log_field(&line, "error", slice_str(err_name(e)));
    log_field_int(&line, "in", (int64_t)httpd_bytes_in(c->http));
    log_field_int(&line, "out", (int64_t)httpd_bytes_out(c->http));
    log_field_int(&line, "us", clock_mono_us() - httpd_received_us(c->http));
    if (c->auth.access_key_id[0])
        log_field(&line, "key_id", slice_str(c->auth.access_key_id));
    log_field(&line, "peer", httpd_peer(c->http));
    log_end(&line);
}

static void add_common_headers(const struct dispatch *d, struct s3_call *c)
{
    make_request_id(c->request_id);
    s3_common_headers(c);
    if (!slice_is(httpd_method(c->http), "OPTIONS"))
        cors_add_headers(&d->cors, c->http);
}

/* A preflight asks about a request to come: nobody has signed it, and no operation is done. */
static enum err answer_preflight(const struct dispatch *d, struct s3_call *c)
{
    return cors_preflight(&d->cors, c->http, &c->detail);
}

/* For s3_call's admit_form. */
struct form_gate {
    const struct admission *admission;
    const struct target *target;
    struct guest **guest;
};

static enum err admit_by_form(void *ctx, struct s3_call *c, const struct policy_form *form, struct policy_range *range)
{
    struct form_gate *gate = (struct form_gate *)ctx;
    return admit_form(gate->admission, gate->target, form, c, range, gate->guest);
}

void dispatch_handle(void *ctx, struct httpd_request *r)
{
    const struct dispatch *d = (const struct dispatch *)ctx;
    struct s3_call c = { .s3 = identities_first(d->admission.identities)->s3, .http = r, .arena = httpd_arena(r) };
    const struct operation *op = NULL;
    struct target t = { 0 };
    struct guest *guest = NULL;

    add_common_headers(d, &c);
    bool preflight = slice_is(httpd_method(r), "OPTIONS");
    enum err e = target_parse(httpd_target(r), httpd_header(r, "host"), &d->addressing, c.arena, &t);
    if (!e) {
        c.bucket = t.bucket;
        c.key = t.key;
        c.args = t.args;
        c.n_args = t.n_args;
        e = preflight ? answer_preflight(d, &c) : find_operation(&c, &op);
    }
    struct form_gate gate = { &d->admission, &t, &guest };
    c.admit_form = admit_by_form;
    c.admit_form_ctx = &gate;
    if (!e && op && op->run != s3_post_object)
        e = admit(&d->admission, &t, op->name, &c, &guest);
    if (!e && op)
        e = op->run(&c);
    if (e)
        s3_reply_error(&c, e);
    log_request(&c, op ? op->name : preflight ? "Preflight" : "-", e ? e : c.broken);
    admit_done(&d->admission, guest);
    auth_wipe(&c.auth);
}

void dispatch_refused(void *ctx, struct httpd_request *r, enum err why)
{
    const struct dispatch *d = (const struct dispatch *)ctx;
    struct s3_call c = { .s3 = identities_first(d->admission.identities)->s3, .http = r, .arena = httpd_arena(r) };
    add_common_headers(d, &c);
    s3_reply_error(&c, why);
    log_request(&c, "-", why);
}

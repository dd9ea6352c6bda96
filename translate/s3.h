/* SPDX-License-Identifier: Apache-2.0 */
/* s3.h: what S3 operations mean on the Hub. All that gateway/ uses of translate/.
 *
 * gateway/dispatch.c has parsed the target, found the operation and verified who asks; it then calls one s3_op here,
 * which reads the body, talks to hub/, xet/ and store/, and answers. An s3_op returns OK when it has answered (or has
 * begun to), else an error and nothing sent: the dispatcher answers that with s3_reply_error.
 *
 *   s3.h        this: the service, a call, the operations
 *   call.h      what operations share: arguments, headers, replies, the body's way in
 *   name.h key.h      bucket and key names ↔ the Hub's ids and paths
 *   bucket.h    buckets in use
 *   walk.h      a bucket's keys in S3's order, whatever the Hub's
 *   xml_in.h xml_out.h    S3's XML
 *
 * Any number of threads, one call each. Sources: Amazon S3 API Reference, the page of each operation. */
#ifndef HUGS3_TRANSLATE_S3_H
#define HUGS3_TRANSLATE_S3_H

#include "auth/auth.h"
#include "auth/policy.h"
#include "httpd/httpd.h"
#include "hub/hub.h"
#include "store/store.h"
#include "xet/xet.h"

struct s3;

struct s3_config {
    struct hub *hub; /* borrowed, like all of these, until s3_free */
    struct xet *xet;
    struct store *store;
    const char *ns;                        /* namespace of buckets named without one */
    const char *region;                    /* what GetBucketLocation says; "us-east-1" */
    enum hub_visibility bucket_visibility; /* of buckets made without a word about it */
    bool keep_checksums;                   /* of every object whose client sent one; else only beside metadata */
};
struct s3 *s3_new(const struct s3_config *config);
void s3_free(struct s3 *s); /* no call may be under way; NULL is fine */
/* The same service with another namespace for buckets named without one; lives in `arena`, and no longer than `s`. */
struct s3 *s3_view(const struct s3 *s, const char *ns, struct arena *arena);

/* One argument of the query, decoded. */
struct s3_arg {
    struct slice name, value;
};

#define S3_REQUEST_ID 17 /* 16 hex digits and NUL */

/* Which buckets a caller may use: globs (fnmatch) of names as its own namespace writes them. */
struct s3_reach {
    const char *ns;
    const char *const *globs; /* NULL-terminated; NULL: any bucket */
};

struct s3_call {
    struct s3 *s3;
    struct s3_reach reach;
    struct httpd_request *http;
    struct arena *arena; /* the request's */
    char request_id[S3_REQUEST_ID];
    struct slice bucket; /* as the client named it, decoded; empty: the service itself */
    struct slice key;    /* decoded; empty: the bucket itself */
    const struct s3_arg *args;
    size_t n_args;
    struct auth auth;
    /* Of PostObject, whose credentials are in its body: admits the call by the form, as others are by their head. */
    enum err (*admit_form)(void *ctx, struct s3_call *c, const struct policy_form *form, struct policy_range *range);
    void *admit_form_ctx;
    const char *detail; /* more words for the Message of an error, or NULL; set before returning one */
    enum err broken;    /* why an answer ended early, after its head had gone out; OK: it did not */
};

typedef enum err s3_op(struct s3_call *c);

s3_op s3_post_object; /* uploads by HTML forms; asks admit_form */

s3_op s3_list_buckets, s3_create_bucket, s3_head_bucket, s3_get_bucket_location, s3_delete_bucket;
s3_op s3_get_bucket_subresource, s3_put_bucket_subresource, s3_delete_bucket_subresource, s3_get_bucket_policy_status;
s3_op s3_get_bucket_acl, s3_put_bucket_acl, s3_get_object_acl, s3_put_object_acl, s3_object_lock;
s3_op s3_list_objects, s3_list_objects_v2, s3_list_object_versions;
s3_op s3_put_object, s3_get_object, s3_head_object, s3_delete_object, s3_delete_objects, s3_copy_object;
s3_op s3_rename_object;
s3_op s3_get_object_attributes, s3_get_object_tagging, s3_put_object_tagging, s3_delete_object_tagging;
s3_op s3_create_multipart_upload, s3_upload_part, s3_upload_part_copy, s3_list_parts, s3_complete_multipart_upload,
    s3_abort_multipart_upload, s3_list_multipart_uploads;

/* Whether the caller's reach has the call's bucket; other buckets that a request names, operations check. */
MUST_USE bool s3_may_use_bucket(const struct s3_call *c);
/* Whether the call's bucket is public on the Hub, as it was within the last half minute. One that is not there is not.
 */
MUST_USE enum err s3_bucket_is_public(struct s3_call *c, bool *out);

/* S3's error document (or, for HEAD, the status alone), with the headers every answer has. */
void s3_reply_error(struct s3_call *c, enum err e);
/* Adds x-amz-request-id and its kin; the dispatcher does it for every answer. */
void s3_common_headers(struct s3_call *c);

/* Begins the expiry of multipart uploads older than max_age_ms; called now and then by the gateway. */
MUST_USE enum err s3_expire_uploads(struct s3 *s, int64_t max_age_ms, uint64_t *n);

#endif

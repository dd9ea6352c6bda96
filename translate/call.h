/* SPDX-License-Identifier: Apache-2.0 */
/* call.h: what the operations share: arguments and headers of a call, replies, and the body's way in. */
#ifndef HUGS3_TRANSLATE_CALL_H
#define HUGS3_TRANSLATE_CALL_H

#include "translate/bucket.h"
#include "translate/s3.h"
#include "translate/xml_out.h"

/* The service's parts; made by s3_new, the same for its whole life. */
struct s3 {
    struct s3_config config;
    struct bucket_table *buckets;
    struct walk_cache *walks;
    struct visibility_cache *visibility;
};

/* p == NULL: not there. "?x" and "?x=" both give an empty value with p != NULL. */
struct slice call_arg(const struct s3_call *c, const char *name);
/* A whole number within limits; `fallback` when not there. ERR_INVALID_ARGUMENT with a detail. */
MUST_USE enum err call_arg_uint(struct s3_call *c, const char *name, uint64_t min, uint64_t max, uint64_t fallback,
                                uint64_t *out);
static inline struct slice call_header(const struct s3_call *c, const char *name)
{
    return httpd_header(c->http, name);
}
/* Sets c->detail and returns e. */
MUST_USE enum err call_refuse(struct s3_call *c, enum err e, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The Hub's id of the bucket named by the call. ERR_NO_SUCH_BUCKET for names that cannot exist, ERR_ACCESS_DENIED when
 * x-amz-expected-bucket-owner is not its namespace, or for anything but a read of a repository. Makes no call to the
 * Hub. */
MUST_USE enum err call_bucket_id(struct s3_call *c, struct slice *out);
/* The same of any bucket, and any header that names its expected owner. */
MUST_USE enum err call_id_of_name(struct s3_call *c, struct slice name, const char *owner_header, struct slice *out);
/* What the Hub says of it; ERR_NO_SUCH_BUCKET when it is not there. */
MUST_USE enum err call_bucket_info(struct s3_call *c, struct hub_bucket_info *out);
/* The bucket, to be let go with bucket_release. Errors as call_bucket_id; makes no call to the Hub. */
MUST_USE enum err call_bucket(struct s3_call *c, struct bucket **out);
/* The Hub's path of the call's key. ERR_KEY_TOO_LONG, ERR_INVALID_URI. */
MUST_USE enum err call_path(struct s3_call *c, struct slice *out);

/* `"hash-xet"` with its quotes, as ETag has it; room for ETAG_TEXT. */
#define ETAG_TEXT 72
void etag_text(const char *xet_hash, char out[ETAG_TEXT]);
/* The same, or `"oid-git"` for a repository's file that is not in Xet: then xet_hash is empty. */
void etag_of_file(const char *xet_hash, const char *git_oid, char out[ETAG_TEXT]);

/* Sends a document made with xml_out. */
void call_reply_xml(struct s3_call *c, int status, struct xml_out *xml);
void call_reply_empty(struct s3_call *c, int status);

/* Reads a whole XML body into *out, at most `max` bytes, verified as auth says. ERR_MALFORMED_XML when empty,
 * ERR_MESSAGE_TOO_LONG. */
MUST_USE enum err call_read_document(struct s3_call *c, size_t max, struct buf *out);
/* The same for CompleteMultipartUpload, whose checksum headers are of the object and not of the document. */
MUST_USE enum err call_read_completion(struct s3_call *c, size_t max, struct buf *out);

/* The body's way in: socket → signature and checksums → Xet. The file is registered in the CAS when this returns OK,
 * but visible nowhere yet. */
struct body_in {
    enum checksum wanted; /* in: to be computed when the client sends none; CHECKSUM_NONE: no */
    struct xet_file file;
    enum checksum checksum; /* sent by the client and verified, or `wanted` */
    uint8_t checksum_value[CHECKSUM_MAX];
    struct xet_put_stats stats;
};
#define S3_OBJECT_MAX (5ULL << 30) /* one PutObject or UploadPart: 5 GiB */
/* `recipe` may be NULL. */
MUST_USE enum err call_body_to_xet(struct s3_call *c, struct bucket *b, struct body_in *out, struct buf *recipe);
/* In base64; empty for CHECKSUM_NONE. */
struct slice call_checksum_text(struct s3_call *c, enum checksum sum, const uint8_t value[CHECKSUM_MAX]);
/* Onto the answer, as a whole object's. */
void call_add_checksum(struct s3_call *c, enum checksum sum, const uint8_t value[CHECKSUM_MAX]);
/* x-hugs3-uploaded-bytes: what of the content had to be sent. */
void call_add_upload_stats(struct s3_call *c, const struct xet_put_stats *stats);

/* Refuses headers that promise what is not done: SSE-C and KMS, storage classes, ACLs, object lock, website redirects.
 * Those that mean the default pass. */
MUST_USE enum err call_refuse_promises(struct s3_call *c);

#endif

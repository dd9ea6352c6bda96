/* SPDX-License-Identifier: Apache-2.0 */
/* put.c: PutObject: the body into Xet, then one line of a batch makes it visible.
 * Amazon S3 API Reference, PutObject. */
#include "translate/tags.h"
#include "translate/write.h"

enum err s3_put_object(struct s3_call *c)
{
    struct bucket *b;
    struct slice path;
    enum err e = call_refuse_promises(c);
    if (!e)
        e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    struct body_in in = { 0 };
    struct meta meta;
    struct tags tags;
    e = meta_of_request(c, &meta);
    if (!e)
        e = tags_of_request(c, &tags);
    if (!e && condition_on_write(c))
        e = write_check(c, b, path); /* before the body is wanted, and again before it becomes visible */
    if (!e)
        e = call_body_to_xet(c, b, &in, NULL);
    if (!e) {
        tags_to_meta(&tags, c->arena, &meta);
        meta_keep_checksum(c, &meta, in.checksum, call_checksum_text(c, in.checksum, in.checksum_value), "FULL_OBJECT");
        e = write_add(c, b, path, &in.file, call_header(c, "Content-Type"), &meta);
    }
    if (!e) {
        write_add_etag(c, &in.file);
        call_add_checksum(c, in.checksum, in.checksum_value);
        call_add_upload_stats(c, &in.stats);
        call_reply_empty(c, 200);
    }
    bucket_release(c->s3->buckets, b);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* copy_source.c: see copy_source.h. Amazon S3 API Reference, CopyObject, x-amz-copy-source. */
#include "translate/copy_source.h"

#include "common/codec.h"
#include "translate/key.h"
#include "translate/reach.h"

/* "bucket/key" or "/bucket/key", percent-encoded, maybe with "?versionId=null". */
static enum err parse(struct s3_call *c, struct slice *bucket, struct slice *key)
{
    struct slice rest = call_header(c, "x-amz-copy-source");
    struct slice raw = slice_cut(&rest, '?');
    if (rest.p && !slice_is(rest, "versionId=null"))
        return ERR_NO_SUCH_VERSION;
    if (raw.n > 0 && raw.p[0] == '/')
        raw = slice_from(raw, 1);
    AUTO_BUF struct buf decoded;
    buf_init(&decoded, raw.n + 1);
    if (!percent_decode(raw, false, &decoded))
        return ERR_COPY_SOURCE;
    struct slice tail = arena_copy(c->arena, buf_slice(&decoded));
    *bucket = slice_cut(&tail, '/');
    *key = tail;
    return bucket->n > 0 && tail.n > 0 ? OK : ERR_COPY_SOURCE;
}

enum err copy_source_find(struct s3_call *c, struct copy_source *out)
{
    struct slice bucket, key, id, path;
    enum err e = parse(c, &bucket, &key);
    if (!e && !reach_has(c, bucket))
        e = ERR_ACCESS_DENIED;
    if (!e)
        e = call_id_of_name(c, bucket, "x-amz-source-expected-bucket-owner", &id);
    if (!e)
        e = key_to_path(key, c->arena, &path);
    if (e)
        return e;
    out->bucket = bucket_get(c->s3->buckets, id);
    e = object_find(c, out->bucket, path, &out->object);
    if (!e)
        e = condition_copy_source(c, &(struct condition_object){ out->object.etag, out->object.modified_ms });
    if (e)
        copy_source_done(c, out);
    return e;
}

void copy_source_done(struct s3_call *c, struct copy_source *s)
{
    bucket_release(c->s3->buckets, s->bucket);
}

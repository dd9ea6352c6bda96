/* SPDX-License-Identifier: Apache-2.0 */
/* rename.c: RenameObject: the object under its new name, then its old name gone; no bytes move.
 * Amazon S3 API Reference, RenameObject. */
#include "common/codec.h"
#include "translate/key.h"
#include "translate/write.h"

/* The reference shows the header as "/key" and describes it as "/bucket/key": it is the first, unless nothing is there.
 */
static enum err find_source(struct s3_call *c, struct bucket *b, struct slice *out)
{
    struct slice raw = call_header(c, "x-amz-rename-source"), path;
    struct hub_file file;
    AUTO_BUF struct buf decoded;
    if (raw.n > 0 && raw.p[0] == '/')
        raw = slice_from(raw, 1);
    buf_init(&decoded, raw.n + 1);
    if (raw.n == 0 || !percent_decode(raw, false, &decoded))
        return call_refuse(c, ERR_INVALID_ARGUMENT, "x-amz-rename-source must be the key of an object, URL-encoded");
    struct slice key = arena_copy(c->arena, buf_slice(&decoded)), rest = key;
    enum err e = key_to_path(key, c->arena, &path);
    if (!e)
        e = hub_lookup(b->hub, path, c->arena, &file);
    if (e == ERR_NO_SUCH_KEY && slice_eq(slice_cut(&rest, '/'), c->bucket) && rest.n > 0)
        e = key_to_path(rest, c->arena, &path);
    if (!e)
        *out = path;
    return e;
}

enum err s3_rename_object(struct s3_call *c)
{
    struct bucket *b;
    struct slice path, source;
    if (call_header(c, "If-Modified-Since").p || call_header(c, "If-Unmodified-Since").p)
        return call_refuse(c, ERR_NOT_IMPLEMENTED, "What is overwritten can be told by If-Match or If-None-Match only");
    enum err e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    e = find_source(c, b, &source);
    if (!e && slice_eq(source, path))
        e = call_refuse(c, ERR_BAD_REQUEST, "This rename request is illegal because it renames an object to itself.");
    if (!e)
        e = write_rename(c, b, source, path);
    bucket_release(c->s3->buckets, b);
    if (!e)
        call_reply_empty(c, 200);
    return e;
}

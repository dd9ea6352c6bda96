/* SPDX-License-Identifier: Apache-2.0 */
/* tagging.c: GetObjectTagging, PutObjectTagging, DeleteObjectTagging: tags are in the object's companion, so that
 * changing them writes the companion anew and leaves the object alone. Amazon S3 API Reference, the page of each. */
#include "translate/object.h"
#include "translate/tags.h"
#include "translate/write.h"

enum { DOCUMENT_MAX = 64 * 1024 };

enum err s3_get_object_tagging(struct s3_call *c)
{
    struct bucket *b;
    struct slice path;
    struct object o;
    enum err e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    e = object_find(c, b, path, &o);
    if (!e) {
        struct tags tags;
        AUTO_XML struct xml_out x = { 0 };
        tags_of_meta(&o.meta, c->arena, &tags);
        xml_begin(&x, "Tagging", XML_S3_NAMESPACE);
        tags_write(&tags, &x);
        call_reply_xml(c, 200, &x);
    }
    bucket_release(c->s3->buckets, b);
    return e;
}

static enum err replace(struct s3_call *c, const struct tags *tags, int status)
{
    struct bucket *b;
    struct slice path;
    enum err e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    e = write_tags(c, b, path, tags);
    bucket_release(c->s3->buckets, b);
    if (!e)
        call_reply_empty(c, status);
    return e;
}

enum err s3_put_object_tagging(struct s3_call *c)
{
    struct tags tags;
    AUTO_BUF struct buf text;
    buf_init(&text, DOCUMENT_MAX);
    enum err e = call_read_document(c, DOCUMENT_MAX, &text);
    if (!e)
        e = tags_of_document(c, buf_slice(&text), &tags);
    return e ? e : replace(c, &tags, 200);
}

enum err s3_delete_object_tagging(struct s3_call *c)
{
    return replace(c, &(struct tags){ 0 }, 204);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* delete.c: DeleteObject and DeleteObjects: lines of a batch. Deleting what is not there succeeds.
 * Amazon S3 API Reference, DeleteObject, DeleteObjects. */
#include "translate/key.h"
#include "translate/meta.h"
#include "translate/write.h"
#include "translate/xml_in.h"

enum { DELETE_MAX = 1000, DOCUMENT_MAX = 2 << 20 /* AWS takes up to 2 MB */ };

enum err s3_delete_object(struct s3_call *c)
{
    struct bucket *b;
    struct slice path;
    if (call_header(c, "x-amz-if-match-last-modified-time").p || call_header(c, "x-amz-if-match-size").p)
        return call_refuse(c, ERR_NOT_IMPLEMENTED, "Conditions on size and time are of directory buckets only");
    enum err e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    struct hub_line lines[2] = { { .op = HUB_DELETE, .path = path },
                                 { .op = HUB_DELETE, .path = meta_path(c->arena, path) } };
    e = write_lines(c, b, path, lines, 2);
    if (!e)
        call_reply_empty(c, 204);
    bucket_release(c->s3->buckets, b);
    return e;
}

struct deletion {
    struct slice key;
    struct slice path, etag; /* etag.n == 0: whatever is there */
    enum err result;         /* of those that are not in the batch */
    bool in_batch;
};

struct deletions {
    struct deletion list[DELETE_MAX];
    struct hub_line lines[2 * DELETE_MAX]; /* of those in the batch, in order; then their companions' */
    size_t n, n_lines, n_companions;
    bool quiet;
};

static enum err parse(struct s3_call *c, struct slice text, struct deletions *d)
{
    AUTO_XML_IN struct xml_in x = { 0 };
    enum err e = xml_parse(text, "Delete", &x);
    if (e)
        return e;
    const xmlNode *root = xml_root(&x);
    d->quiet = slice_is(xml_content(xml_child(root, "Quiet"), c->arena), "true");
    for (const xmlNode *node = xml_child(root, "Object"); node; node = xml_next(node, "Object")) {
        struct slice key = xml_content(xml_child(node, "Key"), c->arena);
        struct slice version = xml_content(xml_child(node, "VersionId"), c->arena);
        if (key.n == 0 || d->n == DELETE_MAX)
            return ERR_MALFORMED_XML;
        struct deletion *one = &d->list[d->n++];
        one->key = key;
        one->etag = slice_trim(xml_content(xml_child(node, "ETag"), c->arena));
        one->result = version.n > 0 && !slice_is(version, "null") ? ERR_NO_SUCH_VERSION : OK;
        if (xml_child(node, "ETag") && one->etag.n == 0)
            one->result = ERR_PRECONDITION; /* nothing has an empty one */
        if (xml_child(node, "LastModifiedTime") || xml_child(node, "Size"))
            one->result = ERR_NOT_IMPLEMENTED; /* of directory buckets only */
        if (!one->result)
            one->result = key_to_path(key, c->arena, &one->path);
        one->in_batch = !one->result && one->etag.n == 0;
        if (one->in_batch)
            d->lines[d->n_lines++] = (struct hub_line){ .op = HUB_DELETE, .path = one->path };
    }
    return d->n > 0 ? OK : ERR_MALFORMED_XML;
}

/* Companions go along where the bucket has any: two calls for 1,000 keys then, else one. */
static enum err send(struct s3_call *c, struct bucket *b, struct deletions *d)
{
    bool companions;
    enum err e = meta_present(b, c->arena, &companions);
    if (e)
        return e;
    for (size_t i = 0; companions && i < d->n_lines; i++)
        d->lines[d->n_lines + d->n_companions++] =
            (struct hub_line){ .op = HUB_DELETE, .path = meta_path(c->arena, d->lines[i].path) };
    pthread_rwlock_rdlock(&b->gate);
    e = hub_batch(b->hub, d->lines, d->n_lines + d->n_companions, c->arena);
    pthread_rwlock_unlock(&b->gate);
    return e;
}

/* One at a time, each alone with its key. */
static void send_conditional(struct s3_call *c, struct bucket *b, struct deletions *d)
{
    for (size_t i = 0; i < d->n; i++) {
        struct deletion *one = &d->list[i];
        if (!one->in_batch && !one->result)
            one->result = write_delete_if(c, b, one->path, one->etag);
    }
}

static void write_result(struct xml_out *x, const struct deletions *d, const struct deletion *one, enum err e)
{
    if (!e && d->quiet)
        return;
    xml_open(x, e ? "Error" : "Deleted");
    xml_text(x, "Key", one->key);
    if (e) {
        xml_str(x, "Code", err_s3_code(e));
        xml_str(x, "Message", err_text(e));
    }
    xml_close(x);
}

static void answer(struct s3_call *c, const struct deletions *d)
{
    AUTO_XML struct xml_out x = { 0 };
    xml_begin(&x, "DeleteResult", XML_S3_NAMESPACE);
    const struct hub_line *line = d->lines;
    for (size_t i = 0; i < d->n; i++) {
        enum err e = d->list[i].in_batch ? (line++)->result : d->list[i].result;
        write_result(&x, d, &d->list[i], e);
    }
    call_reply_xml(c, 200, &x);
}

enum err s3_delete_objects(struct s3_call *c)
{
    struct bucket *b;
    enum err e = call_bucket(c, &b);
    if (e)
        return e;
    AUTO_BUF struct buf text;
    buf_init(&text, DOCUMENT_MAX);
    struct deletions *d = (struct deletions *)arena_alloc(c->arena, sizeof *d);
    e = call_read_document(c, DOCUMENT_MAX, &text);
    if (!e)
        e = parse(c, buf_slice(&text), d);
    if (!e && d->n_lines > 0)
        e = send(c, b, d);
    if (!e) {
        send_conditional(c, b, d);
        answer(c, d);
    }
    bucket_release(c->s3->buckets, b);
    return e;
}

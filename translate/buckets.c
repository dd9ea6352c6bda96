/* SPDX-License-Identifier: Apache-2.0 */
/* buckets.c: buckets as a whole: ListBuckets, CreateBucket, HeadBucket, GetBucketLocation, DeleteBucket.
 * Amazon S3 API Reference, the page of each. */
#include <stdlib.h>

#include "common/clock.h"
#include "translate/call.h"
#include "translate/name.h"
#include "translate/reach.h"
#include "translate/walk.h"
#include "translate/xml_in.h"

/* ---- ListBuckets ---- */

struct bucket_names {
    struct s3_call *call;
    struct hub_bucket_info *list;
    size_t n, cap;
    struct slice prefix, after;
};

static enum err collect(void *ctx, const struct hub_bucket_info *info)
{
    struct bucket_names *names = (struct bucket_names *)ctx;
    struct slice name = name_of_id(info->id, names->call->s3->config.ns, names->call->arena);
    if (!reach_has(names->call, name) || !slice_starts(name, names->prefix) ||
        (names->after.n > 0 && slice_cmp(name, names->after) <= 0))
        return OK;
    if (names->n == names->cap) {
        names->cap = names->cap ? names->cap * 2 : 64;
        names->list = (struct hub_bucket_info *)mem_realloc(names->list, names->cap * sizeof *names->list);
    }
    names->list[names->n] = *info;
    names->list[names->n++].id = name;
    return OK;
}

static int by_name(const void *a, const void *b)
{
    return slice_cmp(((const struct hub_bucket_info *)a)->id, ((const struct hub_bucket_info *)b)->id);
}

static void write_buckets(struct s3_call *c, const struct bucket_names *names, size_t max, struct xml_out *x)
{
    xml_open(x, "Owner");
    xml_str(x, "ID", c->s3->config.ns);
    xml_str(x, "DisplayName", c->s3->config.ns);
    xml_close(x);
    xml_open(x, "Buckets");
    for (size_t i = 0; i < names->n && i < max; i++) {
        xml_open(x, "Bucket");
        xml_text(x, "Name", names->list[i].id);
        xml_time(x, "CreationDate", names->list[i].created_ms);
        xml_close(x);
    }
    xml_close(x);
    if (names->n > max)
        xml_text(x, "ContinuationToken", names->list[max - 1].id);
    if (names->prefix.n > 0)
        xml_text(x, "Prefix", names->prefix);
}

enum err s3_list_buckets(struct s3_call *c)
{
    uint64_t max;
    enum err e = call_arg_uint(c, "max-buckets", 1, 10000, 10000, &max);
    if (e)
        return e;
    struct bucket_names names = { .call = c,
                                  .prefix = call_arg(c, "prefix"),
                                  .after = call_arg(c, "continuation-token") };
    e = hub_bucket_list(c->s3->config.hub, slice_str(c->s3->config.ns), SLICE_NONE, collect, &names);
    if (!e) {
        AUTO_XML struct xml_out x = { 0 };
        if (names.n > 0)
            qsort(names.list, names.n, sizeof *names.list, by_name);
        xml_begin(&x, "ListAllMyBucketsResult", XML_S3_NAMESPACE);
        write_buckets(c, &names, (size_t)max, &x);
        call_reply_xml(c, 200, &x);
    }
    free(names.list);
    return e;
}

/* ---- CreateBucket ---- */

/* The Hub has the regions "us" and "eu"; AWS's names begin with one of them or are none of ours. */
static enum err read_location(struct s3_call *c, struct slice *region)
{
    *region = SLICE_NONE;
    if (!httpd_has_body(c->http))
        return OK;
    AUTO_BUF struct buf text;
    buf_init(&text, 65536);
    enum err e = call_read_document(c, 65536, &text);
    if (e || text.n == 0)
        return e;
    AUTO_XML_IN struct xml_in x = { 0 };
    e = xml_parse(buf_slice(&text), "CreateBucketConfiguration", &x);
    if (e)
        return e;
    struct slice location = xml_content(xml_child(xml_root(&x), "LocationConstraint"), c->arena);
    if (location.n == 0)
        return OK;
    if (slice_starts(location, SLICE("us")))
        *region = SLICE("us");
    else if (slice_starts(location, SLICE("eu")) || slice_is(location, "EU"))
        *region = SLICE("eu");
    else
        return ERR_LOCATION;
    return OK;
}

static enum err read_visibility(struct s3_call *c, enum hub_visibility *out)
{
    struct slice acl = call_header(c, "x-amz-acl");
    *out = c->s3->config.bucket_visibility;
    if (slice_is(acl, "private"))
        *out = HUB_PRIVATE;
    else if (slice_is(acl, "public-read"))
        *out = HUB_PUBLIC;
    else if (acl.p)
        return call_refuse(c, ERR_NOT_IMPLEMENTED, "x-amz-acl: a bucket of the Hub is private or public-read");
    if (slice_eq_nocase(call_header(c, "x-amz-bucket-object-lock-enabled"), SLICE("true")))
        return call_refuse(c, ERR_NOT_IMPLEMENTED, "The Hub has no object lock");
    return OK;
}

/* Some clients create the bucket before every upload: the Hub is not asked again within a minute. */
enum { OWNED_MS = 60 * 1000 };

static bool is_owned(const struct bucket *b)
{
    int64_t seen = atomic_load(&b->exists_ms);
    return seen != 0 && clock_mono_ms() - seen < OWNED_MS;
}

static enum err create(struct s3_call *c, struct bucket *b, enum hub_visibility visibility, struct slice region)
{
    struct slice id = slice_str(hub_bucket_id(b->hub));
    bool ours = slice_is(name_ns(id), c->s3->config.ns);
    enum err e = is_owned(b) ? ERR_UPSTREAM_EXISTS : hub_bucket_create(c->s3->config.hub, id, visibility, region);
    if (!e || (e == ERR_UPSTREAM_EXISTS && ours))
        atomic_store(&b->exists_ms, clock_mono_ms());
    if (e == ERR_UPSTREAM_EXISTS)
        return ours ? ERR_BUCKET_OWNED : ERR_BUCKET_EXISTS;
    return e == ERR_INVALID_ARGUMENT ? ERR_INVALID_BUCKET_NAME : e;
}

enum err s3_create_bucket(struct s3_call *c)
{
    struct slice region;
    struct bucket *b;
    enum hub_visibility visibility;
    enum err e = read_visibility(c, &visibility);
    if (!e)
        e = read_location(c, &region);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e == ERR_NO_SUCH_BUCKET ? ERR_INVALID_BUCKET_NAME : e;
    e = create(c, b, visibility, region);
    bucket_release(c->s3->buckets, b);
    if (e)
        return e;
    httpd_add_header_str(c->http, "Location", arena_printf(c->arena, "/%.*s", (int)c->bucket.n, c->bucket.p));
    call_reply_empty(c, 200);
    return OK;
}

/* ---- looks at one bucket ---- */

enum err s3_head_bucket(struct s3_call *c)
{
    struct hub_bucket_info info;
    enum err e = call_bucket_info(c, &info);
    if (e)
        return e;
    httpd_add_header_str(c->http, "x-amz-bucket-region", c->s3->config.region);
    httpd_add_header_str(c->http, "x-amz-access-point-alias", "false");
    call_reply_empty(c, 200);
    return OK;
}

enum err s3_get_bucket_location(struct s3_call *c)
{
    struct hub_bucket_info info;
    enum err e = call_bucket_info(c, &info);
    if (e)
        return e;
    AUTO_XML struct xml_out x = { 0 };
    xml_begin(&x, "LocationConstraint", XML_S3_NAMESPACE);
    /* us-east-1 is the empty one: Amazon S3 API Reference, GetBucketLocation. */
    if (strcmp(c->s3->config.region, "us-east-1") != 0)
        xmlTextWriterWriteString(x.writer, (const xmlChar *)c->s3->config.region);
    call_reply_xml(c, 200, &x);
    return OK;
}

/* ---- DeleteBucket ---- */

/* Anything but the gateway's own files. */
static enum err look_whether_empty(struct s3_call *c, struct bucket *b, bool *empty)
{
    struct walk *w;
    bool more = false;
    enum err e = walk_open(c->s3->walks, b->hub, SLICE(""), true, SLICE_NONE, SLICE_NONE, &w);
    if (e)
        return e;
    e = walk_more(w, b->hub, &more);
    walk_free(w);
    *empty = !more;
    return e;
}

enum err s3_delete_bucket(struct s3_call *c)
{
    struct bucket *b;
    bool empty;
    enum err e = call_bucket(c, &b);
    if (e)
        return e;
    pthread_rwlock_wrlock(&b->gate);
    e = look_whether_empty(c, b, &empty);
    if (!e && !empty)
        e = ERR_BUCKET_NOT_EMPTY;
    if (!e)
        e = hub_bucket_delete(c->s3->config.hub, slice_str(hub_bucket_id(b->hub)));
    pthread_rwlock_unlock(&b->gate);
    if (!e)
        bucket_forget(c->s3->buckets, b);
    bucket_release(c->s3->buckets, b);
    if (!e)
        call_reply_empty(c, 204);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acl.c: access control lists, as far as the Hub has them: a bucket is private (its owner has FULL_CONTROL) or public
 * (everybody may READ besides), and so are all its objects. What else an ACL can say is refused.
 * Amazon S3 API Reference, GetBucketAcl, PutBucketAcl, GetObjectAcl, PutObjectAcl; Amazon S3 User Guide, "Access
 * control list (ACL) overview". */
#include "translate/call.h"
#include "translate/name.h"
#include "translate/visibility.h"
#include "translate/xml_in.h"

#define XSI       "http://www.w3.org/2001/XMLSchema-instance"
#define ALL_USERS "http://acs.amazonaws.com/groups/global/AllUsers"

enum { DOCUMENT_MAX = 64 * 1024 };

/* ---- reading ---- */

static void write_grant(struct xml_out *x, const char *type, const char *element, const char *who, const char *what)
{
    xml_open(x, "Grant");
    xml_open(x, "Grantee");
    xml_attribute(x, "xmlns:xsi", XSI);
    xml_attribute(x, "xsi:type", type);
    xml_str(x, element, who);
    xml_close(x);
    xml_str(x, "Permission", what);
    xml_close(x);
}

static void answer(struct s3_call *c, const struct hub_bucket_info *info)
{
    const char *owner = arena_strdup(c->arena, name_ns(info->id));
    AUTO_XML struct xml_out x = { 0 };
    xml_begin(&x, "AccessControlPolicy", XML_S3_NAMESPACE);
    xml_open(&x, "Owner");
    xml_str(&x, "ID", owner);
    xml_str(&x, "DisplayName", owner);
    xml_close(&x);
    xml_open(&x, "AccessControlList");
    write_grant(&x, "CanonicalUser", "ID", owner, "FULL_CONTROL");
    if (!info->is_private)
        write_grant(&x, "Group", "URI", ALL_USERS, "READ");
    xml_close(&x);
    call_reply_xml(c, 200, &x);
}

enum err s3_get_bucket_acl(struct s3_call *c)
{
    struct hub_bucket_info info;
    enum err e = call_bucket_info(c, &info);
    if (!e)
        answer(c, &info);
    return e;
}

static enum err find_object(struct s3_call *c)
{
    struct bucket *b;
    struct slice path;
    struct hub_file file;
    enum err e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    e = hub_lookup(b->hub, path, c->arena, &file);
    bucket_release(c->s3->buckets, b);
    return e;
}

enum err s3_get_object_acl(struct s3_call *c)
{
    struct hub_bucket_info info;
    enum err e = call_bucket_info(c, &info);
    if (!e)
        e = find_object(c);
    if (!e)
        answer(c, &info);
    return e;
}

/* ---- writing ---- */

static enum err refuse(struct s3_call *c)
{
    return call_refuse(c, ERR_NOT_IMPLEMENTED,
                       "A bucket of the Hub, with all that is in it, is private or public-read; no other ACL is kept.");
}

static enum err of_canned(struct s3_call *c, struct slice acl, enum hub_visibility *out)
{
    static const char *const known[] = { "public-read-write",         "authenticated-read", "aws-exec-read",
                                         "bucket-owner-full-control", "bucket-owner-read",  "log-delivery-write" };
    if (slice_is(acl, "private") || (c->key.n > 0 && slice_starts(acl, SLICE("bucket-owner-")))) {
        *out = HUB_PRIVATE;
        return OK;
    }
    if (slice_is(acl, "public-read")) {
        *out = HUB_PUBLIC;
        return OK;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_is(acl, known[i]))
            return refuse(c);
    return ERR_INVALID_ARGUMENT;
}

static enum err of_grant(struct s3_call *c, struct slice owner, const xmlNode *grant, enum hub_visibility *out)
{
    const xmlNode *grantee = xml_child(grant, "Grantee");
    struct slice id = xml_content(xml_child(grantee, "ID"), c->arena);
    struct slice uri = xml_content(xml_child(grantee, "URI"), c->arena);
    struct slice permission = xml_content(xml_child(grant, "Permission"), c->arena);
    if (!grantee || permission.n == 0)
        return ERR_MALFORMED_XML;
    if (slice_is(uri, ALL_USERS) && slice_is(permission, "READ"))
        *out = HUB_PUBLIC;
    else if (!slice_eq(id, owner) || !slice_is(permission, "FULL_CONTROL"))
        return refuse(c);
    return OK;
}

static enum err of_document(struct s3_call *c, struct slice owner, struct slice text, enum hub_visibility *out)
{
    AUTO_XML_IN struct xml_in x = { 0 };
    enum hub_visibility visibility = HUB_PRIVATE;
    enum err e = xml_parse(text, "AccessControlPolicy", &x);
    if (e)
        return e;
    const xmlNode *list = xml_child(xml_root(&x), "AccessControlList");
    if (!list)
        return ERR_MALFORMED_XML;
    for (const xmlNode *grant = xml_child(list, "Grant"); !e && grant; grant = xml_next(grant, "Grant"))
        e = of_grant(c, owner, grant, &visibility);
    if (!e)
        *out = visibility;
    return e;
}

/* The visibility asked for, by header or document; grants by header have names that are not the Hub's. */
static enum err read_wanted(struct s3_call *c, struct slice owner, enum hub_visibility *out)
{
    static const char *const grants[] = { "x-amz-grant-read", "x-amz-grant-write", "x-amz-grant-read-acp",
                                          "x-amz-grant-write-acp", "x-amz-grant-full-control" };
    struct slice canned = call_header(c, "x-amz-acl");
    for (size_t i = 0; i < sizeof grants / sizeof *grants; i++)
        if (call_header(c, grants[i]).p)
            return refuse(c);
    if (canned.p)
        return of_canned(c, canned, out);
    AUTO_BUF struct buf text;
    buf_init(&text, DOCUMENT_MAX);
    enum err e = call_read_document(c, DOCUMENT_MAX, &text);
    return e ? e : of_document(c, owner, buf_slice(&text), out);
}

enum err s3_put_bucket_acl(struct s3_call *c)
{
    struct hub_bucket_info info;
    enum hub_visibility wanted = HUB_PRIVATE;
    enum err e = call_bucket_info(c, &info);
    if (!e)
        e = read_wanted(c, name_ns(info.id), &wanted);
    if (!e && wanted != (info.is_private ? HUB_PRIVATE : HUB_PUBLIC))
        e = hub_bucket_set_visibility(c->s3->config.hub, info.id, wanted);
    if (!e)
        visibility_tell(c->s3->visibility, info.id, wanted == HUB_PUBLIC);
    if (!e)
        call_reply_empty(c, 200);
    return e;
}

/* Only what is so already: an object is as visible as its bucket. */
enum err s3_put_object_acl(struct s3_call *c)
{
    struct hub_bucket_info info;
    enum hub_visibility wanted = HUB_PRIVATE;
    enum err e = call_bucket_info(c, &info);
    if (!e)
        e = find_object(c);
    if (!e)
        e = read_wanted(c, name_ns(info.id), &wanted);
    if (!e && wanted != (info.is_private ? HUB_PRIVATE : HUB_PUBLIC))
        e = call_refuse(c, ERR_NOT_IMPLEMENTED, "An object is as visible as its bucket, which is %s.",
                        info.is_private ? "private" : "public");
    if (!e)
        call_reply_empty(c, 200);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* subresource.c: what a bucket of S3 can be configured with and one of the Hub cannot. One row a subresource: reading
 * it gives the documented default or the documented "there is none"; writing the default back changes nothing and
 * succeeds; writing anything else is refused; deleting what is not there succeeds.
 * Amazon S3 API Reference, GetBucketVersioning, PutBucketEncryption, DeleteBucketCors … */
#include "translate/call.h"
#include "translate/xml_in.h"

enum { DOCUMENT_MAX = 64 * 1024 };

static const struct subresource {
    const char *name;
    const char *root;    /* of the document that is read and written */
    enum err none;       /* what reading answers; OK: a document */
    const char *path;    /* where in the document the default stands; NULL: it has nothing in it */
    const char *value;   /* the default */
    const char *element; /* what may be written: the one element that has a text, and this; NULL: nothing at all */
    const char *accepted;
    const char *refusal; /* of anything else */
} rows[] = {
    { "versioning", "VersioningConfiguration", OK, NULL, NULL, "Status", "Suspended",
      "A bucket of the Hub keeps no versions of its objects" },
    /* The Hub encrypts at rest with keys of its own. */
    { "encryption", "ServerSideEncryptionConfiguration", OK, "Rule/ApplyServerSideEncryptionByDefault/SSEAlgorithm",
      "AES256", "SSEAlgorithm", "AES256", "The Hub encrypts with keys of its own: SSEAlgorithm can only be AES256" },
    { "ownershipControls", "OwnershipControls", OK, "Rule/ObjectOwnership", "BucketOwnerEnforced", "ObjectOwnership",
      "BucketOwnerEnforced", "All objects are the bucket owner's: ObjectOwnership can only be BucketOwnerEnforced" },
    { "requestPayment", "RequestPaymentConfiguration", OK, "Payer", "BucketOwner", "Payer", "BucketOwner",
      "The Hub has no requester-pays buckets" },
    { "accelerate", "AccelerateConfiguration", OK, NULL, NULL, "Status", "Suspended",
      "There is no transfer acceleration to be switched on" },
    { "logging", "BucketLoggingStatus", OK, NULL, NULL, NULL, NULL, "The Hub writes no access logs into buckets" },
    { "notification", "NotificationConfiguration", OK, NULL, NULL, NULL, NULL,
      "The Hub sends no notifications of a bucket's events" },
    { "policy", NULL, ERR_NO_POLICY, NULL, NULL, NULL, NULL,
      "Who may do what with a bucket is settled by the Hub, not by a bucket policy" },
    { "cors", NULL, ERR_NO_CORS, NULL, NULL, NULL, NULL, "The Hub keeps no CORS configuration of a bucket" },
    { "tagging", NULL, ERR_NO_TAG_SET, NULL, NULL, NULL, NULL, "A bucket of the Hub has no tags; objects can have" },
    { "lifecycle", NULL, ERR_NO_LIFECYCLE, NULL, NULL, NULL, NULL, "The Hub expires no objects by rules" },
    { "website", NULL, ERR_NO_WEBSITE, NULL, NULL, NULL, NULL, "The Hub serves no websites from buckets" },
    { "replication", NULL, ERR_NO_REPLICATION, NULL, NULL, NULL, NULL, "The Hub does not replicate buckets" },
    { "object-lock", NULL, ERR_NO_LOCK_CONFIGURATION, NULL, NULL, NULL, NULL, "The Hub has no object lock" },
    { "publicAccessBlock", NULL, ERR_NO_PUBLIC_ACCESS_BLOCK, NULL, NULL, NULL, NULL,
      "A bucket of the Hub is private or public; there is nothing that blocks making it public" },
};

/* The dispatcher has found one of them in the query. */
static const struct subresource *named(const struct s3_call *c)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (call_arg(c, rows[i].name).p)
            return &rows[i];
    return NULL;
}

static void answer(struct s3_call *c, const struct subresource *row)
{
    AUTO_XML struct xml_out x = { 0 };
    xml_begin(&x, row->root, XML_S3_NAMESPACE);
    if (row->path) {
        struct slice rest = slice_str(row->path), name = slice_cut(&rest, '/');
        while (rest.p) {
            xml_open(&x, arena_strdup(c->arena, name));
            name = slice_cut(&rest, '/');
        }
        xml_str(&x, arena_strdup(c->arena, name), row->value);
    }
    call_reply_xml(c, 200, &x);
}

enum err s3_get_bucket_subresource(struct s3_call *c)
{
    const struct subresource *row = named(c);
    struct hub_bucket_info info;
    enum err e = row ? call_bucket_info(c, &info) : ERR_NOT_IMPLEMENTED;
    if (!e)
        e = row->none;
    if (!e)
        answer(c, row);
    return e;
}

/* Every element with a text of its own must be the accepted one. BucketKeyEnabled is about keys that are not used with
 * AES256: clients send it along. Depth is bounded by libxml2. */
static bool only_accepted(const struct subresource *row, const xmlNode *node, struct arena *arena, bool *found)
{
    const xmlNode *child = xml_child(node, NULL);
    if (!child && !slice_starts(slice_str((const char *)node->name), SLICE("BucketKeyEnabled"))) {
        struct slice text = slice_trim(xml_content(node, arena));
        if (!row->element || !xml_is(node, row->element) || !slice_is(text, row->accepted))
            return false;
        *found = true;
    }
    for (; child; child = xml_next(child, NULL))
        if (!only_accepted(row, child, arena, found))
            return false;
    return true;
}

static enum err check_document(struct s3_call *c, const struct subresource *row, struct slice text)
{
    AUTO_XML_IN struct xml_in x = { 0 };
    bool found = false;
    enum err e = xml_parse(text, row->root, &x);
    if (e)
        return e;
    /* An empty root switches off what has nothing to be accepted, and says nothing where there is. */
    if (!xml_child(xml_root(&x), NULL))
        return row->element ? ERR_MALFORMED_XML : OK;
    return only_accepted(row, xml_root(&x), c->arena, &found) && found
               ? OK
               : call_refuse(c, ERR_NOT_IMPLEMENTED, "%s.", row->refusal);
}

enum err s3_put_bucket_subresource(struct s3_call *c)
{
    const struct subresource *row = named(c);
    struct hub_bucket_info info;
    enum err e = row ? call_bucket_info(c, &info) : ERR_NOT_IMPLEMENTED;
    if (e)
        return e;
    if (!row->root)
        return call_refuse(c, ERR_NOT_IMPLEMENTED, "%s.", row->refusal);
    AUTO_BUF struct buf text;
    buf_init(&text, DOCUMENT_MAX);
    e = call_read_document(c, DOCUMENT_MAX, &text);
    if (!e)
        e = check_document(c, row, buf_slice(&text));
    if (!e)
        call_reply_empty(c, 200);
    return e;
}

enum err s3_delete_bucket_subresource(struct s3_call *c)
{
    struct hub_bucket_info info;
    enum err e = call_bucket_info(c, &info);
    if (!e)
        call_reply_empty(c, 204);
    return e;
}

/* ---- what follows from a bucket's visibility, and what objects do not have ---- */

enum err s3_get_bucket_policy_status(struct s3_call *c)
{
    struct hub_bucket_info info;
    enum err e = call_bucket_info(c, &info);
    if (e)
        return e;
    AUTO_XML struct xml_out x = { 0 };
    xml_begin(&x, "PolicyStatus", XML_S3_NAMESPACE);
    xml_str(&x, "IsPublic", info.is_private ? "false" : "true");
    call_reply_xml(c, 200, &x);
    return OK;
}

/* ?retention and ?legal-hold of an object. */
enum err s3_object_lock(struct s3_call *c)
{
    struct hub_bucket_info info;
    enum err e = call_bucket_info(c, &info);
    return e ? e : ERR_NO_OBJECT_LOCK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: arguments, headers, replies; see call.h. */
#include "translate/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/codec.h"
#include "translate/key.h"
#include "translate/name.h"
#include "translate/visibility.h"
#include "translate/walk.h"

struct s3 *s3_new(const struct s3_config *config)
{
    struct s3 *s = (struct s3 *)mem_zalloc(sizeof *s);
    s->config = *config;
    s->buckets = bucket_table_new(config->hub, config->xet);
    s->walks = walk_cache_new();
    s->visibility = visibility_cache_new();
    return s;
}

void s3_free(struct s3 *s)
{
    if (!s)
        return;
    visibility_cache_free(s->visibility);
    walk_cache_free(s->walks);
    bucket_table_free(s->buckets);
    free(s);
}

struct s3 *s3_view(const struct s3 *s, const char *ns, struct arena *arena)
{
    struct s3 *view = (struct s3 *)arena_alloc(arena, sizeof *view);
    *view = *s;
    view->config.ns = ns;
    return view;
}

/* ---- what was asked ---- */

struct slice call_arg(const struct s3_call *c, const char *name)
{
    for (size_t i = 0; i < c->n_args; i++)
        if (slice_is(c->args[i].name, name))
            return c->args[i].value;
    return SLICE_NONE;
}

enum err call_arg_uint(struct s3_call *c, const char *name, uint64_t min, uint64_t max, uint64_t fallback,
                       uint64_t *out)
{
    struct slice text = call_arg(c, name);
    uint64_t value = fallback;
    if (text.n > 0 && (!slice_u64(text, &value) || value < min || value > max))
        return call_refuse(c, ERR_INVALID_ARGUMENT, "Argument %s must be an integer between %llu and %llu", name,
                           (unsigned long long)min, (unsigned long long)max);
    *out = value;
    return OK;
}

enum err call_refuse(struct s3_call *c, enum err e, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    c->detail = arena_strdup(c->arena, slice_str(text));
    return e;
}

enum err call_id_of_name(struct s3_call *c, struct slice name, const char *owner_header, struct slice *out)
{
    struct slice owner = call_header(c, owner_header), id;
    if (!name_to_id(name, c->s3->config.ns, c->arena, &id))
        return ERR_NO_SUCH_BUCKET;
    if (owner.p && !slice_eq(owner, name_ns(id)))
        return ERR_ACCESS_DENIED;
    *out = id;
    return OK;
}

enum err call_bucket_id(struct s3_call *c, struct slice *out)
{
    enum err e = call_id_of_name(c, c->bucket, "x-amz-expected-bucket-owner", out);
    if (e || !name_is_repository(*out) || slice_is(httpd_method(c->http), "GET") ||
        slice_is(httpd_method(c->http), "HEAD"))
        return e;
    return call_refuse(
        c, ERR_ACCESS_DENIED,
        "This bucket shows a repository of the Hub, and can only be read: commits change a repository, S3 "
        "does not. Copy what you need to a bucket, and write there.");
}

enum err call_bucket_info(struct s3_call *c, struct hub_bucket_info *out)
{
    struct slice id;
    enum err e = call_bucket_id(c, &id);
    return e ? e : hub_bucket_info(c->s3->config.hub, id, c->arena, out);
}

enum err call_bucket(struct s3_call *c, struct bucket **out)
{
    struct slice id;
    enum err e = call_bucket_id(c, &id);
    if (!e)
        *out = bucket_get(c->s3->buckets, id);
    return e;
}

enum err s3_bucket_is_public(struct s3_call *c, bool *out)
{
    struct slice id;
    *out = false;
    if (!name_to_id(c->bucket, c->s3->config.ns, c->arena, &id))
        return OK;
    return visibility_is_public(c->s3->visibility, c->s3->config.hub, id, c->arena, out);
}

enum err call_path(struct s3_call *c, struct slice *out)
{
    return key_to_path(c->key, c->arena, out);
}

/* ---- answers ---- */

void etag_text(const char *xet_hash, char out[ETAG_TEXT])
{
    snprintf(out, ETAG_TEXT, "\"%s-xet\"", xet_hash);
}

void etag_of_file(const char *xet_hash, const char *git_oid, char out[ETAG_TEXT])
{
    if (xet_hash[0])
        etag_text(xet_hash, out);
    else
        snprintf(out, ETAG_TEXT, "\"%s-git\"", git_oid);
}

void s3_common_headers(struct s3_call *c)
{
    httpd_add_header_str(c->http, "Server", "hugs3/" HUGS3_VERSION);
    httpd_add_header_str(c->http, "x-amz-request-id", c->request_id);
    httpd_add_header_str(c->http, "x-amz-id-2", c->request_id);
}

void call_reply_xml(struct s3_call *c, int status, struct xml_out *xml)
{
    struct slice text = xml_end(xml);
    httpd_add_header_str(c->http, "Content-Type", "application/xml");
    httpd_reply(c->http, status, text);
}

void call_reply_empty(struct s3_call *c, int status)
{
    httpd_reply(c->http, status, SLICE(""));
}

static const char *resource(struct s3_call *c)
{
    if (c->bucket.n == 0)
        return "/";
    return arena_printf(c->arena, "/%.*s%s%.*s", (int)c->bucket.n, c->bucket.p, c->key.n ? "/" : "", (int)c->key.n,
                        c->key.n ? c->key.p : "");
}

void s3_reply_error(struct s3_call *c, enum err e)
{
    int status = err_http_status(e);
    if (e == ERR_SLOW_DOWN || e == ERR_UPSTREAM || e == ERR_STOPPING)
        httpd_add_header_str(c->http, "Retry-After", "1");
    if (slice_is(httpd_method(c->http), "HEAD")) {
        httpd_reply(c->http, status, SLICE(""));
        return;
    }
    AUTO_XML struct xml_out x = { 0 };
    xml_begin(&x, "Error", NULL);
    xml_str(&x, "Code", err_s3_code(e));
    xml_str(&x, "Message", c->detail ? c->detail : err_text(e));
    if (e == ERR_NO_SUCH_KEY)
        xml_text(&x, "Key", c->key);
    if (e == ERR_NO_SUCH_BUCKET || e == ERR_BUCKET_OWNED || e == ERR_BUCKET_NOT_EMPTY)
        xml_text(&x, "BucketName", c->bucket);
    xml_str(&x, "Resource", resource(c));
    xml_str(&x, "RequestId", c->request_id);
    xml_str(&x, "HostId", c->request_id);
    call_reply_xml(c, status, &x);
}

struct slice call_checksum_text(struct s3_call *c, enum checksum sum, const uint8_t value[CHECKSUM_MAX])
{
    AUTO_BUF struct buf text;
    buf_init(&text, CHECKSUM_TEXT);
    base64_encode(slice_of(value, checksum_size(sum)), &text);
    return arena_copy(c->arena, buf_slice(&text));
}

void call_add_checksum(struct s3_call *c, enum checksum sum, const uint8_t value[CHECKSUM_MAX])
{
    if (sum == CHECKSUM_NONE)
        return;
    httpd_add_header(c->http, checksum_header(sum), call_checksum_text(c, sum, value));
    httpd_add_header_str(c->http, "x-amz-checksum-type", "FULL_OBJECT");
}

void call_add_upload_stats(struct s3_call *c, const struct xet_put_stats *stats)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)stats->sent);
    httpd_add_header_str(c->http, "x-hugs3-uploaded-bytes", text);
}

/* ---- headers that promise ---- */

static bool one_of(struct slice value, const char *const *list)
{
    for (; *list; list++)
        if (slice_eq_nocase(value, slice_str(*list)))
            return true;
    return false;
}

/* An object is as visible as its bucket: no ACL may say otherwise. */
static enum err refuse_acl(struct s3_call *c)
{
    struct slice acl = call_header(c, "x-amz-acl");
    bool is_public;
    if (!acl.p || slice_starts(acl, SLICE("bucket-owner-")))
        return OK;
    enum err e = s3_bucket_is_public(c, &is_public);
    if (!e && is_public != slice_is(acl, "public-read"))
        e = call_refuse(c, ERR_NOT_IMPLEMENTED, "x-amz-acl: an object is as visible as its bucket, which is %s",
                        is_public ? "public" : "private");
    return e;
}

enum err call_refuse_promises(struct s3_call *c)
{
    static const char *const classes[] = { "STANDARD", NULL };
    static const char *const acls[] = { "private", "public-read", "bucket-owner-full-control", "bucket-owner-read",
                                        NULL };
    static const char *const sse[] = { "AES256", NULL };
    static const struct {
        const char *name;
        const char *const *accepted; /* NULL: none */
        enum err e;
    } promises[] = {
        { "x-amz-storage-class", classes, ERR_INVALID_STORAGE_CLASS },
        { "x-amz-acl", acls, ERR_NOT_IMPLEMENTED },
        /* The Hub encrypts at rest with keys of its own, which is what AES256 asks for; nothing else is done. */
        { "x-amz-server-side-encryption", sse, ERR_NOT_IMPLEMENTED },
        { "x-amz-server-side-encryption-customer-algorithm", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-server-side-encryption-aws-kms-key-id", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-copy-source-server-side-encryption-customer-algorithm", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-object-lock-mode", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-object-lock-legal-hold", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-object-lock-retain-until-date", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-website-redirect-location", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-grant-read", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-grant-write", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-grant-read-acp", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-grant-write-acp", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-grant-full-control", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-write-offset-bytes", NULL, ERR_NOT_IMPLEMENTED },
        { "x-amz-rename-source", NULL, ERR_NOT_IMPLEMENTED },
    };
    for (size_t i = 0; i < sizeof promises / sizeof *promises; i++) {
        struct slice value = call_header(c, promises[i].name);
        if (value.p && !(promises[i].accepted && one_of(value, promises[i].accepted)))
            return call_refuse(c, promises[i].e, "%s: %.*s is not something that the Hub can keep", promises[i].name,
                               value.n > 64 ? 64 : (int)value.n, value.p);
    }
    if (call_header(c, "x-amz-server-side-encryption").p)
        httpd_add_header_str(c->http, "x-amz-server-side-encryption", "AES256"); /* S3 says it again */
    return refuse_acl(c);
}

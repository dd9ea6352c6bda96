/* SPDX-License-Identifier: Apache-2.0 */
/* sigv2.c: the text that is signed, and its HMAC-SHA1:
 *
 *   method \n  Content-MD5 \n  Content-Type \n  Expires \n  x-amz-name:value \n …  /bucket/key?subresources
 *
 * The path is the one sent, not decoded; a virtual host's bucket comes before it. Of the arguments only those that name
 * what is done are signed, sorted, their values decoded. What a URL's maker would have sent as x-amz-* headers may
 * stand in the query instead. */
#include "auth/sigv2.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "auth/digest.h"
#include "common/codec.h"

#define TO_SIGN_MAX ((size_t)1 << 18)
#define HMAC_SHA1   20
#define NEVER_S     253402300800 /* the year 10000 */

/* "Constructing the CanonicalizedResource Element", and what has joined S3 since. */
static const char *const subresources[] = {
    "acl",
    "accelerate",
    "analytics",
    "cors",
    "delete",
    "encryption",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
};

static enum err refuse(enum err e, const char **detail, const char *sentence)
{
    *detail = sentence;
    return e;
}

enum err sigv2_parse(const struct query *query, struct sigv2 *out, const char **detail)
{
    static const char *const names[] = { "AWSAccessKeyId", "Signature", "Expires" };
    struct slice value[3];
    uint64_t seconds;
    for (size_t i = 0; i < 3; i++) {
        const struct query_arg *arg = query_find(query, names[i]);
        if (!arg || arg->value.n == 0 || query_count(query, names[i]) > 1)
            return refuse(ERR_ACCESS_DENIED, detail,
                          "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters, "
                          "each once.");
        value[i] = arg->value;
    }
    if (!slice_u64(value[2], &seconds) || seconds > NEVER_S)
        return refuse(ERR_ACCESS_DENIED, detail, "Invalid date (should be seconds since epoch)");
    *out = (struct sigv2){ value[0], value[1], value[2], (int64_t)seconds * 1000 };
    return OK;
}

/* ---- x-amz-* ---- */

struct field {
    struct slice name, value; /* name in lower case */
};

static bool is_amz(struct slice name)
{
    return name.n > 6 && slice_eq_nocase(slice_of(name.p, 6), SLICE("x-amz-"));
}

static struct slice lower(struct slice name, struct arena *arena)
{
    char *p = arena_strdup(arena, name);
    for (size_t i = 0; i < name.n; i++)
        p[i] += p[i] >= 'A' && p[i] <= 'Z' ? 'a' - 'A' : 0;
    return slice_of(p, name.n);
}

/* Where the names are the same, as they came: fields are neighbours in one array. */
static int by_name(const void *a, const void *b)
{
    const struct field *x = a, *y = b;
    int order = slice_cmp(x->name, y->name);
    return order ? order : (x > y) - (x < y);
}

static void add_amz(struct buf *b, const struct auth_head *head, const struct query *query, struct arena *arena)
{
    struct field *list = arena_alloc(arena, (head->headers.n + query->n + 1) * sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < head->headers.n; i++)
        if (is_amz(head->headers.list[i].name))
            list[n++] =
                (struct field){ lower(head->headers.list[i].name, arena), slice_trim(head->headers.list[i].value) };
    for (size_t i = 0; i < query->n; i++)
        if (is_amz(query->args[i].name))
            list[n++] = (struct field){ lower(query->args[i].name, arena), slice_trim(query->args[i].value) };
    qsort(list, n, sizeof *list, by_name);
    for (size_t i = 0; i < n; i++) {
        bool again = i > 0 && slice_eq(list[i].name, list[i - 1].name);
        if (!again)
            buf_add(b, list[i].name);
        buf_add_char(b, again ? ',' : ':');
        buf_add(b, list[i].value);
        if (i + 1 == n || !slice_eq(list[i].name, list[i + 1].name))
            buf_add_char(b, '\n');
    }
}

/* ---- the resource ---- */

static bool is_subresource(struct slice name)
{
    for (size_t i = 0; i < sizeof subresources / sizeof *subresources; i++)
        if (slice_is(name, subresources[i]))
            return true;
    return false;
}

static void add_resource(struct buf *b, const struct auth_head *head, const struct query *query)
{
    char before = '?';
    if (head->host_bucket.n > 0) {
        buf_add_char(b, '/');
        buf_add(b, head->host_bucket);
    }
    buf_add(b, head->path);
    for (size_t i = 0; i < query->n; i++) { /* sorted */
        const struct query_arg *arg = &query->args[i];
        if (!is_subresource(arg->name))
            continue;
        buf_add_char(b, before);
        buf_add(b, arg->name);
        if (arg->value.n > 0) {
            buf_add_char(b, '=');
            buf_add(b, arg->value);
        }
        before = '&';
    }
}

/* Content-MD5 and Content-Type: as headers, or as arguments that stand for them. */
static struct slice content_field(const struct auth_head *head, const struct query *query, const char *name)
{
    struct slice header = headers_find(head->headers, name);
    const struct query_arg *arg = header.p ? NULL : query_find(query, name);
    return arg ? arg->value : header;
}

enum err sigv2_check(const struct auth_head *head, const struct query *query, const struct sigv2 *claim,
                     const struct auth_key *key, struct arena *arena)
{
    AUTO_BUF struct buf b;
    uint8_t theirs[HMAC_SHA1], ours[HMAC_SHA1];
    size_t n = 0;
    buf_init(&b, TO_SIGN_MAX);
    buf_add(&b, head->method);
    buf_add_char(&b, '\n');
    buf_add(&b, content_field(head, query, "content-md5"));
    buf_add_char(&b, '\n');
    buf_add(&b, content_field(head, query, "content-type"));
    buf_add_char(&b, '\n');
    buf_add(&b, claim->expires);
    buf_add_char(&b, '\n');
    add_amz(&b, head, query, arena);
    add_resource(&b, head, query);
    if (b.failed)
        return ERR_MESSAGE_TOO_LONG;
    digest_hmac_sha1(slice_of(key->secret, strnlen(key->secret, AUTH_SECRET_MAX)), buf_slice(&b), ours);
    if (!base64_decode(claim->signature, theirs, sizeof theirs, &n) || n != sizeof theirs ||
        CRYPTO_memcmp(theirs, ours, sizeof ours) != 0)
        return ERR_SIGNATURE;
    return OK;
}

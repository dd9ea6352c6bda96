/* SPDX-License-Identifier: Apache-2.0 */
/* payload.c: the values of x-amz-content-sha256 ("Overview", Using the Authorization Header, Amazon S3 API Reference),
 * and what holds where there is none: presigned URLs and anonymous requests. */
#include "auth/payload.h"

#include "auth/canonical.h"
#include "common/codec.h"

#define UNSIGNED "UNSIGNED-PAYLOAD"

static const struct {
    const char *text;
    enum auth_payload kind;
} kinds[] = {
    { UNSIGNED, AUTH_PAYLOAD_UNSIGNED },
    { "STREAMING-UNSIGNED-PAYLOAD-TRAILER", AUTH_PAYLOAD_CHUNKED_UNSIGNED_TRAILER },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", AUTH_PAYLOAD_CHUNKED_SIGNED },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER },
};

static enum err refuse(enum err e, const char **detail, const char *sentence)
{
    *detail = sentence;
    return e;
}

static enum err parse_text(struct slice text, struct payload *p, const char **detail)
{
    p->text = text;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (slice_is(text, kinds[i].text)) {
            p->kind = kinds[i].kind;
            return OK;
        }
    }
    if (slice_starts(text, SLICE("STREAMING-")))
        return refuse(ERR_NOT_IMPLEMENTED, detail, "This chunk encoding algorithm is not supported.");
    if (!hex_decode(text, p->sha256, sizeof p->sha256))
        return refuse(ERR_INVALID_ARGUMENT, detail,
                      "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid "
                      "sha256 value.");
    p->kind = AUTH_PAYLOAD_SHA256;
    return OK;
}

/* Whether the body is said to be framed in Content-Encoding alone: so do clients that need no x-amz-content-sha256,
 * since they do not sign, or sign only the URL. Without x-amz-decoded-content-length the word is a left-over: the
 * body is as long as it says, and is not framed. */
static bool is_framed(struct headers headers)
{
    for (size_t i = 0; i < headers.n; i++) {
        if (!slice_eq_nocase(headers.list[i].name, SLICE("content-encoding")))
            continue;
        for (struct slice rest = headers.list[i].value; rest.p;)
            if (slice_eq_nocase(slice_trim(slice_cut(&rest, ',')), SLICE("aws-chunked")))
                return headers_count(headers, "x-amz-decoded-content-length") > 0;
    }
    return false;
}

enum err payload_parse(enum auth_how how, struct headers headers, const struct query *query,
                       struct slice signed_headers, struct payload *out, const char **detail)
{
    struct payload p = { .kind = AUTH_PAYLOAD_UNSIGNED, .text = SLICE(UNSIGNED) };
    struct slice header = headers_find(headers, "x-amz-content-sha256");
    const struct query_arg *arg = how == AUTH_QUERY ? query_find(query, "X-Amz-Content-Sha256") : NULL;
    struct slice text = arg ? arg->value : header;
    if (headers_count(headers, "x-amz-content-sha256") > 1 || (arg && header.p && !slice_eq(arg->value, header)))
        return refuse(ERR_INVALID_ARGUMENT, detail, "x-amz-content-sha256 must be given once.");
    if (text.p == NULL && how == AUTH_HEADER)
        return refuse(ERR_BAD_REQUEST, detail, "Missing required header for this request: x-amz-content-sha256");
    if (text.p) {
        enum err e = parse_text(text, &p, detail);
        if (e)
            return e;
    }
    /* A presigned URL is usually made before the body is known, over UNSIGNED-PAYLOAD; a hash that its user then sends
     * along is nobody's signature, but is kept to. */
    p.unsigned_too =
        how == AUTH_QUERY && arg == NULL && header.p && !canonical_signs(signed_headers, SLICE("x-amz-content-sha256"));
    if (p.kind == AUTH_PAYLOAD_UNSIGNED && is_framed(headers))
        p.kind = AUTH_PAYLOAD_CHUNKED_UNSIGNED_TRAILER;
    if (how == AUTH_ANONYMOUS &&
        (p.kind == AUTH_PAYLOAD_CHUNKED_SIGNED || p.kind == AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER))
        return refuse(ERR_BAD_REQUEST, detail,
                      "Anonymous requests don't support this x-amz-content-sha256 value. Please use UNSIGNED-PAYLOAD "
                      "or STREAMING-UNSIGNED-PAYLOAD-TRAILER.");
    *out = p;
    return OK;
}

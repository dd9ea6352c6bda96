/* SPDX-License-Identifier: Apache-2.0 */
/* body_head.c: Content-Length, x-amz-decoded-content-length, Content-MD5, x-amz-checksum-*, x-amz-trailer and
 * x-amz-sdk-checksum-algorithm ("Checking object integrity for data uploads", Amazon S3 User Guide). Codes and
 * sentences are those S3 answers with. */
#include "auth/body_head.h"

#include "common/codec.h"

static enum err refuse(enum err e, const char **detail, const char *sentence)
{
    *detail = sentence;
    return e;
}

bool body_head_value(enum checksum c, struct slice text, uint8_t out[CHECKSUM_MAX])
{
    uint8_t bytes[CHECKSUM_MAX];
    size_t n;
    if (!base64_decode(text, bytes, sizeof bytes, &n) || n != checksum_size(c))
        return false;
    memcpy(out, bytes, n);
    return true;
}

static bool is_chunked(enum auth_payload payload)
{
    return payload == AUTH_PAYLOAD_CHUNKED_SIGNED || payload == AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER ||
           payload == AUTH_PAYLOAD_CHUNKED_UNSIGNED_TRAILER;
}

static enum err parse_length(enum auth_payload payload, struct headers headers, struct body_head *h)
{
    const char *name = is_chunked(payload) ? "x-amz-decoded-content-length" : "content-length";
    struct slice text = headers_find(headers, name);
    h->length_known = true;
    if (text.p && headers_count(headers, name) == 1 && slice_u64(text, &h->length))
        return OK;
    if (text.p || is_chunked(payload))
        return ERR_MISSING_LENGTH;
    /* RFC 9112 section 6.3: a request with neither length nor transfer coding has no body. */
    h->length_known = headers_count(headers, "transfer-encoding") == 0;
    h->length = 0;
    return OK;
}

static enum err parse_md5(struct headers headers, struct body_head *h)
{
    struct slice text = headers_find(headers, "content-md5");
    uint8_t bytes[16];
    size_t n;
    if (text.p == NULL)
        return OK;
    if (headers_count(headers, "content-md5") > 1 || !base64_decode(text, bytes, sizeof bytes, &n) || n != sizeof bytes)
        return ERR_INVALID_DIGEST;
    memcpy(h->md5, bytes, sizeof bytes);
    h->has_md5 = true;
    return OK;
}

#define PREFIX "x-amz-checksum-"

/* x-amz-checksum-<algorithm> is a value; -algorithm, -mode and -type say something of values. */
static bool names_value(struct slice header, struct slice *algorithm)
{
    const size_t n = sizeof PREFIX - 1;
    if (header.n <= n || !slice_eq_nocase(slice_of(header.p, n), SLICE(PREFIX)))
        return false;
    *algorithm = slice_from(header, n);
    return !slice_eq_nocase(*algorithm, SLICE("algorithm")) && !slice_eq_nocase(*algorithm, SLICE("mode")) &&
           !slice_eq_nocase(*algorithm, SLICE("type"));
}

static enum err refuse_second(const char **detail)
{
    return refuse(ERR_BAD_REQUEST, detail,
                  "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
}

static enum err parse_values(struct headers headers, struct body_head *h, const char **detail)
{
    for (size_t i = 0; i < headers.n; i++) {
        struct slice algorithm;
        if (!names_value(headers.list[i].name, &algorithm))
            continue;
        if (h->checksum != CHECKSUM_NONE)
            return refuse_second(detail);
        /* Not to be passed over in silence: the client counts on it. */
        if (!checksum_parse(algorithm, &h->checksum))
            return refuse(ERR_NOT_IMPLEMENTED, detail,
                          "Checksums are CRC32, CRC32C, CRC64NVME, SHA1 and SHA256 here; no other.");
        if (!body_head_value(h->checksum, slice_trim(headers.list[i].value), h->value))
            return refuse(ERR_BAD_REQUEST, detail, "Value for the x-amz-checksum- header is invalid.");
    }
    return OK;
}

static enum err parse_trailer(enum auth_payload payload, struct headers headers, struct body_head *h,
                              const char **detail)
{
    struct slice text = headers_find(headers, "x-amz-trailer"), algorithm;
    enum checksum c = CHECKSUM_NONE;
    if (text.p == NULL)
        return OK;
    if (payload != AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER && payload != AUTH_PAYLOAD_CHUNKED_UNSIGNED_TRAILER)
        return ERR_MALFORMED_TRAILER; /* announced, and no place for it to come */
    if (h->checksum != CHECKSUM_NONE || headers_count(headers, "x-amz-trailer") > 1)
        return refuse_second(detail);
    if (!names_value(text, &algorithm) || !checksum_parse(algorithm, &c))
        return refuse(ERR_BAD_REQUEST, detail, "The value specified in the x-amz-trailer header is not supported");
    h->checksum = c;
    h->in_trailer = true;
    return OK;
}

/* SDKs repeat the algorithm's name here; it must be the one that comes. */
static enum err parse_sdk_algorithm(struct headers headers, const struct body_head *h, const char **detail)
{
    struct slice text = headers_find(headers, "x-amz-sdk-checksum-algorithm");
    enum checksum c = CHECKSUM_NONE;
    if (text.p == NULL)
        return OK;
    if (h->checksum == CHECKSUM_NONE)
        return refuse(ERR_BAD_REQUEST, detail,
                      "x-amz-sdk-checksum-algorithm specified, but no corresponding "
                      "x-amz-checksum-* or x-amz-trailer headers were found.");
    if (!checksum_parse(text, &c) || c != h->checksum)
        return refuse(ERR_BAD_REQUEST, detail, "Value for x-amz-sdk-checksum-algorithm header is invalid.");
    return OK;
}

enum err body_head_parse(enum auth_payload payload, struct headers headers, enum body_checksums checksums,
                         struct body_head *out, const char **detail)
{
    struct body_head h = { .checksum = CHECKSUM_NONE };
    *detail = NULL;
    enum err e = parse_length(payload, headers, &h);
    if (!e)
        e = parse_md5(headers, &h);
    if (!e && checksums == BODY_CHECKSUMS_OF_BODY)
        e = parse_values(headers, &h, detail);
    if (!e)
        e = parse_trailer(payload, headers, &h, detail);
    if (!e && checksums == BODY_CHECKSUMS_OF_BODY)
        e = parse_sdk_algorithm(headers, &h, detail);
    if (!e)
        *out = h;
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* body.c: a request's body from wire to content:
 *
 *   raw ─► chunked (when framed) ─► content ─► SHA-256, MD5, checksum: those that somebody waits for ─► caller
 *
 * finish holds the results against what headers and trailer promised. */
#include "auth/body_head.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "auth/chunked.h"
#include "auth/digest.h"

struct auth_body {
    struct body_head head;
    struct chunked *chunked; /* NULL: the bytes on the wire are the content */
    uint64_t got;            /* content so far */
    EVP_MD_CTX *sha256;      /* NULL: not asked for */
    uint8_t want_sha256[32];
    EVP_MD_CTX *md5;                 /* NULL: not asked for */
    enum checksum kind;              /* of `checksum` */
    struct checksum_state *checksum; /* NULL with CHECKSUM_NONE */
    uint8_t value[CHECKSUM_MAX];     /* of `checksum`, after finish */
    bool finished;
    enum err failed; /* the first error: all that follow are the same */
    const char *detail;
};

static struct auth_body *body_new(const struct auth *a, const struct body_head *head, enum checksum also)
{
    struct auth_body *b = mem_zalloc(sizeof *b);
    b->head = *head;
    if (a->payload == AUTH_PAYLOAD_SHA256) {
        b->sha256 = digest_new(DIGEST_SHA256);
        memcpy(b->want_sha256, a->payload_sha256, sizeof b->want_sha256);
    } else if (a->payload != AUTH_PAYLOAD_UNSIGNED) {
        b->chunked = chunked_new(a, head->length, head->in_trailer ? checksum_header(head->checksum) : NULL);
    }
    if (head->has_md5)
        b->md5 = digest_new(DIGEST_MD5);
    b->kind = head->checksum != CHECKSUM_NONE ? head->checksum : also;
    if (b->kind != CHECKSUM_NONE)
        b->checksum = checksum_new(b->kind);
    return b;
}

enum err auth_body_new(const struct auth *a, struct headers headers, enum checksum also, struct auth_body **out)
{
    struct body_head head = { 0 };
    const char *detail;
    enum err e = body_head_parse(a->payload, headers, BODY_CHECKSUMS_OF_BODY, &head, &detail);
    if (!e)
        *out = body_new(a, &head, also);
    return e;
}

enum err auth_body_new_bare(const struct auth *a, struct headers headers, struct auth_body **out)
{
    struct body_head head = { 0 };
    const char *detail;
    enum err e = body_head_parse(a->payload, headers, BODY_CHECKSUMS_OF_SOMETHING_ELSE, &head, &detail);
    if (!e)
        *out = body_new(a, &head, CHECKSUM_NONE);
    return e;
}

const char *auth_body_why(const struct auth *a, struct headers headers)
{
    struct body_head head;
    const char *detail;
    return body_head_parse(a->payload, headers, BODY_CHECKSUMS_OF_BODY, &head, &detail) ? detail : NULL;
}

void auth_body_free(struct auth_body *b)
{
    if (b == NULL)
        return;
    chunked_free(b->chunked);
    EVP_MD_CTX_free(b->sha256);
    EVP_MD_CTX_free(b->md5);
    checksum_free(b->checksum);
    OPENSSL_cleanse(b, sizeof *b);
    free(b);
}

bool auth_body_length(const struct auth_body *b, uint64_t *out)
{
    if (b->head.length_known)
        *out = b->head.length;
    return b->head.length_known;
}

static enum err fail(struct auth_body *b, enum err e, const char *detail)
{
    b->failed = e;
    b->detail = detail;
    return e;
}

enum err auth_body_feed(struct auth_body *b, struct slice *raw, struct slice *content)
{
    struct slice rest = *raw, found = *raw;
    if (b->failed)
        return b->failed;
    if (b->chunked) {
        enum err e = chunked_feed(b->chunked, &rest, &found);
        if (e)
            return fail(b, e, NULL);
    } else {
        rest = slice_from(*raw, raw->n);
        if (b->head.length_known && found.n > b->head.length - b->got)
            return fail(b, ERR_INCOMPLETE_BODY, NULL);
    }
    b->got += found.n;
    if (b->sha256)
        digest_update(b->sha256, found);
    if (b->md5)
        digest_update(b->md5, found);
    if (b->checksum)
        checksum_update(b->checksum, found);
    *raw = rest;
    *content = found;
    return OK;
}

static enum err check_hashes(struct auth_body *b)
{
    uint8_t hash[32];
    if (b->sha256) {
        digest_final(b->sha256, hash);
        if (memcmp(hash, b->want_sha256, 32) != 0)
            return fail(b, ERR_SHA256_MISMATCH, NULL);
    }
    if (b->md5) {
        digest_final(b->md5, hash);
        if (memcmp(hash, b->head.md5, 16) != 0)
            return fail(b, ERR_BAD_DIGEST, "The Content-MD5 you specified did not match what we received.");
    }
    return OK;
}

static const char *mismatch_of(enum checksum c)
{
    static const char *const sentences[] = {
        [CHECKSUM_NONE] = NULL,
        [CHECKSUM_CRC32] = "The CRC32 you specified did not match the calculated checksum.",
        [CHECKSUM_CRC32C] = "The CRC32C you specified did not match the calculated checksum.",
        [CHECKSUM_CRC64NVME] = "The CRC64NVME you specified did not match the calculated checksum.",
        [CHECKSUM_SHA1] = "The SHA1 you specified did not match the calculated checksum.",
        [CHECKSUM_SHA256] = "The SHA256 you specified did not match the calculated checksum.",
    };
    return sentences[c];
}

static enum err check_checksum(struct auth_body *b)
{
    uint8_t want[CHECKSUM_MAX];
    if (b->checksum == NULL)
        return OK;
    checksum_final(b->checksum, b->value);
    if (b->head.checksum == CHECKSUM_NONE)
        return OK;
    memcpy(want, b->head.value, sizeof want);
    if (b->head.in_trailer && !body_head_value(b->kind, chunked_trailer(b->chunked), want))
        return fail(b, ERR_BAD_REQUEST, "Value for the x-amz-checksum- trailing header is invalid.");
    if (memcmp(want, b->value, checksum_size(b->kind)) != 0)
        return fail(b, ERR_BAD_DIGEST, mismatch_of(b->kind));
    return OK;
}

enum err auth_body_finish(struct auth_body *b)
{
    if (b->failed || b->finished)
        return b->failed;
    enum err e = b->chunked ? chunked_finish(b->chunked) : OK;
    if (!e && b->head.length_known && b->got != b->head.length)
        e = ERR_INCOMPLETE_BODY;
    if (e)
        return fail(b, e, NULL);
    e = check_hashes(b);
    if (!e)
        e = check_checksum(b);
    b->finished = !e;
    return e;
}

const char *auth_body_detail(const struct auth_body *b)
{
    return b->detail;
}

enum checksum auth_body_checksum(const struct auth_body *b, uint8_t out[CHECKSUM_MAX])
{
    if (!b->finished)
        return CHECKSUM_NONE;
    memcpy(out, b->value, CHECKSUM_MAX);
    return b->kind;
}

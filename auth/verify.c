/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c: auth_verify, from a raw head to a verdict:
 *
 *   query_parse ─► claim_parse ─► payload_parse ─► are all x-amz-* headers signed ─► find the key
 *               ─► canonical_hash ─► string to sign ─► same signature? ─► is it the time for it?
 *
 * Who holds the key learns first that the signature is wrong, then that the time is, as S3 has it. */
#include <assert.h>
#include <openssl/crypto.h>
#include <stdio.h>

#include "auth/canonical.h"
#include "auth/claim.h"
#include "auth/payload.h"
#include "auth/signing.h"
#include "common/codec.h"

#define SKEW_MS 900000 /* 15 minutes */

void auth_key_wipe(struct auth_key *k)
{
    OPENSSL_cleanse(k, sizeof *k);
}

void auth_wipe(struct auth *a)
{
    OPENSSL_cleanse(a, sizeof *a);
}

static enum err refuse(enum err e, const char **detail, const char *sentence)
{
    *detail = sentence;
    return e;
}

/* An x-amz-* header changes what a request does, so each must be signed: else whoever sees a signed request could send
 * it again as, say, a copy of something else. x-amz-content-sha256 is signed by another way, or binds its sender. */
static enum err check_all_signed(struct headers headers, struct slice signed_headers, struct arena *arena,
                                 const char **detail)
{
    for (size_t i = 0; i < headers.n; i++) {
        struct slice name = headers.list[i].name;
        if (name.n <= 6 || !slice_eq_nocase(slice_of(name.p, 6), SLICE("x-amz-")) ||
            slice_eq_nocase(name, SLICE("x-amz-content-sha256")) || canonical_signs(signed_headers, name))
            continue;
        *detail = arena_printf(arena, "There were headers present in the request which were not signed: %.*s",
                               name.n > 100 ? 100 : (int)name.n, name.p);
        return ERR_ACCESS_DENIED;
    }
    return OK;
}

static enum err check_time(const struct claim *c, const struct auth_rules *rules, int64_t now_ms, const char **detail)
{
    int64_t skew = rules->skew_ms ? rules->skew_ms : SKEW_MS;
    if (c->how == AUTH_QUERY) {
        if (c->signed_ms > now_ms + skew)
            return refuse(ERR_ACCESS_DENIED, detail, "Request is not yet valid");
        return now_ms > c->signed_ms + (int64_t)c->expires_s * 1000 ? ERR_EXPIRED : OK;
    }
    return c->signed_ms > now_ms + skew || c->signed_ms < now_ms - skew ? ERR_SKEWED : OK;
}

/* "Task 2: Create a String to Sign", then the signature over it. */
static enum err sign(const struct canonical *canonical, const struct auth *a, char signature[SIGNATURE_TEXT])
{
    uint8_t hash[32];
    char hex[65], to_sign[sizeof "AWS4-HMAC-SHA256\n" + sizeof a->amz_date + sizeof a->scope + sizeof hex];
    enum err e = canonical_hash(canonical, hash);
    if (e)
        return e;
    hex_encode(hash, sizeof hash, hex);
    int n = snprintf(to_sign, sizeof to_sign, "AWS4-HMAC-SHA256\n%s\n%s\n%s", a->amz_date, a->scope, hex);
    assert(n > 0 && (size_t)n < sizeof to_sign);
    signing_sign(a->signing_key, slice_of(to_sign, (size_t)n), signature);
    return OK;
}

/* Puts the right signature into a->seed_signature. */
static enum err check_signature(const struct auth_head *head, const struct query *query, const struct claim *claim,
                                const struct payload *payload, struct arena *arena, struct auth *a)
{
    struct canonical canonical = { .method = head->method,
                                   .query = query,
                                   .headers = head->headers,
                                   .signed_headers = claim->signed_headers,
                                   .payload = payload->text };
    enum err e = canonical_path(head->path, arena, &canonical.path);
    if (!e)
        e = sign(&canonical, a, a->seed_signature);
    if (e || signing_same(claim->signature, a->seed_signature))
        return e;
    if (payload->unsigned_too) {
        canonical.payload = SLICE("UNSIGNED-PAYLOAD");
        e = sign(&canonical, a, a->seed_signature);
        if (e || signing_same(claim->signature, a->seed_signature))
            return e;
    }
    return ERR_SIGNATURE;
}

/* What the claim and the key say of chunk signatures. The claim has bounded the lengths. */
static void fill(struct auth *a, const struct claim *c, const struct auth_key *key, struct auth_cache *cache)
{
    int n = snprintf(a->scope, sizeof a->scope, "%.8s/%.*s/s3/aws4_request", c->date.p, (int)c->region.n, c->region.p);
    assert(n > 0 && (size_t)n < sizeof a->scope);
    memcpy(a->amz_date, c->amz_date, sizeof a->amz_date);
    memcpy(a->access_key_id, c->access_key_id.p, c->access_key_id.n);
    signing_key(cache, key, c->date, c->region, a->signing_key);
}

static enum err verify_claim(const struct auth_head *head, const struct query *query, const struct claim *claim,
                             const struct payload *payload, const struct auth_keys *keys, struct arena *arena,
                             struct auth *a, const char **detail)
{
    AUTO_AUTH_KEY struct auth_key key = { 0 };
    enum err e = check_all_signed(head->headers, claim->signed_headers, arena, detail);
    if (e)
        return e;
    if (claim->access_key_id.n >= sizeof a->access_key_id || !keys->find(keys->ctx, claim->access_key_id, &key))
        return ERR_UNKNOWN_ACCESS_KEY;
    fill(a, claim, &key, keys->cache);
    return check_signature(head, query, claim, payload, arena, a);
}

/* Nothing of a V2 claim goes on to the body: there is none. */
static enum err verify_v2(const struct auth_head *head, const struct query *query, const struct sigv2 *claim,
                          const struct auth_keys *keys, int64_t now_ms, struct arena *arena, struct auth *a)
{
    AUTO_AUTH_KEY struct auth_key key = { 0 };
    if (claim->access_key_id.n >= sizeof a->access_key_id || !keys->find(keys->ctx, claim->access_key_id, &key))
        return ERR_UNKNOWN_ACCESS_KEY;
    memcpy(a->access_key_id, claim->access_key_id.p, claim->access_key_id.n);
    enum err e = sigv2_check(head, query, claim, &key, arena);
    return e ? e : now_ms > claim->expires_ms ? ERR_EXPIRED : OK;
}

enum err auth_verify(const struct auth_head *head, const struct auth_keys *keys, const struct auth_rules *rules,
                     int64_t now_ms, struct arena *arena, struct auth *out, const char **detail)
{
    AUTO_AUTH struct auth a = { 0 };
    struct query query = { 0 };
    struct claim claim = { 0 };
    struct payload payload = { 0 };
    *detail = NULL;
    enum err e = query_parse(head->query, arena, &query);
    if (!e)
        e = claim_parse(head, &query, rules, arena, &claim, detail);
    if (!e && claim.how == AUTH_ANONYMOUS && !rules->anonymous)
        return ERR_ACCESS_DENIED;
    if (!e)
        e = payload_parse(claim.how, head->headers, &query, claim.signed_headers, &payload, detail);
    if (!e && claim.is_v2)
        e = verify_v2(head, &query, &claim.v2, keys, now_ms, arena, &a);
    else if (!e && claim.how != AUTH_ANONYMOUS)
        e = verify_claim(head, &query, &claim, &payload, keys, arena, &a, detail);
    if (!e && claim.how != AUTH_ANONYMOUS && !claim.is_v2)
        e = check_time(&claim, rules, now_ms, detail);
    if (e)
        return e;
    a.how = claim.how;
    a.payload = payload.kind;
    memcpy(a.payload_sha256, payload.sha256, sizeof a.payload_sha256);
    a.has_security_token =
        headers_count(head->headers, "x-amz-security-token") || query_find(&query, "X-Amz-Security-Token");
    *out = a;
    return OK;
}

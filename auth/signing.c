/* SPDX-License-Identifier: Apache-2.0 */
/* signing.c: deriving signing keys ("Task 3: Calculate Signature" of SigV4) and remembering them.
 *
 * The memory is a table of fixed size, one entry a slot. An entry is found by a hash over all that the key depends on,
 * the secret included: a secret that was changed is another entry, and no entry tells a secret. What falls on a slot
 * in use replaces it. */
#include "auth/signing.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

#include "auth/digest.h"
#include "common/codec.h"

#define SLOTS 256 /* more keys than that in use at once only cost the derivation */

struct slot {
    bool used;
    uint8_t tag[32];
    uint8_t key[SIGNING_KEY];
};

struct auth_cache {
    pthread_mutex_t lock; /* leaf; held for a copy */
    struct slot slots[SLOTS];
};

struct auth_cache *auth_cache_new(void)
{
    struct auth_cache *c = mem_zalloc(sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void auth_cache_free(struct auth_cache *c)
{
    if (c == NULL)
        return;
    pthread_mutex_destroy(&c->lock);
    OPENSSL_cleanse(c, sizeof *c);
    free(c);
}

static void derive(const struct auth_key *key, struct slice date, struct slice region, uint8_t out[SIGNING_KEY])
{
    char start[4 + AUTH_SECRET_MAX + 1] = "AWS4";
    size_t n = strnlen(key->secret, AUTH_SECRET_MAX);
    memcpy(start + 4, key->secret, n);
    digest_hmac(slice_of(start, 4 + n), date, out);
    digest_hmac(slice_of(out, SIGNING_KEY), region, out);
    digest_hmac(slice_of(out, SIGNING_KEY), SLICE("s3"), out);
    digest_hmac(slice_of(out, SIGNING_KEY), SLICE("aws4_request"), out);
    OPENSSL_cleanse(start, sizeof start);
}

static void make_tag(const struct auth_key *key, struct slice date, struct slice region, uint8_t tag[32])
{
    /* The secret's length makes where it ends plain; the date's is fixed and the region comes last. */
    uint32_t n = (uint32_t)strnlen(key->secret, AUTH_SECRET_MAX);
    EVP_MD_CTX *ctx = digest_new(DIGEST_SHA256);
    digest_update(ctx, slice_of(&n, sizeof n));
    digest_update(ctx, slice_of(key->secret, n));
    digest_update(ctx, date);
    digest_update(ctx, region);
    digest_final(ctx, tag);
    EVP_MD_CTX_free(ctx);
}

void signing_key(struct auth_cache *cache, const struct auth_key *key, struct slice date, struct slice region,
                 uint8_t out[SIGNING_KEY])
{
    uint8_t tag[32];
    if (cache == NULL) {
        derive(key, date, region, out);
        return;
    }
    make_tag(key, date, region, tag);
    struct slot *slot = &cache->slots[tag[0]]; /* SLOTS is 256 */

    pthread_mutex_lock(&cache->lock);
    bool hit = slot->used && memcmp(slot->tag, tag, sizeof tag) == 0;
    if (hit)
        memcpy(out, slot->key, SIGNING_KEY);
    pthread_mutex_unlock(&cache->lock);
    if (hit)
        return;

    derive(key, date, region, out);
    pthread_mutex_lock(&cache->lock);
    slot->used = true;
    memcpy(slot->tag, tag, sizeof tag);
    memcpy(slot->key, out, SIGNING_KEY);
    pthread_mutex_unlock(&cache->lock);
}

void signing_sign(const uint8_t key[SIGNING_KEY], struct slice to_sign, char out[SIGNATURE_TEXT])
{
    uint8_t mac[32];
    digest_hmac(slice_of(key, SIGNING_KEY), to_sign, mac);
    hex_encode(mac, sizeof mac, out);
}

bool signing_same(struct slice given, const char signature[SIGNATURE_TEXT])
{
    uint8_t theirs[32], ours[32];
    return hex_decode(given, theirs, sizeof theirs) && hex_decode(slice_of(signature, 64), ours, sizeof ours) &&
           CRYPTO_memcmp(theirs, ours, sizeof ours) == 0;
}

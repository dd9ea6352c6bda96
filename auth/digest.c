/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c: MD5, SHA-1, SHA-256 and HMAC on OpenSSL's EVP interface. */
#include "auth/digest.h"

#include <openssl/core_names.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* Written once by fetch_all, read by all threads; OpenSSL lets threads share them. */
static EVP_MD *algorithms[DIGEST_COUNT];
static EVP_MAC_CTX *hmac_template; /* knows its hash, not its key; only ever duplicated */
static EVP_MAC_CTX *hmac_sha1_template;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "hugs3: OpenSSL cannot do %s\n", what);
    abort();
}

static EVP_MAC_CTX *make_template(char *hash)
{
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
                            OSSL_PARAM_construct_end() };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *made = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    must(made && EVP_MAC_CTX_set_params(made, params), "HMAC");
    EVP_MAC_free(hmac); /* the template keeps it */
    return made;
}

static void fetch_all(void)
{
    static const char *const names[DIGEST_COUNT] = { "MD5", "SHA1", "SHA256" };
    for (int d = 0; d < DIGEST_COUNT; d++) {
        /* "-fips": MD5 and SHA-1 guard against accidents here, not against attackers, so they are wanted even where
         * OpenSSL is told to be FIPS only. */
        algorithms[d] = EVP_MD_fetch(NULL, names[d], "-fips");
        must(algorithms[d] != NULL, names[d]);
    }
    hmac_template = make_template((char[]){ "SHA256" });
    hmac_sha1_template = make_template((char[]){ "SHA1" });
}

EVP_MD_CTX *digest_new(enum digest d)
{
    pthread_once(&fetched, fetch_all);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(ctx && EVP_DigestInit_ex2(ctx, algorithms[d], NULL), "a hash");
    return ctx;
}

void digest_update(EVP_MD_CTX *ctx, struct slice bytes)
{
    must(EVP_DigestUpdate(ctx, bytes.p, bytes.n), "a hash");
}

void digest_final(EVP_MD_CTX *ctx, uint8_t *out)
{
    must(EVP_DigestFinal_ex(ctx, out, NULL) && EVP_DigestInit_ex2(ctx, NULL, NULL), "a hash");
}

void digest_sha256(struct slice in, uint8_t out[32])
{
    EVP_MD_CTX *ctx = digest_new(DIGEST_SHA256);
    digest_update(ctx, in);
    must(EVP_DigestFinal_ex(ctx, out, NULL), "a hash");
    EVP_MD_CTX_free(ctx);
}

static void hmac(const EVP_MAC_CTX *template, struct slice key, struct slice in, uint8_t *out, size_t size)
{
    size_t n;
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(template);
    must(ctx && EVP_MAC_init(ctx, (const unsigned char *)key.p, key.n, NULL) &&
             EVP_MAC_update(ctx, (const unsigned char *)in.p, in.n) && EVP_MAC_final(ctx, out, &n, size) && n == size,
         "HMAC");
    EVP_MAC_CTX_free(ctx); /* wipes the key */
}

void digest_hmac(struct slice key, struct slice in, uint8_t out[32])
{
    pthread_once(&fetched, fetch_all);
    hmac(hmac_template, key, in, out, 32);
}

void digest_hmac_sha1(struct slice key, struct slice in, uint8_t out[20])
{
    pthread_once(&fetched, fetch_all);
    hmac(hmac_sha1_template, key, in, out, 20);
}

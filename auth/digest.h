/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h: OpenSSL's hashes, looked up once. OpenSSL 3 searches its providers by name whenever it is asked for an
 * algorithm, which costs more than hashing a request; so the algorithms are fetched at first use and kept for the life
 * of the process. Any thread; one context, one thread. These functions fail only when there is no memory or no such
 * algorithm, and then abort like mem_*. */
#ifndef HUGS3_AUTH_DIGEST_H
#define HUGS3_AUTH_DIGEST_H

#include <openssl/evp.h>

#include "common/buf.h"

enum digest { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_COUNT };

EVP_MD_CTX *digest_new(enum digest d); /* begun; EVP_MD_CTX_free */
void digest_update(EVP_MD_CTX *ctx, struct slice bytes);
void digest_final(EVP_MD_CTX *ctx, uint8_t *out); /* 16, 20 or 32 bytes; begins anew */

void digest_sha256(struct slice in, uint8_t out[32]);
/* HMAC-SHA256, RFC 2104. */
void digest_hmac(struct slice key, struct slice in, uint8_t out[32]);
/* HMAC-SHA1, for Signature Version 2. */
void digest_hmac_sha1(struct slice key, struct slice in, uint8_t out[20]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* signing.h: keys and signatures of SigV4. A signing key holds for one secret, day and region, so those in use are
 * kept: deriving one takes four HMACs. */
#ifndef HUGS3_AUTH_SIGNING_H
#define HUGS3_AUTH_SIGNING_H

#include "auth/auth.h"

#define SIGNING_KEY    32
#define SIGNATURE_TEXT 65 /* 64 hex digits and NUL */

/* date: yyyymmdd. cache may be NULL. */
void signing_key(struct auth_cache *cache, const struct auth_key *key, struct slice date, struct slice region,
                 uint8_t out[SIGNING_KEY]);
/* HMAC of `to_sign`, in lower case hex. */
void signing_sign(const uint8_t key[SIGNING_KEY], struct slice to_sign, char out[SIGNATURE_TEXT]);
/* Whether `given`, in hex of either case, is `signature`. Takes the same time wherever they differ. */
MUST_USE bool signing_same(struct slice given, const char signature[SIGNATURE_TEXT]);

#endif

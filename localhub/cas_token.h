/* SPDX-License-Identifier: Apache-2.0 */
/* cas_token.h: Xet tokens: what a client shows to the CAS. A token names a bucket, says whether it may write, and until
 * when; the signature makes it good. Nothing is stored. */
#ifndef HUGS3_LOCALHUB_CAS_TOKEN_H
#define HUGS3_LOCALHUB_CAS_TOKEN_H

#include "localhub/keys.h"

#define CAS_TOKEN_MAX 160

struct cas_token {
    int64_t bucket;
    int64_t expires_s; /* Unix seconds */
    bool write;        /* a write token also reads */
};

void cas_token_make(const struct keys *k, const struct cas_token *t, char out[CAS_TOKEN_MAX]);
/* false: not one of ours. Expiry is the caller's to look at. */
MUST_USE bool cas_token_read(const struct keys *k, struct slice text, struct cas_token *out);

#endif

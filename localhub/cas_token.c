/* SPDX-License-Identifier: Apache-2.0 */
/* cas_token.c: "xet.BUCKET.EXPIRES.r|w.SIGNATURE", numbers in decimal, the signature over all that is before it. */
#include "localhub/cas_token.h"

#include <inttypes.h>
#include <stdio.h>

#define PURPOSE "cas-token"

void cas_token_make(const struct keys *k, const struct cas_token *t, char out[CAS_TOKEN_MAX])
{
    char mac[KEYS_MAC_HEX];

    int n =
        snprintf(out, CAS_TOKEN_MAX, "xet.%" PRId64 ".%" PRId64 ".%c", t->bucket, t->expires_s, t->write ? 'w' : 'r');
    keys_sign(k, PURPOSE, slice_of(out, (size_t)n), mac);
    snprintf(out + n, CAS_TOKEN_MAX - (size_t)n, ".%s", mac);
}

bool cas_token_read(const struct keys *k, struct slice text, struct cas_token *out)
{
    struct slice rest = text;
    uint64_t bucket, expires;

    struct slice tag = slice_cut(&rest, '.');
    struct slice bucket_text = slice_cut(&rest, '.');
    struct slice expires_text = slice_cut(&rest, '.');
    struct slice mode = slice_cut(&rest, '.');
    if (rest.p == NULL || !slice_is(tag, "xet") || !slice_u64(bucket_text, &bucket) ||
        !slice_u64(expires_text, &expires))
        return false;
    if (!keys_check(k, PURPOSE, slice_of(text.p, text.n - rest.n - 1), rest))
        return false;
    *out = (struct cas_token){ (int64_t)bucket, (int64_t)expires, slice_is(mode, "w") };
    return true;
}

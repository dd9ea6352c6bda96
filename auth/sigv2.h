/* SPDX-License-Identifier: Apache-2.0 */
/* sigv2.h: URLs presigned with Signature Version 2, which boto3's generate_presigned_url still makes by default in
 * us-east-1. Only for reading: such a signature does not cover a body, nor headers but x-amz-*.
 *
 *   ?AWSAccessKeyId=…&Signature=…&Expires=…
 *
 * Source: "Signing and authenticating REST requests", Amazon S3 User Guide. Pure. */
#ifndef HUGS3_AUTH_SIGV2_H
#define HUGS3_AUTH_SIGV2_H

#include "auth/auth.h"
#include "auth/query.h"

struct sigv2 {
    struct slice access_key_id;
    struct slice signature; /* base64; not looked at yet */
    struct slice expires;   /* as it was signed */
    int64_t expires_ms;
};

/* On failure *detail gets a sentence, as in auth_verify. */
MUST_USE enum err sigv2_parse(const struct query *query, struct sigv2 *out, const char **detail);
/* ERR_SIGNATURE, ERR_MESSAGE_TOO_LONG: absurdly long. */
MUST_USE enum err sigv2_check(const struct auth_head *head, const struct query *query, const struct sigv2 *claim,
                              const struct auth_key *key, struct arena *arena);

#endif

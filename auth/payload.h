/* SPDX-License-Identifier: Apache-2.0 */
/* payload.h: how a body is framed and protected, by x-amz-content-sha256. */
#ifndef HUGS3_AUTH_PAYLOAD_H
#define HUGS3_AUTH_PAYLOAD_H

#include "auth/auth.h"
#include "auth/query.h"

struct payload {
    enum auth_payload kind;
    uint8_t sha256[32]; /* with AUTH_PAYLOAD_SHA256 */
    struct slice text;  /* the last line of the canonical request */
    bool unsigned_too;  /* the signature may also be over UNSIGNED-PAYLOAD */
};

/* On failure *detail gets a sentence, as in auth_verify. */
MUST_USE enum err payload_parse(enum auth_how how, struct headers headers, const struct query *query,
                                struct slice signed_headers, struct payload *out, const char **detail);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* canonical.h: the one text that client and server make of a request, each on its own, to sign it. */
#ifndef HUGS3_AUTH_CANONICAL_H
#define HUGS3_AUTH_CANONICAL_H

#include "auth/auth.h"
#include "auth/query.h"

/* The canonical path: decoded and encoded anew, nothing normalised. ERR_INVALID_URI: a broken escape. */
MUST_USE enum err canonical_path(struct slice raw, struct arena *arena, struct slice *out);

struct canonical {
    struct slice method;
    struct slice path; /* from canonical_path */
    const struct query *query;
    struct headers headers;
    struct slice signed_headers; /* "host;range;x-amz-date", as the client has it */
    struct slice payload;        /* x-amz-content-sha256, or what stands for it */
};

/* SHA-256 of the canonical request. ERR_MESSAGE_TOO_LONG: absurdly long. */
MUST_USE enum err canonical_hash(const struct canonical *c, uint8_t out[32]);

/* Whether `name` (lower or any case) is in the list of signed headers. */
MUST_USE bool canonical_signs(struct slice signed_headers, struct slice name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* claim.h: what a request says of who signed it: the Authorization header or a presigned URL's query, parsed. Nothing
 * in a claim is proved. */
#ifndef HUGS3_AUTH_CLAIM_H
#define HUGS3_AUTH_CLAIM_H

#include "auth/auth.h"
#include "auth/query.h"
#include "auth/sigv2.h"

struct claim {
    enum auth_how how;
    struct slice access_key_id;
    struct slice date; /* of the scope, yyyymmdd: 8 digits */
    struct slice region;
    struct slice signed_headers; /* lower case, has "host" */
    struct slice signature;      /* not looked at yet */
    char amz_date[17];           /* when it was signed, as it was signed: 20130524T000000Z */
    int64_t signed_ms;           /* the same */
    uint32_t expires_s;          /* with AUTH_QUERY */
    bool is_v2;                  /* presigned with Signature Version 2: `v2` is all there is but `how` */
    struct sigv2 v2;
};

/* AUTH_ANONYMOUS when there are no credentials of any kind. Slices are of the head, the query or the arena.
 * On failure *detail gets a sentence, as in auth_verify. */
MUST_USE enum err claim_parse(const struct auth_head *head, const struct query *query, const struct auth_rules *rules,
                              struct arena *arena, struct claim *out, const char **detail);

/* The credential alone, of a form: key id, date and region. */
MUST_USE enum err claim_credential(struct slice credential, const struct auth_rules *rules, struct arena *arena,
                                   struct claim *out, const char **detail);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h: uploads by HTML forms: the fields carry a policy, which the signature is over, and the policy says which
 * other fields there may be. "Browser-Based Uploads Using POST (AWS Signature Version 4)", Amazon S3 API Reference.
 * Pure but for the key lookup. */
#ifndef HUGS3_AUTH_POLICY_H
#define HUGS3_AUTH_POLICY_H

#include "auth/auth.h"

#define POLICY_MAX 20480 /* of the document; S3 takes forms of 20 KB, the file not counted */

struct policy_field {
    struct slice name, value;
};

/* A form, its file left out. `key` has ${filename} replaced already, and stands for the field of that name. */
struct policy_form {
    const struct policy_field *fields;
    size_t n;
    struct slice bucket, key;
};

/* How long the file may be. */
struct policy_range {
    uint64_t min, max;
};

struct slice policy_field(const struct policy_form *form, const char *name); /* any case; p == NULL: none */

/* Errors as auth_verify's; what the policy forbids is ERR_ACCESS_DENIED, a policy that is none ERR_BAD_REQUEST. Forms
 * without a signature are ERR_ACCESS_DENIED, by whatever rules. */
MUST_USE enum err policy_verify(const struct policy_form *form, const struct auth_keys *keys,
                                const struct auth_rules *rules, int64_t now_ms, struct arena *arena, struct auth *out,
                                struct policy_range *range, const char **detail);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h: who an access key is, and what it may do. The first is the pair of access_key_id and secret_access_key
 * (configured or made); then one for each section [key …] of the configuration file.
 *
 *   access key id ─► struct auth_key, for the signature ─► struct identity: a right, buckets, an account of the Hub
 *
 * Keys with the same token share an account. Made once, then only read: any thread. */
#ifndef HUGS3_GATEWAY_IDENTITY_H
#define HUGS3_GATEWAY_IDENTITY_H

#include "auth/auth.h"
#include "gateway/account.h"
#include "gateway/config.h"

/* Each has what those before it have. */
enum right {
    RIGHT_READ,  /* GET and HEAD */
    RIGHT_WRITE, /* objects */
    RIGHT_ADMIN, /* buckets */
};

struct identity {
    struct auth_key pair;
    enum right right;
    const char *const *buckets; /* globs, NULL-terminated; NULL: any */
    struct s3 *s3;              /* in the identity's namespace */
    const char *ns;
};

struct identities;

/* `pair` and `token` are the first one's. false: said on stderr. */
MUST_USE bool identities_new(const struct config *config, const struct auth_key *pair, const char *token,
                             const struct account_ground *ground, struct identities **out);
const struct identity *identities_first(const struct identities *ids);
/* NULL: none. */
const struct identity *identities_find(const struct identities *ids, struct slice access_key_id);
bool identities_find_key(void *ids, struct slice access_key_id, struct auth_key *out); /* for struct auth_keys */
void identities_stop(struct identities *ids); /* calls that wait for the Hub end; any thread; NULL is fine */
void identities_free(struct identities *ids); /* no call may be under way; wipes; NULL is fine */

/* The name of a right in the configuration; false: none. */
MUST_USE bool right_parse(const char *name, enum right *out);

#endif

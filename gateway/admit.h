/* SPDX-License-Identifier: Apache-2.0 */
/* admit.h: whether a request may go on to its operation, and as whom; from its head alone.
 *
 *   auth_verify ─┬─ a key ──► its identity ──► right and buckets ──► its account, or that of the Hub token brought
 * along └─ nobody ─► reads of public buckets, where the configuration allows it
 */
#ifndef HUGS3_GATEWAY_ADMIT_H
#define HUGS3_GATEWAY_ADMIT_H

#include "gateway/identity.h"
#include "gateway/guests.h"
#include "gateway/target.h"

struct admission {
    const struct identities *identities;
    struct guests *guests; /* NULL: tokens brought along are refused */
    struct auth_keys keys;
    struct auth_rules rules;
};

/* Fills c->auth, c->s3 and c->reach; an error's detail is in c->detail. *guest is to be given back with admit_done in
 * any case. `operation` is its name in the Amazon S3 API Reference. */
MUST_USE enum err admit(const struct admission *a, const struct target *t, const char *operation, struct s3_call *c,
                        struct guest **guest);
/* The same of a form upload, by its fields. */
MUST_USE enum err admit_form(const struct admission *a, const struct target *t, const struct policy_form *form,
                             struct s3_call *c, struct policy_range *range, struct guest **guest);
void admit_done(const struct admission *a, struct guest *guest); /* NULL is fine */

#endif

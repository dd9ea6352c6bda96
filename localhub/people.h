/* SPDX-License-Identifier: Apache-2.0 */
/* people.h: who has which token, and which namespaces are whose. Fixed at start; any thread.
 * A namespace is a user's name or an organisation's; every member of an organisation may write. */
#ifndef HUGS3_LOCALHUB_PEOPLE_H
#define HUGS3_LOCALHUB_PEOPLE_H

#include "localhub/localhub.h"

struct people;

struct person {
    char *name;
    char **orgs;
    size_t n_orgs;
    uint8_t token_sha256[32]; /* tokens themselves are not kept */
};

/* Copies. ERR_INVALID_ARGUMENT: a name that cannot be one, or no token; `why` says which. */
MUST_USE enum err people_new(const struct localhub_user *users, size_t n, char why[256], struct people **out);
void people_free(struct people *p); /* NULL is fine */

const struct person *people_find(const struct people *p, struct slice token); /* NULL: unknown */
bool people_is_namespace(const struct people *p, struct slice name);
bool person_owns(const struct person *who, struct slice ns); /* who NULL: anonymous, owns nothing */

#endif

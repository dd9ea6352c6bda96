/* SPDX-License-Identifier: Apache-2.0 */
/* people.c: the users that were configured. A token is compared as its SHA-256, in constant time, so neither memory nor
 * timing tells tokens. */
#include "localhub/people.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "localhub/names.h"

struct people {
    struct person *list;
    size_t n;
};

static void token_digest(struct slice token, uint8_t out[32])
{
    EVP_Digest(token.p, token.n, out, NULL, EVP_sha256(), NULL);
}

static enum err person_init(struct person *p, const struct localhub_user *user, char why[256])
{
    if (!user->token || !*user->token || !name_ok(slice_str(user->name))) {
        snprintf(why, 256, "a user needs a token and a name of letters, digits, '-', '_' and '.'");
        return ERR_INVALID_ARGUMENT;
    }
    p->name = mem_strdup(user->name);
    p->orgs = (char **)mem_zalloc((user->n_orgs + 1) * sizeof *p->orgs);
    token_digest(slice_str(user->token), p->token_sha256);
    for (size_t i = 0; i < user->n_orgs; i++) {
        if (!name_ok(slice_str(user->orgs[i]))) {
            snprintf(why, 256, "user %s: an organisation's name has letters, digits, '-', '_' and '.'", user->name);
            return ERR_INVALID_ARGUMENT;
        }
        p->orgs[p->n_orgs++] = mem_strdup(user->orgs[i]);
    }
    return OK;
}

enum err people_new(const struct localhub_user *users, size_t n, char why[256], struct people **out)
{
    struct people *p = (struct people *)mem_zalloc(sizeof *p);

    p->list = (struct person *)mem_zalloc((n + 1) * sizeof *p->list);
    for (size_t i = 0; i < n; i++) {
        p->n++;
        enum err e = person_init(&p->list[i], &users[i], why);
        if (e) {
            people_free(p);
            return e;
        }
    }
    *out = p;
    return OK;
}

void people_free(struct people *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n; i++) {
        for (size_t k = 0; k < p->list[i].n_orgs; k++)
            free(p->list[i].orgs[k]);
        free(p->list[i].orgs);
        free(p->list[i].name);
    }
    free(p->list);
    free(p);
}

const struct person *people_find(const struct people *p, struct slice token)
{
    const struct person *found = NULL;
    uint8_t digest[32];

    token_digest(token, digest);
    for (size_t i = 0; i < p->n; i++)
        if (CRYPTO_memcmp(digest, p->list[i].token_sha256, sizeof digest) == 0 && !found)
            found = &p->list[i];
    return found;
}

bool person_owns(const struct person *who, struct slice ns)
{
    if (!who)
        return false;
    if (slice_is(ns, who->name))
        return true;
    for (size_t i = 0; i < who->n_orgs; i++)
        if (slice_is(ns, who->orgs[i]))
            return true;
    return false;
}

bool people_is_namespace(const struct people *p, struct slice name)
{
    for (size_t i = 0; i < p->n; i++)
        if (person_owns(&p->list[i], name))
            return true;
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c: see identity.h. */
#include "gateway/identity.h"

#include <stdio.h>
#include <stdlib.h>

struct identities {
    struct arena *arena; /* holds the views of accounts in other namespaces */
    struct identity *list;
    size_t n;
    struct account *accounts;
    const char **tokens; /* of the accounts; borrowed, while they are made */
    size_t n_accounts;
};

bool right_parse(const char *name, enum right *out)
{
    static const char *const names[] = { "read", "write", "admin" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum right)i;
            return true;
        }
    }
    return false;
}

static bool same_token(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static enum err find_account(struct identities *ids, const struct account_ground *ground, const char *token,
                             const char *ns, struct account **out)
{
    for (size_t i = 0; i < ids->n_accounts; i++) {
        if (same_token(ids->tokens[i], token)) {
            *out = &ids->accounts[i];
            return OK;
        }
    }
    struct account *a = &ids->accounts[ids->n_accounts];
    enum err e = account_open(ground, token, ns, a);
    if (e)
        return e;
    ids->tokens[ids->n_accounts++] = token;
    *out = a;
    return OK;
}

static bool add(struct identities *ids, const struct account_ground *ground, const struct identity *i,
                const char *token, const char *ns, const char *what)
{
    struct account *account;
    /* The first one's namespace needs no call to the Hub; others may share its account, not its namespace. */
    enum err e = find_account(ids, ground, token, ids->n == 0 ? ns : NULL, &account);
    if (e) {
        fprintf(stderr, "hugs3: %s: %s: %s\n", what, ground->endpoint,
                e == ERR_UPSTREAM_TOKEN ? "does not know this token" : "does not answer; is hf_endpoint right?");
        return false;
    }
    struct identity *to = &ids->list[ids->n++];
    *to = *i;
    to->ns = ns ? arena_strdup(ids->arena, slice_str(ns)) : account->ns;
    to->s3 = strcmp(to->ns, account->ns) == 0 ? account->s3 : s3_view(account->s3, to->ns, ids->arena);
    return true;
}

/* The configuration has been checked: id, secret and right are there and fit. */
static bool add_key(struct identities *ids, const struct account_ground *ground, const struct config_key *key,
                    const char *token)
{
    AUTO_AUTH_KEY struct auth_key pair = { 0 };
    struct identity i = { .right = RIGHT_ADMIN };
    char what[160];
    snprintf(what, sizeof what, "[key %s]", key->id);
    if (identities_find(ids, slice_str(key->id))) {
        fprintf(stderr, "hugs3: %s: there is another key of this name\n", what);
        return false;
    }
    strcpy(pair.access_key_id, key->id);
    strcpy(pair.secret, key->secret);
    i.pair = pair;
    if (key->right && !right_parse(key->right, &i.right))
        return false;
    if (key->buckets.n > 0) {
        const char **globs = (const char **)arena_alloc(ids->arena, (key->buckets.n + 1) * sizeof *globs);
        for (size_t b = 0; b < key->buckets.n; b++)
            globs[b] = arena_strdup(ids->arena, slice_str(key->buckets.item[b]));
        i.buckets = globs;
    }
    bool ok = add(ids, ground, &i, key->token ? key->token : token, key->ns, what);
    auth_key_wipe(&i.pair);
    return ok;
}

bool identities_new(const struct config *config, const struct auth_key *pair, const char *token,
                    const struct account_ground *ground, struct identities **out)
{
    struct identities *ids = (struct identities *)mem_zalloc(sizeof *ids);
    size_t most = config->n_keys + 1;
    ids->arena = arena_new();
    ids->list = (struct identity *)mem_zalloc(most * sizeof *ids->list);
    ids->accounts = (struct account *)mem_zalloc(most * sizeof *ids->accounts);
    ids->tokens = (const char **)mem_zalloc(most * sizeof *ids->tokens);
    bool ok =
        add(ids, ground, &(struct identity){ .pair = *pair, .right = RIGHT_ADMIN }, token, config->ns, "hf_token");
    for (size_t i = 0; ok && i < config->n_keys; i++)
        ok = add_key(ids, ground, &config->key[i], token);
    if (ok)
        *out = ids;
    else
        identities_free(ids);
    return ok;
}

const struct identity *identities_first(const struct identities *ids)
{
    return &ids->list[0];
}

const struct identity *identities_find(const struct identities *ids, struct slice access_key_id)
{
    for (size_t i = 0; i < ids->n; i++)
        if (slice_is(access_key_id, ids->list[i].pair.access_key_id))
            return &ids->list[i];
    return NULL;
}

bool identities_find_key(void *ctx, struct slice access_key_id, struct auth_key *out)
{
    const struct identity *i = identities_find((const struct identities *)ctx, access_key_id);
    if (i)
        *out = i->pair;
    return i != NULL;
}

void identities_stop(struct identities *ids)
{
    for (size_t i = 0; ids && i < ids->n_accounts; i++)
        account_stop(&ids->accounts[i]);
}

void identities_free(struct identities *ids)
{
    if (!ids)
        return;
    for (size_t i = 0; i < ids->n; i++)
        auth_key_wipe(&ids->list[i].pair);
    for (size_t i = 0; i < ids->n_accounts; i++)
        account_close(&ids->accounts[i]);
    arena_free(ids->arena);
    free(ids->accounts);
    free(ids->tokens);
    free(ids->list);
    free(ids);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* config_key.c: see config_key.h. */
#include "gateway/config_key.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/auth.h"
#include "gateway/identity.h"
#include "gateway/secret_file.h"

#define SECTION "key "

static bool refuse(const char *path, const char *section, const char *what)
{
    fprintf(stderr, "hugs3: %s: [%s]: %s\n", path, section, what);
    return false;
}

/* inih cuts names of sections at 49 characters: a longer id would become another one. */
static bool id_fits(const char *id)
{
    return id[0] && strlen(SECTION) + strlen(id) < 49 && !strpbrk(id, " \t/,");
}

/* Pointers to keys do not outlive the next one. */
static struct config_key *find_or_add(struct config *c, const char *id)
{
    for (size_t i = 0; i < c->n_keys; i++)
        if (strcmp(c->key[i].id, id) == 0)
            return &c->key[i];
    if (c->n_keys == CONFIG_KEYS_MAX)
        return NULL;
    c->key = (struct config_key *)mem_realloc(c->key, (c->n_keys + 1) * sizeof *c->key);
    struct config_key *key = &c->key[c->n_keys++];
    *key = (struct config_key){ .id = mem_strdup(id) };
    return key;
}

static bool add_buckets(struct config_key *key, const char *value)
{
    struct slice rest = slice_str(value);
    while (rest.p) {
        struct slice glob = slice_cut(&rest, ' ');
        if (glob.n > 0 && key->buckets.n == CONFIG_LIST_MAX)
            return false;
        if (glob.n > 0)
            key->buckets.item[key->buckets.n++] = mem_dup(glob);
    }
    return true;
}

static void set_text(char **to, const char *value)
{
    secret_wipe(*to);
    *to = value[0] ? mem_strdup(value) : NULL;
}

bool config_key_set(struct config *c, const char *path, const char *section, const char *name, const char *value)
{
    if (strncmp(section, SECTION, strlen(SECTION)) != 0)
        return refuse(path, section, "there is no such section; keys are [key ACCESS_KEY_ID]");
    const char *id = section + strlen(SECTION);
    if (!id_fits(id))
        return refuse(path, section, "an access key id has 1 to 44 characters, none of them a blank, comma or slash");
    struct config_key *key = find_or_add(c, id);
    if (!key)
        return refuse(path, section, "too many keys");
    const struct {
        const char *name;
        char **to;
    } texts[] = { { "secret", &key->secret }, { "secret_file", &key->secret_file },
                  { "token", &key->token },   { "token_file", &key->token_file },
                  { "namespace", &key->ns },  { "right", &key->right } };
    if (strcmp(name, "buckets") == 0)
        return add_buckets(key, value) || refuse(path, section, "too many buckets");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(name, texts[i].name) == 0) {
            set_text(texts[i].to, value);
            return true;
        }
    }
    fprintf(stderr,
            "hugs3: %s: [%s]: there is no `%s`; a key has secret, secret_file, token, token_file, namespace, "
            "right and buckets\n",
            path, section, name);
    return false;
}

static bool wrong(const struct config_key *key, const char *what)
{
    fprintf(stderr, "hugs3: [key %s]: %s\n", key->id, what);
    return false;
}

static bool complete(struct config_key *key)
{
    enum right right;
    if (!key->secret && key->secret_file && !secret_file_read(key->secret_file, &key->secret))
        return false;
    if (!key->token && key->token_file && !secret_file_read(key->token_file, &key->token))
        return false;
    if (!key->secret)
        return wrong(key, "has no secret: `secret` or `secret_file` gives it");
    if (strlen(key->secret) > AUTH_SECRET_MAX)
        return wrong(key, "its secret is longer than 256 characters");
    if (key->right && !right_parse(key->right, &right))
        return wrong(key, "right is none of read, write, admin");
    return true;
}

bool config_keys_complete(struct config *c)
{
    for (size_t i = 0; i < c->n_keys; i++)
        if (!complete(&c->key[i]))
            return false;
    return true;
}

void config_keys_done(struct config *c)
{
    for (size_t i = 0; i < c->n_keys; i++) {
        struct config_key *key = &c->key[i];
        secret_wipe(key->secret);
        secret_wipe(key->token);
        free(key->id);
        free(key->secret_file);
        free(key->token_file);
        free(key->ns);
        free(key->right);
        for (size_t b = 0; b < key->buckets.n; b++)
            free(key->buckets.item[b]);
    }
    free(c->key);
    c->key = NULL;
    c->n_keys = 0;
}

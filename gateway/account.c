/* SPDX-License-Identifier: Apache-2.0 */
/* account.c: see account.h. */
#include "gateway/account.h"

#include <stdlib.h>

static enum err own_namespace(struct hub *hub, char **out)
{
    struct arena *arena = arena_new();
    struct hub_user user;
    enum err e = hub_whoami(hub, arena, &user);
    if (!e)
        *out = mem_dup(user.name);
    arena_free(arena);
    return e;
}

enum err account_open(const struct account_ground *ground, const char *token, const char *ns, struct account *out)
{
    struct account a = { 0 };
    a.hub = hub_new(&(struct hub_config){ .http = ground->http, .endpoint = ground->endpoint, .token = token });
    if (ns)
        a.ns = mem_strdup(ns);
    enum err e = ns ? OK : own_namespace(a.hub, &a.ns);
    if (e) {
        account_close(&a);
        return e;
    }
    a.s3 = s3_new(&(struct s3_config){ .hub = a.hub,
                                       .xet = ground->xet,
                                       .store = ground->store,
                                       .ns = a.ns,
                                       .region = ground->region,
                                       .bucket_visibility = ground->bucket_visibility,
                                       .keep_checksums = ground->keep_checksums });
    *out = a;
    return OK;
}

void account_stop(struct account *a)
{
    if (a->hub)
        hub_stop(a->hub);
}

void account_close(struct account *a)
{
    s3_free(a->s3);
    hub_free(a->hub);
    free(a->ns);
    *a = (struct account){ 0 };
}

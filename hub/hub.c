/* SPDX-License-Identifier: Apache-2.0 */
/* hub.c: one user with one token at one endpoint: its life, its name, its budget. */
#include "hub/ask.h"

#include <stdlib.h>

#define RETRY_MS_DEFAULT 20000
#define NAME_MAX_BYTES   256
#define ORGS_MAX         10000

struct hub *hub_new(const struct hub_config *config)
{
    struct hub *h = mem_zalloc(sizeof *h);
    h->http = config->http;
    h->endpoint = mem_strdup(config->endpoint);
    h->token = config->token ? mem_strdup(config->token) : NULL;
    h->retry_ms = config->retry_ms ? config->retry_ms : RETRY_MS_DEFAULT;
    hub_ratelimit_init(&h->ratelimit);
    atomic_init(&h->calls, 0);
    return h;
}

void hub_stop(struct hub *h)
{
    hub_ratelimit_stop(&h->ratelimit);
}

void hub_free(struct hub *h)
{
    if (h == NULL)
        return;
    if (h->token)
        explicit_bzero(h->token, strlen(h->token));
    free(h->token);
    free(h->endpoint);
    hub_ratelimit_done(&h->ratelimit);
    free(h);
}

/* An org without a name is left out: nothing can be asked about it. */
static void read_orgs(const json_t *orgs, struct arena *arena, struct hub_user *user)
{
    size_t n = json_array_size(orgs), i;
    const json_t *org;
    if (n > ORGS_MAX)
        n = ORGS_MAX;
    user->orgs = arena_alloc(arena, n * sizeof *user->orgs);
    json_array_foreach(orgs, i, org)
    {
        struct slice name;
        if (user->n_orgs < n && field_text(org, "name", NAME_MAX_BYTES, &name))
            user->orgs[user->n_orgs++] = arena_copy(arena, name);
    }
}

enum err hub_whoami(struct hub *h, struct arena *arena, struct hub_user *out)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_JSON json_t *json = NULL;
    struct hub_user user = { 0 };

    ask_url(h, &url, "/api/whoami-v2");
    enum err e = ask_json(h, &(struct ask){ .method = "GET", .url = buf_str(&url) }, &json);
    if (e == ERR_NO_SUCH_BUCKET || e == ERR_NO_SUCH_KEY)
        return ERR_UPSTREAM_ANSWER; /* no bucket was asked for: this is no Hub */
    if (e)
        return e;
    if (!field_text(json, "name", NAME_MAX_BYTES, &user.name))
        return ERR_UPSTREAM_ANSWER;
    user.name = arena_copy(arena, user.name);
    read_orgs(json_object_get(json, "orgs"), arena, &user);
    *out = user;
    return OK;
}

bool hub_budget(struct hub *h, struct hub_budget *out)
{
    return hub_ratelimit_budget(&h->ratelimit, out);
}

uint64_t hub_calls(struct hub *h)
{
    return atomic_load_explicit(&h->calls, memory_order_relaxed);
}

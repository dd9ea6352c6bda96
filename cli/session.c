/* SPDX-License-Identifier: Apache-2.0 */
/* session.c: see session.h. */
#include "cli/session.h"

#include <stdlib.h>

#include "common/log.h"

void session_open(struct session *s, bool json)
{
    const char *endpoint = getenv("HF_ENDPOINT");
    const char *token = getenv("HF_TOKEN");
    struct slice url = slice_str(endpoint && *endpoint ? endpoint : "https://huggingface.co");
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    AUTO_FREE char *trimmed = mem_dup(url);
    *s = (struct session){ 0 };
    log_set_level(LOG_ERROR); /* a log line a failed call is for daemons */
    output_init(&s->out, json);
    s->http = http_new(&(struct http_config){ .user_agent = "hugs3/" HUGS3_VERSION });
    s->hub =
        hub_new(&(struct hub_config){ .http = s->http, .endpoint = trimmed, .token = token && *token ? token : NULL });
    s->xet = xet_new(&(struct xet_config){ .http = s->http });
}

void session_close(struct session *s)
{
    xet_free(s->xet);
    hub_free(s->hub);
    http_stop(s->http);
    http_free(s->http);
    output_done(&s->out);
}

static enum err token(void *ctx, bool write, const char *refused, struct xet_token *out)
{
    return hub_xet_token((struct hub_bucket *)ctx, write, refused, out->cas_url, sizeof out->cas_url, out->access_token,
                         sizeof out->access_token);
}

void session_bucket_open(struct session *s, struct slice id, struct session_bucket *out)
{
    out->hub = hub_bucket_new(s->hub, id);
    out->space = xet_space_new(s->xet, &(struct xet_access){ token, out->hub });
}

void session_bucket_close(struct session_bucket *b)
{
    xet_space_free(b->space);
    hub_bucket_free(b->hub);
    *b = (struct session_bucket){ 0 };
}

static bool parsed(struct session *s, const char *text, const char *why)
{
    if (why)
        output_fail(&s->out, CLI_USAGE, "%s: %s", text, why);
    return why == NULL;
}

bool session_place(struct session *s, const char *text, struct place *out)
{
    return parsed(s, text, place_parse(text, out));
}

bool session_bucket_place(struct session *s, const char *text, struct place *out)
{
    return parsed(s, text, place_parse_bucket(text, out));
}

bool session_bucket_id(struct session *s, const char *text, struct arena *arena, struct slice *id)
{
    struct place p;
    struct hub_user user;
    if (!strchr(text, '/') && *text) {
        enum err e = hub_whoami(s->hub, arena, &user);
        if (e) {
            output_error(&s->out, slice_str(text), e, NULL);
            return false;
        }
        text = arena_printf(arena, "%.*s/%s", (int)user.name.n, user.name.p, text);
    }
    if (!session_bucket_place(s, text, &p))
        return false;
    if (p.path.n)
        return parsed(s, text, "this is about a whole bucket: hf://buckets/NAMESPACE/NAME");
    *id = p.id;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* api_token.c: Xet tokens for a bucket (Hub API): where the CAS is and what to show it, as JSON and as headers. */
#include "common/clock.h"
#include "localhub/bucket.h"
#include "localhub/route.h"

void api_give_token(struct call *c, int64_t id, bool write)
{
    AUTO_BUF struct buf body = { 0 };
    struct json_out j = { &body, false };
    char text[CAS_TOKEN_MAX];
    struct cas_token t = { id, clock_now_ms() / 1000 + c->hub->token_ttl_s, write };

    cas_token_make(&c->hub->keys, &t, text);
    const char *url = arena_printf(c->arena, "%s/cas", c->base);
    buf_init(&body, 4096);
    json_open(&j, '{');
    json_key(&j, "casUrl");
    json_str(&j, url);
    json_key(&j, "exp");
    json_u64(&j, (uint64_t)t.expires_s);
    json_key(&j, "accessToken");
    json_str(&j, text);
    json_close(&j, '}');
    httpd_add_header_str(c->r, "X-Xet-Cas-Url", url);
    httpd_add_header_str(c->r, "X-Xet-Access-Token", text);
    httpd_add_header_str(c->r, "X-Xet-Token-Expiration", arena_printf(c->arena, "%lld", (long long)t.expires_s));
    httpd_add_header_str(c->r, "Cache-Control", "no-store");
    call_json(c, 200, &body);
}

void api_read_token(struct call *c)
{
    struct bucket b;

    if (bucket_of_call(c, BUCKET_READ, &b))
        api_give_token(c, b.id, false);
}

void api_write_token(struct call *c)
{
    struct bucket b;

    if (bucket_of_call(c, BUCKET_WRITE, &b))
        api_give_token(c, b.id, true);
}

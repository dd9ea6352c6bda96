/* SPDX-License-Identifier: Apache-2.0 */
/* cas.c: URLs, tokens and statuses. Retries of what may pass (429, 5xx, broken connections) are the HTTP client's. */
#include "xet/cas.h"

#include <stdio.h>

enum { UPLOAD_RETRY_MS = 60000, ASK_RETRY_MS = 20000 };

enum err cas_token(struct xet_space *s, bool write, const char *refused, struct xet_token *out)
{
    enum err e = s->access.token(s->access.ctx, write, refused, out);

    if (e)
        return e;
    if (!slice_starts(slice_str(out->cas_url), SLICE("https://")) &&
        !slice_starts(slice_str(out->cas_url), SLICE("http://")))
        return ERR_UPSTREAM_ANSWER;
    atomic_store_explicit(&s->cas, chunk_index_cas(s->xet->cas_name ? s->xet->cas_name : out->cas_url),
                          memory_order_relaxed);
    return OK;
}

enum err cas_status(int status)
{
    if (status >= 200 && status < 300)
        return OK;
    switch (status) {
    case 400:
        return ERR_BAD_REQUEST;
    case 401:
        return ERR_UPSTREAM_TOKEN;
    case 403:
        return ERR_UPSTREAM_REFUSED;
    case 404:
        return ERR_UPSTREAM_MISSING;
    case 429:
        return ERR_SLOW_DOWN;
    default:
        return status >= 500 ? ERR_UPSTREAM : ERR_UPSTREAM_ANSWER;
    }
}

static void url_with_hash(char out[CAS_URL_MAX], const struct xet_token *token, const char *path,
                          const struct xet_hash *hash)
{
    char text[XET_HASH_TEXT];

    xet_hash_text(hash, text);
    snprintf(out, CAS_URL_MAX, "%.*s%s%s", XET_URL_MAX, token->cas_url, path, text);
}

static const struct header octets = { { "Content-Type", 12 }, { "application/octet-stream", 24 } };

void cas_xorb_start(struct cas_xorb *c, struct xet_space *s, const struct xet_token *token, const struct xet_hash *hash,
                    const struct slice *pieces, size_t n)
{
    c->space = s;
    c->token = *token;
    url_with_hash(c->url, &c->token, "/v1/xorbs/default/", hash);
    c->request = (struct http_request){
        .method = "POST",
        .url = c->url,
        .bearer = c->token.access_token,
        .headers = &octets,
        .n_headers = 1,
        .body = pieces,
        .n_body = n,
        .retry_ms = UPLOAD_RETRY_MS,
    };
    c->pending = http_start(s->xet->http, &c->request);
}

/* The same once more with a new token, if the answer was a 401. The URL stays: it is the same CAS. */
static enum err again_if_unauthorized(struct xet_space *s, bool write, struct xet_token *token, struct http_request *r,
                                      struct http_response *response)
{
    struct xet_token fresh;

    if (response->status != 401)
        return OK;
    enum err e = cas_token(s, write, token->access_token, &fresh);
    if (e)
        return e;
    *token = fresh; /* r->bearer points into it */
    http_response_done(response);
    return http_call(s->xet->http, r, response);
}

enum err cas_xorb_finish(struct cas_xorb *c)
{
    AUTO_RESPONSE struct http_response response = { 0 };

    enum err e = http_finish(c->pending, &response);
    c->pending = NULL;
    if (!e)
        e = again_if_unauthorized(c->space, true, &c->token, &c->request, &response);
    return e ? e : cas_status(response.status);
}

enum err cas_shard(struct xet_space *s, struct xet_token *token, struct slice shard)
{
    AUTO_RESPONSE struct http_response response = { 0 };
    char url[CAS_URL_MAX];
    struct http_request r = {
        .method = "POST",
        .url = url,
        .bearer = token->access_token,
        .headers = &octets,
        .n_headers = 1,
        .body = &shard,
        .n_body = 1,
        .retry_ms = UPLOAD_RETRY_MS,
    };

    snprintf(url, sizeof url, "%.*s/v1/shards", XET_URL_MAX, token->cas_url);
    enum err e = http_call(s->xet->http, &r, &response);
    if (!e)
        e = again_if_unauthorized(s, true, token, &r, &response);
    return e ? e : cas_status(response.status);
}

enum err cas_reconstruction(struct xet_space *s, const char *version, const struct xet_hash *file, uint64_t from,
                            uint64_t to, size_t max_body, int *status, struct http_response *out)
{
    struct xet_token token;
    char url[CAS_URL_MAX], path[64];
    struct http_request r = {
        .method = "GET",
        .url = url,
        .bearer = token.access_token,
        .range_from = from,
        .range_to = to,
        .has_range = true,
        .max_body = max_body,
        .retry_ms = ASK_RETRY_MS,
    };

    *status = 0;
    enum err e = cas_token(s, false, NULL, &token);
    if (e)
        return e;
    snprintf(path, sizeof path, "/%s/reconstructions/", version);
    url_with_hash(url, &token, path, file);
    e = http_call(s->xet->http, &r, out);
    if (!e)
        e = again_if_unauthorized(s, false, &token, &r, out);
    if (e)
        return e;
    *status = out->status;
    return cas_status(out->status);
}

enum err cas_chunk_start(struct cas_chunk *c, struct xet_space *s, const struct xet_hash *chunk, size_t max_body,
                         uint32_t timeout_ms)
{
    enum err e = cas_token(s, true, NULL, &c->token);

    if (e)
        return e;
    url_with_hash(c->url, &c->token, "/v1/chunks/default-merkledb/", chunk);
    c->pending = http_start(s->xet->http, &(struct http_request){ .method = "GET",
                                                                  .url = c->url,
                                                                  .bearer = c->token.access_token,
                                                                  .max_body = max_body,
                                                                  .timeout_ms = timeout_ms });
    return OK;
}

enum err cas_chunk_finish(struct cas_chunk *c, struct http_response *out)
{
    enum err e = http_finish(c->pending, out);

    c->pending = NULL;
    return e ? e : cas_status(out->status);
}

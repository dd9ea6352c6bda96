/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c: gate → HTTP, with its tries → rate limit noted → status to error → log.
 *
 * The HTTP client repeats what fails for a moment (429, 5xx, no connection) within the time left. A 429 that it gives
 * up on closes the gate of the rate limit; the call waits there for as long as its time lasts. */
#include "hub/ask.h"

#include "common/clock.h"
#include "common/log.h"

#define TIMEOUT_MS 15000 /* without a byte: a try that hangs leaves time for another */

static enum err not_found(const struct http_response *r)
{
    /* Hub API, errors: the header alone tells a missing file from a missing bucket. */
    return slice_is(http_response_header(r, "X-Error-Code"), "EntryNotFound") ? ERR_NO_SUCH_KEY : ERR_NO_SUCH_BUCKET;
}

static enum err status_error(const struct http_response *r)
{
    if (r->status >= 200 && r->status < 300)
        return OK;
    if (r->status >= 500)
        return ERR_UPSTREAM;
    switch (r->status) {
    case 400:
    case 413:
    case 422:
        return ERR_INVALID_ARGUMENT;
    case 401:
        return ERR_UPSTREAM_TOKEN;
    case 403:
        return ERR_UPSTREAM_REFUSED;
    case 404:
        return not_found(r);
    case 408:
        return ERR_UPSTREAM;
    case 409:
        return ERR_UPSTREAM_EXISTS;
    case 429:
        return ERR_SLOW_DOWN;
    default:
        return ERR_UPSTREAM_ANSWER;
    }
}

/* What the caller asked for and did not get is the caller's to log; here is what an operator must know. */
static enum log_level level_of(enum err e)
{
    switch (e) {
    case ERR_UPSTREAM:
    case ERR_UPSTREAM_ANSWER:
    case ERR_UPSTREAM_TOKEN:
    case ERR_UPSTREAM_REFUSED:
    case ERR_SLOW_DOWN:
        return LOG_WARN;
    default:
        return LOG_DEBUG;
    }
}

/* The path goes in without the query, which may hold a cursor. */
static void log_call(const struct hub *h, const struct ask *c, const struct http_response *r, enum err e,
                     int64_t began_ms)
{
    enum log_level level = level_of(e);
    if (!log_enabled(level))
        return;
    AUTO_BUF struct buf line = { 0 };
    struct slice path = slice_from(slice_str(c->url), strlen(h->endpoint));
    buf_init(&line, 4096);
    log_begin(&line, level, "hub", e ? "call failed" : "call");
    log_field(&line, "method", slice_str(c->method));
    log_field(&line, "path", slice_cut(&path, '?'));
    log_field_int(&line, "status", r->status);
    if (e)
        log_field(&line, "error", slice_str(err_name(e)));
    log_field_int(&line, "ms", clock_mono_ms() - began_ms);
    log_field_int(&line, "tries", r->tries);
    struct slice id = http_response_header(r, "X-Request-Id");
    if (id.p)
        log_field(&line, "request", slice_of(id.p, id.n < 128 ? id.n : 128));
    struct slice words = http_response_header(r, "X-Error-Message");
    if (words.p)
        log_field(&line, "said", field_words(words));
    log_end(&line);
}

static enum limit_class class_of(const struct hub *h, const char *url)
{
    return slice_starts(slice_from(slice_str(url), strlen(h->endpoint)), SLICE("/api/")) ? LIMIT_API : LIMIT_RESOLVERS;
}

static enum err ask_once(struct hub *h, const struct ask *c, int64_t deadline_ms, struct http_response *out)
{
    const struct header type = { SLICE("Content-Type"), slice_str(c->content_type) };
    int64_t left = deadline_ms - clock_mono_ms();
    const struct http_request request = {
        .method = c->method,
        .url = c->url,
        .bearer = h->token,
        .headers = &type,
        .n_headers = c->content_type != NULL,
        .body = &c->body,
        .n_body = c->body.n > 0,
        .max_body = c->max_answer ? c->max_answer : ASK_BODY_MAX,
        .timeout_ms = TIMEOUT_MS,
        .retry_ms = c->once || left <= 0 ? 0 : (uint32_t)left,
    };
    enum err e = http_call(h->http, &request, out);
    atomic_fetch_add_explicit(&h->calls, out->tries ? out->tries : 1, memory_order_relaxed);
    if (e)
        return e;
    hub_ratelimit_note(&h->ratelimit, class_of(h, c->url), out);
    if (c->may_redirect && (out->status == 302 || out->status == 307 || out->status == 308))
        return OK;
    return status_error(out);
}

enum err ask_make(struct hub *h, const struct ask *c, struct http_response *out)
{
    int64_t began = clock_mono_ms(), deadline = began + h->retry_ms;
    enum limit_class class = class_of(h, c->url);
    *out = (struct http_response){ 0 };
    for (unsigned tries = 0;;) {
        enum err e = hub_ratelimit_gate(&h->ratelimit, class, deadline);
        if (!e) {
            http_response_done(out);
            e = ask_once(h, c, deadline, out);
            tries += out->tries;
            if (e == ERR_SLOW_DOWN && clock_mono_ms() < deadline)
                continue;
        }
        out->tries = tries;
        log_call(h, c, out, e, began);
        return e;
    }
}

enum err ask_parse(const struct http_response *r, json_t **out)
{
    /* Jansson bounds the depth (2,048), refuses NUL in strings and what is not UTF-8; the HTTP client bounds the size.
     */
    json_t *json = json_loadb(r->body.n ? r->body.p : "", r->body.n, 0, NULL);
    if (json == NULL)
        return ERR_UPSTREAM_ANSWER;
    *out = json;
    return OK;
}

enum err ask_json(struct hub *h, const struct ask *c, json_t **out)
{
    AUTO_RESPONSE struct http_response r = { 0 };
    enum err e = ask_make(h, c, &r);
    return e ? e : ask_parse(&r, out);
}

struct slice ask_error_text(const struct http_response *r, struct arena *arena)
{
    AUTO_JSON json_t *json = NULL;
    struct slice text = http_response_header(r, "X-Error-Message");
    if (text.n == 0 && ask_parse(r, &json) == OK)
        field_text(json, "error", SIZE_MAX, &text);
    return arena_copy(arena, field_words(text));
}

void ask_url(struct hub *h, struct buf *url, const char *path)
{
    buf_init(url, ASK_URL_MAX);
    buf_add_str(url, h->endpoint);
    buf_add_str(url, path);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* xet_token.c: a bucket's Xet tokens, one to read and one to write, kept until shortly before they expire.
 *
 *   hub_xet_token ── one is kept, and it is not the refused one ──▶ that one
 *        └─ else ──▶ combine, one call at a time ──▶ leader: drops what was refused, asks the Hub, keeps the answer
 *
 * Callers that meet at the same time get the same new token. One that comes with a refused token which has been
 * replaced meanwhile gets the replacement without a call. To read, a write token will do as well (Hub API, Xet tokens).
 *
 * `exp` is the Hub's time, so a token's life is measured against the answer's own Date: our clock may be wrong. */
#include <assert.h>

#include "common/clock.h"
#include "hub/bucket.h"
#include "hub/ask.h"

#define MARGIN_S   30    /* Hub API, Xet tokens: refresh 30 s before exp */
#define LIFE_MAX_S 86400 /* believed; more is asked again after a day */

struct token_item {
    struct combine_item base;
    const char *refused;
    struct xet_token_kept got;
    enum err e;
};

struct refresh {
    struct hub_bucket *bucket;
    int kind;
};

/* ---- what is kept; under token_lock ---- */

static bool usable(const struct xet_token_kept *kept, const char *refused, int64_t now)
{
    return kept->token[0] && now < kept->until_ms && !(refused && strcmp(refused, kept->token) == 0);
}

static bool take_kept(struct hub_bucket *b, int kind, const char *refused, struct xet_token_kept *out)
{
    int64_t now = clock_mono_ms();
    bool found = false;
    pthread_mutex_lock(&b->token_lock);
    for (int k = kind; k < XET_KINDS && !found; k++) {
        found = usable(&b->tokens[k], refused, now);
        if (found)
            *out = b->tokens[k];
    }
    pthread_mutex_unlock(&b->token_lock);
    return found;
}

static void keep(struct hub_bucket *b, int kind, const struct xet_token_kept *fresh)
{
    pthread_mutex_lock(&b->token_lock);
    b->tokens[kind] = *fresh;
    pthread_mutex_unlock(&b->token_lock);
}

/* A token the CAS refused is of no more use to anyone. */
static void drop_refused(struct hub_bucket *b, const char *refused)
{
    pthread_mutex_lock(&b->token_lock);
    for (int k = 0; k < XET_KINDS; k++)
        if (refused && strcmp(refused, b->tokens[k].token) == 0)
            explicit_bzero(&b->tokens[k], sizeof b->tokens[k]);
    pthread_mutex_unlock(&b->token_lock);
}

/* ---- the Hub's answer ---- */

/* Both go into a request's head one day: visible ASCII only. */
static bool copy_visible(struct slice text, char *out, size_t cap)
{
    if (text.n == 0 || text.n >= cap)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] > '~')
            return false;
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return true;
}

/* Content must not leave in clear text when the Hub itself is reached over TLS. */
static bool url_valid(const struct hub *h, struct slice url)
{
    if (slice_starts(url, SLICE("https://")))
        return url.n > strlen("https://");
    return slice_starts(url, SLICE("http://")) && url.n > strlen("http://") &&
           !slice_starts(slice_str(h->endpoint), SLICE("https://"));
}

struct token_text {
    struct slice url, token;
    uint64_t exp; /* Unix seconds */
};

static bool from_json(const json_t *json, struct token_text *out)
{
    return field_text(json, "casUrl", HUB_URL_MAX, &out->url) &&
           field_text(json, "accessToken", HUB_TOKEN_MAX, &out->token) && field_u64(json, "exp", &out->exp);
}

static bool from_headers(const struct http_response *r, struct token_text *out)
{
    out->url = http_response_header(r, "X-Xet-Cas-Url");
    out->token = http_response_header(r, "X-Xet-Access-Token");
    return slice_u64(http_response_header(r, "X-Xet-Token-Expiration"), &out->exp);
}

/* How long it may be given out: to 30 s before its end, or half of a short life. */
static int64_t life_ms(const struct http_response *r, uint64_t exp)
{
    int64_t now = clock_now_ms(), life;
    if (!clock_parse_http_date(http_response_header(r, "Date"), &now))
        now = clock_now_ms();
    if (exp > INT64_MAX / 1000)
        return LIFE_MAX_S * 1000;
    life = (int64_t)exp * 1000 - now;
    life = life > 2 * MARGIN_S * 1000 ? life - MARGIN_S * 1000 : life / 2;
    return life < LIFE_MAX_S * 1000 ? life : LIFE_MAX_S * 1000;
}

static enum err read_token(const struct hub *h, const struct http_response *r, struct xet_token_kept *out)
{
    AUTO_JSON json_t *json = NULL;
    struct token_text text = { 0 };
    bool is_json = ask_parse(r, &json) == OK && from_json(json, &text);
    if (!is_json && !from_headers(r, &text))
        return ERR_UPSTREAM_ANSWER;
    while (text.url.n && text.url.p[text.url.n - 1] == '/')
        text.url.n--;
    if (!url_valid(h, text.url) || !copy_visible(text.url, out->cas_url, sizeof out->cas_url) ||
        !copy_visible(text.token, out->token, sizeof out->token))
        return ERR_UPSTREAM_ANSWER;
    out->until_ms = clock_mono_ms() + life_ms(r, text.exp);
    return OK;
}

static enum err ask_token(struct hub_bucket *b, int kind, struct xet_token_kept *out)
{
    AUTO_BUF struct buf url = { 0 };
    AUTO_RESPONSE struct http_response r = { 0 };
    buf_init(&url, ASK_URL_MAX);
    buf_addf(&url, "%s/xet-%s-token%s", b->url, kind == XET_WRITE ? "write" : "read", b->at ? b->at : "");
    enum err e = ask_make(b->hub, &(struct ask){ .method = "GET", .url = buf_str(&url) }, &r);
    if (!e)
        e = read_token(b->hub, &r, out);
    if (r.body.p)
        explicit_bzero(r.body.p, r.body.n);
    if (r.memory.p)
        explicit_bzero(r.memory.p, r.memory.n);
    return e;
}

/* ---- one refresh for all who wait ---- */

static void refresh_lead(struct hub_bucket *b, int kind, struct combine_item *first)
{
    struct xet_token_kept fresh = { 0 };
    enum err e = OK;
    bool asked = false;
    for (struct combine_item *base = first; base; base = base->next)
        drop_refused(b, ((struct token_item *)base)->refused);
    for (struct combine_item *base = first; base; base = base->next) {
        struct token_item *item = (struct token_item *)base;
        if (!asked && take_kept(b, kind, item->refused, &item->got))
            continue; /* whoever led before has fetched it */
        if (!asked) {
            e = ask_token(b, kind, &fresh);
            if (!e)
                keep(b, kind, &fresh);
            asked = true;
        }
        item->e = e;
        item->got = fresh;
    }
    explicit_bzero(&fresh, sizeof fresh);
}

static void read_lead(void *ctx, struct combine_item *first)
{
    refresh_lead(ctx, XET_READ, first);
}

static void write_lead(void *ctx, struct combine_item *first)
{
    refresh_lead(ctx, XET_WRITE, first);
}

void hub_token_init(struct hub_bucket *b)
{
    pthread_mutex_init(&b->token_lock, NULL);
    combine_init(&b->refreshes[XET_READ], read_lead, b, 1, SIZE_MAX, SIZE_MAX);
    combine_init(&b->refreshes[XET_WRITE], write_lead, b, 1, SIZE_MAX, SIZE_MAX);
}

void hub_token_done(struct hub_bucket *b)
{
    for (int kind = 0; kind < XET_KINDS; kind++)
        combine_done(&b->refreshes[kind]);
    explicit_bzero(b->tokens, sizeof b->tokens);
    pthread_mutex_destroy(&b->token_lock);
}

static enum err give(const struct xet_token_kept *got, char *cas_url, size_t cas_url_cap, char *token, size_t token_cap)
{
    size_t url_n = strlen(got->cas_url) + 1, token_n = strlen(got->token) + 1;
    if (url_n > cas_url_cap || token_n > token_cap)
        return ERR_UPSTREAM_ANSWER;
    memcpy(cas_url, got->cas_url, url_n);
    memcpy(token, got->token, token_n);
    return OK;
}

enum err hub_xet_token(struct hub_bucket *b, bool write, const char *refused, char *cas_url, size_t cas_url_cap,
                       char *token, size_t token_cap)
{
    int kind = write ? XET_WRITE : XET_READ;
    struct token_item item = { .base = { .weight = 1 }, .refused = refused };
    if (b->url == NULL)
        return ERR_NO_SUCH_BUCKET;
    if (!take_kept(b, kind, refused, &item.got))
        combine_run(&b->refreshes[kind], &item.base);
    enum err e = item.e ? item.e : give(&item.got, cas_url, cas_url_cap, token, token_cap);
    explicit_bzero(&item.got, sizeof item.got);
    return e;
}

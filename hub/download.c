/* SPDX-License-Identifier: Apache-2.0 */
/* download.c: the bytes of a repository's file that is not in Xet, from its resolve URL (Hub API, repositories).
 *
 *   GET resolve ──► 200 or 206 ──► bytes, exactly as many as were asked for
 *        └─ redirect ──► by hand, few times; the token goes to the Hub itself and to nobody else
 *
 * Nothing is tried twice here: before the answer has begun the client is told to come again, and does. */
#include <stdlib.h>

#include "common/clock.h"
#include "common/codec.h"
#include "hub/ask.h"
#include "hub/repo.h"

enum { HOPS = 5, WINDOW = 256 * 1024, TIMEOUT_MS = 15000 };

struct hub_download {
    struct hub *hub;
    struct http_stream *stream; /* of the last hop */
    uint64_t offset, length;
    uint64_t skip; /* bytes that come before those wanted: the source takes no ranges */
    uint64_t left;
    size_t shown; /* of the last read: consumed by the next */
};

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool is_ours(const struct hub *h, const char *url)
{
    size_t n = strlen(h->endpoint);
    return strncmp(url, h->endpoint, n) == 0 && url[n] == '/';
}

/* Where a redirect leads, in `url`; content must not come in clear text where the Hub is reached over TLS. */
static enum err follow(const struct hub *h, struct slice location, struct buf *url)
{
    bool relative = location.n > 1 && location.p[0] == '/' && location.p[1] != '/';
    bool https = slice_starts(location, SLICE("https://"));
    bool http = slice_starts(location, SLICE("http://")) && !slice_starts(slice_str(h->endpoint), SLICE("https://"));
    if (!relative && !https && !http)
        return ERR_UPSTREAM_ANSWER;
    AUTO_FREE char *copy = mem_dup(location);
    buf_clear(url);
    buf_add_str(url, relative ? h->endpoint : "");
    buf_add_str(url, copy);
    return url->failed ? ERR_UPSTREAM_ANSWER : OK;
}

static enum err status_error(const struct http_response *r)
{
    if (r->status == 404)
        return ERR_NO_SUCH_KEY;
    if (r->status == 401)
        return ERR_UPSTREAM_TOKEN;
    if (r->status == 403)
        return ERR_UPSTREAM_REFUSED;
    if (r->status == 429)
        return ERR_SLOW_DOWN;
    return r->status >= 500 ? ERR_UPSTREAM : ERR_UPSTREAM_ANSWER;
}

/* What comes of a range (RFC 9110, 14.4): it must begin where it was asked to; all of it is as good. */
static enum err read_start(struct hub_download *d, const struct http_response *r)
{
    char begin[48];
    if (r->status == 200) {
        d->skip = d->offset;
        return OK;
    }
    snprintf(begin, sizeof begin, "bytes %llu-", (unsigned long long)d->offset);
    return slice_starts(http_response_header(r, "Content-Range"), slice_str(begin)) ? OK : ERR_UPSTREAM_ANSWER;
}

/* One hop. *more: it was a redirect, and `url` is the next. */
static enum err hop(struct hub_download *d, struct buf *url, bool *more)
{
    const struct http_response *head;
    bool ours = is_ours(d->hub, buf_str(url));
    const struct http_request request = { .method = "GET",
                                          .url = buf_str(url),
                                          .bearer = ours ? d->hub->token : NULL,
                                          .range_from = d->offset,
                                          .range_to = d->offset + d->length - 1,
                                          .has_range = true,
                                          .timeout_ms = TIMEOUT_MS };
    http_close(d->stream);
    d->stream = http_open(d->hub->http, &request, WINDOW);
    atomic_fetch_add_explicit(&d->hub->calls, ours, memory_order_relaxed);
    enum err e = http_stream_head(d->stream, &head);
    if (e)
        return e;
    if (ours)
        hub_ratelimit_note(&d->hub->ratelimit, LIMIT_RESOLVERS, head);
    *more = is_redirect(head->status);
    if (*more)
        return follow(d->hub, http_response_header(head, "Location"), url);
    return head->status == 200 || head->status == 206 ? read_start(d, head) : status_error(head);
}

static enum err first_url(struct hub_bucket *b, struct slice path, struct buf *url)
{
    struct repo r;
    if (!repo_parse(slice_str(b->id), &r))
        return ERR_NO_SUCH_KEY;
    ask_url(b->hub, url, "/");
    buf_add_str(url, r.kind->web);
    percent_encode(r.id, PERCENT_PATH, url);
    buf_add_str(url, "/resolve");
    repo_add_revision(r.revision, url);
    buf_add_char(url, '/');
    percent_encode(path, PERCENT_PATH, url);
    return OK;
}

enum err hub_download_open(struct hub_bucket *b, struct slice path, uint64_t offset, uint64_t length,
                           struct hub_download **out)
{
    AUTO_BUF struct buf url = { 0 };
    bool more = true;
    enum err e = first_url(b, path, &url);
    if (!e)
        e = hub_ratelimit_gate(&b->hub->ratelimit, LIMIT_RESOLVERS, clock_mono_ms() + b->hub->retry_ms);
    if (e)
        return e;
    struct hub_download *d = mem_zalloc(sizeof *d);
    *d = (struct hub_download){ .hub = b->hub, .offset = offset, .length = length, .left = length };
    for (unsigned i = 0; !e && more && i < HOPS; i++)
        e = hop(d, &url, &more);
    if (!e && more)
        e = ERR_UPSTREAM_ANSWER;
    if (e) {
        hub_download_close(d);
        return e;
    }
    *out = d;
    return OK;
}

enum err hub_download_read(struct hub_download *d, struct slice *out)
{
    struct slice bytes = SLICE("");
    http_consume(d->stream, d->shown);
    d->shown = 0;
    while (d->left > 0) {
        enum err e = http_peek(d->stream, &bytes);
        if (e)
            return e;
        if (bytes.n == 0)
            return ERR_UPSTREAM; /* fewer than the Hub said there are */
        if (d->skip == 0)
            break;
        size_t drop = bytes.n < d->skip ? bytes.n : (size_t)d->skip;
        http_consume(d->stream, drop);
        d->skip -= drop;
    }
    if (bytes.n > d->left)
        bytes.n = (size_t)d->left;
    d->left -= bytes.n;
    d->shown = bytes.n;
    *out = bytes;
    return OK;
}

void hub_download_close(struct hub_download *d)
{
    if (d == NULL)
        return;
    http_close(d->stream);
    free(d);
}

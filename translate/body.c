/* SPDX-License-Identifier: Apache-2.0 */
/* body.c: a request's body on its way in: socket → framing, signature, checksums (auth/) → Xet, or into memory for
 * documents. Nothing here makes anything visible. */
#include "translate/call.h"

/* S3 wants to know the length before it starts, but for chunked transfers, which tell it as they go. */
static enum err check_length(struct s3_call *c, const struct auth_body *body, uint64_t max, uint64_t *length)
{
    *length = 0;
    if (httpd_content_length(c->http) == 0 && !httpd_header(c->http, "Content-Length").p)
        return ERR_MISSING_LENGTH;
    if (auth_body_length(body, length) && *length > max)
        return ERR_TOO_LARGE;
    return OK;
}

static enum err pump(struct s3_call *c, struct auth_body *body, uint64_t max, struct xet_put *put)
{
    uint64_t total = 0;
    for (;;) {
        struct slice raw;
        enum err e = httpd_read(c->http, &raw);
        if (e)
            return e;
        if (raw.n == 0)
            return auth_body_finish(body);
        while (raw.n > 0) {
            struct slice content;
            e = auth_body_feed(body, &raw, &content);
            total += e ? 0 : content.n;
            if (!e && total > max)
                e = ERR_TOO_LARGE;
            if (!e && content.n > 0)
                e = xet_put_write(put, content);
            if (e)
                return e;
        }
    }
}

/* Opens the body's way in; the error's words, if any, go to the call. */
static enum err open_body(struct s3_call *c, enum checksum also, struct auth_body **out)
{
    enum err e = auth_body_new(&c->auth, httpd_headers(c->http), also, out);
    if (e)
        c->detail = auth_body_why(&c->auth, httpd_headers(c->http));
    return e;
}

/* The words of a body that failed live as long as it does. */
static void close_body(struct s3_call *c, struct auth_body *body, enum err e)
{
    const char *words = e && body ? auth_body_detail(body) : NULL;
    if (words)
        c->detail = arena_strdup(c->arena, slice_str(words));
    auth_body_free(body);
}

enum err call_body_to_xet(struct s3_call *c, struct bucket *b, struct body_in *out, struct buf *recipe)
{
    struct auth_body *body = NULL;
    struct xet_put *put = NULL;
    struct xet_token token;
    uint64_t length;

    enum err e = open_body(c, out->wanted, &body);
    if (!e)
        e = check_length(c, body, S3_OBJECT_MAX, &length);
    /* The token is cached; asking now tells a missing bucket or right before the client has sent a byte. */
    if (!e)
        e = hub_xet_token(b->hub, true, NULL, token.cas_url, sizeof token.cas_url, token.access_token,
                          sizeof token.access_token);
    if (!e) {
        put = xet_put_new(b->space, length);
        e = pump(c, body, S3_OBJECT_MAX, put);
    }
    if (!e)
        e = xet_put_finish(put, &out->file, recipe);
    if (!e) {
        out->checksum = auth_body_checksum(body, out->checksum_value);
        xet_put_stats(put, &out->stats);
    }
    xet_put_free(put);
    close_body(c, body, e);
    return e;
}

static enum err read_document(struct s3_call *c, struct auth_body *body, size_t max, struct buf *out)
{
    for (;;) {
        struct slice raw;
        enum err e = httpd_read(c->http, &raw);
        if (e)
            return e;
        if (raw.n == 0)
            return auth_body_finish(body);
        while (raw.n > 0) {
            struct slice content;
            e = auth_body_feed(body, &raw, &content);
            if (!e && out->n + content.n > max)
                e = ERR_MESSAGE_TOO_LONG;
            if (e)
                return e;
            buf_add(out, content);
        }
    }
}

enum err call_read_document(struct s3_call *c, size_t max, struct buf *out)
{
    struct auth_body *body = NULL;
    enum err e = open_body(c, CHECKSUM_NONE, &body);
    if (!e)
        e = read_document(c, body, max, out);
    close_body(c, body, e);
    return e;
}

enum err call_read_completion(struct s3_call *c, size_t max, struct buf *out)
{
    struct auth_body *body = NULL;
    enum err e = auth_body_new_bare(&c->auth, httpd_headers(c->http), &body);
    if (!e)
        e = read_document(c, body, max, out);
    close_body(c, body, e);
    return e;
}

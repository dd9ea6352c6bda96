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

enum err call_body_to_xet(struct s3_call *c, struct bucket *b, struct body_in *out, struct buf *recipe)
{
    struct auth_body *body = NULL;
    struct xet_put *put = NULL;
    struct xet_token token;
    uint64_t length;

    enum err e = auth_body_new(&c->auth, httpd_headers(c->http), CHECKSUM_NONE, &body);
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
    auth_body_free(body);
    return e;
}

enum err call_read_document(struct s3_call *c, size_t max, struct buf *out)
{
    struct auth_body *body = NULL;
    enum err e = auth_body_new(&c->auth, httpd_headers(c->http), CHECKSUM_NONE, &body);
    while (!e) {
        struct slice raw;
        e = httpd_read(c->http, &raw);
        if (e || raw.n == 0)
            break;
        while (!e && raw.n > 0) {
            struct slice content;
            e = auth_body_feed(body, &raw, &content);
            if (!e && out->n + content.n > max)
                e = ERR_MESSAGE_TOO_LONG;
            if (!e)
                buf_add(out, content);
        }
    }
    if (!e)
        e = auth_body_finish(body);
    auth_body_free(body);
    return e;
}

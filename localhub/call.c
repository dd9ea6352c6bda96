/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: reading a request's parts and answering it. */
#include "localhub/call.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/codec.h"

struct slice call_param(struct call *c, const char *name)
{
    struct slice rest = c->query;

    while (rest.p) {
        struct slice value = slice_cut(&rest, '&');
        struct slice key = slice_cut(&value, '=');
        AUTO_BUF struct buf decoded = { 0 };
        if (!slice_is(key, name))
            continue;
        buf_init(&decoded, value.n + 1);
        if (!percent_decode(value, true, &decoded))
            return SLICE_NONE;
        return arena_copy(c->arena, buf_slice(&decoded));
    }
    return SLICE_NONE;
}

bool call_limit(struct call *c, unsigned absent, unsigned max, unsigned *out)
{
    struct slice text = call_param(c, "limit");
    uint64_t n = absent;

    if (text.p && (!slice_u64(text, &n) || n == 0)) {
        call_error(c, 400, NULL, "limit must be a positive number");
        return false;
    }
    *out = n > max ? max : (unsigned)n;
    return true;
}

bool call_body(struct call *c, size_t max, struct buf *out)
{
    uint64_t length = httpd_content_length(c->r);
    struct slice part;

    buf_init(out, max);
    if (length != HTTPD_LENGTH_UNKNOWN && length > max) {
        call_error(c, 413, NULL, "The request's body is too large");
        return false;
    }
    for (;;) {
        if (httpd_read(c->r, &part) != OK) {
            httpd_abort(c->r);
            return false;
        }
        if (part.n == 0)
            return true;
        buf_add(out, part);
        if (out->failed) {
            call_error(c, 413, NULL, "The request's body is too large");
            return false;
        }
    }
}

void call_json(struct call *c, int status, const struct buf *body)
{
    if (body->failed) {
        call_fail(c, ERR_INTERNAL);
        return;
    }
    httpd_add_header_str(c->r, "Content-Type", "application/json; charset=utf-8");
    httpd_reply(c->r, status, buf_slice(body));
}

void call_empty(struct call *c, int status)
{
    httpd_reply(c->r, status, SLICE_NONE);
}

void call_error(struct call *c, int status, const char *code, const char *message)
{
    AUTO_BUF struct buf body = { 0 };
    struct json_out j = { &body, false };

    buf_init(&body, 4096);
    json_open(&j, '{');
    json_key(&j, "error");
    json_str(&j, message);
    json_close(&j, '}');
    if (code)
        httpd_add_header_str(c->r, "X-Error-Code", code);
    httpd_add_header_str(c->r, "X-Error-Message", message);
    if (status == 401)
        httpd_add_header_str(c->r, "WWW-Authenticate", "Bearer");
    call_json(c, status, &body);
}

void call_fail(struct call *c, enum err e)
{
    call_error(c, err_http_status(e), NULL, err_text(e));
}

static void add_other_params(struct slice query, struct buf *out)
{
    struct slice rest = query;

    while (rest.p) {
        struct slice pair = slice_cut(&rest, '&');
        if (pair.n == 0 || slice_starts(pair, SLICE("cursor=")))
            continue;
        buf_add(out, pair);
        buf_add_char(out, '&');
    }
}

void call_next_link(struct call *c, struct slice cursor)
{
    AUTO_BUF struct buf link = { 0 };

    buf_init(&link, 64 << 10);
    buf_addf(&link, "<%s", c->base);
    buf_add(&link, c->path);
    buf_add_char(&link, '?');
    add_other_params(c->query, &link);
    buf_add_str(&link, "cursor=");
    percent_encode(cursor, PERCENT_ALL, &link);
    buf_add_str(&link, ">; rel=\"next\"");
    httpd_add_header(c->r, "Link", buf_slice(&link));
}

enum range_kind call_range(struct call *c, uint64_t size, uint64_t *from, uint64_t *to)
{
    struct slice rest = httpd_header(c->r, "Range");
    uint64_t a, b = UINT64_MAX;

    if (!rest.p)
        return RANGE_NONE;
    if (!slice_starts(rest, SLICE("bytes=")))
        return RANGE_BAD;
    rest = slice_from(rest, 6);
    struct slice first = slice_trim(slice_cut(&rest, '-'));
    struct slice last = slice_trim(rest);
    if (!rest.p || (first.n == 0 && last.n == 0))
        return RANGE_BAD;
    if (first.n == 0) { /* the last b bytes */
        if (!slice_u64(last, &b))
            return RANGE_BAD;
        a = b < size ? size - b : 0;
        if (b == 0)
            return RANGE_UNSATISFIABLE;
        b = UINT64_MAX;
    } else if (!slice_u64(first, &a) || (last.n && (!slice_u64(last, &b) || b < a))) {
        return RANGE_BAD;
    }
    if (a >= size)
        return RANGE_UNSATISFIABLE;
    *from = a;
    *to = b < size ? b : size - 1;
    return RANGE_ONE;
}

void call_unsatisfiable(struct call *c, uint64_t size)
{
    char text[48];

    snprintf(text, sizeof text, "bytes */%" PRIu64, size);
    httpd_add_header_str(c->r, "Content-Range", text);
    call_error(c, 416, NULL, "The requested range is not satisfiable");
}

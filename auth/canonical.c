/* SPDX-License-Identifier: Apache-2.0 */
/* canonical.c: "Task 1: Create a Canonical Request", Signature Calculations for the Authorization Header, Amazon S3 API
 * Reference:
 *
 *   method \n  path \n  query \n  name:value \n … \n  signed header names \n  hash of the payload
 *
 * S3 differs from the other services: the path is not normalised ("//", "." and ".." stay) and encoded once only. */
#include "auth/canonical.h"

#include "auth/digest.h"
#include "common/codec.h"

/* A list of signed headers may name the same long header again and again; nobody's request is that long. */
#define CANONICAL_MAX ((size_t)1 << 20)

enum err canonical_path(struct slice raw, struct arena *arena, struct slice *out)
{
    AUTO_BUF struct buf plain, coded;
    buf_init(&plain, raw.n);
    buf_init(&coded, 3 * raw.n + 1);
    if (!percent_decode(raw, false, &plain))
        return ERR_INVALID_URI;
    percent_encode(buf_slice(&plain), PERCENT_PATH, &coded);
    *out = raw.n ? arena_copy(arena, buf_slice(&coded)) : SLICE("/");
    return OK;
}

bool canonical_signs(struct slice signed_headers, struct slice name)
{
    while (signed_headers.p)
        if (slice_eq_nocase(slice_cut(&signed_headers, ';'), name))
            return true;
    return false;
}

/* Without blanks at both ends, runs of them inside as one ("Trimall"). */
static void add_value(struct buf *b, struct slice value)
{
    struct slice v = slice_trim(value);
    for (size_t i = 0, from = 0; i <= v.n; i++) {
        bool blank = i < v.n && (v.p[i] == ' ' || v.p[i] == '\t');
        bool first = blank && v.p[i - 1] != ' ' && v.p[i - 1] != '\t'; /* i > 0, since v is trimmed */
        if (i == v.n || first)
            buf_add(b, slice_of(v.p + from, i - from));
        if (first)
            buf_add_char(b, ' ');
        if (blank)
            from = i + 1;
    }
}

/* A header that came several times is one line with all values; one that did not come is an empty one, which makes
 * the signature wrong unless it was signed so. */
static void add_header(struct buf *b, struct headers headers, struct slice name)
{
    size_t found = 0;
    buf_add(b, name);
    buf_add_char(b, ':');
    for (size_t i = 0; i < headers.n; i++) {
        if (!slice_eq_nocase(headers.list[i].name, name))
            continue;
        if (found++)
            buf_add_char(b, ',');
        add_value(b, headers.list[i].value);
    }
    buf_add_char(b, '\n');
}

/* The signature itself, in a presigned URL's query, signs all of the query but itself. */
static void add_query(struct buf *b, const struct query *q)
{
    size_t added = 0;
    for (size_t i = 0; i < q->n; i++) {
        const struct query_arg *arg = &q->args[i];
        if (slice_eq_nocase(arg->name, SLICE("X-Amz-Signature")))
            continue;
        if (added++)
            buf_add_char(b, '&');
        buf_add(b, arg->coded_name);
        buf_add_char(b, '=');
        buf_add(b, arg->coded_value);
    }
}

enum err canonical_hash(const struct canonical *c, uint8_t out[32])
{
    AUTO_BUF struct buf b;
    buf_init(&b, CANONICAL_MAX);
    buf_add(&b, c->method);
    buf_add_char(&b, '\n');
    buf_add(&b, c->path);
    buf_add_char(&b, '\n');
    add_query(&b, c->query);
    buf_add_char(&b, '\n');
    for (struct slice rest = c->signed_headers; rest.p && !b.failed;)
        add_header(&b, c->headers, slice_cut(&rest, ';'));
    buf_add_char(&b, '\n');
    buf_add(&b, c->signed_headers);
    buf_add_char(&b, '\n');
    buf_add(&b, c->payload);
    if (b.failed)
        return ERR_MESSAGE_TOO_LONG;
    digest_sha256(buf_slice(&b), out);
    return OK;
}

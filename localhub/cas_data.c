/* SPDX-License-Identifier: Apache-2.0 */
/* cas_data.c: bytes of xorbs, by signed URL: one range as 206, several as multipart/byteranges (RFC 9110 section 14.6).
 *
 * A URL authorises exactly the ranges that stand in it: each range asked for must be one of them. */
#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "localhub/route.h"
#include "localhub/signed_url.h"
#include "localhub/xorb_reader.h"

enum { RANGES_MAX = 16, PIECE = 64 << 10 };
#define BOUNDARY "hugs3-xorb-range-boundary"

struct range {
    uint64_t from, to; /* inclusive */
};
struct ranges {
    struct range list[RANGES_MAX];
    size_t n;
};

/* "a-b,c-d": both ends given; blanks around are allowed in a header's list. */
static bool parse_ranges(struct slice text, struct ranges *out)
{
    struct slice rest = text;

    out->n = 0;
    while (rest.p) {
        struct slice last = slice_trim(slice_cut(&rest, ','));
        struct slice first = slice_cut(&last, '-');
        struct range r;
        if (out->n == RANGES_MAX || !last.p || !slice_u64(first, &r.from) || !slice_u64(last, &r.to) || r.from > r.to)
            return false;
        out->list[out->n++] = r;
    }
    return out->n > 0;
}

static bool is_among(const struct ranges *allowed, const struct range *r)
{
    for (size_t i = 0; i < allowed->n; i++)
        if (allowed->list[i].from == r->from && allowed->list[i].to == r->to)
            return true;
    return false;
}

static bool all_allowed(const struct ranges *allowed, const struct ranges *asked)
{
    for (size_t i = 0; i < asked->n; i++)
        if (!is_among(allowed, &asked->list[i]))
            return false;
    return true;
}

/* false: answered 403. */
static bool authorised(struct call *c, struct xet_hash *hash, struct ranges *asked)
{
    struct slice scope = call_param(c, "r"), range = httpd_header(c->r, "Range");
    struct ranges allowed;

    bool ok = xet_hash_parse(c->args[0], hash) &&
              signed_url_ok(&c->hub->keys, SIGNED_XORB, hash, call_param(c, "e"), scope, call_param(c, "s"),
                            clock_now_ms() / 1000) &&
              parse_ranges(scope, &allowed);
    if (!ok) {
        call_error(c, 403, NULL, "The URL's signature is wrong or has expired");
        return false;
    }
    ok = slice_starts(range, SLICE("bytes=")) && parse_ranges(slice_from(range, 6), asked) &&
         all_allowed(&allowed, asked);
    if (!ok)
        call_error(c, 403, NULL, "The URL does not authorise this range");
    return ok;
}

static void content_range(struct buf *out, const struct range *r, uint64_t size)
{
    buf_addf(out, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, r->from, r->to, size);
}

/* ---- one range ---- */

static void reply_one(struct call *c, struct xorb_reader *x, const struct range *r)
{
    AUTO_BUF struct buf text = { 0 };
    size_t n = (size_t)(r->to - r->from + 1);

    buf_init(&text, 128);
    content_range(&text, r, x->packed);
    httpd_add_header_str(c->r, "Content-Type", "application/octet-stream");
    httpd_add_header(c->r, "Content-Range", buf_slice(&text));
    int fd = xorb_reader_take_fd(x);
    if (fd >= 0)
        httpd_reply_file(c->r, 206, fd, r->from, n);
    else
        httpd_reply(c->r, 206, slice_of(x->row + r->from, n));
}

/* ---- several ---- */

static void part_head(struct buf *out, const struct range *r, uint64_t size)
{
    buf_clear(out);
    buf_add_str(out, "\r\n--" BOUNDARY "\r\nContent-Type: application/octet-stream\r\nContent-Range: ");
    content_range(out, r, size);
    buf_add_str(out, "\r\n\r\n");
}

static const struct slice ending = { "\r\n--" BOUNDARY "--\r\n", sizeof("\r\n--" BOUNDARY "--\r\n") - 1 };

static enum err write_range(struct call *c, struct xorb_reader *x, const struct range *r, char *piece)
{
    for (uint64_t at = r->from; at <= r->to;) {
        size_t n = r->to - at + 1 < PIECE ? (size_t)(r->to - at + 1) : PIECE;
        enum err e = xorb_reader_read(x, at, n, piece);
        if (!e)
            e = httpd_write(c->r, slice_of(piece, n));
        if (e)
            return e;
        at += n;
    }
    return OK;
}

static void reply_parts(struct call *c, struct xorb_reader *x, const struct ranges *asked)
{
    AUTO_FREE char *piece = (char *)mem_alloc(PIECE);
    AUTO_BUF struct buf head = { 0 };
    uint64_t length = ending.n;
    enum err e = OK;

    buf_init(&head, 512);
    for (size_t i = 0; i < asked->n; i++) {
        part_head(&head, &asked->list[i], x->packed);
        length += head.n + (asked->list[i].to - asked->list[i].from + 1);
    }
    httpd_add_header_str(c->r, "Content-Type", "multipart/byteranges; boundary=" BOUNDARY);
    httpd_start(c->r, 206, length);
    for (size_t i = 0; i < asked->n && !e; i++) {
        part_head(&head, &asked->list[i], x->packed);
        e = httpd_write(c->r, buf_slice(&head));
        if (!e)
            e = write_range(c, x, &asked->list[i], piece);
    }
    if (!e)
        e = httpd_write(c->r, ending);
    if (e)
        httpd_abort(c->r);
}

void cas_xorb_data(struct call *c)
{
    AUTO_READER struct xorb_reader x = { .fd = -1 };
    struct ranges asked;
    struct xet_hash hash;

    if (!authorised(c, &hash, &asked))
        return;
    enum err e = xorb_reader_open(c->hub->db, c->hub->xorbs, &hash, &x);
    for (size_t i = 0; !e && i < asked.n; i++)
        if (asked.list[i].to >= x.packed) /* we never sign such a one: the stored xorb is not what it was */
            e = ERR_CORRUPT;
    if (e)
        call_fail(c, e);
    else if (asked.n == 1)
        reply_one(c, &x, &asked.list[0]);
    else
        reply_parts(c, &x, &asked);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cas_file.c: a file's bytes, put together here, by signed URL: where `resolve` sends those who do not speak Xet.
 *
 *   plan ──► term by term: its xorb opened ──► chunk by chunk: read, unpacked, hash checked ──► the client
 *
 * A chunk that does not match its hash ends the connection: nobody gets bytes that are not the file's. */
#include <inttypes.h>

#include "common/clock.h"
#include "common/codec.h"
#include "localhub/plan.h"
#include "localhub/route.h"
#include "localhub/signed_url.h"
#include "localhub/xorb_reader.h"

struct sender {
    struct call *call;
    uint32_t skip; /* bytes not to be sent, of the first chunk */
    uint64_t left; /* bytes still to be sent */
    char *packed, *chunk, *scratch;
};

static enum err send_chunk(struct sender *s, struct xorb_reader *x, const struct xorb_info *info, uint32_t i)
{
    uint32_t from = xorb_packed_end(info, i), n = xorb_packed_end(info, i + 1) - from;
    struct xorb_chunk_head head;
    struct xet_hash want, have;

    if (n < XORB_HEADER || n > XORB_HEADER + XORB_PACKED_MAX || from + n > x->packed)
        return ERR_CORRUPT;
    enum err e = xorb_reader_read(x, from, n, s->packed);
    if (!e)
        e = xorb_head(slice_of(s->packed, XORB_HEADER), &head);
    if (!e)
        e = head.packed == n - XORB_HEADER ? xorb_unpack(&head, s->packed + XORB_HEADER, s->chunk, s->scratch)
                                           : ERR_CORRUPT;
    if (e)
        return e;
    xorb_chunk_hash(info, i, &want);
    xet_chunk_hash(slice_of(s->chunk, head.size), &have);
    if (!xet_hash_eq(&want, &have) || s->skip >= head.size)
        return ERR_CORRUPT;
    struct slice out = slice_of(s->chunk + s->skip, head.size - s->skip);
    if (out.n > s->left)
        out.n = (size_t)s->left;
    s->skip = 0;
    s->left -= out.n;
    return httpd_write(s->call->r, out);
}

static enum err find_info(struct db *db, const struct xet_hash *hash, struct xorb_info *out)
{
    AUTO_READ struct db_read r = db_read(db);

    return r.conn ? xorb_info_find(r.conn, hash, out) : ERR_STORE;
}

static enum err send_term(struct sender *s, const struct file_term *t)
{
    AUTO_XORB_INFO struct xorb_info info = { 0 };
    AUTO_READER struct xorb_reader x = { .fd = -1 };
    struct localhub *hub = s->call->hub;

    enum err e = find_info(hub->db, &t->xorb, &info);
    if (!e)
        e = xorb_reader_open(hub->db, hub->xorbs, &t->xorb, &x);
    if (!e && t->end > info.n)
        e = ERR_CORRUPT;
    for (uint32_t i = t->start; !e && i < t->end; i++)
        e = send_chunk(s, &x, &info, i);
    return e;
}

static void send_all(struct call *c, const struct plan *p, uint64_t length)
{
    AUTO_FREE char *memory = (char *)mem_alloc(XORB_HEADER + XORB_PACKED_MAX + 2 * XET_CHUNK_MAX);
    struct sender s = { .call = c, .skip = p->skip, .left = length, .packed = memory };
    enum err e = OK;

    s.chunk = memory + XORB_HEADER + XORB_PACKED_MAX;
    s.scratch = s.chunk + XET_CHUNK_MAX;
    for (size_t i = 0; i < p->n && !e; i++) {
        struct file_term t;
        plan_term(p, i, &t);
        e = send_term(&s, &t);
    }
    if (e || s.left)
        httpd_abort(c->r);
}

/* ---- the request ---- */

/* false: answered 403. */
static bool authorised(struct call *c, struct xet_hash *hash, struct slice *scope)
{
    *scope = call_param(c, "r");
    if (xet_hash_parse(c->args[0], hash) && signed_url_ok(&c->hub->keys, SIGNED_FILE, hash, call_param(c, "e"), *scope,
                                                          call_param(c, "s"), clock_now_ms() / 1000))
        return true;
    call_error(c, 403, NULL, "The URL's signature is wrong or has expired");
    return false;
}

/* What resolve signed: type, newline, name. */
static void add_headers(struct call *c, struct slice scope)
{
    AUTO_BUF struct buf disposition = { 0 };
    struct slice name = scope;
    struct slice type = slice_cut(&name, '\n');

    buf_init(&disposition, 4 * scope.n + 64);
    buf_add_str(&disposition, "inline; filename*=UTF-8''"); /* RFC 6266, RFC 8187 */
    percent_encode(name, PERCENT_ALL, &disposition);
    httpd_add_header(c->r, "Content-Disposition", buf_slice(&disposition));
    httpd_add_header(c->r, "Content-Type", type.n ? type : SLICE("application/octet-stream"));
    httpd_add_header_str(c->r, "Accept-Ranges", "bytes");
    httpd_add_header(c->r, "ETag", slice_str(arena_printf(c->arena, "\"%s\"", c->args[0].p)));
}

static enum err find_plan(struct call *c, const struct xet_hash *hash, enum range_kind *kind, uint64_t *from,
                          uint64_t *to, uint64_t *size, struct plan *p)
{
    AUTO_READ struct db_read r = db_read(c->hub->db);
    AUTO_FILE_INFO struct file_info file = { 0 };

    enum err e = r.conn ? file_info_find(r.conn, hash, &file) : ERR_STORE;
    if (e)
        return e;
    *size = file.size;
    *kind = call_range(c, file.size, from, to);
    if (*kind == RANGE_NONE || *kind == RANGE_BAD) { /* RFC 9110 section 14.2: a Range not understood is ignored */
        *from = 0;
        *to = file.size ? file.size - 1 : 0;
    }
    return *kind == RANGE_UNSATISFIABLE ? OK : plan_make(r.conn, &file, *from, *to, p);
}

void cas_file_data(struct call *c)
{
    AUTO_PLAN struct plan p = { 0 };
    enum range_kind kind = RANGE_NONE;
    uint64_t from = 0, to = 0, size = 0;
    struct xet_hash hash;
    struct slice scope;

    if (!authorised(c, &hash, &scope))
        return;
    enum err e = find_plan(c, &hash, &kind, &from, &to, &size, &p);
    if (e) {
        call_fail(c, e);
        return;
    }
    if (kind == RANGE_UNSATISFIABLE) {
        call_unsatisfiable(c, size);
        return;
    }
    add_headers(c, scope);
    uint64_t length = size ? to - from + 1 : 0;
    if (kind == RANGE_ONE)
        httpd_add_header_str(c->r, "Content-Range",
                             arena_printf(c->arena, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, from, to, size));
    int status = kind == RANGE_ONE ? 206 : 200;
    if (slice_is(httpd_method(c->r), "HEAD")) {
        httpd_reply_head(c->r, status, length);
    } else if (length == 0) {
        call_empty(c, status);
    } else {
        httpd_start(c->r, status, length);
        send_all(c, &p, length);
    }
}

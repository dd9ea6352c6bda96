/* SPDX-License-Identifier: Apache-2.0 */
/* cas_xorb.c: xorbs coming in, whether xorbs and files are there, and the calls that this CAS does not offer. */
#include "localhub/route.h"

/* Past the largest xorb there may be a footer, which is read and not kept. */
enum { BODY_MAX = XORB_MAX_BYTES + (1 << 20) };

/* false: answered 400. */
static bool hash_arg(struct call *c, struct slice text, struct xet_hash *out)
{
    if (xet_hash_parse(text, out))
        return true;
    call_error(c, 400, NULL, "A hash is 64 hex digits");
    return false;
}

/* Xet specification: "default"; "default-merkledb" is what global dedup calls it. false: answered 400. */
static bool prefix_ok(struct call *c)
{
    if (slice_is(c->args[0], "default") || slice_is(c->args[0], "default-merkledb"))
        return true;
    call_error(c, 400, NULL, "The prefix must be default");
    return false;
}

/* ERR_CLIENT_GONE, ERR_TOO_LARGE, or what xorb_put_write says. */
static enum err receive(struct call *c, struct xorb_put *p)
{
    struct slice part;
    uint64_t total = 0;

    for (;;) {
        enum err e = httpd_read(c->r, &part);
        if (e || part.n == 0)
            return e;
        total += part.n;
        e = total > BODY_MAX ? ERR_TOO_LARGE : xorb_put_write(p, part);
        if (e)
            return e;
    }
}

static void answer_inserted(struct call *c, bool inserted)
{
    AUTO_BUF struct buf body = { 0 };
    struct json_out j = { &body, false };

    buf_init(&body, 256);
    json_open(&j, '{');
    json_key(&j, "was_inserted");
    json_bool(&j, inserted);
    json_close(&j, '}');
    call_json(c, 200, &body);
}

void cas_xorb_post(struct call *c)
{
    struct xet_hash hash;
    bool inserted = false;

    if (!prefix_ok(c) || !hash_arg(c, c->args[1], &hash))
        return;
    struct xorb_put *p = xorb_put_new(c->hub->xorbs, &hash);
    enum err e = receive(c, p);
    if (!e)
        e = xorb_put_finish(p, &inserted);
    xorb_put_free(p);
    if (!e)
        answer_inserted(c, inserted);
    else if (e == ERR_CORRUPT)
        call_error(c, 400, NULL, "The body is not the xorb of this hash");
    else if (e == ERR_TOO_LARGE)
        call_error(c, 413, NULL, "A xorb has at most 64 MiB");
    else if (e == ERR_CLIENT_GONE)
        httpd_abort(c->r);
    else
        call_fail(c, e);
}

static void answer_size(struct call *c, enum err e, uint64_t size)
{
    if (!e)
        httpd_reply_head(c->r, 200, size);
    else if (e == ERR_NO_SUCH_KEY)
        call_error(c, 404, NULL, "Not found");
    else
        call_fail(c, e);
}

static enum err packed_size(struct call *c, const struct xet_hash *hash, uint64_t *size)
{
    AUTO_READ struct db_read r = db_read(c->hub->db);
    sqlite3_stmt *s = r.conn ? db_stmt(r.conn, SQL_XORB_PLACE) : NULL;

    if (!s)
        return ERR_STORE;
    db_bind_hash(s, 1, hash);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_NO_SUCH_KEY : ERR_STORE;
    *size = (uint64_t)sqlite3_column_int64(s, 1);
    return OK;
}

void cas_xorb_head(struct call *c)
{
    struct xet_hash hash;
    uint64_t size = 0;

    if (!prefix_ok(c) || !hash_arg(c, c->args[1], &hash))
        return;
    enum err e = packed_size(c, &hash, &size);
    answer_size(c, e, size);
}

static enum err file_size(struct call *c, const struct xet_hash *hash, uint64_t *size)
{
    AUTO_READ struct db_read r = db_read(c->hub->db);

    return r.conn ? file_size_find(r.conn, hash, size) : ERR_STORE;
}

void cas_file_head(struct call *c)
{
    struct xet_hash hash;
    uint64_t size = 0;

    if (!hash_arg(c, c->args[0], &hash))
        return;
    enum err e = file_size(c, &hash, &size);
    answer_size(c, e, size);
}

void cas_not_offered(struct call *c)
{
    call_error(c, 404, NULL, "Not offered here");
}

void cas_telemetry(struct call *c)
{
    AUTO_BUF struct buf body = { 0 };

    buf_init(&body, 8);
    buf_add_str(&body, "{}");
    call_json(c, 200, &body);
}

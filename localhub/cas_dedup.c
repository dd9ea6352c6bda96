/* SPDX-License-Identifier: Apache-2.0 */
/* cas_dedup.c: global dedup: "where is this chunk?" is answered with a shard that describes the xorb it lies in.
 *
 * The chunk hashes in it are replaced by their HMACs under a key that stands in the footer, so that it tells only those
 * who have the chunks which chunks there are (Xet specification, "Global deduplication"). The key stays the same for
 * the life of the directory: a client keeps what it got by key, and many keys would cost it many hashes. */
#include "common/clock.h"
#include "localhub/contents.h"
#include "localhub/route.h"

enum { EXPIRES_AFTER_S = 7 * 24 * 3600 };

static void add_shard(struct call *c, const struct xorb_info *x, struct buf *out)
{
    struct shard_writer w;
    AUTO_FREE struct shard_chunk *chunks = (struct shard_chunk *)mem_alloc(x->n * sizeof *chunks);
    uint64_t now_s = (uint64_t)(clock_now_ms() / 1000);

    for (uint32_t i = 0; i < x->n; i++) {
        struct xet_hash hash;
        xorb_chunk_hash(x, i, &hash);
        chunks[i] = (struct shard_chunk){
            .offset = xorb_size_end(x, i),
            .size = xorb_size_end(x, i + 1) - xorb_size_end(x, i),
            .global = xet_hash_dedup_eligible(&hash),
        };
        xet_hmac(c->hub->keys.dedup, &hash, &chunks[i].hash);
    }
    shard_begin(&w, out);
    shard_xorb(&w, &x->hash, chunks, x->n, (uint32_t)x->packed);
    shard_end(&w);
    shard_footer(out, c->hub->keys.dedup, now_s, now_s + EXPIRES_AFTER_S);
}

static enum err find(struct call *c, const struct xet_hash *chunk, struct xorb_info *out)
{
    AUTO_READ struct db_read r = db_read(c->hub->db);

    return r.conn ? xorb_info_of_chunk(r.conn, chunk, out) : ERR_STORE;
}

void cas_chunk_get(struct call *c)
{
    AUTO_XORB_INFO struct xorb_info x = { 0 };
    AUTO_BUF struct buf body = { 0 };
    struct xet_hash chunk;

    if (!xet_hash_parse(c->args[1], &chunk)) {
        call_error(c, 400, NULL, "A hash is 64 hex digits");
        return;
    }
    enum err e = find(c, &chunk, &x);
    if (e == ERR_NO_SUCH_KEY)
        call_error(c, 404, NULL, "No such chunk");
    else if (e)
        call_fail(c, e);
    if (e)
        return;
    buf_init(&body, shard_xorb_bytes(x.n) + 4096);
    add_shard(c, &x, &body);
    httpd_add_header_str(c->r, "Content-Type", "application/octet-stream");
    httpd_reply(c->r, 200, buf_slice(&body));
}

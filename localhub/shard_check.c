/* SPDX-License-Identifier: Apache-2.0 */
/* shard_check.c: an uploaded shard, held against what is stored ("Shard format", "Upload protocol" of the Xet
 * specification). */
#include "localhub/shard_check.h"

#include <stdlib.h>

enum { XORBS_KEPT = 16 }; /* up to 320 KiB each */

struct check {
    struct db_conn *conn;
    struct shard_files *files;
    const char *why;
    struct xorb_info kept[XORBS_KEPT]; /* of the xorbs used last: files of one shard mostly share one or two */
    uint64_t used[XORBS_KEPT], clock;  /* used 0: empty */
    struct xet_hash *hashes;           /* of one term's chunks */
};

void shard_files_done(struct shard_files *f)
{
    free(f->list);
    buf_done(&f->terms);
    *f = (struct shard_files){ 0 };
}

static enum err refuse(struct check *k, const char *why)
{
    k->why = why;
    return ERR_BAD_REQUEST;
}

static enum err find_xorb(struct check *k, const struct xet_hash *hash, const struct xorb_info **out)
{
    size_t oldest = 0;

    for (size_t i = 0; i < XORBS_KEPT; i++) {
        if (k->used[i] && xet_hash_eq(&k->kept[i].hash, hash)) {
            k->used[i] = ++k->clock;
            *out = &k->kept[i];
            return OK;
        }
        if (k->used[i] < k->used[oldest])
            oldest = i;
    }
    xorb_info_done(&k->kept[oldest]);
    k->used[oldest] = 0;
    enum err e = xorb_info_find(k->conn, hash, &k->kept[oldest]);
    if (e)
        return e == ERR_NO_SUCH_KEY ? refuse(k, "The shard names a xorb that is not stored") : e;
    k->used[oldest] = ++k->clock;
    *out = &k->kept[oldest];
    return OK;
}

static enum err check_term(struct check *k, const struct shard_term *t, struct xet_tree *tree, int64_t *xorb_id)
{
    const struct xorb_info *x;
    struct xet_hash verification;
    uint32_t n = t->end - t->start;

    enum err e = find_xorb(k, &t->xorb, &x);
    if (e)
        return e;
    if (t->start >= t->end || t->end > x->n)
        return refuse(k, "A term names chunks that its xorb does not have");
    if (t->size != xorb_size_end(x, t->end) - xorb_size_end(x, t->start))
        return refuse(k, "A term's size is not that of its chunks");
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = t->start + i;
        xorb_chunk_hash(x, at, &k->hashes[i]);
        xet_tree_add(tree, &k->hashes[i], xorb_size_end(x, at + 1) - xorb_size_end(x, at));
    }
    xet_range_hash(k->hashes, n, &verification);
    if (!xet_hash_eq(&verification, &t->verification))
        return refuse(k, "A term's verification hash is wrong");
    const struct file_term row = {
        t->xorb, t->size, t->start, t->end, xorb_packed_end(x, t->start), xorb_packed_end(x, t->end)
    };
    term_row_add(&k->files->terms, &row);
    *xorb_id = x->id;
    return OK;
}

static struct shard_file_row *add_row(struct shard_files *f)
{
    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 4;
        f->list = (struct shard_file_row *)mem_realloc(f->list, f->cap * sizeof *f->list);
    }
    return &f->list[f->n++];
}

static enum err check_file(void *ctx, const struct xet_hash *hash, const struct shard_term *terms, size_t n,
                           bool verified)
{
    struct check *k = (struct check *)ctx;
    struct shard_file_row row = { .hash = *hash, .terms_at = k->files->terms.n };
    struct xet_tree tree;
    struct xet_hash root, file;

    if (n == 0)
        return xet_hash_eq(hash, &xet_hash_zero) ? OK : refuse(k, "A file without terms has the hash of an empty file");
    if (!verified)
        return refuse(k, "A file has no verification records");
    xet_tree_init(&tree);
    for (size_t i = 0; i < n; i++) {
        int64_t xorb_id;
        enum err e = check_term(k, &terms[i], &tree, &xorb_id);
        if (e)
            return e;
        if (i == 0) {
            row.first_chunk = k->hashes[0];
            row.first_xorb = xorb_id;
        }
    }
    xet_tree_root(&tree, &root);
    xet_file_hash(&root, &file);
    if (!xet_hash_eq(&file, hash))
        return refuse(k, "A file's hash is not that of its chunks");
    row.size = tree.size;
    row.terms_n = k->files->terms.n - row.terms_at;
    *add_row(k->files) = row;
    return OK;
}

static enum err check_xorb(void *ctx, const struct xet_hash *hash, const struct shard_chunk *chunks, size_t n,
                           uint32_t size, uint32_t packed_bytes)
{
    struct check *k = (struct check *)ctx;
    const struct xorb_info *x;
    struct xet_hash have;

    (void)packed_bytes; /* clients write 0 */
    enum err e = find_xorb(k, hash, &x);
    if (e)
        return e;
    bool same = n == x->n && size == x->size;
    for (uint32_t i = 0; same && i < n; i++) {
        xorb_chunk_hash(x, i, &have);
        same = xet_hash_eq(&have, &chunks[i].hash) && chunks[i].offset == xorb_size_end(x, i) &&
               chunks[i].size == xorb_size_end(x, i + 1) - xorb_size_end(x, i);
    }
    return same ? OK : refuse(k, "A xorb's description is not that of the stored xorb");
}

enum err shard_check(struct db *db, struct slice shard, struct shard_files *out, const char **why)
{
    AUTO_READ struct db_read r = db_read(db);
    struct check *k = (struct check *)mem_zalloc(sizeof *k);
    const struct shard_reader reader = { check_file, check_xorb, k };

    *out = (struct shard_files){ 0 };
    buf_init(&out->terms, SHARD_MAX_BYTES); /* 52 bytes for 96 of the shard: always enough */
    k->conn = r.conn;
    k->files = out;
    k->hashes = (struct xet_hash *)mem_alloc(XORB_MAX_CHUNKS * sizeof *k->hashes);
    enum err e = r.conn ? shard_read(shard, &reader) : ERR_STORE;
    if (e == ERR_CORRUPT)
        e = refuse(k, "The shard is malformed");
    *why = k->why;
    for (size_t i = 0; i < XORBS_KEPT; i++)
        xorb_info_done(&k->kept[i]);
    free(k->hashes);
    free(k);
    return e;
}

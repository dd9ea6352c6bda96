/* SPDX-License-Identifier: Apache-2.0 */
/* xet.h: content to the CAS and back. All that other folders use of xet/ beside the format (format.h).
 *
 *   writing   bytes → chunker → hashes, dedup, compression → xorbs → CAS → shard      xet_put_*
 *   joining   recipes of parts → one file of the same chunks, nothing moved             xet_join_*
 *   reading   file hash → reconstruction → ranges of xorbs → bytes, checked             xet_get_*
 *
 * Memory is bounded whatever the size: one struct xet owns a budget for uploads and one for downloads, and every
 * transfer lives within its share. Small files that end at the same time share xorb and shard (common/combine.h).
 *
 * A put, join or get belongs to one thread at a time; struct xet and struct xet_space are for all threads. Errors:
 * ERR_UPSTREAM (CAS not reachable, after retries), ERR_SLOW_DOWN (429 to the end), ERR_UPSTREAM_TOKEN (401),
 * ERR_UPSTREAM_REFUSED (403), ERR_UPSTREAM_ANSWER, ERR_UPSTREAM_MISSING (no such file), ERR_CORRUPT (what came back
 * does not match its hash), ERR_TOO_LARGE (more terms than a shard holds), ERR_STOPPING. */
#ifndef HUGS3_XET_XET_H
#define HUGS3_XET_XET_H

#include "common/http.h"
#include "xet/format.h"

struct xet;

struct xet_config {
    struct http *http; /* borrowed until xet_free */
    size_t memory;     /* bytes for all transfers together; 0: 256 MiB. 5/8 of it for uploads, 3/8 for downloads */
    unsigned workers;  /* CPU threads for hashing and compression; 0: one a core */
    /* A file in which is kept what the CAS is known to have: read with the first upload, written by xet_save and
     * xet_free. Copied; NULL: none. */
    const char *index_path;
    /* What the CAS is called in there, when its URL changes with every start. Copied; NULL: by its URL. */
    const char *cas_name;
};
struct xet *xet_new(const struct xet_config *config);
/* Every few minutes; does nothing when nothing has changed. ERR_STORE: could not write. */
MUST_USE enum err xet_save(struct xet *x);
void xet_free(struct xet *x); /* after everything made from it; NULL is fine */

struct xet_stats {                         /* totals since start, bytes */
    uint64_t received;                     /* content given to puts */
    uint64_t deduplicated;                 /* of that, found to be known already */
    uint64_t sent;                         /* serialized xorbs sent */
    uint64_t fetched;                      /* from the CAS for gets */
    size_t upload_memory, download_memory; /* in use now */
};
void xet_stats(struct xet *x, struct xet_stats *out);

/* ---- where to: a bucket's or repository's corner of the CAS ---- */

#define XET_URL_MAX   512
#define XET_TOKEN_MAX 4096
struct xet_token {
    char cas_url[XET_URL_MAX]; /* without a slash at the end */
    char access_token[XET_TOKEN_MAX];
};
/* Tokens are the Hub's to give: hub_xet_token fits. `refused`: the access token that the CAS answered 401 to, NULL when
 * there is none: then a cached one may be given. Blocks. */
struct xet_access {
    enum err (*token)(void *ctx, bool write, const char *refused, struct xet_token *out);
    void *ctx;
};
struct xet_space;
struct xet_space *xet_space_new(struct xet *x, const struct xet_access *access); /* copies access */
void xet_space_free(struct xet_space *s); /* nothing of it may be in use; NULL is fine */

/* ---- writing ---- */

struct xet_put;

/* size_hint: of the whole content when known, else 0. */
struct xet_put *xet_put_new(struct xet_space *s, uint64_t size_hint);
/* Takes all of content. May block for room, for workers and for the CAS: that is what pushes back on the sender. After
 * an error only free is left. */
MUST_USE enum err xet_put_write(struct xet_put *p, struct slice content);

struct xet_file {
    struct xet_hash hash; /* zero for an empty file */
    uint64_t size;
};
/* Sends what is left and registers the file with a shard: when it returns OK, the CAS has the file, and any shard or
 * addFile may name it. An empty file needs no call. `recipe`, when not NULL, gets what xet_join_add needs. */
MUST_USE enum err xet_put_finish(struct xet_put *p, struct xet_file *out, struct buf *recipe);
struct xet_put_stats {
    uint64_t received, deduplicated, sent; /* bytes, as in xet_stats */
};
void xet_put_stats(const struct xet_put *p, struct xet_put_stats *out);
void xet_put_free(struct xet_put *p); /* NULL is fine; unfinished is abandoned: xorbs sent stay unnamed */

/* ---- joining ---- */

/* A recipe is a file's list of chunks and of terms (runs of chunks in xorbs), as bytes that can be stored:
 * about 36 bytes a chunk. Parts are joined in the order of xet_join_add in constant memory a chunk and 96 bytes a term.
 */
struct xet_join;
struct xet_join *xet_join_new(struct xet_space *s);
MUST_USE enum err xet_join_add(struct xet_join *j, struct slice recipe); /* ERR_CORRUPT: not a recipe */
MUST_USE enum err xet_join_finish(struct xet_join *j, struct xet_file *out);
void xet_join_free(struct xet_join *j);

/* ---- reading ---- */

struct xet_get;
/* Bytes offset to offset + length of the file, 0 < length, offset + length <= file->size. Asks for the reconstruction
 * before it returns, so that a missing file is known before an answer's head is sent. */
MUST_USE enum err xet_get_open(struct xet_space *s, const struct xet_file *file, uint64_t offset, uint64_t length,
                               struct xet_get **out);
/* The next bytes, valid until the next call; empty: the end, `length` bytes have been given. A source that fails is
 * asked again from where it broke. When the whole file is read its hash is recomputed from its chunks, and the last
 * chunk is only given when it matches: ERR_CORRUPT otherwise. */
MUST_USE enum err xet_get_read(struct xet_get *g, struct slice *out);
void xet_get_free(struct xet_get *g); /* at any time; NULL is fine */

#endif

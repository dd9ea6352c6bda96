/* SPDX-License-Identifier: Apache-2.0 */
/* format.h: the Xet format, without any network: hashes, chunks, xorbs, shards. The client (xet.h) writes and reads
 * them, the embedded Hub checks and stores them. All integers little-endian; sizes in bytes. Pure functions and plain
 * structs: one thread at a time each. Source of every rule: the Xet protocol specification (chunking, hashing, xorb and
 * shard formats). */
#ifndef HUGS3_XET_FORMAT_H
#define HUGS3_XET_FORMAT_H

#include "common/buf.h"

/* ---- hashes ---- */

struct xet_hash {
    uint8_t b[32];
};

#define XET_HASH_TEXT 65                    /* 64 hex digits and NUL */
extern const struct xet_hash xet_hash_zero; /* of an empty file */

static inline bool xet_hash_eq(const struct xet_hash *a, const struct xet_hash *b)
{
    return memcmp(a, b, 32) == 0;
}
/* As text: four little-endian 64-bit words, each as 16 hex digits: not the plain hex of the bytes. */
void xet_hash_text(const struct xet_hash *h, char out[XET_HASH_TEXT]);
MUST_USE bool xet_hash_parse(struct slice text, struct xet_hash *out); /* 64 digits of either case */

void xet_chunk_hash(struct slice chunk, struct xet_hash *out);
/* A file's hash from the root of its tree; of a file without chunks: all zero (pass xet_hash_zero). */
void xet_file_hash(const struct xet_hash *root, struct xet_hash *out);
void xet_hmac(const uint8_t key[32], const struct xet_hash *h, struct xet_hash *out); /* global-dedup shards */
bool xet_hash_dedup_eligible(const struct xet_hash *h);                               /* last word divisible by 1,024 */

/* The verification hash of a term: over the raw hashes of its chunks. */
void xet_range_hash(const struct xet_hash *chunks, size_t n, struct xet_hash *out);

/* The tree over (hash, size), fed one leaf at a time in constant memory: each level keeps its open group only, since a
 * group's end is known as soon as its last node is. */
#define XET_TREE_LEVELS 32 /* a level at least halves the nodes */
struct xet_tree_node {
    struct xet_hash hash;
    uint64_t size;
};
struct xet_tree {
    struct {
        struct xet_tree_node open[9];
        uint8_t n;
        uint64_t seen; /* nodes this level has had in all: a level with one node in the end is the root */
    } level[XET_TREE_LEVELS];
    unsigned levels;
    uint64_t size; /* of all leaves */
};
void xet_tree_init(struct xet_tree *t);
void xet_tree_add(struct xet_tree *t, const struct xet_hash *hash, uint64_t size);
void xet_tree_root(const struct xet_tree *t, struct xet_hash *out); /* leaves t as it is; no leaves: zero */

/* ---- chunks ---- */

enum { XET_CHUNK_MIN = 8192, XET_CHUNK_TARGET = 65536, XET_CHUNK_MAX = 131072 };

struct xet_chunker {
    uint64_t h;
    size_t n; /* bytes of the open chunk so far */
};
void xet_chunker_init(struct xet_chunker *c);
/* Scans bytes that follow what was scanned before. Returns how many belong to the open chunk; *cut: the chunk ends
 * there (then the chunker is ready for the next one). Without a cut, everything was taken. */
size_t xet_chunker_scan(struct xet_chunker *c, struct slice bytes, bool *cut);

/* ---- xorbs ---- */

enum { XORB_HEADER = 8, XORB_MAX_CHUNKS = 8192, XORB_MAX_BYTES = 64 << 20 };
/* Data of one chunk that a reader takes: an LZ4 frame around what does not shrink is a little larger than it. */
enum { XORB_PACKED_MAX = XET_CHUNK_MAX + 4096 };
enum xorb_scheme { XORB_NONE, XORB_LZ4, XORB_BG4_LZ4 };

struct xorb_chunk_head {
    uint32_t packed; /* bytes that follow the header */
    uint32_t size;   /* uncompressed, 1 to XET_CHUNK_MAX */
    enum xorb_scheme scheme;
};

/* Header and data of one chunk, appended to *out (at most XORB_HEADER + chunk.n). `scheme` is what to try; a chunk that
 * does not shrink is stored with XORB_NONE. */
void xorb_pack(struct slice chunk, enum xorb_scheme scheme, struct buf *out);
/* Which scheme is likely to pay, from a look at the chunk: LZ4, BG4+LZ4, or NONE for what does not look compressible.
 */
enum xorb_scheme xorb_guess(struct slice chunk);
/* Reads a header. ERR_CORRUPT: version, scheme or sizes out of range. in.n >= XORB_HEADER. */
MUST_USE enum err xorb_head(struct slice in, struct xorb_chunk_head *out);
/* Unpacks head->packed bytes at `data` into exactly head->size bytes at `out`. ERR_CORRUPT. `scratch` has room for
 * XET_CHUNK_MAX bytes (for BG4). Reads every LZ4 frame that liblz4 writes. */
MUST_USE enum err xorb_unpack(const struct xorb_chunk_head *head, const char *data, char *out, char *scratch);

/* ---- shards ---- */

enum { SHARD_MAX_BYTES = 64 << 20, SHARD_RECORD = 48 };

struct shard_term {
    struct xet_hash xorb;
    uint32_t size;  /* uncompressed */
    uint32_t start; /* chunk indexes in the xorb, end exclusive */
    uint32_t end;
    struct xet_hash verification; /* of chunks start..end */
};

struct shard_chunk {
    struct xet_hash hash;
    uint32_t offset; /* in the uncompressed xorb */
    uint32_t size;
    bool global; /* offered for global dedup */
};

/* Writing: files first, then xorbs, then the end; the buf latches. A shard to upload, without footer. */
struct shard_writer {
    struct buf *out;
    bool in_xorbs;
};
void shard_begin(struct shard_writer *w, struct buf *out);
void shard_file(struct shard_writer *w, const struct xet_hash *file, const struct shard_term *terms, size_t n);
void shard_xorb(struct shard_writer *w, const struct xet_hash *xorb, const struct shard_chunk *chunks, size_t n,
                uint32_t packed_bytes);
void shard_end(struct shard_writer *w);
size_t shard_file_bytes(size_t terms); /* how much a file, a xorb adds */
size_t shard_xorb_bytes(size_t chunks);
/* For a stored shard: appends a footer (no lookup tables). hmac_key NULL: none. expiry_s UINT64_MAX: never. */
void shard_footer(struct buf *out, const uint8_t hmac_key[32], uint64_t created_s, uint64_t expiry_s);

/* Reading: calls back for each record, in order. Whatever is wrong with the shard is ERR_CORRUPT, but calls may have
 * been made before that is known. A callback's error ends it and is returned. NULL callbacks are skipped. Takes shards
 * with and without footer, with and without lookup tables, with metadata records. */
struct shard_reader {
    enum err (*file)(void *ctx, const struct xet_hash *file, const struct shard_term *terms, size_t n, bool verified);
    enum err (*xorb)(void *ctx, const struct xet_hash *xorb, const struct shard_chunk *chunks, size_t n, uint32_t size,
                     uint32_t packed_bytes);
    void *ctx;
};
MUST_USE enum err shard_read(struct slice shard, const struct shard_reader *reader);
/* The footer's key of a global-dedup shard: false when there is no footer or the key is zero. */
MUST_USE bool shard_hmac_key(struct slice shard, uint8_t out[32]);
/* Until when a global-dedup shard may be used, seconds since the epoch, UINT64_MAX: for ever. false: no footer. */
MUST_USE bool shard_expiry(struct slice shard, uint64_t *out_s);

#endif

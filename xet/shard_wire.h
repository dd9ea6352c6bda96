/* SPDX-License-Identifier: Apache-2.0 */
/* shard_wire.h: the layout of a shard ("MDB shard file format" of the Xet specification), for shard_write.c and
 * shard_read.c. Every record has 48 bytes; offsets in a record:
 *
 *   header      0 tag[32]     32 version u64 = 2         40 footer size u64
 *   file        0 hash[32]    32 flags u32               36 number of terms u32     40 zero[8]
 *     term      0 xorb[32]    32 flags u32 = 0           36 size u32                40 start u32       44 end u32
 *     verify    0 hash[32]    32 zero[16]                   one a term, after all terms
 *     metadata  0 sha256[32]  32 zero[16]
 *   bookend     0 FF[32]      32 zero[16]
 *   xorb        0 hash[32]    32 flags u32 = 0           36 number of chunks u32    40 size u32        44 packed u32
 *     chunk     0 hash[32]    32 offset in the xorb u32  36 size u32                40 flags u32       44 zero[4]
 *   bookend, then nothing, or lookup tables and the footer of 200 bytes */
#ifndef HUGS3_XET_SHARD_WIRE_H
#define HUGS3_XET_SHARD_WIRE_H

#include "xet/format.h"

enum { HASH_SIZE = 32 };

enum { HEADER_VERSION = 32, HEADER_FOOTER_SIZE = 40 };
enum { FILE_FLAGS = 32, FILE_TERMS = 36 };
enum { TERM_SIZE = 36, TERM_START = 40, TERM_END = 44 };
enum { XORB_CHUNKS = 36, XORB_SIZE = 40, XORB_PACKED = 44 };
enum { CHUNK_OFFSET = 32, CHUNK_SIZE = 36, CHUNK_FLAGS = 40 };

enum { SHARD_VERSION = 2, SHARD_FOOTER = 200, SHARD_FOOTER_VERSION = 1 };
enum {
    FOOTER_VERSION = 0,
    FOOTER_FILES = 8, /* offset of the first file, of the first xorb */
    FOOTER_XORBS = 16,
    FOOTER_TABLES = 24, /* of files, xorbs, chunks: offset u64, entries u64 each */
    FOOTER_HMAC_KEY = 72,
    FOOTER_CREATED = 104,
    FOOTER_EXPIRY = 112,
    FOOTER_ON_DISK = 168, /* serialized bytes of the xorbs, bytes of the files, bytes of the xorbs */
    FOOTER_MATERIALIZED = 176,
    FOOTER_STORED = 184,
    FOOTER_OFFSET = 192, /* of the footer itself */
};

#define FILE_VERIFIED ((uint32_t)1 << 31)
#define FILE_METADATA ((uint32_t)1 << 30)
#define CHUNK_GLOBAL  ((uint32_t)1 << 31)

extern const uint8_t shard_tag[HASH_SIZE];
extern const uint8_t shard_bookend[HASH_SIZE]; /* where a hash would be */

/* Reads header, files and xorbs (shard_read.c); what is behind them is not looked at. */
struct shard_parts {
    size_t xorbs; /* offset of the first xorb */
    size_t end;   /* offset of what follows the second bookend */
};
MUST_USE enum err shard_walk(struct slice shard, const struct shard_reader *reader, struct shard_parts *out);
/* The footer at the end of a shard, if there is one (shard_footer.c). */
MUST_USE bool shard_find_footer(struct slice shard, struct slice *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* chunk_file.h: the chunk index as a file, so that a restart does not forget. It is a cache: a file that is damaged,
 * cut short or of another version is as good as none. Little-endian:
 *
 *   "hugs3chk" | version u32 = 1 | number of entries u32 | size of the table u32 | 0 u32
 *   chunk hash[32] | xorb hash[32] | CAS u32 | index u32      × entries
 *   BLAKE3 of all that [32]
 *
 * Written beside the old one and renamed over it. Not synced: what a power cut leaves does not match its hash. */
#ifndef HUGS3_XET_CHUNK_FILE_H
#define HUGS3_XET_CHUNK_FILE_H

#include "xet/format.h"

struct chunk_entry {
    struct xet_hash chunk, xorb;
    uint32_t cas;   /* 0: empty; never in a file */
    uint32_t index; /* of the chunk in the xorb */
};

struct chunk_file {
    struct chunk_entry *entries;
    size_t n;
    size_t sets; /* of the table they come from: in one of that size, all of them find room again */
};

/* out->entries is to be freed. ERR_STORE: cannot be read, or is not there; ERR_CORRUPT: is none of ours, or too long.
 */
MUST_USE enum err chunk_file_read(const char *path, size_t max_entries, struct chunk_file *out);
MUST_USE enum err chunk_file_write(const char *path, const struct chunk_file *file); /* ERR_STORE */

#endif

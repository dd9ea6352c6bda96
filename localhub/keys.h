/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h: the secret that Xet tokens and signed URLs are signed with, and that global-dedup answers are keyed by.
 * Made once, kept in the directory (mode 0600), so that a restart does not invalidate what was handed out. Any thread.
 */
#ifndef HUGS3_LOCALHUB_KEYS_H
#define HUGS3_LOCALHUB_KEYS_H

#include "xet/format.h"

enum { KEYS_MAC = 32, KEYS_MAC_HEX = 2 * KEYS_MAC + 1 };

struct keys {
    uint8_t root[32];
    uint8_t dedup[32]; /* derived */
};

/* Reads or makes dir/key. */
MUST_USE enum err keys_init(struct keys *k, int dir_fd, char why[256]);
void keys_done(struct keys *k); /* wipes */

/* HMAC-SHA256 of `purpose`, a NUL and the text: a signature made for one purpose is worth nothing for another. */
void keys_sign(const struct keys *k, const char *purpose, struct slice text, char out[KEYS_MAC_HEX]);
MUST_USE bool keys_check(const struct keys *k, const char *purpose, struct slice text, struct slice hex);

/* A file of the directory's own secrets: reads it, or makes it with `fresh` as its content, synced, mode 0600. */
MUST_USE enum err secret_file(int dir_fd, const char *name, struct slice fresh, char *out, size_t cap, size_t *n);

#endif

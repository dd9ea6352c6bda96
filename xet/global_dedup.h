/* SPDX-License-Identifier: Apache-2.0 */
/* global_dedup.h: chunks that others have stored in the CAS. "Global deduplication" of the Xet specification.
 *
 *   chunk ──► GET chunk ──► shard of keyed hashes ──► answers ◄── xet_hmac(key, hash) of the chunks that follow
 *             (asked beside the upload)               one for the process
 *
 * The CAS answers for a file's first chunk and for one chunk in 1,024, with a shard that describes all chunks around
 * it, their hashes hidden under a key: only who has a chunk too recognises it. So one answer serves many chunks, and
 * the other uploads of the process, the parts of a multipart upload above all. Answers are bounded in bytes, keys in
 * number, and a key is not used past its expiry. What they say is as good as what the chunk index says: a shard that
 * names a xorb the CAS no longer has is refused.
 *
 * An answer is never waited for long, never asked for twice, and whatever is odd about it means "not known"; then
 * nothing is asked in that corner of the CAS for a while. */
#ifndef HUGS3_XET_GLOBAL_DEDUP_H
#define HUGS3_XET_GLOBAL_DEDUP_H

#include "xet/client.h"

/* ---- answers; any thread ---- */

struct global_dedup;
struct global_dedup *global_dedup_new(void);
void global_dedup_free(struct global_dedup *g); /* NULL is fine */

/* Takes in a shard that the CAS answered. ERR_CORRUPT: it is none, or its key is not valid any more. */
MUST_USE enum err global_dedup_add(struct global_dedup *g, uint32_t cas, struct slice shard);
/* Looks up those of n chunks that are not known yet; places[i] is written where known[i] becomes true. */
void global_dedup_find(struct global_dedup *g, uint32_t cas, const struct xet_hash *const *hashes, size_t n,
                       bool *known, struct chunk_place *places);
unsigned global_dedup_answers(struct global_dedup *g); /* how many there have been: with more, look again */
void global_dedup_forget(struct global_dedup *g, uint32_t cas, const struct xet_hash *xorb);

/* ---- a question; its owner's thread ---- */

struct global_question;
/* NULL: there is no asking just now. Never blocks, but for the token. */
struct global_question *global_ask(struct xet_space *s, const struct xet_hash *chunk);
MUST_USE bool global_answered(const struct global_question *q); /* or it has had its time */
void global_wait(const struct global_question *q);              /* until then */
MUST_USE bool global_is_late(const struct global_question *q);  /* had its time, and no answer: global_end would wait */
/* What came in is among the answers afterwards. Frees q; NULL is fine. */
void global_end(struct global_question *q);

#endif

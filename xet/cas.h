/* SPDX-License-Identifier: Apache-2.0 */
/* cas.h: the CAS's calls ("CAS API" of the Xet specification), with token, retries and statuses.
 *
 * A 401 is answered by one new token. Statuses become errors: 400 ERR_BAD_REQUEST (which never leaves xet/: each caller
 * knows what it means), 401 ERR_UPSTREAM_TOKEN, 403 ERR_UPSTREAM_REFUSED, 404 ERR_UPSTREAM_MISSING, 429 ERR_SLOW_DOWN,
 * 5xx ERR_UPSTREAM, any other ERR_UPSTREAM_ANSWER. */
#ifndef HUGS3_XET_CAS_H
#define HUGS3_XET_CAS_H

#include "xet/client.h"

enum { CAS_URL_MAX = XET_URL_MAX + 128 };

/* A token of the space. `refused` as in struct xet_access. */
MUST_USE enum err cas_token(struct xet_space *s, bool write, const char *refused, struct xet_token *out);

enum err cas_status(int status);

/* ---- a xorb on its way ---- */

struct cas_xorb { /* in place: start … finish */
    struct xet_space *space;
    struct xet_token token;
    char url[CAS_URL_MAX];
    struct http_request request;
    struct http_pending *pending;
};
/* Copies *token. The pieces, and what they point to, are borrowed until finish. Never blocks. */
void cas_xorb_start(struct cas_xorb *c, struct xet_space *s, const struct xet_token *token, const struct xet_hash *hash,
                    const struct slice *pieces, size_t n);
MUST_USE enum err cas_xorb_finish(struct cas_xorb *c);

/* ---- the others ---- */

/* *token becomes the new one, if it was refused; as xorb.token above does. */
MUST_USE enum err cas_shard(struct xet_space *s, struct xet_token *token, struct slice shard);

/* GET {cas}/{version}/reconstructions/{file}, bytes `from` to `to` (inclusive). *out has to be ended with
 * http_response_done whatever is returned; *status is 0 when there was no answer. */
MUST_USE enum err cas_reconstruction(struct xet_space *s, const char *version, const struct xet_hash *file,
                                     uint64_t from, uint64_t to, size_t max_body, int *status,
                                     struct http_response *out);

/* ---- global dedup ---- */

/* Asks for a shard that says where a chunk lies, in place: start … finish, once, without retries. Never blocks, but for
 * the token. `timeout_ms` without a byte moving is no answer. */
struct cas_chunk {
    struct xet_token token;
    char url[CAS_URL_MAX];
    struct http_pending *pending;
};
MUST_USE enum err cas_chunk_start(struct cas_chunk *c, struct xet_space *s, const struct xet_hash *chunk,
                                  size_t max_body, uint32_t timeout_ms);
/* Waits. *out has to be ended with http_response_done whatever is returned. ERR_UPSTREAM_MISSING: nobody has it. */
MUST_USE enum err cas_chunk_finish(struct cas_chunk *c, struct http_response *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: the two objects of hub/ as its own files see them. Read hub.h first.
 *
 *   hub.c        one user at one endpoint          ask.c        one call: URL, bearer, waiting, tries, status → error
 *   buckets.c    buckets as a whole                ratelimit.c  what the Hub told of its limits
 *   bucket.c     one bucket in use                 fields.c     JSON, checked
 *   tree.c       its listing                       link.c       the next page
 *   lookup.c     its paths-info, shared            names.c      what may be asked for at all
 *   batch.c      its mutations, shared             pathmap.c    answers back to those who asked, by path
 *   round.c      which of them go in one call      line.c       one of them as text
 *   verdict.c    what became of them               xet_token.c  its Xet tokens
 *   resolve.c    a path, when lookups are spent      repo.c       repositories as buckets
 *   download.c   what of them is not in Xet
 *
 * What these files share is named by file, or begins with hub_ where another folder could have the same idea. */
#ifndef HUGS3_HUB_INTERNAL_H
#define HUGS3_HUB_INTERNAL_H

#include <stdatomic.h>

#include "common/combine.h"
#include "hub/hub.h"
#include "hub/ratelimit.h"

#define HUB_CALL_MAX  1000 /* paths or lines in one call: what the clients send, and the Hub takes */
#define HUB_PAGE_MAX  5000 /* entries of a tree page */
#define HUB_LOOKUPS   4    /* paths-info calls of one bucket at a time: one at a time would wait 50 ms for each other */
#define HUB_HALVINGS  16   /* of a shared call that was refused: to find one bad path among 1,000 takes 10 */
#define HUB_TOKEN_MAX 4096 /* of a Xet token, with its NUL */
#define HUB_URL_MAX   512  /* of a CAS's URL, with its NUL */

struct hub {
    struct http *http; /* borrowed */
    char *endpoint;
    char *token; /* NULL: anonymous */
    uint32_t retry_ms;
    struct ratelimit ratelimit;
    atomic_uint_fast64_t calls;
};

/* A Xet token in the cache. Guarded by the bucket's token_lock; only its kind's leader writes it. */
struct xet_token_kept {
    char cas_url[HUB_URL_MAX];
    char token[HUB_TOKEN_MAX]; /* "": none */
    int64_t until_ms;          /* monotonic: not to be given any more from then on */
};

enum { XET_READ, XET_WRITE, XET_KINDS };

struct hub_bucket {
    struct hub *hub;
    char *id;
    char *url; /* endpoint/api/buckets/ns/name; NULL: an id that cannot be one */
    const char *source_type;
    char *source_id;
    char *at; /* of a repository: "/REVISION", what comes behind tree, paths-info and tokens in URLs; NULL: a bucket */
    _Atomic int64_t time_ms, time_looked_ms; /* repo_time; the clock's mono, 0: never */
    struct combine lookups;
    struct combine batches;
    struct combine refreshes[XET_KINDS];
    pthread_mutex_t token_lock; /* leaf */
    struct xet_token_kept tokens[XET_KINDS];
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* client.h: what the files of the Xet client share: the client itself and a corner of the CAS. The format (format.h)
 * knows nothing of it.
 *
 *   put.c ── put_job.c   chunks: hash, look up, pack, on the workers
 *     │   ── layout.c    which chunk of the file lies where; what is known already
 *     │   ── put_ask.c ── global_ask.c, global_dedup.c     what others have stored
 *     │   ── xorb_out.c  packed chunks on their way to the CAS
 *     └─► commit.c ◄── join.c ── recipe.c      small tails share a xorb, files share a shard
 *   get.c ── recon.c     where the chunks of a file are to be fetched
 *         ── fetch.c     fetching them, ahead of the reader
 *   all of them ─► cas.c                       calls, tokens, statuses */
#ifndef HUGS3_XET_CLIENT_H
#define HUGS3_XET_CLIENT_H

#include <stdatomic.h>

#include "common/budget.h"
#include "common/combine.h"
#include "common/workers.h"
#include "xet/chunk_index.h"
#include "xet/segment.h"
#include "xet/xet.h"

struct global_dedup;

struct xet {
    struct http *http; /* borrowed */
    char *cas_name;    /* instead of its URL; NULL: none */
    struct workers *workers;
    struct budget *up, *down;
    struct segments segments;
    struct chunk_index *index;
    struct global_dedup *global;
    _Atomic uint64_t received, deduplicated, sent, fetched;
};

/* Which of the two forms of a reconstruction a CAS answers is found out by asking. */
enum recon_version { RECON_UNKNOWN, RECON_V2, RECON_V1 };

struct xet_space {
    struct xet *xet;
    struct xet_access access;
    struct combine commits; /* commit.c */
    /* Any thread; written whenever a token comes in, nearly always with the value it has. */
    _Atomic uint32_t cas;            /* the CAS as the chunk index names it; 0: not known before the first token */
    _Atomic int recon;               /* enum recon_version */
    _Atomic int64_t global_quiet_ms; /* monotonic: no question for chunks before then (global_ask.c) */
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* target.h: a request's target as S3 reads it: bucket, key, arguments. RFC 9112 section 3.2; path-style addressing of
 * the Amazon S3 User Guide. Pure. */
#ifndef HUGS3_GATEWAY_TARGET_H
#define HUGS3_GATEWAY_TARGET_H

#include "common/arena.h"
#include "translate/s3.h"

#define TARGET_ARGS_MAX 64

struct target {
    struct slice path, query; /* raw, for the signature */
    struct slice bucket, key; /* decoded; empty: none */
    struct s3_arg *args;
    size_t n_args;
};

/* Everything in `out` lives in `arena` or in `raw`. ERR_INVALID_URI. */
MUST_USE enum err target_parse(struct slice raw, struct arena *arena, struct target *out);

#endif

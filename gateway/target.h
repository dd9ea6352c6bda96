/* SPDX-License-Identifier: Apache-2.0 */
/* target.h: a request's target as S3 reads it: namespace, bucket, key, arguments. RFC 9112 section 3.2; path-style and
 * virtual-hosted-style addressing of the Amazon S3 User Guide. Pure.
 *
 *   path style           /bucket/key
 *   virtual host         Host: bucket.domain, /key      for the configured domains; any other Host is path style
 *   namespace in path    /namespace/bucket/key, when configured; /namespace lists its buckets */
#ifndef HUGS3_GATEWAY_TARGET_H
#define HUGS3_GATEWAY_TARGET_H

#include "common/arena.h"
#include "translate/s3.h"

#define TARGET_ARGS_MAX 64

/* The settings; borrowed. */
struct addressing {
    const char *const *domains; /* without port; NULL-terminated; NULL: none */
    bool namespace_in_path;     /* of path-style requests */
};

struct target {
    struct slice path, query; /* raw, for the signature */
    struct slice host_bucket; /* the bucket as the Host has it; empty: path style */
    struct slice ns;          /* of the path; empty: the caller's own */
    struct slice bucket, key; /* decoded; empty: none */
    struct s3_arg *args;
    size_t n_args;
};

/* `host`: the Host header, empty when there is none. Everything in `out` lives in `arena`, `host` or `raw`.
 * ERR_INVALID_URI. */
MUST_USE enum err target_parse(struct slice raw, struct slice host, const struct addressing *addressing,
                               struct arena *arena, struct target *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* query.h: a raw query as SigV4 looks at it: arguments decoded to be read, encoded anew and sorted to be signed. */
#ifndef HUGS3_AUTH_QUERY_H
#define HUGS3_AUTH_QUERY_H

#include "common/arena.h"

struct query_arg {
    struct slice name, value;             /* decoded; no '=' is an empty value */
    struct slice coded_name, coded_value; /* by SigV4's UriEncode */
};

struct query {
    struct query_arg *args; /* by coded name, then coded value, bytewise */
    size_t n;
};

/* Copies what it has to into the arena and borrows the rest from `raw`. ERR_INVALID_URI: a broken escape. */
MUST_USE enum err query_parse(struct slice raw, struct arena *arena, struct query *out);
/* The first one of that name, in any case; NULL: none. */
const struct query_arg *query_find(const struct query *q, const char *name);
size_t query_count(const struct query *q, const char *name);

#endif

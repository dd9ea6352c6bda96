/* SPDX-License-Identifier: Apache-2.0 */
/* reach.c: see reach.h. */
#include "translate/reach.h"

#include <fnmatch.h>

#include "translate/call.h"
#include "translate/name.h"

bool reach_has(const struct s3_call *c, struct slice bucket)
{
    struct slice id, name = bucket;
    if (!c->reach.globs)
        return true;
    if (name_to_id(bucket, c->s3->config.ns, c->arena, &id))
        name = name_of_id(id, c->reach.ns, c->arena);
    const char *text = arena_strdup(c->arena, name);
    for (size_t i = 0; c->reach.globs[i]; i++)
        if (fnmatch(c->reach.globs[i], text, 0) == 0)
            return true;
    return false;
}

bool s3_may_use_bucket(const struct s3_call *c)
{
    return c->bucket.n == 0 || reach_has(c, c->bucket);
}

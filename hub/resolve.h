/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.h: what is at a path, out of the headers of its resolve URL: a call that counts against another class of the
 * rate limit than the API's, and a larger one. */
#ifndef HUGS3_HUB_RESOLVE_H
#define HUGS3_HUB_RESOLVE_H

#include "hub/internal.h"

/* As hub_lookup, but for one path, not shared, and telling less: the time is in whole seconds, and a content type is
 * only told where the answer is not a redirect. */
MUST_USE enum err hub_resolve(struct hub_bucket *b, struct slice path, struct arena *arena, struct hub_file *out);

#endif

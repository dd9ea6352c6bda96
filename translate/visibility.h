/* SPDX-License-Identifier: Apache-2.0 */
/* visibility.h: whether buckets are public, remembered for half a minute, so that anonymous reads cost the Hub nothing.
 * Any thread. */
#ifndef HUGS3_TRANSLATE_VISIBILITY_H
#define HUGS3_TRANSLATE_VISIBILITY_H

#include "hub/hub.h"

struct visibility_cache;
struct visibility_cache *visibility_cache_new(void);
void visibility_cache_free(struct visibility_cache *c); /* NULL is fine */

/* A bucket that is not there is not public. */
MUST_USE enum err visibility_is_public(struct visibility_cache *c, struct hub *hub, struct slice id,
                                       struct arena *arena, bool *out);
/* It has just been made so. */
void visibility_tell(struct visibility_cache *c, struct slice id, bool is_public);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.h: what the files about one bucket need of each other. */
#ifndef HUGS3_HUB_BUCKET_H
#define HUGS3_HUB_BUCKET_H

#include <jansson.h>

#include "hub/internal.h"
#include "hub/pathmap.h"

/* lookup.c. The leader's part, for common/combine.h; ctx: the bucket. */
void hub_lookup_lead(void *ctx, struct combine_item *first);
/* One paths-info call about the paths from `from` to `from + n` of the map. *entries: the array of the answer, the
 * caller's to json_decref. */
MUST_USE enum err hub_lookup_ask(struct hub_bucket *b, const struct pathmap *paths, size_t from, size_t n,
                                 json_t **entries);

/* batch.c. The same for mutations. */
void hub_batch_lead(void *ctx, struct combine_item *first);

/* xet_token.c */
void hub_token_init(struct hub_bucket *b);
void hub_token_done(struct hub_bucket *b); /* wipes */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.c: a bucket in use: where its callers meet to share calls, and its tokens. */
#include "hub/bucket.h"

#include <stdlib.h>

#include "common/codec.h"
#include "hub/ask.h"
#include "hub/names.h"

struct hub_bucket *hub_bucket_new(struct hub *h, struct slice id)
{
    struct hub_bucket *b = mem_zalloc(sizeof *b);
    b->hub = h;
    b->id = mem_dup(id);
    if (hub_name_id_valid(id)) {
        struct buf url;
        ask_url(h, &url, "/api/buckets/");
        percent_encode(id, PERCENT_PATH, &url);
        b->url = buf_take(&url);
    }
    combine_init(&b->lookups, hub_lookup_lead, b, HUB_LOOKUPS, HUB_CALL_MAX, HUB_CALL_MAX);
    /* One batch at a time: what comes later for the same path must not overtake. */
    combine_init(&b->batches, hub_batch_lead, b, 1, HUB_CALL_MAX, HUB_CALL_MAX);
    hub_token_init(b);
    return b;
}

void hub_bucket_free(struct hub_bucket *b)
{
    if (b == NULL)
        return;
    combine_done(&b->lookups);
    combine_done(&b->batches);
    hub_token_done(b);
    free(b->url);
    free(b->id);
    free(b);
}

const char *hub_bucket_id(const struct hub_bucket *b)
{
    return b->id;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.c: a bucket in use: where its callers meet to share calls, and its tokens. */
#include "hub/bucket.h"

#include <stdlib.h>

#include "common/codec.h"
#include "hub/ask.h"
#include "hub/names.h"
#include "hub/repo.h"

static void use_repository(struct hub_bucket *b, const struct repo *r)
{
    struct buf url, at;
    repo_url(b->hub, r, &url);
    b->url = buf_take(&url);
    buf_init(&at, ASK_URL_MAX);
    repo_add_revision(r->revision, &at);
    b->at = buf_take(&at);
    b->source_type = r->kind->type;
    b->source_id = mem_dup(r->id);
}

static void use_bucket(struct hub_bucket *b)
{
    struct buf url;
    ask_url(b->hub, &url, "/api/buckets/");
    percent_encode(slice_str(b->id), PERCENT_PATH, &url);
    b->url = buf_take(&url);
    b->source_type = "bucket";
    b->source_id = mem_strdup(b->id);
}

struct hub_bucket *hub_bucket_new(struct hub *h, struct slice id)
{
    struct hub_bucket *b = mem_zalloc(sizeof *b);
    b->hub = h;
    b->id = mem_dup(id);
    struct repo repo;
    if (repo_parse(id, &repo))
        use_repository(b, &repo);
    else if (hub_name_id_valid(id))
        use_bucket(b);
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
    free(b->at);
    free(b->source_id);
    free(b->id);
    free(b);
}

const char *hub_bucket_id(const struct hub_bucket *b)
{
    return b->id;
}

bool hub_bucket_is_repository(const struct hub_bucket *b)
{
    return b->at != NULL;
}

const char *hub_bucket_source_type(const struct hub_bucket *b)
{
    return b->source_type;
}

struct slice hub_bucket_source_id(const struct hub_bucket *b)
{
    return slice_str(b->source_id ? b->source_id : "");
}

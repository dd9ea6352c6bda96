/* SPDX-License-Identifier: Apache-2.0 */
/* copy.c: see copy.h. */
#include "cli/copy.h"

static const struct {
    const char *type;   /* Hub API, copyFile: sourceRepoType */
    const char *folder; /* in front of a repository's id (hub.h) */
} kinds[] = {
    [PLACE_BUCKET] = { "bucket", "" },
    [PLACE_MODEL] = { "model", "models/" },
    [PLACE_DATASET] = { "dataset", "datasets/" },
    [PLACE_SPACE] = { "space", "spaces/" },
};

struct hub_bucket *copy_source(struct hub *h, const struct place *from)
{
    AUTO_BUF struct buf id = { 0 };
    buf_init(&id, 1024);
    buf_add_str(&id, kinds[from->kind].folder);
    buf_add(&id, from->id);
    if (from->kind != PLACE_BUCKET) {
        buf_add_char(&id, '@');
        buf_add(&id, from->revision.n ? from->revision : SLICE("main"));
    }
    return hub_bucket_new(h, buf_slice(&id));
}

enum err copy_line(const struct place *from, const struct hub_file *f, struct slice path, struct hub_line *out)
{
    if (!f->xet_hash[0])
        return ERR_UPSTREAM_MISSING;
    *out =
        (struct hub_line){ .op = HUB_COPY, .path = path, .source_type = kinds[from->kind].type, .source_id = from->id };
    memcpy(out->xet_hash, f->xet_hash, sizeof out->xet_hash);
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* object.c: see object.h. */
#include "translate/object.h"

enum err object_find(struct s3_call *c, struct bucket *b, struct slice path, struct object *out)
{
    struct object o = { .path = path };
    struct hub_file companion;
    bool found;
    enum err e = hub_lookup_pair(b->hub, path, meta_path(c->arena, path), c->arena, &o.file, &companion, &found);
    if (!e && !xet_hash_parse(slice_str(o.file.xet_hash), &o.content.hash))
        e = ERR_UPSTREAM_ANSWER;
    if (!e)
        e = meta_read(b, found ? &companion : NULL, &o.file, c->arena, &o.meta);
    if (e)
        return e;
    o.content.size = o.file.size;
    o.modified_ms = hub_file_modified(&o.file);
    o.has_companion = o.meta.n > 0;
    etag_text(o.file.xet_hash, o.etag);
    *out = o;
    return OK;
}

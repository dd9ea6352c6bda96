/* SPDX-License-Identifier: Apache-2.0 */
/* object.c: see object.h. */
#include "translate/object.h"

/* A repository has no companions; its small files are not in Xet. */
static enum err find_in_repository(struct s3_call *c, struct bucket *b, struct slice path, struct object *out)
{
    struct object o = { .path = path };
    enum err e = hub_lookup(b->hub, path, c->arena, &o.file);
    if (e)
        return e;
    if (object_in_xet(&o) ? !xet_hash_parse(slice_str(o.file.xet_hash), &o.content.hash) : o.file.git_oid[0] == 0)
        return ERR_UPSTREAM_ANSWER;
    o.content.size = o.file.size;
    o.modified_ms = hub_file_modified(&o.file);
    etag_of_file(o.file.xet_hash, o.file.git_oid, o.etag);
    *out = o;
    return OK;
}

enum err object_find(struct s3_call *c, struct bucket *b, struct slice path, struct object *out)
{
    struct object o = { .path = path };
    struct hub_file companion;
    bool found;
    if (hub_bucket_is_repository(b->hub))
        return find_in_repository(c, b, path, out);
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

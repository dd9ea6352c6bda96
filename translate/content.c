/* SPDX-License-Identifier: Apache-2.0 */
/* content.c: see content.h. */
#include "translate/content.h"

enum err content_open(struct bucket *b, const struct object *o, uint64_t offset, uint64_t length, struct content *out)
{
    *out = (struct content){ 0 };
    if (length == 0)
        return OK;
    if (object_in_xet(o))
        return xet_get_open(b->space, &o->content, offset, length, &out->xet);
    return hub_download_open(b->hub, o->path, offset, length, &out->git);
}

enum err content_read(struct content *in, struct slice *out)
{
    if (in->xet)
        return xet_get_read(in->xet, out);
    if (in->git)
        return hub_download_read(in->git, out);
    *out = SLICE("");
    return OK;
}

void content_close(struct content *in)
{
    xet_get_free(in->xet);
    hub_download_close(in->git);
    *in = (struct content){ 0 };
}

enum err content_pass(struct bucket *from, const struct object *o, uint64_t offset, uint64_t length, struct bucket *to,
                      struct xet_file *out, struct buf *recipe)
{
    struct content in;
    struct xet_put *put = xet_put_new(to->space, length);
    enum err e = content_open(from, o, offset, length, &in);
    while (!e) {
        struct slice bytes;
        e = content_read(&in, &bytes);
        if (e || bytes.n == 0)
            break;
        e = xet_put_write(put, bytes);
    }
    if (!e)
        e = xet_put_finish(put, out, recipe);
    content_close(&in);
    xet_put_free(put);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* object.h: an object as S3 sees it: the Hub's file, its content in Xet, and its companion's metadata. */
#ifndef HUGS3_TRANSLATE_OBJECT_H
#define HUGS3_TRANSLATE_OBJECT_H

#include "translate/condition.h"
#include "translate/meta.h"

struct object {
    struct slice path;
    struct hub_file file;
    struct xet_file content;
    int64_t modified_ms;
    char etag[ETAG_TEXT];
    bool has_companion; /* one that counts */
    struct meta meta;
};

static inline bool object_in_xet(const struct object *o)
{
    return o->file.xet_hash[0] != 0;
}

/* One lookup for file and companion; the companion's content is read only where there is one. ERR_NO_SUCH_KEY,
 * ERR_NO_SUCH_BUCKET, ERR_UPSTREAM_ANSWER … */
MUST_USE enum err object_find(struct s3_call *c, struct bucket *b, struct slice path, struct object *out);

#endif

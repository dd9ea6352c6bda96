/* SPDX-License-Identifier: Apache-2.0 */
/* copy_source.h: x-amz-copy-source: where CopyObject and UploadPartCopy take from. */
#ifndef HUGS3_TRANSLATE_COPY_SOURCE_H
#define HUGS3_TRANSLATE_COPY_SOURCE_H

#include "translate/object.h"

struct copy_source {
    struct bucket *bucket; /* to be released */
    struct object object;
};

/* Finds the source and checks the copy-source conditions. On OK the caller calls copy_source_done. ERR_COPY_SOURCE,
 * ERR_NO_SUCH_BUCKET, ERR_NO_SUCH_KEY, ERR_PRECONDITION … */
MUST_USE enum err copy_source_find(struct s3_call *c, struct copy_source *out);
void copy_source_done(struct s3_call *c, struct copy_source *s);

#endif

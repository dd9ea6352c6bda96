/* SPDX-License-Identifier: Apache-2.0 */
/* content.h: an object's bytes, wherever they are: in Xet, as those of every bucket, or, of a repository's small files,
 * with the Hub. */
#ifndef HUGS3_TRANSLATE_CONTENT_H
#define HUGS3_TRANSLATE_CONTENT_H

#include "translate/object.h"

struct content {
    struct xet_get *xet;
    struct hub_download *git;
}; /* both NULL: nothing to read */

/* offset + length within the object; a length of 0 is fine. Ended by content_close, also after an error. */
MUST_USE enum err content_open(struct bucket *b, const struct object *o, uint64_t offset, uint64_t length,
                               struct content *out);
/* Valid until the next call; empty: the end. */
MUST_USE enum err content_read(struct content *in, struct slice *out);
void content_close(struct content *in); /* a zeroed one is fine */

/* A range of it written to another bucket's corner of the CAS; what that has of it already is not sent again. The file
 * is registered when this returns OK. `recipe` may be NULL. */
MUST_USE enum err content_pass(struct bucket *from, const struct object *o, uint64_t offset, uint64_t length,
                               struct bucket *to, struct xet_file *out, struct buf *recipe);

#endif

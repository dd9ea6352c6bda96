/* SPDX-License-Identifier: Apache-2.0 */
/* tags.h: an object's tags, from header and document, as the companion keeps them, and as a document again.
 * Amazon S3 User Guide, "Categorizing your objects using tags": at most 10, keys of 128 and values of 256 characters.
 */
#ifndef HUGS3_TRANSLATE_TAGS_H
#define HUGS3_TRANSLATE_TAGS_H

#include "translate/meta.h"

enum { TAGS_MAX = 10, TAG_KEY_MAX = 128, TAG_VALUE_MAX = 256 /* characters */ };

struct tags {
    struct tag {
        struct slice key, value;
    } list[TAGS_MAX];
    size_t n;
};

/* x-amz-tagging: "a=1&b=2", percent-encoded; no header, no tags. ERR_INVALID_ARGUMENT, ERR_INVALID_TAG,
 * ERR_TOO_MANY_TAGS, each with a detail. */
MUST_USE enum err tags_of_request(struct s3_call *c, struct tags *out);
/* <Tagging>. ERR_MALFORMED_XML and the above. */
MUST_USE enum err tags_of_document(struct s3_call *c, struct slice text, struct tags *out);
void tags_write(const struct tags *t, struct xml_out *x);

/* In the companion. */
void tags_to_meta(const struct tags *t, struct arena *arena, struct meta *m);
void tags_of_meta(const struct meta *m, struct arena *arena,
                  struct tags *out); /* what does not look right is left out */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* condition.h: conditional requests: If-Match and its kin, for reads, for copy sources and for writes.
 * RFC 9110 section 13; Amazon S3 API Reference, GetObject ("Overriding response header values" … conditions). */
#ifndef HUGS3_TRANSLATE_CONDITION_H
#define HUGS3_TRANSLATE_CONDITION_H

#include "translate/s3.h"

/* What is at the key now; NULL where there is nothing. */
struct condition_object {
    const char *etag; /* with quotes */
    int64_t modified_ms;
};

/* OK, ERR_PRECONDITION, ERR_NOT_MODIFIED (of sources it is ERR_PRECONDITION). */
MUST_USE enum err condition_read(struct s3_call *c, const struct condition_object *o);
MUST_USE enum err condition_copy_source(struct s3_call *c, const struct condition_object *o);
MUST_USE enum err condition_rename_source(struct s3_call *c, const struct condition_object *o);
/* Is it in a list of entity tags, with or without quotes, or is that "*"? */
bool condition_lists(struct slice list, const char *etag);
/* Does the call have a condition on writing (If-Match, If-None-Match)? */
bool condition_on_write(const struct s3_call *c);
/* OK, ERR_PRECONDITION, ERR_NO_SUCH_KEY (If-Match on nothing), ERR_NOT_IMPLEMENTED (If-None-Match with an ETag). */
MUST_USE enum err condition_write(struct s3_call *c, const struct condition_object *o);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* range.h: the Range header, one range of bytes. RFC 9110 section 14.1.2 and 14.2. Pure. */
#ifndef HUGS3_TRANSLATE_RANGE_H
#define HUGS3_TRANSLATE_RANGE_H

#include "common/buf.h"

struct range {
    uint64_t offset, length;
    bool partial; /* a range was asked for and applies */
};

/* Of an object of `size` bytes. No header, one that is malformed, in other units or with several ranges: the whole
 * object, as S3 does. ERR_INVALID_RANGE: nothing of it is there. */
MUST_USE enum err range_parse(struct slice header, uint64_t size, struct range *out);

#endif

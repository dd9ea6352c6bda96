/* SPDX-License-Identifier: Apache-2.0 */
/* header.h: HTTP header fields as both of our HTTP sides carry them. Order and duplicates are kept. */
#ifndef HUGS3_COMMON_HEADER_H
#define HUGS3_COMMON_HEADER_H

#include "common/buf.h"

struct header {
    struct slice name; /* case as received */
    struct slice value;
};

struct headers {
    const struct header *list;
    size_t n;
};

/* The first field of that name (ASCII case ignored), trimmed; p == NULL: there is none. An empty value has p != NULL.
 */
struct slice headers_find(struct headers h, const char *name);
size_t headers_count(struct headers h, const char *name);

#endif

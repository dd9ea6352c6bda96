/* SPDX-License-Identifier: Apache-2.0 */
/* header.c: finding a field by its name. Lists are short, so it looks at each. */
#include "common/header.h"

struct slice headers_find(struct headers h, const char *name)
{
    struct slice wanted = slice_str(name);
    for (size_t i = 0; i < h.n; i++) {
        if (!slice_eq_nocase(h.list[i].name, wanted))
            continue;
        struct slice value = slice_trim(h.list[i].value);
        return value.p ? value : SLICE("");
    }
    return SLICE_NONE;
}

size_t headers_count(struct headers h, const char *name)
{
    struct slice wanted = slice_str(name);
    size_t count = 0;
    for (size_t i = 0; i < h.n; i++)
        count += slice_eq_nocase(h.list[i].name, wanted);
    return count;
}

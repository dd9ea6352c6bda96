/* SPDX-License-Identifier: Apache-2.0 */
/* range.c: see range.h. */
#include "translate/range.h"

enum err range_parse(struct slice header, uint64_t size, struct range *out)
{
    struct range whole = { 0, size, false };
    *out = whole;
    struct slice rest = slice_trim(header);
    if (!slice_eq_nocase(slice_of(rest.p, rest.n < 6 ? rest.n : 6), SLICE("bytes=")))
        return OK;
    rest = slice_trim(slice_from(rest, 6));
    struct slice first = slice_trim(slice_cut(&rest, '-')), last = slice_trim(rest);
    uint64_t from = 0, to = 0;
    if (!rest.p || (first.n > 0 && !slice_u64(first, &from)) || (last.n > 0 && !slice_u64(last, &to)) ||
        (first.n == 0 && last.n == 0))
        return OK;
    if (first.n == 0) { /* the last `to` bytes */
        if (to == 0 || size == 0)
            return ERR_INVALID_RANGE;
        uint64_t n = to < size ? to : size;
        *out = (struct range){ size - n, n, true };
        return OK;
    }
    if (last.n > 0 && to < from)
        return OK;
    if (from >= size)
        return ERR_INVALID_RANGE;
    uint64_t end = last.n > 0 && to < size - 1 ? to + 1 : size;
    *out = (struct range){ from, end - from, true };
    return OK;
}

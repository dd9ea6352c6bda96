/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a reconstruction, of either version. What is taken must be safe to fetch by without another look. */
#include <assert.h>

#include "xet/recon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct recon *r, uint64_t length)
{
    uint64_t size = 0;

    assert(r->n_terms > 0 && r->skip < r->terms[0].size);
    for (size_t i = 0; i < r->n_terms; i++) {
        const struct recon_term *t = &r->terms[i];
        assert(t->range < r->n_ranges);
        const struct recon_range *range = &r->ranges[t->range];
        assert(range->start <= t->start && t->start < t->end && t->end <= range->end);
        assert(range->end <= XORB_MAX_CHUNKS && range->from <= range->to);
        assert(slice_starts(slice_str(range->url), SLICE("http")));
        size += t->size;
    }
    assert(size - r->skip >= length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct recon r;

    if (n == 0 || recon_parse(slice_of(data + 1, n - 1), data[0] & 1, data[0], &r))
        return 0;
    check(&r, data[0]);
    recon_done(&r);
    return 0;
}

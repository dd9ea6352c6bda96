/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_form.c: any multipart/form-data body, cut anywhere. Input: how large the pieces are, the content type up to a
 * line end, the body. */
#include <assert.h>

#include "translate/form.h"

struct feed {
    struct slice left;
    size_t step;
};

static enum err next(void *ctx, struct slice *out)
{
    struct feed *f = ctx;
    size_t n = f->left.n < f->step ? f->left.n : f->step;
    *out = slice_of(f->left.p, n);
    f->left = slice_from(f->left, n);
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct slice rest = slice_of(data + 1, size - 1), type = slice_cut(&rest, '\n'), filename, piece;
    struct feed feed = { rest, (size_t)data[0] + 1 };
    struct policy_field *fields;
    struct form *f;
    size_t n, total = 0;
    if (form_new(type, next, &feed, &f))
        return 0;
    struct arena *arena = arena_new();
    if (form_read_fields(f, arena, &fields, &n, &filename) == OK) {
        assert(n <= FORM_FIELDS_MAX);
        while (form_read_file(f, &piece) == OK && piece.n > 0)
            total += piece.n;
        assert(total <= rest.n);
    }
    form_free(f);
    arena_free(arena);
    return 0;
}

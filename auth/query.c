/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: "Task 1: Create a Canonical Request" of SigV4, what it says of the query string: UriEncode each name and
 * value, sort. Clients encode differently (or not at all), so everything is decoded first. '+' is a blank: S3 signs it
 * as %20 and acts upon a blank, as do Go's and Java's servers. */
#include "auth/query.h"

#include <stdlib.h>

#include "common/codec.h"

static enum err recode(struct slice raw, struct arena *arena, struct slice *plain, struct slice *coded)
{
    AUTO_BUF struct buf b;
    buf_init(&b, 3 * raw.n + 1);
    if (!percent_decode(raw, true, &b))
        return ERR_INVALID_URI;
    /* Most names and values are the same in all three forms, and need no copy. */
    *plain = slice_eq(buf_slice(&b), raw) ? raw : arena_copy(arena, buf_slice(&b));
    buf_clear(&b);
    percent_encode(*plain, PERCENT_ALL, &b);
    *coded = slice_eq(buf_slice(&b), *plain) ? *plain : arena_copy(arena, buf_slice(&b));
    return OK;
}

static int by_coded(const void *a, const void *b)
{
    const struct query_arg *x = a, *y = b;
    int order = slice_cmp(x->coded_name, y->coded_name);
    return order ? order : slice_cmp(x->coded_value, y->coded_value);
}

enum err query_parse(struct slice raw, struct arena *arena, struct query *out)
{
    size_t count = 0;
    struct query q = { 0 };
    for (size_t i = 0; i < raw.n; i++)
        count += raw.p[i] != '&' && (i == 0 || raw.p[i - 1] == '&');
    q.args = arena_alloc(arena, count * sizeof *q.args);
    for (struct slice rest = raw; rest.p;) {
        struct slice value = slice_cut(&rest, '&');
        if (value.n == 0)
            continue; /* "a&&b": nothing between */
        struct slice name = slice_cut(&value, '=');
        struct query_arg *arg = &q.args[q.n++];
        enum err e = recode(name, arena, &arg->name, &arg->coded_name);
        if (!e)
            e = recode(value, arena, &arg->value, &arg->coded_value);
        if (e)
            return e;
    }
    qsort(q.args, q.n, sizeof *q.args, by_coded);
    *out = q;
    return OK;
}

const struct query_arg *query_find(const struct query *q, const char *name)
{
    struct slice wanted = slice_str(name);
    for (size_t i = 0; i < q->n; i++)
        if (slice_eq_nocase(q->args[i].name, wanted))
            return &q->args[i];
    return NULL;
}

size_t query_count(const struct query *q, const char *name)
{
    struct slice wanted = slice_str(name);
    size_t count = 0;
    for (size_t i = 0; i < q->n; i++)
        count += slice_eq_nocase(q->args[i].name, wanted);
    return count;
}

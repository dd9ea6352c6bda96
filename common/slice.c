/* SPDX-License-Identifier: Apache-2.0 */
/* slice.c: looking at borrowed bytes: comparing, cutting, numbers. Declared in buf.h. */
#include "common/buf.h"

static unsigned char ascii_lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* memcmp may not be given NULL, which an empty slice may hold. */
bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    return true;
}

bool slice_is(struct slice a, const char *s)
{
    return slice_eq(a, slice_str(s));
}

bool slice_starts(struct slice a, struct slice prefix)
{
    return a.n >= prefix.n && slice_eq(slice_of(a.p, prefix.n), prefix);
}

bool slice_ends(struct slice a, struct slice suffix)
{
    return a.n >= suffix.n && slice_eq(slice_from(a, a.n - suffix.n), suffix);
}

int slice_cmp(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

struct slice slice_from(struct slice a, size_t at)
{
    if (at == 0)
        return a;
    return at < a.n ? slice_of(a.p + at, a.n - at) : slice_of(a.n ? a.p + a.n : a.p, 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice a)
{
    while (a.n && is_blank(a.p[0])) {
        a.p++;
        a.n--;
    }
    while (a.n && is_blank(a.p[a.n - 1]))
        a.n--;
    return a;
}

struct slice slice_cut(struct slice *rest, char sep)
{
    struct slice all = *rest;
    const char *at = all.n ? memchr(all.p, sep, all.n) : NULL;
    if (at == NULL) {
        *rest = SLICE_NONE;
        return all;
    }
    size_t before = (size_t)(at - all.p);
    *rest = slice_of(at + 1, all.n - before - 1);
    return slice_of(all.p, before);
}

bool slice_u64(struct slice a, uint64_t *out)
{
    uint64_t value = 0;
    if (a.n == 0)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (a.p[i] < '0' || a.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(a.p[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

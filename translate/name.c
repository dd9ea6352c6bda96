/* SPDX-License-Identifier: Apache-2.0 */
/* name.c: see name.h. */
#include "translate/name.h"

#include <ctype.h>

enum { PART_MAX = 96 };

static bool part_ok(struct slice s)
{
    if (s.n == 0 || s.n > PART_MAX || strchr("-.", s.p[0]) || strchr("-.", s.p[s.n - 1]))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x80 || !(isalnum(c) || c == '-' || c == '_' || c == '.'))
            return false;
        if (i > 0 && (c == '-' || c == '.') && s.p[i - 1] == (char)c)
            return false;
    }
    return true;
}

bool name_to_id(struct slice name, const char *ns, struct arena *arena, struct slice *out)
{
    struct slice owner = slice_str(ns), own = name;
    const char *split = name.n ? (const char *)memmem(name.p, name.n, "--", 2) : NULL;
    if (split) {
        owner = slice_of(name.p, (size_t)(split - name.p));
        own = slice_from(name, owner.n + 2);
    }
    if (!part_ok(owner) || !part_ok(own))
        return false;
    *out = slice_str(arena_printf(arena, "%.*s/%.*s", (int)owner.n, owner.p, (int)own.n, own.p));
    return true;
}

struct slice name_ns(struct slice id)
{
    return slice_cut(&id, '/');
}

struct slice name_of_id(struct slice id, const char *ns, struct arena *arena)
{
    struct slice rest = id, owner = slice_cut(&rest, '/');
    if (slice_is(owner, ns))
        return arena_copy(arena, rest);
    return slice_str(arena_printf(arena, "%.*s--%.*s", (int)owner.n, owner.p, (int)rest.n, rest.p));
}

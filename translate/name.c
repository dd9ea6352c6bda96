/* SPDX-License-Identifier: Apache-2.0 */
/* name.c: see name.h. */
#include "translate/name.h"

#include <ctype.h>

enum { PART_MAX = 96, REVISION_MAX = 250 };

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

/* Takes what stands before the next "--" off *rest, whose p is NULL after the last. */
static struct slice cut_part(struct slice *rest)
{
    const char *split = rest->n ? (const char *)memmem(rest->p, rest->n, "--", 2) : NULL;
    struct slice part = *rest;
    *rest = SLICE_NONE;
    if (split) {
        *rest = slice_of(split + 2, part.n - (size_t)(split - part.p) - 2);
        part.n = (size_t)(split - part.p);
    }
    return part;
}

static bool is_kind(struct slice s)
{
    return slice_is(s, "models") || slice_is(s, "datasets") || slice_is(s, "spaces");
}

static bool add_revision(struct slice rest, struct buf *id)
{
    if (!rest.p)
        buf_add_str(id, "@main");
    for (char before = '@'; rest.p; before = '/') {
        struct slice part = cut_part(&rest);
        if (!part_ok(part))
            return false;
        buf_add_char(id, before);
        buf_add(id, part);
    }
    return !id->failed;
}

/* false: not a name of that form, or none that can be. */
static bool repository_to_id(struct slice name, struct arena *arena, struct slice *out)
{
    AUTO_BUF struct buf id;
    struct slice rest = name, kind = cut_part(&rest), ns = cut_part(&rest), own = cut_part(&rest);
    buf_init(&id, 3 * PART_MAX + REVISION_MAX);
    if (!is_kind(kind) || !part_ok(ns) || !part_ok(own))
        return false;
    buf_add(&id, kind);
    buf_add_char(&id, '/');
    buf_add(&id, ns);
    buf_add_char(&id, '/');
    buf_add(&id, own);
    if (!add_revision(rest, &id))
        return false;
    *out = arena_copy(arena, buf_slice(&id));
    return true;
}

bool name_is_repository(struct slice id)
{
    return id.n > 0 && memchr(id.p, '@', id.n);
}

bool name_to_id(struct slice name, const char *ns, struct arena *arena, struct slice *out)
{
    struct slice owner = slice_str(ns), own = name;
    const char *split = name.n ? (const char *)memmem(name.p, name.n, "--", 2) : NULL;
    if (split) {
        owner = slice_of(name.p, (size_t)(split - name.p));
        own = slice_from(name, owner.n + 2);
    }
    if (is_kind(owner) && repository_to_id(name, arena, out))
        return true;
    if (!part_ok(owner) || !part_ok(own))
        return false;
    *out = slice_str(arena_printf(arena, "%.*s/%.*s", (int)owner.n, owner.p, (int)own.n, own.p));
    return true;
}

struct slice name_ns(struct slice id)
{
    struct slice first = slice_cut(&id, '/');
    return name_is_repository(id) ? slice_cut(&id, '/') : first;
}

struct slice name_of_id(struct slice id, const char *ns, struct arena *arena)
{
    struct slice rest = id, owner = slice_cut(&rest, '/');
    if (slice_is(owner, ns))
        return arena_copy(arena, rest);
    return slice_str(arena_printf(arena, "%.*s--%.*s", (int)owner.n, owner.p, (int)rest.n, rest.p));
}

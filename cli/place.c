/* SPDX-License-Identifier: Apache-2.0 */
/* place.c: see place.h. */
#include "cli/place.h"

#include <ctype.h>

static const struct {
    const char *word;
    enum place_kind kind;
} kinds[] = {
    { "buckets", PLACE_BUCKET },
    { "models", PLACE_MODEL },
    { "datasets", PLACE_DATASET },
    { "spaces", PLACE_SPACE },
};

/* One half of an id. Finer rules are the Hub's to apply; these keep an id from changing a URL's meaning. */
static bool part_valid(struct slice part)
{
    if (part.n == 0 || part.n > 255 || slice_is(part, ".") || slice_is(part, ".."))
        return false;
    for (size_t i = 0; i < part.n; i++)
        if (!isalnum((unsigned char)part.p[i]) && !memchr("-_.", part.p[i], 3))
            return false;
    return true;
}

bool place_path_valid(struct slice path)
{
    struct slice rest = path;
    if (path.n == 0 || memchr(path.p, 0, path.n) || memchr(path.p, '\\', path.n))
        return false;
    while (rest.p) {
        struct slice segment = slice_cut(&rest, '/');
        if (segment.n == 0 || slice_is(segment, ".") || slice_is(segment, ".."))
            return false;
    }
    return true;
}

/* "NAMESPACE/NAME[@REVISION][/PATH]" */
static const char *parse_remote(struct slice rest, enum place_kind kind, struct place *out)
{
    struct place p = { .kind = kind };
    const char *start = rest.p;
    struct slice ns = slice_cut(&rest, '/');
    struct slice name = rest.p ? slice_cut(&rest, '/') : SLICE_NONE;
    struct slice behind = name;
    if (kind != PLACE_BUCKET && name.p) {
        name = slice_cut(&behind, '@');
        p.revision = behind.p ? behind : SLICE_NONE;
    }
    if (!part_valid(ns) || !part_valid(name))
        return "a place is hf://buckets/NAMESPACE/NAME/PATH";
    p.id = slice_of(start, (size_t)(name.p + name.n - start));
    p.directory = rest.n == 0 || rest.p[rest.n - 1] == '/';
    p.path = rest.n && p.directory ? slice_of(rest.p, rest.n - 1) : rest;
    if (p.path.n && !place_path_valid(p.path))
        return "a path has no empty, `.` or `..` part and no backslash";
    *out = p;
    return NULL;
}

const char *place_parse(const char *text, struct place *out)
{
    struct slice rest = slice_str(text);
    if (rest.n == 0)
        return "a place cannot be empty";
    if (!slice_starts(rest, SLICE("hf://"))) {
        *out = (struct place){ .path = rest, .directory = text[rest.n - 1] == '/' };
        return NULL;
    }
    rest = slice_from(rest, strlen("hf://"));
    struct slice word = slice_cut(&rest, '/');
    for (size_t i = 0; rest.p && i < sizeof kinds / sizeof *kinds; i++)
        if (slice_is(word, kinds[i].word))
            return parse_remote(rest, kinds[i].kind, out);
    return "a place is hf://buckets/NAMESPACE/NAME/PATH";
}

const char *place_parse_bucket(const char *text, struct place *out)
{
    struct place p;
    const char *why =
        strncmp(text, "hf://", 5) == 0 ? place_parse(text, &p) : parse_remote(slice_str(text), PLACE_BUCKET, &p);
    if (!why && p.kind != PLACE_BUCKET)
        why = "is not a bucket: hf://buckets/NAMESPACE/NAME/PATH";
    if (!why)
        *out = p;
    return why;
}

struct slice place_basename(struct slice path)
{
    const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
    return slash ? slice_from(path, (size_t)(slash - path.p) + 1) : path;
}

struct slice place_below(struct slice base, struct slice path)
{
    if (base.n == 0)
        return path;
    if (!slice_starts(path, base) || path.n <= base.n + 1 || path.p[base.n] != '/')
        return SLICE_NONE;
    return slice_from(path, base.n + 1);
}

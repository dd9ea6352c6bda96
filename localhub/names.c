/* SPDX-License-Identifier: Apache-2.0 */
/* names.c: the Hub's rules for paths in a bucket (422 for what they refuse) and for names of buckets and namespaces. */
#include "localhub/names.h"

#include "common/codec.h"

const char *path_problem(struct slice path)
{
    struct slice rest = path;

    if (path.n == 0)
        return "Path must not be empty";
    if (path.n > PATH_BYTES_MAX)
        return "Path is too long";
    if (memchr(path.p, '\0', path.n) || memchr(path.p, '\\', path.n))
        return "Path must not contain backslashes or NUL";
    if (!utf8_valid(path))
        return "Path must be UTF-8";
    if (path.p[0] == '/' || path.p[path.n - 1] == '/')
        return "Path must not start or end with a slash";
    while (rest.p) {
        struct slice segment = slice_cut(&rest, '/');
        if (segment.n == 0)
            return "Path must not contain empty segments";
        if (slice_is(segment, ".") || slice_is(segment, ".."))
            return "Path must not contain . or .. segments";
    }
    return NULL;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool name_ok(struct slice name)
{
    if (name.n == 0 || name.n > NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool edge = i == 0 || i + 1 == name.n;
        if (is_alnum(c) || c == '_')
            continue;
        if ((c != '-' && c != '.') || edge || name.p[i + 1] == c)
            return false;
    }
    return true;
}

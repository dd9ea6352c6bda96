/* SPDX-License-Identifier: Apache-2.0 */
/* names.c: the rules for ids, paths and prefixes. A path is walked segment by segment. */
#include "hub/names.h"

#include "common/codec.h"

#define PART_MAX 96 /* what the Hub allows of a namespace or name */

static bool is_name_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
}

static bool is_dots(struct slice segment)
{
    return slice_is(segment, ".") || slice_is(segment, "..");
}

bool hub_name_part_valid(struct slice part)
{
    if (part.n == 0 || part.n > PART_MAX || is_dots(part))
        return false;
    for (size_t i = 0; i < part.n; i++)
        if (!is_name_char(part.p[i]))
            return false;
    return true;
}

bool hub_name_id_valid(struct slice id)
{
    struct slice ns = slice_cut(&id, '/');
    return hub_name_part_valid(ns) && id.p != NULL && hub_name_part_valid(id);
}

static bool text_valid(struct slice text)
{
    if (text.n == 0)
        return true;
    return text.n <= NAME_PATH_MAX && !memchr(text.p, '\0', text.n) && !memchr(text.p, '\\', text.n) &&
           utf8_valid(text);
}

bool hub_name_path_valid(struct slice path)
{
    if (path.n == 0 || !text_valid(path))
        return false;
    for (struct slice rest = path; rest.p != NULL;) {
        struct slice segment = slice_cut(&rest, '/');
        if (segment.n == 0 || is_dots(segment))
            return false;
    }
    return true;
}

enum hub_name_prefix hub_name_prefix(struct slice prefix, struct slice *send)
{
    *send = prefix;
    if (prefix.n == 0)
        return NAME_PREFIX_PLAIN;
    if (!text_valid(prefix))
        return NAME_PREFIX_NONE;
    struct slice rest = prefix, segment = slice_cut(&rest, '/');
    for (; rest.p != NULL; segment = slice_cut(&rest, '/'))
        if (segment.n == 0 || is_dots(segment))
            return NAME_PREFIX_NONE;
    /* The last one is only the beginning of a segment: empty is fine. */
    if (!is_dots(segment))
        return NAME_PREFIX_PLAIN;
    send->n -= segment.n;
    return NAME_PREFIX_DOTS;
}

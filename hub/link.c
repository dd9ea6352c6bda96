/* SPDX-License-Identifier: Apache-2.0 */
/* link.c: reads `<url>; rel="next", <url>; rel=prev`, one or many to a header field, any number of fields. */
#include "hub/link.h"

bool link_query_valid(struct slice query)
{
    if (query.n > LINK_QUERY_MAX)
        return false;
    for (size_t i = 0; i < query.n; i++) {
        char c = query.p[i];
        if (c <= ' ' || c > '~' || strchr("\"#<>\\^`{|}", c))
            return false;
    }
    return true;
}

struct slice link_parameter(struct slice query, const char *name)
{
    while (query.p != NULL) {
        struct slice value = slice_cut(&query, '&');
        struct slice key = slice_cut(&value, '=');
        if (slice_is(key, name))
            return value.p ? value : SLICE("");
    }
    return SLICE("");
}

/* Cuts one link-value off *rest. A comma ends it, but not one inside <…> or "…". */
static struct slice cut_link(struct slice *rest)
{
    bool quoted = false, in_url = false;
    size_t i = 0;
    for (; i < rest->n; i++) {
        char c = rest->p[i];
        if (in_url)
            in_url = c != '>';
        else if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == '<')
            in_url = true;
        else if (!quoted && c == ',')
            break;
    }
    struct slice one = slice_of(rest->p, i < rest->n ? i : rest->n);
    *rest = slice_from(*rest, i + 1);
    return slice_trim(one);
}

/* rel's value is a list of types between blanks, quoted or, when it is a single one, bare. */
static bool has_type(struct slice value, const char *type)
{
    if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
        value = slice_of(value.p + 1, value.n - 2);
    while (value.p != NULL)
        if (slice_eq_nocase(slice_cut(&value, ' '), slice_str(type)))
            return true;
    return false;
}

static bool is_next(struct slice parameters)
{
    while (parameters.p != NULL) {
        struct slice value = slice_cut(&parameters, ';');
        struct slice name = slice_trim(slice_cut(&value, '='));
        if (slice_eq_nocase(name, SLICE("rel")))
            return has_type(slice_trim(value), "next");
    }
    return false;
}

static bool find_next(struct slice field, struct slice *url)
{
    while (field.n > 0) {
        struct slice parameters = cut_link(&field);
        if (parameters.n == 0 || parameters.p[0] != '<' || !memchr(parameters.p, '>', parameters.n))
            continue;
        parameters = slice_from(parameters, 1);
        struct slice target = slice_cut(&parameters, '>');
        if (is_next(parameters)) {
            *url = target;
            return true;
        }
    }
    return false;
}

enum err link_next(const struct http_response *r, struct slice *query)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        struct slice url, rest;
        if (!slice_eq_nocase(r->headers[i].name, SLICE("Link")) || !find_next(r->headers[i].value, &url))
            continue;
        rest = slice_cut(&url, '#');
        slice_cut(&rest, '?');
        if (rest.n == 0 || !link_query_valid(rest))
            return ERR_UPSTREAM_ANSWER;
        *query = rest;
        return OK;
    }
    *query = SLICE("");
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* http_response.c: what came back: the head's lines as they were received, and the slices into them. */
#include <stdlib.h>

#include "common/http_internal.h"

void http_response_init(struct http_response *r, size_t max_body)
{
    *r = (struct http_response){ 0 };
    buf_init(&r->memory, HEAD_MAX);
    buf_init(&r->body, max_body);
}

void http_response_done(struct http_response *r)
{
    free(r->headers);
    buf_done(&r->memory);
    buf_done(&r->body);
    *r = (struct http_response){ 0 };
}

struct slice http_response_header(const struct http_response *r, const char *name)
{
    return headers_find((struct headers){ r->headers, r->n_headers }, name);
}

static size_t count_lines(struct slice head)
{
    size_t lines = 0;
    for (size_t i = 0; i < head.n; i++)
        lines += head.p[i] == '\n';
    return lines;
}

/* The status line has no colon before its first blank and so falls out, as does a folded line's continuation, which
 * RFC 9112 section 5.2 lets a client drop. */
void http_response_parse(struct http_response *r, int status)
{
    struct slice rest = buf_slice(&r->memory);
    r->status = status;
    r->headers = mem_alloc((count_lines(rest) + 1) * sizeof *r->headers);
    while (rest.p != NULL) {
        struct slice value = slice_cut(&rest, '\n');
        if (slice_ends(value, SLICE("\r")))
            value.n--;
        struct slice name = slice_cut(&value, ':');
        if (value.p == NULL || name.n == 0 || memchr(name.p, ' ', name.n) || memchr(name.p, '\t', name.n))
            continue;
        r->headers[r->n_headers++] = (struct header){ name, slice_trim(value) };
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* auth_request.h: a request written down as text, for the tests of auth/. One field a line, "name: value"; lines end
 * with "\n". */
#ifndef HUGS3_TESTS_AUTH_REQUEST_H
#define HUGS3_TESTS_AUTH_REQUEST_H

#include <assert.h>

#include "auth/auth.h"

#define EXAMPLE_KEY    "AKIAIOSFODNN7EXAMPLE"
#define EXAMPLE_SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define EMPTY_SHA256   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct request {
    struct auth_head head;
    struct header list[64];
};

static inline void request_add(struct request *r, struct slice name, struct slice value)
{
    assert(r->head.headers.n < sizeof r->list / sizeof r->list[0]);
    r->list[r->head.headers.n++] = (struct header){ name, value };
    r->head.headers.list = r->list;
}

/* Fields up to an empty line or the end; *rest is what follows. */
static inline void request_headers(struct request *r, struct slice *rest)
{
    *r = (struct request){ 0 };
    r->head.headers.list = r->list;
    while (rest->p) {
        struct slice value = slice_cut(rest, '\n');
        if (value.n == 0)
            break;
        struct slice name = slice_cut(&value, ':');
        request_add(r, name, value);
    }
}

/* "METHOD target", then fields. */
static inline void request_parse(struct request *r, struct slice *rest)
{
    struct slice target = slice_cut(rest, '\n');
    struct slice method = slice_cut(&target, ' ');
    request_headers(r, rest);
    r->head.method = method;
    r->head.path = slice_cut(&target, '?');
    r->head.query = target;
}

static inline bool example_find(void *ctx, struct slice id, struct auth_key *out)
{
    (void)ctx;
    if (!slice_is(id, EXAMPLE_KEY))
        return false;
    strcpy(out->access_key_id, EXAMPLE_KEY);
    strcpy(out->secret, EXAMPLE_SECRET);
    return true;
}

#endif

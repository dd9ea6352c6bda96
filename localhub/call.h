/* SPDX-License-Identifier: Apache-2.0 */
/* call.h: one request on its way through the embedded Hub: what was asked, by whom, and the ways of answering.
 *
 * route.c fills it and runs the handler, which answers exactly once. Every answer carries X-Request-Id; an error is
 * {"error": "…"} with X-Error-Message, and X-Error-Code where clients tell "bucket missing" from "file missing". */
#ifndef HUGS3_LOCALHUB_CALL_H
#define HUGS3_LOCALHUB_CALL_H

#include "localhub/cas_token.h"
#include "localhub/json_out.h"
#include "localhub/server.h"

enum { CALL_ARGS = 5 };

struct call {
    struct localhub *hub;
    struct httpd_request *r;
    struct arena *arena;
    struct slice path;            /* as sent, without the query */
    struct slice query;           /* as sent */
    struct slice args[CALL_ARGS]; /* what the route's placeholders stand for, decoded */
    const char *base;             /* "http://host:port", as the client calls us */
    const struct person *who;     /* NULL: anonymous */
    struct cas_token token;       /* of CAS calls only */
};

/* The decoded value of a query parameter; p == NULL: not there, or not decodable. */
struct slice call_param(struct call *c, const char *name);
/* 1 to max, `absent` when not given. false: answered 400. */
MUST_USE bool call_limit(struct call *c, unsigned absent, unsigned max, unsigned *out);

/* The whole body. false: answered (413 past max) or nobody there. */
MUST_USE bool call_body(struct call *c, size_t max, struct buf *out);

void call_json(struct call *c, int status, const struct buf *body);
void call_empty(struct call *c, int status);
void call_error(struct call *c, int status, const char *code, const char *message); /* code NULL: none */
/* For what went wrong on our side, or with the request as such. */
void call_fail(struct call *c, enum err e);

/* Link: <base + path + ?query with cursor>; rel="next". Parameters but the cursor are kept as they were sent. */
void call_next_link(struct call *c, struct slice cursor);

/* "bytes=a-b", "bytes=a-" or "bytes=-n" against `size`. RANGE_BAD covers several ranges too. */
enum range_kind { RANGE_NONE, RANGE_ONE, RANGE_BAD, RANGE_UNSATISFIABLE };
enum range_kind call_range(struct call *c, uint64_t size, uint64_t *from, uint64_t *to); /* to: inclusive */
void call_unsatisfiable(struct call *c, uint64_t size);                                  /* 416 */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h: one call to the Hub, from URL to checked answer. Everything that hub/ asks goes through here. */
#ifndef HUGS3_HUB_ASK_H
#define HUGS3_HUB_ASK_H

#include "common/http.h"
#include "hub/fields.h"
#include "hub/internal.h"

#define ASK_URL_MAX  (64 * 1024)   /* a path of 4 KiB is up to 12 KiB, percent-encoded, and a cursor is bounded too */
#define ASK_BODY_MAX (1024 * 1024) /* of an answer, where a call does not say otherwise */

struct ask {
    const char *method;
    const char *url;
    const char *content_type; /* of body */
    struct slice body;        /* empty: none */
    size_t max_answer;        /* 0: ASK_BODY_MAX */
    bool may_redirect;        /* a 302, 307 or 308 is an answer as good as a 2xx: its headers tell what was asked */
    bool once;                /* not to be repeated when it is not known whether the Hub has done it */
};

/* Waits for the rate limit, calls, tries again as hub_config.retry_ms allows. OK: a 2xx. *out is always initialised,
 * and holds the answer, when there was one, after errors as well: out->status is 0 without. out->tries counts all of
 * them. Failures are logged here, with the Hub's X-Request-Id. */
MUST_USE enum err ask_make(struct hub *h, const struct ask *c, struct http_response *out);
/* The same, for an answer that has to be JSON: ERR_UPSTREAM_ANSWER when it is not. */
MUST_USE enum err ask_json(struct hub *h, const struct ask *c, json_t **out);
/* For a body already there. */
MUST_USE enum err ask_parse(const struct http_response *r, json_t **out);

/* What the Hub says went wrong: X-Error-Message, else "error" of the body; empty: nothing. In the arena. */
struct slice ask_error_text(const struct http_response *r, struct arena *arena);

/* Begins a URL: the endpoint and the fixed beginning of a path. */
void ask_url(struct hub *h, struct buf *url, const char *path);

#endif

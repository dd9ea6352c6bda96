/* SPDX-License-Identifier: Apache-2.0 */
/* link.h: the Link header (RFC 8288), by which the Hub's lists say that there is another page. Pure functions.
 *
 * A Link is never followed. Only its query is taken, and asked of the endpoint and path that were asked before: so an
 * answer cannot send the token to another host, and a Hub behind a proxy that does not know its own name still works.
 */
#ifndef HUGS3_HUB_LINK_H
#define HUGS3_HUB_LINK_H

#include "common/http.h"

#define LINK_QUERY_MAX 4096

/* The query, still percent-encoded, of the link with rel="next": empty when there is no such link.
 * ERR_UPSTREAM_ANSWER: there is one, but it has no query or one that is not fit for a URL. */
MUST_USE enum err link_next(const struct http_response *r, struct slice *query);
/* The value of one parameter, still percent-encoded; empty: not there. */
struct slice link_parameter(struct slice query, const char *name);
/* Whether this, as it is, may stand for a query (or, without `&`, for the value of one of its parameters). */
bool link_query_valid(struct slice query);

#endif

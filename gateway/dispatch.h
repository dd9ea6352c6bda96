/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.h: from a request's head to the S3 operation it asks for, and its line in the access log.
 *
 *   target_parse → the table (method, bucket or key, subresource) → admit → the operation → log
 *
 * The table is the whole of what is answered: an argument of the query that its row does not know is NotImplemented
 * before anything else is looked at, so that no "?x" can turn into a PUT or DELETE of the thing itself. */
#ifndef HUGS3_GATEWAY_DISPATCH_H
#define HUGS3_GATEWAY_DISPATCH_H

#include "gateway/admit.h"
#include "gateway/cors.h"
#include "gateway/target.h"

struct dispatch {
    struct admission admission;
    struct addressing addressing;
    struct cors cors;
};

/* For struct httpd_config; ctx is a struct dispatch, which is only read. */
void dispatch_handle(void *ctx, struct httpd_request *r);
void dispatch_refused(void *ctx, struct httpd_request *r, enum err why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* cors.h: cross-origin requests of browsers, by the setting cors_origin and for all buckets alike. The Fetch standard,
 * "CORS protocol"; "Using cross-origin resource sharing", Amazon S3 User Guide. */
#ifndef HUGS3_GATEWAY_CORS_H
#define HUGS3_GATEWAY_CORS_H

#include "httpd/httpd.h"

struct cors {
    const char *const *origins; /* as S3 has them: with one `*` at most; NULL-terminated */
};

/* Adds what lets the page read the answer, when the request has an Origin that is allowed. */
void cors_add_headers(const struct cors *cors, struct httpd_request *r);
/* Answers a preflight. ERR_BAD_REQUEST, ERR_ACCESS_DENIED with one sentence in *detail: not answered. */
MUST_USE enum err cors_preflight(const struct cors *cors, struct httpd_request *r, const char **detail);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* account.h: one token of the Hub in use: its client, its namespace, and the S3 service on top. Several tokens, several
 * accounts: what one may see is cached for it alone. */
#ifndef HUGS3_GATEWAY_ACCOUNT_H
#define HUGS3_GATEWAY_ACCOUNT_H

#include "translate/s3.h"

/* What all accounts stand on; borrowed. */
struct account_ground {
    struct http *http;
    struct xet *xet;
    struct store *store;
    const char *endpoint; /* of the Hub */
    const char *region;
    enum hub_visibility bucket_visibility;
    bool keep_checksums;
};

struct account {
    struct hub *hub;
    struct s3 *s3;
    char *ns;
};

/* ns NULL: the token's own, asked of the Hub: ERR_UPSTREAM_TOKEN, ERR_UPSTREAM … */
MUST_USE enum err account_open(const struct account_ground *ground, const char *token, const char *ns,
                               struct account *out);
void account_stop(struct account *a);  /* calls that wait for the Hub end; any thread */
void account_close(struct account *a); /* no call may be under way; zeroed is fine */

#endif

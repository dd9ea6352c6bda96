/* SPDX-License-Identifier: Apache-2.0 */
/* credentials.h: the key pair of S3 clients: configured, or made on first start and kept in a file (mode 0600). */
#ifndef HUGS3_GATEWAY_CREDENTIALS_H
#define HUGS3_GATEWAY_CREDENTIALS_H

#include "auth/auth.h"
#include "gateway/config.h"

struct credentials {
    struct auth_key pair;
    char *path; /* of the file; NULL: configured */
};

/* false: said on stderr. */
MUST_USE bool credentials_load(const struct config *config, const char *state_dir, struct credentials *out);
void credentials_done(struct credentials *c); /* wipes */

#endif

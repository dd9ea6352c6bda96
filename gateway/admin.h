/* SPDX-License-Identifier: Apache-2.0 */
/* admin.h: the admin port: /healthz for those who watch the daemon. */
#ifndef HUGS3_GATEWAY_ADMIN_H
#define HUGS3_GATEWAY_ADMIN_H

#include "httpd/httpd.h"

/* NULL: `why` says what is wrong with the address. */
struct httpd *admin_start(const char *listen, char why[256]);

#endif

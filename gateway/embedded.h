/* SPDX-License-Identifier: Apache-2.0 */
/* embedded.h: starting the embedded Hub from settings, for `hugs3 hub` and `hugs3 serve --local`. */
#ifndef HUGS3_GATEWAY_EMBEDDED_H
#define HUGS3_GATEWAY_EMBEDDED_H

#include "gateway/config.h"
#include "localhub/localhub.h"

/* NULL: said on stderr. */
struct localhub *embedded_start(const struct config *config, const char *dir, const char *listen);

#endif

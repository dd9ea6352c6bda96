/* SPDX-License-Identifier: Apache-2.0 */
/* log_level.h: the setting log_level. */
#ifndef HUGS3_GATEWAY_LOG_LEVEL_H
#define HUGS3_GATEWAY_LOG_LEVEL_H

#include "common/log.h"

/* false: said on stderr. */
MUST_USE bool log_level_apply(const char *name);

#endif

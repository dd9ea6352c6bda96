/* SPDX-License-Identifier: Apache-2.0 */
/* log_level.c: see log_level.h. */
#include "gateway/log_level.h"

#include <stdio.h>

bool log_level_apply(const char *name)
{
    static const char *const names[] = {
        [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name ? name : "", names[i]) == 0) {
            log_set_level((enum log_level)i);
            return true;
        }
    }
    fprintf(stderr, "hugs3: log_level = %s: is none of error, warn, info, debug\n", name ? name : "");
    return false;
}

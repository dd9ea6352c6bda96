/* SPDX-License-Identifier: Apache-2.0 */
/* reach.h: which buckets a caller may use. */
#ifndef HUGS3_TRANSLATE_REACH_H
#define HUGS3_TRANSLATE_REACH_H

#include "translate/s3.h"

/* Whether the caller may use the bucket of this name, however it is written: its globs are matched against `name` for
 * buckets of its own namespace and `ns--name` for others. What can be no bucket is matched as it is. */
MUST_USE bool reach_has(const struct s3_call *c, struct slice bucket);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* copy.h: lines of copies on the Hub: from a bucket, model, dataset or Space, by hash, without moving content. */
#ifndef HUGS3_CLI_COPY_H
#define HUGS3_CLI_COPY_H

#include "cli/place.h"
#include "hub/hub.h"

/* Where to copy from, to be listed and looked up. A repository's revision is its main branch when none is told. */
struct hub_bucket *copy_source(struct hub *h, const struct place *from);
/* ERR_UPSTREAM_MISSING: the file is not in Xet, so there is no hash to copy by. `out` borrows from all three. */
MUST_USE enum err copy_line(const struct place *from, const struct hub_file *f, struct slice path,
                            struct hub_line *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* line.h: one line of a batch as the Hub wants it. */
#ifndef HUGS3_HUB_LINE_H
#define HUGS3_HUB_LINE_H

#include "hub/hub.h"

#define LINE_MAX_BYTES (32 * 1024) /* a path of 4 KiB, each byte escaped as six, and the rest */

/* Adds the line, with its line end. ERR_INVALID_ARGUMENT: the Hub would refuse it; *out may hold a part. */
MUST_USE enum err hub_line_write(const struct hub_line *line, struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h: lines of the Hub's batch, collected: a call costs as much with a thousand as with one. Each line's result
 * is said as it is known. Any thread; a thread whose line fills the batch sends it, and others wait. */
#ifndef HUGS3_CLI_LINES_H
#define HUGS3_CLI_LINES_H

#include "cli/output.h"

struct lines;
struct lines *lines_new(struct output *o, struct hub_bucket *b);
/* Copies it. `size` is what to say of the file. Sent when there are 1,000, or when the first has waited for 10 s. */
void lines_add(struct lines *l, const struct hub_line *line, uint64_t size);
void lines_finish(struct lines *l,
                  uint64_t *done); /* sends the rest and frees; *done (may be NULL): how many were OK */

#endif

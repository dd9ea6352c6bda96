/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.h: what became of the lines of a batch call, by the Hub's answer. */
#ifndef HUGS3_HUB_VERDICT_H
#define HUGS3_HUB_VERDICT_H

#include <jansson.h>

#include "hub/round.h"

/* Gives slots `from` to `from + n` their verdicts; words are borrowed from the answer. ERR_UPSTREAM_ANSWER: it says
 * nothing about lines, and the slots are untouched. When it contradicts itself, what it does not name as failed becomes
 * ERR_UPSTREAM_ANSWER: nothing is taken for done that may not be. */
MUST_USE enum err verdict_read(const json_t *answer, struct round *r, size_t from, size_t n);
/* Deletes that failed because there was nothing to delete (the Hub API leaves open whether that succeeds) are turned
 * into successes: one paths-info call tells what is really there. */
void verdict_excuse_deletes(struct hub_bucket *b, struct round *r, size_t from, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* budget.h: how many bytes the buffers of transfers may take together, whatever their number.
 *
 * Rules that keep it free of deadlock: budget_wait only while holding nothing of this budget; whoever holds something
 * and wants more uses budget_try and, when refused, first lets go of what it has (sends it on). Any thread. */
#ifndef HUGS3_COMMON_BUDGET_H
#define HUGS3_COMMON_BUDGET_H

#include "common/buf.h"

struct budget;

struct budget *budget_new(size_t bytes);
void budget_free(struct budget *b); /* everything must have been given back; NULL is fine */

/* One transfer is one member: what each may hold is bytes / (members + 1), so that newcomers find room. */
void budget_join(struct budget *b);
void budget_leave(struct budget *b);
size_t budget_share(struct budget *b);

MUST_USE bool budget_try(struct budget *b, size_t n);
void budget_wait(struct budget *b, size_t n); /* n is cut to the whole budget's size; first come, first served */
void budget_give(struct budget *b, size_t n);
size_t budget_used(struct budget *b);

#endif

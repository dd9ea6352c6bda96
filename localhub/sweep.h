/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.h: takes away, a little at a time, the files of buckets that were deleted. Deleting a bucket makes it invisible
 * at once and only notes it in `doomed`; its rows, maybe millions, go in small transactions that do not hold up others,
 * and what a restart interrupts is taken up again. One thread of its own. */
#ifndef HUGS3_LOCALHUB_SWEEP_H
#define HUGS3_LOCALHUB_SWEEP_H

#include "localhub/db.h"

struct sweep;

struct sweep *sweep_start(struct db *db); /* borrows; looks for work at once */
void sweep_wake(struct sweep *s);         /* there is work; any thread */
void sweep_stop(struct sweep *s);         /* waits for the thread, frees; NULL is fine */

#endif

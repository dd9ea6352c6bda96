/* SPDX-License-Identifier: Apache-2.0 */
/* crew.h: a few threads that work off a short queue: many small files at once share xorbs and calls.
 * crew_new, crew_give*, crew_finish, from one thread. */
#ifndef HUGS3_CLI_CREW_H
#define HUGS3_CLI_CREW_H

struct crew;
typedef void crew_fn(void *ctx, void *item); /* on any of the threads; takes item */

struct crew *crew_new(crew_fn *work, void *ctx);
void crew_give(struct crew *c, void *item); /* blocks while the queue is full */
void crew_finish(struct crew *c);           /* waits for all that was given, and frees c */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* write.h: making things visible: what all writing operations do in the end, one or more lines of a batch.
 *
 * Conditions on writes (If-Match, If-None-Match) are checked under a lock of the key, right before the line goes out,
 * so they hold among the clients of this gateway; the Hub's batch has no condition, so not against other writers. */
#ifndef HUGS3_TRANSLATE_WRITE_H
#define HUGS3_TRANSLATE_WRITE_H

#include "translate/call.h"
#include "translate/condition.h"
#include "translate/tags.h"

/* The call's condition against what is at `path` now. */
MUST_USE enum err write_check(struct s3_call *c, struct bucket *b, struct slice path);

/* One addFile, with the call's condition; where there is metadata its companion goes along, in front, so that an object
 * that can be seen has what belongs to it. */
MUST_USE enum err write_add(struct s3_call *c, struct bucket *b, struct slice path, const struct xet_file *file,
                            struct slice content_type, const struct meta *meta);

/* Lines of one key (`path`), in order, with the call's condition. The first line that failed makes the error. */
MUST_USE enum err write_lines(struct s3_call *c, struct bucket *b, struct slice path, struct hub_line *lines, size_t n);

/* New tags for the object at `path`, which stays as it is: its companion is written anew. ERR_NO_SUCH_KEY. */
MUST_USE enum err write_tags(struct s3_call *c, struct bucket *b, struct slice path, const struct tags *tags);

/* The object at `from` becomes the one at `to`, which is another path, with the call's conditions on both. First it is
 * at both, then at `to` alone: a batch is not atomic, and an object must not be lost between its names. */
MUST_USE enum err write_rename(struct s3_call *c, struct bucket *b, struct slice from, struct slice to);

/* Deletes what is at `path` if its ETag is listed in `etags`. ERR_NO_SUCH_KEY, ERR_PRECONDITION. */
MUST_USE enum err write_delete_if(struct s3_call *c, struct bucket *b, struct slice path, struct slice etags);

void write_add_etag(struct s3_call *c, const struct xet_file *file);

#endif

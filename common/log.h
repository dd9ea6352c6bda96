/* SPDX-License-Identifier: Apache-2.0 */
/* log.h: one line a fact, logfmt, to stderr. Any thread; a line is one write(2), so lines never mix.
 *   time=2026-11-23T19:19:36.123Z level=info module=gateway msg="ready" listen=127.0.0.1:9000
 * Never give it a token, a secret key, a signature or a signed URL. Values are escaped by log_field's writer. */
#ifndef HUGS3_COMMON_LOG_H
#define HUGS3_COMMON_LOG_H

#include "common/buf.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
/* `fmt` makes the msg; use for plain sentences. */
void log_say(enum log_level level, const char *module, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A line with fields: begin, field*, end. The buf is the caller's, any max of some KiB. */
void log_begin(struct buf *line, enum log_level level, const char *module, const char *msg);
void log_field(struct buf *line, const char *name, struct slice value); /* quoted and escaped where needed */
void log_field_int(struct buf *line, const char *name, int64_t value);
void log_end(struct buf *line);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h: what time it is, and times as text. Wall times are milliseconds since the epoch, UTC. Pure but for *_now. */
#ifndef HUGS3_COMMON_CLOCK_H
#define HUGS3_COMMON_CLOCK_H

#include "common/buf.h"

int64_t clock_now_ms(void);  /* wall clock */
int64_t clock_mono_ms(void); /* monotonic: for durations and deadlines */
int64_t clock_mono_us(void);

#define CLOCK_TEXT 32                                   /* room for any of these, with NUL */
void clock_iso8601(int64_t ms, char out[CLOCK_TEXT]);   /* 2026-11-23T19:19:36.123Z */
void clock_http_date(int64_t ms, char out[CLOCK_TEXT]); /* Mon, 23 Nov 2026 19:19:36 GMT, whole seconds, cut */
/* Any fraction, 'Z' or an offset; false leaves *ms alone. */
MUST_USE bool clock_parse_iso8601(struct slice s, int64_t *ms);
/* RFC 9110 section 5.6.7, all three forms. */
MUST_USE bool clock_parse_http_date(struct slice s, int64_t *ms);
/* SigV4's 20261123T191936Z. */
MUST_USE bool clock_parse_amz(struct slice s, int64_t *ms);

#endif

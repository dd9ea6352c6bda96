/* SPDX-License-Identifier: Apache-2.0 */
/* json_out.h: JSON, written straight into a buf. The writer puts commas and escapes; nesting is the caller's to close.
 * Text must be UTF-8. Answers can be long (5,000 files, 100,000 terms), so nothing is built in between. */
#ifndef HUGS3_LOCALHUB_JSON_OUT_H
#define HUGS3_LOCALHUB_JSON_OUT_H

#include "common/buf.h"
#include "xet/format.h"

struct json_out {
    struct buf *out;
    bool comma; /* something was written at this level */
};

void json_open(struct json_out *j, char bracket); /* '{' or '[' */
void json_close(struct json_out *j, char bracket);
void json_key(struct json_out *j, const char *name);
void json_slice(struct json_out *j, struct slice s);
void json_str(struct json_out *j, const char *s);
void json_u64(struct json_out *j, uint64_t n);
void json_bool(struct json_out *j, bool b);
void json_time(struct json_out *j, int64_t ms); /* ISO 8601 */
void json_hash(struct json_out *j, const struct xet_hash *h);

#endif

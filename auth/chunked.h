/* SPDX-License-Identifier: Apache-2.0 */
/* chunked.h: the aws-chunked framing of a body: takes it off, checks its signatures, finds the trailer.
 * Bytes come in pieces of any size; content goes out as views of them, never copied. One thread. */
#ifndef HUGS3_AUTH_CHUNKED_H
#define HUGS3_AUTH_CHUNKED_H

#include "auth/auth.h"

#define CHUNKED_LINE    256 /* bytes of a chunk header or trailer line, without its end */
#define CHUNKED_TRAILER 96  /* bytes of a trailer's value; base64 of 32 bytes has 44 */

struct chunked;

/* a: one of the AUTH_PAYLOAD_CHUNKED_*. length: x-amz-decoded-content-length. trailer: the one announced header, in
 * lower case; NULL: none. Copies what it needs. */
struct chunked *chunked_new(const struct auth *a, uint64_t length, const char *trailer);
void chunked_free(struct chunked *c); /* NULL is fine; wipes */

/* As auth_body_feed. ERR_INCOMPLETE_BODY: what came is not aws-chunked or not as long as announced.
 * ERR_SIGNATURE: of a chunk or the trailer. ERR_MALFORMED_TRAILER: not the trailer announced. */
MUST_USE enum err chunked_feed(struct chunked *c, struct slice *raw, struct slice *content);
/* After the last byte. The same errors. */
MUST_USE enum err chunked_finish(const struct chunked *c);
/* After a finish that was OK: the value of the announced trailer; p == NULL: none was announced. */
struct slice chunked_trailer(const struct chunked *c);

#endif

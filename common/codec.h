/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h: bytes as text and back: hex, base64 and percent-encoding; and whether text is UTF-8. Pure functions. */
#ifndef HUGS3_COMMON_CODEC_H
#define HUGS3_COMMON_CODEC_H

#include "common/buf.h"

void hex_encode(const void *in, size_t n, char *out); /* lower case, 2n characters and a NUL */
MUST_USE bool hex_decode(struct slice in, void *out,
                         size_t n); /* exactly 2n digits of either case; else out is untouched */

/* RFC 4648 section 4, with padding. */
void base64_encode(struct slice in, struct buf *out);
/* Strict: alphabet, padding and length must be right. At most cap bytes; *n is how many. */
MUST_USE bool base64_decode(struct slice in, void *out, size_t cap, size_t *n);

/* Everything but A-Z a-z 0-9 - . _ ~ becomes %XX (upper case), as SigV4's UriEncode does; PERCENT_PATH leaves '/'. */
enum percent_set { PERCENT_ALL, PERCENT_PATH };
void percent_encode(struct slice in, enum percent_set set, struct buf *out);
/* Decodes %XX; '+' stays unless plus_is_space. false: a '%' not followed by two hex digits; *out may hold a part. */
MUST_USE bool percent_decode(struct slice in, bool plus_is_space, struct buf *out);

bool utf8_valid(struct slice s); /* RFC 3629: no surrogates, nothing overlong, nothing above U+10FFFF */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* body_head.h: what a request's headers promise of its body, parsed and free of contradictions. */
#ifndef HUGS3_AUTH_BODY_HEAD_H
#define HUGS3_AUTH_BODY_HEAD_H

#include "auth/auth.h"

struct body_head {
    bool length_known;
    uint64_t length; /* of the content, when known */
    bool has_md5;
    uint8_t md5[16];
    enum checksum checksum; /* the client sends this one, in a header or a trailer */
    bool in_trailer;
    uint8_t value[CHECKSUM_MAX]; /* when it came in a header */
};

enum body_checksums { BODY_CHECKSUMS_OF_BODY, BODY_CHECKSUMS_OF_SOMETHING_ELSE };

/* On failure *detail gets one more sentence, or NULL. */
MUST_USE enum err body_head_parse(enum auth_payload payload, struct headers headers, enum body_checksums checksums,
                                  struct body_head *out, const char **detail);

/* A checksum's text: base64 of exactly its size. */
MUST_USE bool body_head_value(enum checksum c, struct slice text, uint8_t out[CHECKSUM_MAX]);

#endif

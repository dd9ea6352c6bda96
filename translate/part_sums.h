/* SPDX-License-Identifier: Apache-2.0 */
/* part_sums.h: the checksum of an object out of its parts'. Amazon S3 User Guide, "Checking object integrity":
 *   COMPOSITE     the checksum of the parts' checksums, and "-" and how many there are
 *   FULL_OBJECT   of the content itself; of CRCs only, which combine
 * Order: begin, add each part in order, finish; done in any case. */
#ifndef HUGS3_TRANSLATE_PART_SUMS_H
#define HUGS3_TRANSLATE_PART_SUMS_H

#include "translate/multipart.h"

struct part_sums {
    enum checksum sum; /* CHECKSUM_NONE: nobody asked for one */
    bool full;
    bool missing; /* of a part that has none, or another kind */
    unsigned n;
    uint8_t crc[CHECKSUM_MAX];   /* FULL_OBJECT so far */
    struct checksum_state *over; /* COMPOSITE so far */
};

/* What CreateMultipartUpload may ask for: algorithm and type that do not go together are ERR_BAD_REQUEST. */
MUST_USE enum err part_sums_check_create(struct s3_call *c);
/* The algorithm that the upload was begun with; CHECKSUM_NONE. Its type, of any algorithm: "COMPOSITE" if not told. */
enum checksum part_sums_algorithm(const struct store_upload *up);
const char *part_sums_type(const struct store_upload *up);

/* From the upload and the headers of CompleteMultipartUpload, whose own algorithm counts where the upload has none.
 * ERR_BAD_REQUEST: they contradict each other. */
MUST_USE enum err part_sums_begin(struct s3_call *c, const struct store_upload *up, struct part_sums *out);
void part_sums_add(struct part_sums *p, const struct store_part *part);
/* *text is in base64; p == NULL where there is none. ERR_BAD_DIGEST: not what the client said; ERR_BAD_REQUEST: it said
 * one that cannot be checked. */
MUST_USE enum err part_sums_finish(struct s3_call *c, struct part_sums *p, struct slice *text);
const char *part_sums_type_name(const struct part_sums *p);
void part_sums_done(struct part_sums *p); /* a zeroed one is fine */
#define AUTO_PART_SUMS __attribute__((cleanup(part_sums_done)))

#endif

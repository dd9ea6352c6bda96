/* SPDX-License-Identifier: Apache-2.0 */
/* multipart.h: what the operations of a multipart upload share.
 *
 * A part is a file of its own in the CAS, registered when UploadPart answers; what is kept of it here is its recipe
 * (xet.h) in the store. Completing joins the recipes into one shard and adds one line: no content moves. */
#ifndef HUGS3_TRANSLATE_MULTIPART_H
#define HUGS3_TRANSLATE_MULTIPART_H

#include "translate/call.h"

enum { PART_NUMBER_MAX = 10000 };
#define PART_SIZE_MIN (5ULL << 20) /* of all parts but the last: Amazon S3 User Guide, "multipart upload limits" */

/* The upload named by uploadId, of this bucket and key. */
MUST_USE enum err multipart_find(struct s3_call *c, struct bucket *b, struct store_upload *out);

/* What CreateMultipartUpload said of the object, as kept in store_upload.headers: "name: value" lines. */
struct slice multipart_header(const struct store_upload *up, const char *name);

/* A part's checksum as the store keeps it ("CRC32:base64"), and back. */
struct slice multipart_checksum_text(struct arena *arena, enum checksum sum, const uint8_t value[CHECKSUM_MAX]);
void multipart_write_checksum(struct xml_out *x, struct slice text);

#endif

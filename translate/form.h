/* SPDX-License-Identifier: Apache-2.0 */
/* form.h: a multipart/form-data body as it streams in (RFC 7578; boundaries: RFC 2046 section 5.1.1): the fields before
 * the file at once, bounded, then the file piece by piece in bounded memory. What comes behind the file is not looked
 * at, as S3 has it.
 *
 *   form_new ─► form_read_fields ─► form_read_file … until it gives an empty piece ─► form_free */
#ifndef HUGS3_TRANSLATE_FORM_H
#define HUGS3_TRANSLATE_FORM_H

#include "auth/policy.h"
#include "common/arena.h"

#define FORM_FIELDS_MAX 64

/* Where bytes come from: the next ones, valid until the next call; empty: the end. */
typedef enum err form_source(void *ctx, struct slice *out);

struct form;

/* ERR_PRECONDITION: content_type is not multipart/form-data with a boundary. */
MUST_USE enum err form_new(struct slice content_type, form_source *source, void *ctx, struct form **out);
void form_free(struct form *f); /* NULL is fine */

/* Up to the part named "file": *fields, with their *filename (empty: none told), in the arena. ERR_BAD_REQUEST: not
 * well-formed, no file, or a name twice. ERR_MESSAGE_TOO_LONG: more than S3 takes. */
MUST_USE enum err form_read_fields(struct form *f, struct arena *arena, struct policy_field **fields, size_t *n,
                                   struct slice *filename);
/* The next piece of the file, valid until the next call; empty: all of it has come. ERR_BAD_REQUEST: the body ended
 * before the file did. */
MUST_USE enum err form_read_file(struct form *f, struct slice *out);

#endif

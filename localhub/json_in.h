/* SPDX-License-Identifier: Apache-2.0 */
/* json_in.h: JSON that clients send, read with Jansson. Text is UTF-8 (Jansson checks) and may hold NULs. */
#ifndef HUGS3_LOCALHUB_JSON_IN_H
#define HUGS3_LOCALHUB_JSON_IN_H

#include <jansson.h>

#include "common/buf.h"

#define AUTO_JSON __attribute__((cleanup(json_in_done)))
void json_in_done(json_t **j);

json_t *json_in(struct slice text);                         /* an object; NULL: it is none. Owned by the caller */
struct slice json_in_text(json_t *object, const char *key); /* p NULL: not there, or no text; lives as long as object */
/* Whole numbers and reals (cut); false: not there, no number, or out of range. */
bool json_in_ms(json_t *object, const char *key, int64_t *out);

#endif

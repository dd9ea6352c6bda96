/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h: the Hub's JSON, field by field, hostile until checked. Pure functions.
 *
 * A field that is missing, null, of another type, or out of bounds is not told: false, and *out is left alone. What a
 * reader cannot do without it then refuses (ERR_UPSTREAM_ANSWER). Unknown fields are ignored. Slices are borrowed from
 * the JSON, unless an arena is given. */
#ifndef HUGS3_HUB_FIELDS_H
#define HUGS3_HUB_FIELDS_H

#include <jansson.h>

#include "hub/hub.h"

void hub_free_json(json_t **json);
#define AUTO_JSON __attribute__((cleanup(hub_free_json)))

/* Strings of at most `max` bytes. */
bool field_text(const json_t *object, const char *name, size_t max, struct slice *out);
bool field_bool(const json_t *object, const char *name, bool *out);
/* Integers from 0 on. */
bool field_u64(const json_t *object, const char *name, uint64_t *out);
/* ISO 8601, or milliseconds since the epoch; not before it, not after the year 9999. */
bool field_time(const json_t *object, const char *name, int64_t *out_ms);

/* The beginning of a sentence of the Hub's, fit for logs and XML: UTF-8, at most 512 bytes. */
struct slice field_words(struct slice text);

/* A Xet hash: 64 hex digits, in lower case afterwards. */
bool field_hash(struct slice text, char out[65]);
/* A content type fit to go out as a header: visible ASCII and blanks; empty when this is none. */
struct slice field_type(struct slice text);

/* A file or directory entry of the tree or of paths-info; content in the arena. *known is false for a type of entry
 * that this program has never heard of: *out is then nothing. */
MUST_USE enum err field_entry(const json_t *entry, struct arena *arena, struct hub_file *out, bool *known);
/* A bucket's info. *known: as above, for an id that cannot be one. */
MUST_USE enum err field_bucket(const json_t *object, struct arena *arena, struct hub_bucket_info *out, bool *known);

/* The elements of a JSON array, one after the other: a page of 5,000 entries as one tree of values takes ten times the
 * memory of its text, and half as long again. */
struct field_list {
    struct slice rest;
    bool begun;
};
/* *out is the next element, the caller's to json_decref, or NULL at the end. ERR_UPSTREAM_ANSWER: not an array. */
MUST_USE enum err field_next(struct field_list *list, json_t **out);

/* Adds JSON text, without blanks or line ends, and gives the reference back. NULL (a string that was not UTF-8, or a
 * value that did not come to be): false. */
bool field_write(json_t *json, struct buf *out);

#endif

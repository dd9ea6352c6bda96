/* SPDX-License-Identifier: Apache-2.0 */
/* place.h: what a command line calls a place: hf://buckets/NAMESPACE/NAME/PATH, hf://models/…, or a path here.
 * Pure functions; slices point into the text given. */
#ifndef HUGS3_CLI_PLACE_H
#define HUGS3_CLI_PLACE_H

#include "common/buf.h"

enum place_kind { PLACE_LOCAL, PLACE_BUCKET, PLACE_MODEL, PLACE_DATASET, PLACE_SPACE };

struct place {
    enum place_kind kind;
    struct slice id;       /* "namespace/name" */
    struct slice revision; /* of a repository, behind an '@'; empty: not told */
    struct slice path;     /* without a '/' at either end; the local path as it was given */
    bool directory;        /* said to be one: by a '/' at its end, or by naming the whole bucket */
};

/* NULL: *out is the place; else words for what is wrong with it, and *out is untouched. Anything without hf:// in front
 * is a path here. */
MUST_USE const char *place_parse(const char *text, struct place *out);
/* Where only a bucket can be meant: NAMESPACE/NAME/PATH will do, too. */
MUST_USE const char *place_parse_bucket(const char *text, struct place *out);
/* Neither empty nor with `//`, `\`, NUL, `.` or `..` segments (Hub API, refused paths). */
bool place_path_valid(struct slice path);
/* What is behind the last '/'. */
struct slice place_basename(struct slice path);
/* Where a path that begins with the directory `base` (empty: everything) is within it; empty: not below it. */
struct slice place_below(struct slice base, struct slice path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* names.h: which bucket ids and file paths are worth asking the Hub about. Pure functions.
 *
 * Checked before a call, for two reasons: an id is put into a URL, where `..` or `?` would ask for something else; and
 * a path the Hub refuses could spoil a call that is shared with other callers. */
#ifndef HUGS3_HUB_NAMES_H
#define HUGS3_HUB_NAMES_H

#include "common/buf.h"

#define NAME_PATH_MAX 4096 /* bytes; S3 keys end at 1,024, what others uploaded may be longer */

/* One part of an id: letters, digits, `-`, `_`, `.`, and not a dot segment. Finer rules are the Hub's to apply. */
bool hub_name_part_valid(struct slice part);
/* "namespace/name". */
bool hub_name_id_valid(struct slice id);
/* Hub API, refused paths: empty; `/` at either end; `//`, `\`, NUL, `.` and `..` segments; and what is not UTF-8. */
bool hub_name_path_valid(struct slice path);

/* As a prefix of such paths. NAME_PREFIX_NONE: no path the Hub accepts starts like this. */
enum hub_name_prefix { NAME_PREFIX_PLAIN, NAME_PREFIX_DOTS, NAME_PREFIX_NONE };
/* NAME_PREFIX_DOTS: it ends in a segment `.` or `..`, the start of a hidden file's name perhaps, which a URL cannot
 * carry: both ends normalise it away. *send is what to ask for instead (answers need filtering); else all of it. */
enum hub_name_prefix hub_name_prefix(struct slice prefix, struct slice *send);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* key.h: S3 keys as paths of the Hub, and back, so that every key round-trips.
 *
 * The Hub refuses empty segments (so a leading, trailing or double '/'), the segments "." and "..", '\' and NUL. S3
 * takes them all. Keys are stored exactly as they are named but for these spots:
 *
 *   an empty segment              !            "dir/" is stored as "dir/!"
 *   the first '.' of "." or ".."  !2E
 *   '\' and DEL                   !5C !7F
 *   a control character           ' ' !XX      " !09"
 *   '~' of a leading "~hugs3/"    !7E          that folder is the gateway's own
 *   '!' that would be taken for one of the above   !21
 *
 * The escapes were chosen for their place in the order of bytes: an escaped path sorts where its key does or before
 * it, but for names with a blank at a segment's start or two in a row, or with a "!", so that a listing can be put
 * right while it streams: key_floor tells how far (walk.c). Pure functions. */
#ifndef HUGS3_TRANSLATE_KEY_H
#define HUGS3_TRANSLATE_KEY_H

#include "common/arena.h"

#define KEY_MAX      1024 /* bytes of UTF-8; Amazon S3 User Guide, "Naming Amazon S3 objects" */
#define KEY_INTERNAL "~hugs3/"

/* ERR_KEY_TOO_LONG; ERR_INVALID_URI when empty or not UTF-8. */
MUST_USE enum err key_to_path(struct slice key, struct arena *arena, struct slice *out);
struct slice key_of_path(struct slice path, struct arena *arena); /* any path, also one nobody escaped */
bool key_path_internal(struct slice path);                        /* the gateway's own: not to be shown */

/* The longest prefix of paths that all keys with this prefix have: to be asked of the Hub; what it returns is still to
 * be compared with the prefix itself. */
struct slice key_prefix_to_path(struct slice prefix, struct arena *arena);

/* Given a path, a lower bound for the keys of all paths that sort behind it, as the number of the path's bytes that
 * make up the bound. */
size_t key_floor(struct slice path);

#endif

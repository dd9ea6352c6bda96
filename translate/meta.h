/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h: what S3 keeps of an object and the Hub has no place for: user metadata (x-amz-meta-*), Cache-Control,
 * Content-Disposition, Content-Encoding, Content-Language, Expires, tags, and with these the checksum the client sent.
 *
 * An object that has any of them has a companion: a small JSON file in the same bucket, at "~hugs3/meta/" and the
 * object's path. It names the object's hash and mtime, so that it counts only for the very object it was written with;
 * one that is out of date is ignored. Objects without any have none. Companions are hidden from every listing. */
#ifndef HUGS3_TRANSLATE_META_H
#define HUGS3_TRANSLATE_META_H

#include "common/header.h"
#include "translate/call.h"

#define META_USER_MAX 2048 /* bytes of names and values: Amazon S3 User Guide, "User-defined object metadata" */

struct meta {
    struct header *list; /* lower-case names */
    size_t n;
};

/* From a request's headers. ERR_METADATA_TOO_LARGE, ERR_INVALID_ARGUMENT (not UTF-8). */
MUST_USE enum err meta_of_request(struct s3_call *c, struct meta *out);
struct slice meta_find(const struct meta *m, const char *name); /* p == NULL: not there */
/* Replaces or adds; p == NULL takes it out. Borrows both. For a meta made by one of these functions. */
void meta_set(struct meta *m, const char *name, struct slice value);
#define META_TAGS "x-amz-tagging"                                              /* see tags.h */
void meta_copy(struct meta *to, const struct meta *from, struct arena *arena); /* borrows the strings */
/* Onto an answer; each may be overridden by a response-* argument of the query. */
void meta_add_headers(struct s3_call *c, const struct meta *m);
/* Remembers a checksum (its base64, for a composite one with "-N") and its type, where the object has a companion
 * anyway or the service keeps them all. */
void meta_keep_checksum(struct s3_call *c, struct meta *m, enum checksum sum, struct slice text, const char *type);
/* Takes the checksums of an object with the same content. */
void meta_copy_checksum(struct meta *to, const struct meta *from);
/* For x-amz-checksum-mode: ENABLED. */
void meta_add_checksum_headers(struct s3_call *c, const struct meta *m);
/* As ChecksumCRC32 and so on, and ChecksumType, inside `element` (NULL: right here); nothing when none is kept. */
void meta_write_checksum(const struct meta *m, const char *element, struct xml_out *x);
/* As text for the multipart store, "name: value" lines, and back (what is not ours is passed over). */
struct slice meta_text(struct arena *arena, const struct meta *m);
void meta_of_text(struct slice text, struct arena *arena, struct meta *out);

/* The path of a path's companion. */
struct slice meta_path(struct arena *arena, struct slice path);
/* Writes the companion's content to the CAS: what is left is a line that makes it visible. */
MUST_USE enum err meta_write(struct bucket *b, const struct meta *m, const char *object_hash, int64_t object_mtime_ms,
                             struct xet_file *out);
/* Whether the bucket has companions at all. Asks the Hub once a minute; other gateways' first companion may be missed
 * for that long, which leaves a companion without an object, to be ignored. */
MUST_USE enum err meta_present(struct bucket *b, struct arena *arena, bool *out);
/* Reads a companion. One that is not of this object, or no companion at all, gives an empty *out. */
MUST_USE enum err meta_read(struct bucket *b, const struct hub_file *companion, const struct hub_file *object,
                            struct arena *arena, struct meta *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* name.h: S3 bucket names as the Hub's bucket ids, and back.
 *   name        the gateway's namespace: "ns/name"
 *   ns--name    another one; "--" cannot occur inside a name of the Hub
 *   models--ns--name datasets--ns--name spaces--ns--name        a repository at `main`: "models/ns/name@main"
 *   models--ns--name--REVISION    at another branch, tag or commit, a '/' in it written "--": refs--pr--1. A revision
 *                                 that has "--" in its own name is reached by its commit.
 * Pure functions. */
#ifndef HUGS3_TRANSLATE_NAME_H
#define HUGS3_TRANSLATE_NAME_H

#include "common/arena.h"

/* false: no bucket can have this name, on the Hub: letters, digits, '-', '_', '.', up to 96, no "--" nor "..", not
 * beginning or ending in '-' or '.'. */
MUST_USE bool name_to_id(struct slice name, const char *ns, struct arena *arena, struct slice *out);
struct slice name_of_id(struct slice id, const char *ns, struct arena *arena);
/* The namespace of an id. */
struct slice name_ns(struct slice id);
/* Is it a repository's id, and not a bucket's? */
bool name_is_repository(struct slice id);

#endif

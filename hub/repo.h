/* SPDX-License-Identifier: Apache-2.0 */
/* repo.h: models, datasets and Spaces as buckets that can only be read: what an id of theirs means in URLs.
 *
 *   models/ns/name@revision     datasets/…     spaces/…
 *
 * A bucket's id is ns/name: it has one slash and no `@`. Pure functions, but for repo_time. */
#ifndef HUGS3_HUB_REPO_H
#define HUGS3_HUB_REPO_H

#include "hub/internal.h"

struct repo_kind {
    const char *api;  /* "models" */
    const char *type; /* "model": as a copy's sourceRepoType */
    const char *web;  /* what comes before the id where people look at it: "", "datasets/" */
};

struct repo {
    const struct repo_kind *kind;
    struct slice id, revision;
};

/* false: not the id of a repository. */
MUST_USE bool repo_parse(struct slice id, struct repo *out);
/* Begins a URL with the path of the repository's API calls. */
void repo_url(struct hub *h, const struct repo *r, struct buf *url);
/* The revision as one segment of a path, with its slash before it. */
void repo_add_revision(struct slice revision, struct buf *url);
/* Hub API, tree: the path is a directory's. The one that holds whatever begins with this prefix; may be empty. */
struct slice repo_directory(struct slice prefix);

/* When the revision was made. The tree tells of single files only page by small page, so this stands for the time of
 * them all: never earlier than a file's own. Asked once a minute. */
MUST_USE enum err repo_time(struct hub_bucket *b, struct arena *arena, int64_t *out_ms);
/* Gives an entry that has no time of its own the revision's. */
MUST_USE enum err repo_date(struct hub_bucket *b, struct arena *arena, struct hub_file *files, size_t n);

#endif

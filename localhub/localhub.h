/* SPDX-License-Identifier: Apache-2.0 */
/* localhub.h: the embedded Hub and CAS: the Hub's bucket API and the Xet CAS over HTTP, on a directory.
 *
 * One process, one port: /api/…, /buckets/…/resolve/… (Hub) and /cas/… (CAS, the casUrl it hands out) and
 * /cas/xorb-data/…, /cas/file-data/… (signed URLs). State in one directory: hub.sqlite for what is looked up and for
 * small xorbs, xorbs/ab/<hash> for large ones, written so that a kill -9 or power cut at any moment leaves a consistent
 * state: a xorb is a finished, synced file before its row, and rows are committed before the answer. Only one process
 * may have the directory open.
 *
 * It verifies everything that is uploaded and stores nothing that it has not verified. */
#ifndef HUGS3_LOCALHUB_LOCALHUB_H
#define HUGS3_LOCALHUB_LOCALHUB_H

#include "common/buf.h"

struct localhub;

struct localhub_user {
    const char *token; /* hf_… */
    const char *name;
    const char *const *orgs;
    size_t n_orgs;
};

struct localhub_config {
    const char *dir;    /* made when missing, mode 0700 */
    const char *listen; /* "127.0.0.1:9002", port 0: any */
    /* None: one user, named "local", whose token is made on first use and kept in dir/token, mode 0600. */
    const struct localhub_user *users;
    size_t n_users;
    unsigned token_ttl_s; /* of Xet tokens; 0: 3,600 */
    unsigned url_ttl_s;   /* of signed URLs; 0: 900 */
};

/* `why` gets one line for the user on failure. */
MUST_USE enum err localhub_start(const struct localhub_config *config, char why[256], struct localhub **out);
const char *localhub_url(const struct localhub *h);   /* "http://127.0.0.1:9002"; valid until free */
const char *localhub_token(const struct localhub *h); /* of the first user; valid until free */

/* ---- repositories, put in from outside: what `hugs3 import` does ---- */

struct localhub_file {
    struct slice path;
    char oid[41]; /* in git: of the content (localhub_import_blob), or of the pointer to it (localhub_pointer_oid) */
    uint64_t size;
    char xet_hash[65]; /* "": not in Xet */
    char sha256[65];   /* when in Xet */
};
struct localhub_import {
    const char *type; /* "models", "datasets", "spaces" */
    const char *id;   /* "ns/name" */
    const char *revision;
    const struct localhub_file *files; /* in any order */
    size_t n_files;
};
/* Keeps a small file's content. */
MUST_USE enum err localhub_import_blob(struct localhub *h, struct slice content, char oid[41]);
void localhub_pointer_oid(const char *sha256, uint64_t size, char oid[41]);
/* Makes a commit of these files and sets the revision to it; the repository is made when it is not there. `why` gets
 * one line on failure. */
MUST_USE enum err localhub_import_commit(struct localhub *h, const struct localhub_import *in, char why[256],
                                         char sha[41]);
/* A Xet token that may write, for the CAS at localhub_url and "/cas". */
#define LOCALHUB_TOKEN_MAX 160
void localhub_write_token(struct localhub *h, char token[LOCALHUB_TOKEN_MAX]);

void localhub_stop(struct localhub *h, unsigned drain_ms);
void localhub_free(struct localhub *h); /* after stop; NULL is fine */

#endif

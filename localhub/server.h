/* SPDX-License-Identifier: Apache-2.0 */
/* server.h: what one embedded Hub consists of. Made by localhub.c, constant while requests run; each part locks for
 * itself. */
#ifndef HUGS3_LOCALHUB_SERVER_H
#define HUGS3_LOCALHUB_SERVER_H

#include <semaphore.h>

#include "httpd/httpd.h"
#include "localhub/db.h"
#include "localhub/keys.h"
#include "localhub/people.h"
#include "localhub/sweep.h"
#include "localhub/xorb_store.h"

struct localhub {
    int dir_fd, lock_fd; /* lock_fd: flock'ed while we live */
    struct keys keys;
    struct people *people;
    struct db *db;
    struct xorb_store *xorbs;
    struct sweep *sweep;
    struct httpd *httpd;
    sem_t large_bodies; /* how many requests may hold a body of some MiB at a time */
    unsigned token_ttl_s, url_ttl_s;
    char *_Atomic url; /* http://address of the listener; NULL while it starts */
    char *token;       /* the first user's */
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* server.h: the parts of one server, for the files of this folder.
 *
 *   listen.c   accept thread ── MHD_add_connection ──► loops, evenly
 *   request.c  what each loop's thread does with a request (libmicrohttpd's callbacks)
 *   threads.c  ◄── requests that cannot be answered at once; body.c and reply.c are what their handlers call
 *   watch.c    one thread that looks after requests which libmicrohttpd has been told to leave alone (suspended)
 *
 * Locks, in the order in which they may nest: loop.lock, request.lock, libmicrohttpd's own. None is held while a
 * handler runs. */
#ifndef HUGS3_HTTPD_SERVER_H
#define HUGS3_HTTPD_SERVER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "httpd/httpd.h"
#include "httpd/pipe.h"
#include "httpd/threads.h"

struct listener;
struct watch;

/* One libmicrohttpd daemon with one epoll thread. */
struct loop {
    struct httpd *httpd;
    struct MHD_Daemon *daemon;
    _Atomic unsigned connections; /* from being accepted until closed */
    _Atomic unsigned arriving;    /* of these, not yet begun by the epoll thread */
    /* any thread, under lock */
    pthread_mutex_t lock;
    struct httpd_request *requests; /* those handed to a request thread and not yet completed */
};

struct httpd {
    /* fixed while it serves */
    struct httpd_config config; /* `listen` is not kept */
    char name[12];
    struct loop *loops;
    unsigned n_loops;
    struct threads *threads;
    struct listener *listener;
    struct watch *watch;
    struct shelf shelf;
    /* any thread */
    _Atomic uint64_t requests;
    _Atomic unsigned open; /* requests on the loops' lists */
    /* SERVING: all is well. DRAINING: new requests are refused. CUTTING: every request is made to end, none may be
     * suspended any more. */
    _Atomic enum { HTTPD_SERVING, HTTPD_DRAINING, HTTPD_CUTTING } state;
    pthread_mutex_t stop_lock;
    pthread_cond_t drained; /* open became 0 while not SERVING */
};

/* listen.c */
MUST_USE enum err listener_new(struct httpd *h, const char *const *addresses, size_t n, char why[256],
                               struct listener **out);
const char *listener_address(const struct listener *l, size_t i);
void listener_start(struct listener *l);
void listener_wake(struct listener *l); /* there is room for connections again; any thread */
void listener_stop(struct listener *l); /* closes the sockets; addresses stay */
void listener_free(struct listener *l); /* after listener_stop, or never started; NULL is fine */

/* watch.c */
struct watch *watch_new(struct httpd *h);
void watch_poke(struct watch *w); /* there is something to watch; any thread, cheap */
/* Takes fd: reads and discards what still comes, for a short while, then closes. Any thread. */
void watch_linger(struct watch *w, int fd);
void watch_stop(struct watch *w); /* looks after nothing any more */
void watch_free(struct watch *w); /* after watch_stop; NULL is fine */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* http_internal.h: what the files of the HTTP client share. Not for other folders.
 *
 *   http_call.c, http_stream.c   the two kinds of owner: a call that gathers its answer, a stream with a window
 *           │ io_submit                      ▲ ops: head, body, flush, done
 *           ▼                                │
 *   http_io.c                    threads: queue, places per host, idle timeouts, curl's multi handle
 *           │ transfer_begin, transfer_end   ▲
 *           ▼                                │
 *   http_transfer.c              one try of one request: curl's options and callbacks
 *   http_response.c              what came back;  http_retry.c  whether and when to try again
 *
 * A transfer is its owner's until io_submit, the I/O thread's until ops->done, then its owner's again. */
#ifndef HUGS3_COMMON_HTTP_INTERNAL_H
#define HUGS3_COMMON_HTTP_INTERNAL_H

#include <curl/curl.h>
#include <pthread.h>

#include "common/http.h"

struct io;
struct host;
struct transfer;

enum taken { TAKEN, TAKE_LATER, TAKE_REFUSED };

/* All called by the I/O thread. */
struct transfer_ops {
    void (*head)(struct transfer *t); /* status and headers are in t->response */
    /* TAKE_LATER: nothing was taken, the same bytes come again after transfer.room was set. TAKE_REFUSED: t->err says
     * why; the transfer ends. */
    enum taken (*body)(struct transfer *t, struct slice bytes);
    void (*flush)(struct transfer *t); /* no more body() in this round: wake who waits for it */
    void (*done)(struct transfer *t);  /* t is the owner's, and may be gone when this returns */
};

struct transfer {
    /* set by the owner, then constant */
    const struct transfer_ops *ops;
    struct http_request request; /* url and body are borrowed */
    struct slice origin;         /* of the URL: scheme, host and port */
    struct curl_slist *fields;
    uint64_t body_size;
    uint32_t read_size; /* what to ask a socket for at once */
    long http_version;  /* one of curl's */

    /* set by the owner while the I/O thread has the transfer; io_attend makes it look */
    _Atomic bool room;   /* after TAKE_LATER: body() will take bytes again */
    _Atomic bool cancel; /* end it with ERR_CLIENT_GONE */

    /* I/O thread, from io_submit to done */
    struct io *io;
    struct transfer *prev, *next;
    struct host *host;
    bool placed;                    /* counts against the host's connections */
    bool paused;                    /* body() said TAKE_LATER */
    bool touched;                   /* body() was called in this round */
    CURL *easy;                     /* NULL: waits for a place */
    size_t body_index, body_offset; /* what is to be sent next */
    size_t head_bytes;              /* of all heads and trailers of this try */
    curl_off_t moved;               /* bytes, either way, when last looked at */
    int64_t moved_at_ms;

    /* results, the owner's after done; `response` already after ops->head */
    struct http_response response;
    bool has_head;
    enum err err;
    bool transient; /* the failure may not happen again */
};

/* Borrows r->url and r->body. ERR_BAD_REQUEST: the request cannot be put on a line; t needs no transfer_done then. */
MUST_USE enum err transfer_init(struct transfer *t, const struct http_request *r, const struct transfer_ops *ops,
                                uint32_t read_size, long http_version);
void transfer_done(struct transfer *t);  /* frees all but the strings borrowed; not while the I/O thread has it */
void transfer_again(struct transfer *t); /* forgets the last try's results */

/* Constant after http_new. */
struct http_settings {
    char *user_agent, *no_proxy, *ca_file, *ca_dir; /* each may be NULL */
    unsigned connect_timeout_ms;
    unsigned host_places; /* of one I/O thread */
};

/* I/O thread. */
CURL *easy_new(const struct http_settings *settings);
void transfer_begin(struct transfer *t, CURL *easy);
void transfer_end(struct transfer *t, CURLcode code); /* t->easy is free for another one */

#define HEAD_MAX 65536 /* bytes of header lines that an answer may have; what servers send is far below */

/* A head's lines, status line included, become r's headers. */
void http_response_init(struct http_response *r, size_t max_body);
void http_response_parse(struct http_response *r, int status);

struct io *io_new(const struct http_settings *settings); /* starts the thread; settings outlive it */
void io_stop(struct io *io);                             /* all transfers, present and future, end with ERR_STOPPING */
void io_free(struct io *io);                             /* no transfer may be left; joins */
void io_submit(struct io *io, struct transfer *t);       /* never blocks; ops->done will come */
void io_attend(struct io *io);                           /* some transfer's room or cancel has been set */
unsigned io_load(struct io *io);                         /* transfers it has */

struct io *http_pick_io(struct http *h);
bool http_sleep(struct http *h, int64_t ms); /* false: the client has been stopped */

/* Pure. */
bool retry_wanted(const struct transfer *t);
/* Milliseconds to wait after the given number of tries; random: evenly distributed. */
int64_t retry_delay_ms(const struct http_response *r, unsigned tries, uint64_t random, int64_t now_ms);

#endif

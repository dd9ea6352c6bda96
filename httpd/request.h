/* SPDX-License-Identifier: Apache-2.0 */
/* request.h: one request, from its request line to its completion, as the files of this folder share it.
 *
 *            head read                     httpd_read                 body read              answer queued
 *   NEW ──┬─────────────────► HEAD ──────────────────────► BODY ──────────────────► END ─────────────────► ANSWERED
 *         │                    └── no body, or the answer is there ─────────────────▲
 *         └── small body: read first, then handed on (BODY) ────────────────────────┘
 *
 * The phase is the epoll thread's. In HEAD and END, in BODY while the pipe is full, and in ANSWERED while the response
 * pipe is empty, libmicrohttpd is told to leave the connection alone (suspended). Whoever has changed something that
 * the epoll thread waits for takes `suspended` away under the lock and, after unlocking, calls MHD_resume_connection:
 * request_wants_resume and request_resume. Resuming happens once, and only a suspended connection can be touched from
 * outside of its epoll thread: it cannot complete meanwhile.
 *
 * References: libmicrohttpd's (until the completed callback), the handler's task, and the watcher's while it looks. */
#ifndef HUGS3_HTTPD_REQUEST_H
#define HUGS3_HTTPD_REQUEST_H

#include "httpd/server.h"

enum phase { PHASE_NEW, PHASE_HEAD, PHASE_BODY, PHASE_END, PHASE_ANSWERED };

/* What the handler's thread sleeps for. */
enum waits { WAITS_NOT, WAITS_BODY, WAITS_ROOM, WAITS_END };

enum reply_kind {
    REPLY_NONE,
    REPLY_WHOLE, /* everything is in memory */
    REPLY_FILE,
    REPLY_GATHER, /* httpd_start with a small length: becomes WHOLE when the last byte is there */
    REPLY_STREAM, /* by the response pipe */
    REPLY_MUTE,   /* httpd_start where no body may follow: to HEAD, 204, 304 */
};

struct reply_header {
    struct reply_header *next;
    const char *name, *value;
};

/* Made by the thread that answers; the epoll thread reads it once `answered` is set. */
struct reply {
    enum reply_kind kind;
    int status;
    bool close; /* Connection: close */
    struct reply_header *headers, **last;
    uint64_t length; /* of the body; HTTPD_LENGTH_UNKNOWN */
    uint64_t written;
    char *body;                    /* WHOLE, GATHER: in the arena */
    struct MHD_Response *response; /* NULL: not made, or libmicrohttpd's */
};

#define REQUEST_MAGIC 0x52455131u

struct httpd_request {
    uint32_t magic;
    _Atomic unsigned refs;
    struct task task;

    /* fixed once the head is read */
    struct httpd *httpd;
    struct loop *loop;
    struct arena *arena; /* holds this struct too */
    struct slice method, target;
    struct headers headers;
    uint64_t length; /* of the body; HTTPD_LENGTH_UNKNOWN: chunked */
    int64_t received_us;
    bool http10, is_head;
    bool expects; /* 100-continue */
    char peer[48];

    /* epoll thread */
    enum phase phase;
    const char *target_mark; /* where libmicrohttpd has the target: compared, never read */
    uint64_t discarded;
    bool handed_on; /* to a request thread */
    bool listed;    /* in the loop's list, and counted as open */
    bool lingers;   /* the client may still be sending when the answer is out */

    /* the handler's thread (before it is handed on: the epoll thread) */
    struct reply reply;
    uint64_t bytes_in;
    size_t view; /* bytes of the body pipe that httpd_read has lent */

    /* any thread, under lock */
    pthread_mutex_t lock;
    pthread_cond_t moved;        /* for the handler: bytes, room, or the end */
    struct MHD_Connection *conn; /* NULL: completed */
    int fd;                      /* valid while conn is */
    bool suspended;
    bool gone;     /* client, server or handler wants no more of it */
    bool answered; /* `reply` is the epoll thread's now */
    bool queued;   /* libmicrohttpd has the answer */
    bool wants_body, body_open, body_ended;
    uint64_t body_taken; /* bytes of the body that libmicrohttpd has given */
    uint64_t stuck_at;   /* body_taken plus 1 when the watcher saw that nothing more can come; 0: it has not */
    enum waits waits;
    bool out_ended; /* nothing more comes into `out` */
    /* clock_mono_ms; 0: never */
    int64_t answered_ms, woken_ms, sent_ms, half_closed_ms;
    struct pipe in, out;

    /* under loop->lock */
    struct httpd_request *next, **back;
};

/* request.c */
void *request_on_target(void *cls, const char *target, struct MHD_Connection *conn);
enum MHD_Result request_on_access(void *cls, struct MHD_Connection *conn, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **request);
void request_on_completed(void *cls, struct MHD_Connection *conn, void **request, enum MHD_RequestTerminationCode how);
void request_unref(struct httpd_request *r);

/* Under lock: true once for each suspension; then call request_resume, after unlocking. */
bool request_wants_resume(struct httpd_request *r);
void request_resume(struct httpd_request *r);
/* Under lock: the connection is to end without another byte. The handler's waiting ends; true: call request_resume. */
bool request_cut(struct httpd_request *r);
void request_cut_all(struct httpd *h);
/* Under lock: true if the handler waits, and for what has happened; then signal `moved`, after unlocking. */
bool request_wants_wake(struct httpd_request *r);

/* head.c: what is known of a request once its head is read. ERR_BAD_REQUEST: it must be refused, and its connection
 * closed, since where it ends cannot be trusted. */
MUST_USE enum err head_read(struct httpd_request *r, struct MHD_Connection *conn, const char *method,
                            const char *version);

/* body.c: takes from data[0 .. *size) what fits into the pipe, and subtracts it from *size. Under lock, which it lets
 * go of while it copies. */
void body_take(struct httpd_request *r, const char *data, size_t *size);

/* reply.c */
void reply_finish(struct httpd_request *r); /* after the handler: completes, ends or cuts its answer */
void reply_done(struct httpd_request *r);   /* frees */

/* lastword.c: the answer of a request in whose body libmicrohttpd still is, so that it cannot give it. Under lock.
 * true: sent; the connection must end now. */
bool lastword_send(struct httpd_request *r);

#define BUSY_WAKE_MS 10    /* bytes older than this are handed over although the pipe is not half full */
#define DISCARD_MAX  65536 /* bytes of a body that nobody reads, for the sake of keeping the connection */
#define DISCARD_MS   1000

#endif

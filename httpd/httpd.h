/* SPDX-License-Identifier: Apache-2.0 */
/* httpd.h: the HTTP server that the gateway and the embedded Hub stand on. Nothing outside httpd/ knows libmicrohttpd.
 *
 *   epoll threads            request threads (bounded pool)
 *   parse the head      ──►  handler(): plain blocking code, top to bottom
 *   fill the body pipe  ──►    httpd_read … httpd_read
 *   drain the response  ◄──    httpd_start, httpd_write … (or httpd_reply)
 *
 * The epoll threads only move bytes; they never wait for a handler, disk or network. A slow client costs a socket, its
 * libmicrohttpd pool and, while its request runs, one request thread. Idle connections cost no thread.
 *
 * A handler runs for one request and must answer it: httpd_reply once, or httpd_start and then httpd_write until the
 * declared length is reached. When it returns without having answered, the client gets 500; when it returns in the
 * middle of a body, the connection is closed. Everything a handler gets from httpd_* about the request stays valid
 * until it returns. Body bytes not read by the handler are discarded (when few) or the connection is closed after the
 * answer (when many; an answer by httpd_start or httpd_reply_file in the middle of such a body is a cut). A body of
 * known length up to 64 KiB that the client sends unasked is read before the handler runs: a slow one costs no thread.
 *
 * The head check refuses and closes before any handler runs (RFC 9112 sections 3.2, 5.1, 6.1, 6.3): Transfer-Encoding
 * together with Content-Length, any Transfer-Encoding but one `chunked`, two Content-Lengths, a Content-Length that is
 * no number, two Hosts or none in HTTP/1.1, folded lines, a NUL or blank in a header's name, control characters in
 * target or values. Method names must be tokens. The refusal's body is made by on_refused. */
#ifndef HUGS3_HTTPD_HTTPD_H
#define HUGS3_HTTPD_HTTPD_H

#include "common/arena.h"
#include "common/header.h"

struct httpd;
struct httpd_request;

typedef void httpd_handler(void *ctx, struct httpd_request *r);

struct httpd_config {
    const char *name;          /* for logs and thread names: "s3", "hub", "admin" */
    const char *const *listen; /* "127.0.0.1:9000", "[::1]:9000", ":9000" (all addresses), port 0: any */
    size_t n_listen;
    unsigned epoll_threads;   /* 0: 2 */
    unsigned request_threads; /* most that run at once; started when needed, ended when idle for a while; 0: 128 */
    unsigned queue;           /* most requests waiting for a request thread; past it `overloaded` answers; 0: 4,096 */
    unsigned max_connections; /* 0: 16,384 */
    unsigned idle_timeout_s;  /* connection without a request, or client that moves no byte; 0: 60 */
    size_t pipe_bytes;        /* of the body and of the response pipe; 0: 1 MiB */
    httpd_handler *handler;   /* on a request thread */
    /* On an epoll thread, with the head parsed, before anything is queued: may answer with httpd_reply at once and
     * return true; must not block, nor read the body. NULL: none. */
    bool (*fast)(void *ctx, struct httpd_request *r);
    /* On an epoll thread: answer (httpd_reply) a request that the head check refused (`why`: ERR_BAD_REQUEST …) or that
     * finds the queue full (ERR_SLOW_DOWN). NULL: an empty body. */
    void (*refused)(void *ctx, struct httpd_request *r, enum err why);
    void *ctx;
};

/* Binds, listens and serves. On failure `why` gets one line for the user: which address, and what is wrong with it. */
MUST_USE enum err httpd_new(const struct httpd_config *config, char why[256], struct httpd **out);
/* "127.0.0.1:9000" of the i-th listener, with the real port; "" past the last. Valid until httpd_free. */
const char *httpd_address(const struct httpd *h, size_t i);
/* No new connections and requests; waits up to drain_ms for the running ones, then cuts them. It returns when every
 * handler has: what a handler may wait for other than httpd_* has to be stopped by others. Any thread, once. */
void httpd_stop(struct httpd *h, unsigned drain_ms);
void httpd_free(struct httpd *h); /* after httpd_stop; NULL is fine */

struct httpd_stats {
    unsigned connections, running, waiting, threads;
    uint64_t requests;
};
void httpd_stats(struct httpd *h, struct httpd_stats *out);

/* The request's head. */
struct slice httpd_method(const struct httpd_request *r);
struct slice
httpd_target(const struct httpd_request *r); /* the exact bytes of the request line: escapes, '+', "//" … */
struct headers httpd_headers(const struct httpd_request *r);
struct slice httpd_header(const struct httpd_request *r, const char *name); /* headers_find */
struct slice httpd_peer(const struct httpd_request *r);                     /* the client's address, without port */
bool httpd_http10(const struct httpd_request *r);
struct arena *httpd_arena(struct httpd_request *r);       /* dies with the request; the handler's thread only */
int64_t httpd_received_us(const struct httpd_request *r); /* clock_mono_us when the head was complete */

/* The request's body. */
#define HTTPD_LENGTH_UNKNOWN UINT64_MAX
bool httpd_has_body(const struct httpd_request *r);           /* Content-Length above 0, or chunked */
uint64_t httpd_content_length(const struct httpd_request *r); /* HTTPD_LENGTH_UNKNOWN: chunked; 0: none */
/* The next bytes as they lie in the pipe: *out is valid until the next httpd_read; empty: the end. The first call is
 * what sends `100 Continue` to a client that waits for it. ERR_CLIENT_GONE: the body was cut short; no more comes. */
MUST_USE enum err httpd_read(struct httpd_request *r, struct slice *out);

/* The answer. Headers first; names and values are copied. CR, LF and NUL in a value are replaced by a blank. Date,
 * Content-Length, Transfer-Encoding and Connection are made here. */
void httpd_add_header(struct httpd_request *r, const char *name, struct slice value);
void httpd_add_header_str(struct httpd_request *r, const char *name, const char *value);
/* A whole answer with its body, copied. To HEAD, only the head goes out, with the body's length. */
void httpd_reply(struct httpd_request *r, int status, struct slice body);
/* To HEAD, and for 304: what the length would have been. */
void httpd_reply_head(struct httpd_request *r, int status, uint64_t content_length);
/* An answer whose body follows by httpd_write: exactly `length` bytes, or chunked with HTTPD_LENGTH_UNKNOWN (then the
 * handler's return ends it). */
void httpd_start(struct httpd_request *r, int status, uint64_t length);
/* Copies into the response pipe, waiting for room. ERR_CLIENT_GONE: nobody is there any more; stop. */
MUST_USE enum err httpd_write(struct httpd_request *r, struct slice bytes);
/* A file as the whole body, from `offset`, `length` bytes, by sendfile where that can be; takes fd. */
void httpd_reply_file(struct httpd_request *r, int status, int fd, uint64_t offset, uint64_t length);
/* Ends the connection without finishing the answer, so that the client cannot take a part for the whole. */
void httpd_abort(struct httpd_request *r);
/* Closes the connection after the answer (Connection: close). Before the answer is begun. */
void httpd_close_after(struct httpd_request *r);

bool httpd_client_gone(struct httpd_request *r);         /* for handlers that wait for something else */
int httpd_status(const struct httpd_request *r);         /* of the answer given; 0: none yet */
uint64_t httpd_bytes_in(const struct httpd_request *r);  /* of the body, so far */
uint64_t httpd_bytes_out(const struct httpd_request *r); /* of the body, so far */

#endif

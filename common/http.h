/* SPDX-License-Identifier: Apache-2.0 */
/* http.h: the HTTP client. Nothing outside common/ knows libcurl.
 *
 * A client owns one or a few I/O threads, each with a curl multi handle; callers are request threads in plain blocking
 * code. Three ways to call:
 *   http_call                  ask and wait for a small answer
 *   http_start … http_finish   the same, the wait put off: a xorb is on its way while the next one is made
 *   http_open … http_read …    an answer of any size, as a stream with a bounded window
 * HTTP/1.1 to plain http and for streams, else HTTP/2 over TLS where the server has it. Redirects are never followed.
 * Proxies and CA certificates come from the environment as curl's own tool takes them (not for loopback addresses).
 *
 * Failures: ERR_UPSTREAM: no answer (refused, reset, timed out, cut short), after all tries. ERR_STOPPING: http_stop.
 * ERR_UPSTREAM_ANSWER: more headers or body than allowed, or no http URL. ERR_BAD_REQUEST: a control character where
 * it would end a line; nothing was sent. An answer, whatever its status, is OK. Bodies, headers and URLs of requests
 * are borrowed until the call has ended. */
#ifndef HUGS3_COMMON_HTTP_H
#define HUGS3_COMMON_HTTP_H

#include "common/header.h"

struct http;

struct http_config {
    unsigned io_threads;         /* 0: 1 */
    unsigned max_host_conns;     /* connections to one host; 0: 64 */
    unsigned connect_timeout_ms; /* 0: 10,000 */
    const char *user_agent;      /* copied */
};

struct http *http_new(const struct http_config *config);
void http_stop(struct http *h); /* every call under way ends with ERR_STOPPING; new ones too. Any thread */
void http_free(struct http *h); /* after http_stop and after the last call has returned; NULL is fine */

struct http_request {
    const char *method; /* "GET" … */
    const char *url;
    const char *bearer; /* NULL: none; sent as Authorization: Bearer */
    const struct header *headers;
    size_t n_headers;
    const struct slice *body; /* sent one after the other: no need to join them; n_body 0: no body */
    size_t n_body;
    uint64_t range_from, range_to; /* inclusive; sent as Range when has_range */
    bool has_range;
    size_t max_body;     /* of the answer, for http_call: more is ERR_UPSTREAM_ANSWER; 0: 16 MiB */
    uint32_t timeout_ms; /* without a byte moving either way; 0: 30,000 */
    /* Tries again after refused, reset, timed out, 429, 500, 502, 503 and 504, with exponential backoff from 100 ms to
     * 5 s, full jitter, and Retry-After obeyed, as long as the next try would begin within this time; 0: one try only.
     */
    uint32_t retry_ms;
};

struct http_response {
    int status;
    struct header *headers; /* with slices into `memory` */
    size_t n_headers;
    struct buf body;
    unsigned tries; /* 1: the first one was answered */
    struct buf memory;
};
/* The first field of that name, p == NULL when there is none. */
struct slice http_response_header(const struct http_response *r, const char *name);
void http_response_done(struct http_response *r); /* a zeroed one is fine */
#define AUTO_RESPONSE __attribute__((cleanup(http_response_done)))

/* *out is always initialised, whatever is returned. Blocks. */
MUST_USE enum err http_call(struct http *h, const struct http_request *r, struct http_response *out);

struct http_pending;
/* Copies *r, but not what it points to. Never blocks. */
struct http_pending *http_start(struct http *h, const struct http_request *r);
bool http_ready(struct http_pending *p); /* http_finish would not wait (it may still have tries to make) */
/* Waits, tries again as the request says, and frees p. */
MUST_USE enum err http_finish(struct http_pending *p, struct http_response *out);

struct http_stream;
/* Starts a request whose answer is read as it comes; at most about `window` bytes are held, then the sender is made
 * to wait. Never blocks and never retries. Unlike the others, it copies URL, bearer and headers; no body is sent. */
struct http_stream *http_open(struct http *h, const struct http_request *r, size_t window);
/* Blocks until status and headers are there. *head stays valid until close; its body is empty. */
MUST_USE enum err http_stream_head(struct http_stream *s, const struct http_response **head);
/* Blocks for the next bytes of the body: *out is a view of at least one byte, valid until consumed; empty: the end.
 * Several reads may be consumed partly: http_consume(n) drops the first n bytes. */
MUST_USE enum err http_peek(struct http_stream *s, struct slice *out);
void http_consume(struct http_stream *s, size_t n);
void http_close(struct http_stream *s); /* at any time; NULL is fine */

#endif

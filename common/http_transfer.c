/* SPDX-License-Identifier: Apache-2.0 */
/* http_transfer.c: one try of one request, in curl's terms. The owner's thread checks the request and makes its header
 * lines (transfer_init); the I/O thread lends it an easy handle (transfer_begin), is called back by curl as bytes move,
 * and takes the outcome (transfer_end). Easy handles keep what is the same for all requests from easy_new on. */
#include <assert.h>
#include <stdlib.h>

#include "common/http_internal.h"
#include "common/log.h"

#define MAX_BODY_DEFAULT (16u << 20)
#define TIMEOUT_DEFAULT  30000

/* A body up to this size, in one piece, goes out in the same send as the head: curl copies up to 64 KiB behind it. */
#define SMALL_BODY (48u << 10)
/* curl's limits are 16 KiB to 2 MiB; more than 512 KiB gains nothing. */
#define SEND_MIN (16u << 10)
#define SEND_MAX (512u << 10)

/* ---- the request, in the owner's thread ---- */

/* A header's value, by RFC 9110 section 5.5: anything else could end the line and start another. */
static bool is_value(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
            return false;
    return true;
}

static bool is_name(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && c != '-' && c != '_' && c != '.')
            return false;
    }
    return s.n > 0;
}

static bool is_url(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7F)
            return false;
    return s.n > 0;
}

static bool is_request(const struct http_request *r)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (!is_name(r->headers[i].name) || !is_value(r->headers[i].value))
            return false;
    return is_name(slice_str(r->method)) && is_url(slice_str(r->url)) && is_value(slice_str(r->bearer));
}

static void add_line(struct curl_slist **list, struct buf *line)
{
    struct curl_slist *longer = curl_slist_append(*list, buf_str(line));
    if (longer == NULL)
        abort(); /* no memory: see mem_* */
    *list = longer;
    buf_clear(line);
}

/* curl reads "Name:" as "leave that header out" and "Name;" as one without a value. */
static void add_field(struct curl_slist **list, struct buf *line, struct slice name, struct slice value)
{
    buf_add(line, name);
    buf_add_str(line, value.n ? ": " : ";");
    buf_add(line, value);
    add_line(list, line);
}

static struct curl_slist *make_fields(const struct http_request *r)
{
    AUTO_BUF struct buf line = { .max = SIZE_MAX };
    struct curl_slist *list = NULL;
    bool has_type = false;
    for (size_t i = 0; i < r->n_headers; i++) {
        add_field(&list, &line, r->headers[i].name, r->headers[i].value);
        has_type |= slice_eq_nocase(r->headers[i].name, SLICE("Content-Type"));
    }
    if (r->bearer) {
        buf_addf(&line, "Authorization: Bearer %s", r->bearer);
        add_line(&list, &line);
    }
    if (r->has_range) {
        buf_addf(&line, "Range: bytes=%llu-%llu", (unsigned long long)r->range_from, (unsigned long long)r->range_to);
        add_line(&list, &line);
    }
    if (r->n_body) { /* else curl waits for a 100 Continue */
        buf_add_str(&line, "Expect:");
        add_line(&list, &line);
    }
    if (!has_type) { /* else curl calls whatever is POSTed a form */
        buf_add_str(&line, "Content-Type:");
        add_line(&list, &line);
    }
    return list;
}

/* Scheme, host and port: what connections are counted by. */
static struct slice origin_of(struct slice url)
{
    const char *host = url.n ? memmem(url.p, url.n, "://", 3) : NULL;
    size_t at = host ? (size_t)(host - url.p) + 3 : 0;
    while (at < url.n && url.p[at] != '/' && url.p[at] != '?' && url.p[at] != '#')
        at++;
    return slice_of(url.p, at);
}

enum err transfer_init(struct transfer *t, const struct http_request *r, const struct transfer_ops *ops,
                       uint32_t read_size, long http_version)
{
    if (!is_request(r))
        return ERR_BAD_REQUEST;
    *t = (struct transfer){ .ops = ops, .request = *r, .read_size = read_size, .http_version = http_version };
    if (t->request.max_body == 0)
        t->request.max_body = MAX_BODY_DEFAULT;
    if (t->request.timeout_ms == 0)
        t->request.timeout_ms = TIMEOUT_DEFAULT;
    t->origin = origin_of(slice_str(r->url));
    t->fields = make_fields(r);
    for (size_t i = 0; i < r->n_body; i++)
        t->body_size += r->body[i].n;
    http_response_init(&t->response, t->request.max_body);
    return OK;
}

void transfer_done(struct transfer *t)
{
    curl_slist_free_all(t->fields);
    t->fields = NULL;
    http_response_done(&t->response);
}

void transfer_again(struct transfer *t)
{
    http_response_done(&t->response);
    http_response_init(&t->response, t->request.max_body);
    t->has_head = t->transient = false;
    t->err = OK;
}

/* ---- curl's callbacks, in the I/O thread ---- */

static size_t refuse(struct transfer *t, enum err e)
{
    if (t->err == OK)
        t->err = e;
    return 0; /* which curl takes for a failure, since there was something */
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    struct buf *head = &t->response.memory;
    struct slice line = slice_of(p, n * size);
    t->head_bytes += line.n; /* interim answers and trailers count: else a server could go on forever with them */
    if (t->head_bytes > HEAD_MAX)
        return refuse(t, ERR_UPSTREAM_ANSWER);
    if (t->has_head) /* a trailer */
        return line.n;
    bool is_last = slice_is(line, "\r\n") || slice_is(line, "\n");
    if (!is_last) {
        if (slice_starts(line, SLICE("HTTP/")) && head->n == 0)
            return line.n;
        buf_add(head, line);
        return line.n;
    }
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) { /* 100 Continue, 103 Early Hints: the answer is yet to come */
        buf_clear(head);
        return line.n;
    }
    http_response_parse(&t->response, (int)status);
    t->has_head = true;
    if (t->ops->head)
        t->ops->head(t);
    return line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    t->touched = true;
    switch (t->ops->body(t, slice_of(p, n * size))) {
    case TAKEN:
        return n * size;
    case TAKE_LATER:
        t->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    case TAKE_REFUSED:
        break;
    }
    return refuse(t, ERR_UPSTREAM_ANSWER);
}

static size_t on_send(char *to, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    size_t room = size * n, filled = 0;
    while (filled < room && t->body_index < t->request.n_body) {
        struct slice rest = slice_from(t->request.body[t->body_index], t->body_offset);
        size_t part = rest.n < room - filled ? rest.n : room - filled;
        if (part)
            memcpy(to + filled, rest.p, part);
        filled += part;
        t->body_offset += part;
        if (part == rest.n) {
            t->body_index++;
            t->body_offset = 0;
        }
    }
    return filled;
}

/* curl starts over when a kept connection turns out to be dead. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct transfer *t = arg;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->body_size)
        return CURL_SEEKFUNC_FAIL;
    uint64_t at = (uint64_t)offset;
    t->body_index = 0;
    while (t->body_index < t->request.n_body && at >= t->request.body[t->body_index].n)
        at -= t->request.body[t->body_index++].n;
    t->body_offset = (size_t)at;
    return CURL_SEEKFUNC_OK;
}

/* ---- easy handles, in the I/O thread ---- */

CURL *easy_new(const struct http_settings *settings)
{
    CURL *e = curl_easy_init();
    if (e == NULL)
        abort(); /* no memory: see mem_* */
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* do not wait for the resolver when a lookup is given up */
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L); /* keys may have dot segments in them */
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)settings->connect_timeout_ms);
    curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(e, CURLOPT_USERAGENT, settings->user_agent);
    curl_easy_setopt(e, CURLOPT_NOPROXY, settings->no_proxy);
    if (settings->ca_file)
        curl_easy_setopt(e, CURLOPT_CAINFO, settings->ca_file);
    if (settings->ca_dir)
        curl_easy_setopt(e, CURLOPT_CAPATH, settings->ca_dir);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
    return e;
}

static void set_posted(CURL *e, const void *body, uint64_t n)
{
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, body);
}

static void set_uploaded(CURL *e, uint64_t n)
{
    uint64_t at_once = n < SEND_MIN ? SEND_MIN : n > SEND_MAX ? SEND_MAX : n;
    curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)n);
    curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, (long)at_once);
}

/* The way the body goes first (it implies a method), then the method's own name. */
static void set_method(struct transfer *t, CURL *e)
{
    const struct http_request *r = &t->request;
    struct slice method = slice_str(r->method);
    const char *name = r->method;
    curl_easy_setopt(e, CURLOPT_HTTPGET, 1L); /* undoes what the last user of the handle has set */
    if (slice_is(method, "HEAD")) {
        curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
        name = NULL;
    } else if (t->body_size > 0 && r->n_body == 1 && t->body_size <= SMALL_BODY) {
        set_posted(e, r->body[0].p, t->body_size);
    } else if (t->body_size > 0) {
        set_uploaded(e, t->body_size);
    } else if (slice_is(method, "POST") || slice_is(method, "PUT") || slice_is(method, "PATCH")) {
        set_posted(e, "", 0); /* Content-Length: 0, as RFC 9110 section 8.6 wants it */
    } else if (slice_is(method, "GET")) {
        name = NULL;
    }
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, name);
}

void transfer_begin(struct transfer *t, CURL *easy)
{
    t->easy = easy;
    t->body_index = t->body_offset = 0;
    t->moved = 0;
    t->head_bytes = 0;
    curl_easy_setopt(easy, CURLOPT_URL, t->request.url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->fields);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, t->http_version);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)t->read_size);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_READDATA, t);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, t);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    set_method(t, easy);
}

/* What does not get better by waiting. */
static bool is_lasting(CURLcode code)
{
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        return true;
    default:
        return false;
    }
}

/* Only where it went: what follows the host may be signed, what is before an @ may be a password. */
static void log_failure(const struct transfer *t, CURLcode code)
{
    AUTO_BUF struct buf line = { .max = 1024 };
    if (!log_enabled(LOG_DEBUG))
        return;
    const char *at = memrchr(t->origin.p, '@', t->origin.n);
    struct slice host = at ? slice_from(t->origin, (size_t)(at + 1 - t->origin.p)) : t->origin;
    log_begin(&line, LOG_DEBUG, "http", "a request got no answer");
    log_field(&line, "method", slice_str(t->request.method));
    log_field(&line, "host", host);
    log_field(&line, "reason", slice_str(curl_easy_strerror(code)));
    log_end(&line);
}

void transfer_end(struct transfer *t, CURLcode code)
{
    if (t->body_size > SMALL_BODY) /* frees the send buffer, else the idle handle keeps it */
        curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_MIN);
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
    t->easy = NULL;
    if (t->err)
        return;
    if (code == CURLE_OK && t->has_head)
        return;
    log_failure(t, code);
    bool is_bad_url = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
    t->err = is_bad_url ? ERR_UPSTREAM_ANSWER : ERR_UPSTREAM;
    t->transient = !is_lasting(code);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* head.c: copies a request's head out of libmicrohttpd, and refuses what two HTTP implementations could read in two
 * ways. libmicrohttpd does not guard against request smuggling: given two lengths it takes the first, and what it
 * thinks is behind the body is the next request. So where the end of a message is in doubt, it is refused, and its
 * connection closed. RFC 9112 sections 3.2 (Host), 5 (fields), 6 (framing) and 11.2 (smuggling). */
#include <arpa/inet.h>
#include <assert.h>

#include "httpd/request.h"

/* Below 0.9.77 libmicrohttpd has no strictness that helps: a folded line goes to the end of its field's *name*, a NUL
 * cuts target and values, ":" at the start of a line ends the head. But it gives us pointers into the buffer where it
 * cut the head into strings, so what it passed over in silence shows as a gap between them. */
#define OLD_PARSER (MHD_VERSION < 0x00097701)

/* RFC 9110 section 5.6.2 */
static bool is_token(struct slice s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return s.n > 0;
}

static bool is_field_value(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

static bool is_target(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c == 0x7F)
            return false;
    }
    return s.n > 0;
}

struct collecting {
    struct arena *arena;
    struct header *list;
    size_t n;
    bool bad;
    const char *at; /* where in libmicrohttpd's buffer the next field must begin */
};

#if OLD_PARSER
/* name ':' blanks value CR LF, with NULs for ':', CR and LF. */
static void follow(struct collecting *c, const char *name, size_t name_n, const char *value, size_t value_n)
{
    const char *at = name + name_n + 1;
    while (at < value && (*at == ' ' || *at == '\t'))
        at++;
    if (name != c->at || at != value)
        c->bad = true;
    c->at = value + value_n + 2;
}
#else
static void follow(struct collecting *c, const char *name, size_t name_n, const char *value, size_t value_n)
{
    (void)c, (void)name, (void)name_n, (void)value, (void)value_n;
}
#endif

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n, const char *value,
                               size_t value_n)
{
    (void)kind;
    struct collecting *c = cls;
    if (name == NULL || value == NULL) {
        c->bad = true;
        return MHD_NO;
    }
    follow(c, name, name_n, value, value_n);
    struct header *h = &c->list[c->n++];
    h->name = arena_copy(c->arena, slice_of(name, name_n));
    h->value = arena_copy(c->arena, slice_of(value, value_n));
    if (!is_token(h->name) || !is_field_value(h->value))
        c->bad = true;
    return MHD_YES;
}

/* *end is where the head must end in libmicrohttpd's buffer. */
static bool collect_headers(struct httpd_request *r, struct MHD_Connection *conn, const char *begin, const char **end)
{
    int n = MHD_get_connection_values_n(conn, MHD_HEADER_KIND, NULL, NULL);
    assert(n >= 0);
    struct collecting c = { .arena = r->arena, .at = begin };
    c.list = arena_alloc(r->arena, ((size_t)n + 1) * sizeof *c.list);
    MHD_get_connection_values_n(conn, MHD_HEADER_KIND, collect, &c);
    r->headers = (struct headers){ c.list, c.n };
    *end = c.at + 2;
    return !c.bad;
}

#if OLD_PARSER
static bool is_seamless(const struct httpd_request *r, struct MHD_Connection *conn, const char *method,
                        const char *version, const char *end)
{
    const union MHD_ConnectionInfo *size = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return method + r->method.n + 1 == r->target_mark && r->target_mark + r->target.n + 1 == version && size != NULL &&
           method + size->header_size == end;
}
#else
static bool is_seamless(const struct httpd_request *r, struct MHD_Connection *conn, const char *method,
                        const char *version, const char *end)
{
    (void)r, (void)conn, (void)method, (void)version, (void)end;
    return true;
}
#endif

/* The first field's value as it came, with its blanks: libmicrohttpd compares it so. */
static struct slice raw_header(struct headers h, const char *name)
{
    for (size_t i = 0; i < h.n; i++)
        if (slice_eq_nocase(h.list[i].name, slice_str(name)))
            return h.list[i].value;
    return SLICE_NONE;
}

static bool has_clear_length(struct httpd_request *r)
{
    size_t lengths = headers_count(r->headers, "Content-Length");
    size_t codings = headers_count(r->headers, "Transfer-Encoding");
    if (lengths + codings > 1)
        return false;
    if (codings == 1) {
        r->length = HTTPD_LENGTH_UNKNOWN;
        return !r->http10 && slice_eq_nocase(raw_header(r->headers, "Transfer-Encoding"), SLICE("chunked"));
    }
    r->length = 0;
    if (lengths == 0)
        return true;
    return slice_u64(raw_header(r->headers, "Content-Length"), &r->length) && r->length <= INT64_MAX;
}

static bool has_clear_host(const struct httpd_request *r)
{
    size_t hosts = headers_count(r->headers, "Host");
    return hosts == 1 || (hosts == 0 && r->http10);
}

static void read_peer(struct httpd_request *r, struct MHD_Connection *conn)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL)
        return;
    const struct sockaddr *a = info->client_addr;
    if (a->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, r->peer, sizeof r->peer);
    else if (a->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, r->peer, sizeof r->peer);
}

enum err head_read(struct httpd_request *r, struct MHD_Connection *conn, const char *method, const char *version)
{
    r->method = arena_copy(r->arena, slice_str(method));
    r->is_head = slice_is(r->method, "HEAD");
    r->http10 = strcmp(version, "HTTP/1.0") == 0;
    read_peer(r, conn);
    const char *end;
    if (!collect_headers(r, conn, version + strlen(version) + 2, &end))
        return ERR_BAD_REQUEST;
    if (!is_seamless(r, conn, method, version, end) || !is_token(r->method) || !is_target(r->target))
        return ERR_BAD_REQUEST;
    if (!has_clear_length(r) || !has_clear_host(r))
        return ERR_BAD_REQUEST;
    r->expects = r->length > 0 && slice_eq_nocase(headers_find(r->headers, "Expect"), SLICE("100-continue"));
    return OK;
}

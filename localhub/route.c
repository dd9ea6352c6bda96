/* SPDX-License-Identifier: Apache-2.0 */
/* route.c: the table of calls, and what is done before any handler: request id, base URL, credentials.
 *
 *   target ──► path, query ──► row of the table (method and segments) ──► who is asking ──► handler
 *
 * Segments are compared as they were sent, placeholders decoded: `*` stands for one segment, `**` for all that follow
 * (in which %2F is a slash like any other, since clients code paths either way). */
#include "localhub/route.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/codec.h"
#include "common/log.h"

/* Whose credentials a call takes. */
enum access {
    AS_USER,   /* the Hub's: a user's token, or none */
    CAS_READ,  /* a Xet token */
    CAS_WRITE, /* a Xet token that may write */
    BY_URL,    /* none: the URL is signed, or there is nothing to protect */
};

static const struct route {
    const char *method; /* HEAD goes with GET unless it has a row of its own, further up */
    const char *pattern;
    enum access access;
    void (*run)(struct call *c);
} routes[] = {
    { "GET", "api/whoami-v2", AS_USER, api_whoami },
    { "POST", "api/repos/move", AS_USER, api_bucket_move },
    { "GET", "api/buckets/*", AS_USER, api_bucket_list },
    { "POST", "api/buckets/*/*", AS_USER, api_bucket_create },
    { "GET", "api/buckets/*/*", AS_USER, api_bucket_info },
    { "DELETE", "api/buckets/*/*", AS_USER, api_bucket_delete },
    { "PUT", "api/buckets/*/*/settings", AS_USER, api_bucket_settings },
    { "GET", "api/buckets/*/*/tree", AS_USER, api_tree },
    { "GET", "api/buckets/*/*/tree/**", AS_USER, api_tree },
    { "POST", "api/buckets/*/*/paths-info", AS_USER, api_paths_info },
    { "POST", "api/buckets/*/*/batch", AS_USER, api_batch },
    { "GET", "api/buckets/*/*/events", AS_USER, api_bucket_events },
    { "GET", "api/buckets/*/*/xet-read-token", AS_USER, api_read_token },
    { "GET", "api/buckets/*/*/xet-write-token", AS_USER, api_write_token },
    { "HEAD", "buckets/*/*/resolve/**", AS_USER, resolve_head },
    { "GET", "buckets/*/*/resolve/**", AS_USER, resolve_get },
    { "GET", "api/*/*/*", AS_USER, api_repo_info },
    { "GET", "api/*/*/*/revision/*", AS_USER, api_repo_info },
    { "GET", "api/*/*/*/tree/*", AS_USER, api_repo_tree },
    { "GET", "api/*/*/*/tree/*/**", AS_USER, api_repo_tree },
    { "POST", "api/*/*/*/paths-info/*", AS_USER, api_repo_paths },
    { "GET", "api/*/*/*/xet-read-token/*", AS_USER, api_repo_token },
    { "GET", "datasets/*/*/resolve/*/**", AS_USER, resolve_repo },
    { "GET", "spaces/*/*/resolve/*/**", AS_USER, resolve_repo },
    { "GET", "*/*/resolve/*/**", AS_USER, resolve_repo },
    { "POST", "cas/v1/xorbs/*/*", CAS_WRITE, cas_xorb_post },
    { "HEAD", "cas/v1/xorbs/*/*", CAS_READ, cas_xorb_head },
    { "POST", "cas/v1/xorb-grants/**", CAS_WRITE, cas_not_offered },
    { "POST", "cas/v1/shards", CAS_WRITE, cas_shard_v1 },
    { "POST", "cas/v2/shards", CAS_WRITE, cas_shard_v2 },
    { "GET", "cas/v1/reconstructions/*", CAS_READ, cas_reconstruction_v1 },
    { "GET", "cas/v2/reconstructions/*", CAS_READ, cas_reconstruction_v2 },
    { "GET", "cas/v1/chunks/*/*", CAS_READ, cas_chunk_get },
    { "HEAD", "cas/v1/files/*", CAS_READ, cas_file_head },
    { "POST", "cas/v1/telemetry", CAS_READ, cas_telemetry },
    { "GET", "cas/v2/file-chunk-hashes/*", CAS_READ, cas_not_offered },
    { "GET", "cas/xorb-data/*", BY_URL, cas_xorb_data },
    { "GET", "cas/file-data/*", BY_URL, cas_file_data },
};

/* ---- finding the row ---- */

static bool matches(const char *pattern, struct slice path, struct slice args[CALL_ARGS])
{
    struct slice want = slice_str(pattern), have = path;
    size_t n = 0;

    while (want.p) {
        struct slice segment = slice_cut(&want, '/');
        if (!have.p)
            return false;
        if (slice_is(segment, "**")) {
            args[n] = have;
            return true;
        }
        struct slice got = slice_cut(&have, '/');
        if (slice_is(segment, "*")) {
            if (got.n == 0)
                return false;
            args[n++] = got;
        } else if (!slice_eq(segment, got)) {
            return false;
        }
    }
    return have.p == NULL;
}

static bool decode_args(struct call *c, const struct slice args[CALL_ARGS])
{
    for (size_t i = 0; i < CALL_ARGS && args[i].p; i++) {
        AUTO_BUF struct buf b = { 0 };
        buf_init(&b, args[i].n + 1);
        if (!percent_decode(args[i], false, &b))
            return false;
        c->args[i] = arena_copy(c->arena, buf_slice(&b));
    }
    return true;
}

static bool method_fits(const struct route *route, struct slice method)
{
    return slice_is(method, route->method) || (slice_is(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

/* NULL: answered 404, or 405 when only the method is wrong. */
static const struct route *find_route(struct call *c)
{
    struct slice method = httpd_method(c->r), path = slice_from(c->path, 1);
    bool known = false;

    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        struct slice args[CALL_ARGS] = { 0 };
        if (!matches(routes[i].pattern, path, args))
            continue;
        known = true;
        if (!method_fits(&routes[i], method))
            continue;
        if (decode_args(c, args))
            return &routes[i];
        call_error(c, 400, NULL, "The URL is not coded properly");
        return NULL;
    }
    if (known)
        call_error(c, 405, NULL, "Method not allowed");
    else
        call_error(c, 404, NULL, "Not Found");
    return NULL;
}

/* ---- before the handler ---- */

static struct slice bearer(struct call *c)
{
    struct slice value = httpd_header(c->r, "Authorization");

    if (value.n < 7 || !slice_eq_nocase(slice_of(value.p, 7), SLICE("Bearer ")))
        return SLICE_NONE;
    return slice_trim(slice_from(value, 7));
}

static bool admit_user(struct call *c)
{
    struct slice token = bearer(c);

    if (!httpd_header(c->r, "Authorization").p)
        return true;
    c->who = token.n ? people_find(c->hub->people, token) : NULL;
    if (!c->who)
        call_error(c, 401, NULL, "Invalid credentials in Authorization header");
    return c->who;
}

static bool admit_cas(struct call *c, bool write)
{
    if (!cas_token_read(&c->hub->keys, bearer(c), &c->token) || clock_now_ms() / 1000 >= c->token.expires_s) {
        call_error(c, 401, NULL, "The Xet token is missing, unknown or expired");
        return false;
    }
    if (write && !c->token.write) {
        call_error(c, 403, NULL, "The Xet token does not allow writing");
        return false;
    }
    return true;
}

static bool admit(struct call *c, enum access access)
{
    switch (access) {
    case AS_USER:
        return admit_user(c);
    case CAS_READ:
    case CAS_WRITE:
        return admit_cas(c, access == CAS_WRITE);
    case BY_URL:
        return true;
    }
    return false;
}

/* What the client called us by, if it can stand in a URL: it may reach us by a name or port that we do not know of. */
static const char *base_url(struct call *c)
{
    struct slice host = httpd_header(c->r, "Host");
    const char *own = c->hub->url ? c->hub->url : "http://localhost";

    if (host.n == 0 || host.n > 255)
        return own;
    for (size_t i = 0; i < host.n; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]", host.p[i]))
            return own;
    return arena_printf(c->arena, "http://%.*s", (int)host.n, host.p);
}

static void add_request_id(struct httpd_request *r)
{
    uint8_t id[12];
    char text[2 * sizeof id + 1];

    if (RAND_bytes(id, sizeof id) != 1)
        memset(id, 0, sizeof id);
    hex_encode(id, sizeof id, text);
    httpd_add_header_str(r, "X-Request-Id", text);
}

/* Never the query: it may be a signed URL's. */
static void log_request(struct call *c)
{
    AUTO_BUF struct buf line = { 0 };

    if (!log_enabled(LOG_DEBUG))
        return;
    buf_init(&line, 4096);
    log_begin(&line, LOG_DEBUG, "localhub", "request");
    log_field(&line, "method", httpd_method(c->r));
    log_field(&line, "path", c->path);
    log_field_int(&line, "status", httpd_status(c->r));
    log_field_int(&line, "us", clock_mono_us() - httpd_received_us(c->r));
    log_end(&line);
}

void route_request(void *ctx, struct httpd_request *r)
{
    struct slice rest = httpd_target(r);
    struct call c = { .hub = (struct localhub *)ctx, .r = r, .arena = httpd_arena(r) };

    add_request_id(r);
    c.path = slice_cut(&rest, '?');
    c.query = rest;
    c.base = base_url(&c);
    const struct route *route = find_route(&c);
    if (route && admit(&c, route->access))
        route->run(&c);
    log_request(&c);
}

void route_refused(void *ctx, struct httpd_request *r, enum err why)
{
    struct call c = { .hub = (struct localhub *)ctx, .r = r };

    add_request_id(r);
    call_fail(&c, why);
}

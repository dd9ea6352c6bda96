/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c: one file of a bucket by its path (Hub API, resolve): its metadata in headers, and for GET either the way
 * to its bytes (a redirect to a signed URL) or its metadata as JSON, whichever is asked for. */
#include "common/clock.h"
#include "common/codec.h"
#include "localhub/bucket.h"
#include "localhub/entry.h"
#include "localhub/names.h"
#include "localhub/route.h"
#include "localhub/signed_url.h"

#define FILEINFO_TYPE "application/vnd.xet-fileinfo+json"

/* What resolve tells of a file, copied. */
struct found {
    struct bucket bucket;
    struct entry entry;
    char hash[XET_HASH_TEXT];
};

/* false: answered. */
static bool find(struct call *c, struct found *f)
{
    AUTO_READ struct db_read r = db_read(c->hub->db);

    if (!bucket_of_call_in(c, r.conn, BUCKET_READ, &f->bucket))
        return false;
    enum err e = path_problem(c->args[2]) ? ERR_NO_SUCH_KEY : entry_find(r.conn, f->bucket.id, c->args[2], &f->entry);
    if (e == ERR_NO_SUCH_KEY)
        call_error(c, 404, "EntryNotFound", "Entry not found");
    else if (e)
        call_fail(c, e);
    if (e)
        return false;
    f->entry.path = c->args[2];
    if (f->entry.content_type.p)
        f->entry.content_type = arena_copy(c->arena, f->entry.content_type);
    xet_hash_text(&f->entry.hash, f->hash);
    return true;
}

static const char *auth_url(struct call *c)
{
    return arena_printf(c->arena, "%s/api/buckets/%s/%s/xet-read-token", c->base, c->args[0].p, c->args[1].p);
}

static const char *reconstruction_url(struct call *c, const struct found *f)
{
    return arena_printf(c->arena, "%s/cas/v1/reconstructions/%s", c->base, f->hash);
}

static void add_metadata(struct call *c, const struct found *f)
{
    char date[CLOCK_TEXT];
    const char *etag = arena_printf(c->arena, "\"%s\"", f->hash);
    const char *auth = auth_url(c);

    clock_http_date(f->entry.uploaded_ms, date);
    httpd_add_header_str(c->r, "X-Xet-Hash", f->hash);
    httpd_add_header_str(c->r, "X-Xet-Refresh-Route", auth);
    httpd_add_header_str(c->r, "X-Linked-Size", arena_printf(c->arena, "%llu", (unsigned long long)f->entry.size));
    httpd_add_header_str(c->r, "X-Linked-ETag", etag);
    httpd_add_header_str(c->r, "ETag", etag);
    httpd_add_header_str(c->r, "Last-Modified", date);
    httpd_add_header_str(c->r, "Accept-Ranges", "bytes");
    httpd_add_header_str(c->r, "Link",
                         arena_printf(c->arena, "<%s>; rel=\"xet-auth\", <%s>; rel=\"xet-reconstruction-info\"", auth,
                                      reconstruction_url(c, f)));
}

static void add_type(struct call *c, const struct found *f)
{
    if (f->entry.content_type.n)
        httpd_add_header(c->r, "Content-Type", f->entry.content_type);
    else
        httpd_add_header_str(c->r, "Content-Type", "application/octet-stream");
}

void resolve_head(struct call *c)
{
    struct found f;

    if (!find(c, &f))
        return;
    add_metadata(c, &f);
    add_type(c, &f);
    httpd_reply_head(c->r, 200, f.entry.size);
}

static void answer_info(struct call *c, const struct found *f)
{
    AUTO_BUF struct buf body = { 0 };
    struct json_out j = { &body, false };

    buf_init(&body, 16 << 10);
    json_open(&j, '{');
    json_key(&j, "hash");
    json_str(&j, f->hash);
    json_key(&j, "size");
    json_u64(&j, f->entry.size);
    json_key(&j, "etag");
    json_str(&j, f->hash);
    json_key(&j, "refreshUrl");
    json_str(&j, auth_url(c));
    json_key(&j, "reconstructionUrl");
    json_str(&j, reconstruction_url(c, f));
    json_close(&j, '}');
    httpd_add_header_str(c->r, "Content-Type", FILEINFO_TYPE);
    httpd_reply(c->r, 200, buf_slice(&body));
}

static bool wants_info(struct call *c)
{
    struct slice accept = httpd_header(c->r, "Accept");

    return accept.p && memmem(accept.p, accept.n, FILEINFO_TYPE, strlen(FILEINFO_TYPE));
}

/* The signed scope is what the answer will say of the file: type, a newline, name. */
static void redirect(struct call *c, const struct found *f)
{
    AUTO_BUF struct buf url = { 0 }, scope = { 0 };
    int64_t expires_s = clock_now_ms() / 1000 + c->hub->url_ttl_s;
    const char *slash = (const char *)memrchr(f->entry.path.p, '/', f->entry.path.n);
    size_t name = slash ? (size_t)(slash - f->entry.path.p) + 1 : 0;

    buf_init(&scope, 2 * PATH_BYTES_MAX);
    buf_init(&url, 8 * PATH_BYTES_MAX);
    buf_add(&scope, f->entry.content_type);
    buf_add_char(&scope, '\n');
    buf_add(&scope, slice_from(f->entry.path, name));
    buf_add_str(&url, c->base);
    signed_url_add(&c->hub->keys, SIGNED_FILE, &f->entry.hash, expires_s, buf_slice(&scope), &url);
    httpd_add_header(c->r, "Location", buf_slice(&url));
    call_empty(c, 302);
}

void resolve_get(struct call *c)
{
    struct found f;

    if (!find(c, &f))
        return;
    add_metadata(c, &f);
    if (wants_info(c))
        answer_info(c, &f);
    else
        redirect(c, &f);
}

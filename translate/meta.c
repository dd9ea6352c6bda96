/* SPDX-License-Identifier: Apache-2.0 */
/* meta.c: see meta.h. */
#include "translate/meta.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/codec.h"
#include "translate/key.h"

enum { HEADERS_MAX = 128 /* of the client */, OWN_MAX = 8 /* tags, checksums */ };
enum { COMPANION_MAX = 64 * 1024, LOOK_AGAIN_MS = 60 * 1000 };

#define USER_PREFIX "x-amz-meta-"

/* Kept beside user metadata, and the arguments that override them. */
static const struct {
    const char *name, *override;
} standard[] = {
    { "cache-control", "response-cache-control" },
    { "content-disposition", "response-content-disposition" },
    { "content-encoding", "response-content-encoding" },
    { "content-language", "response-content-language" },
    { "expires", "response-expires" },
};
enum { STANDARD = sizeof standard / sizeof *standard };

struct slice meta_find(const struct meta *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++)
        if (slice_is(m->list[i].name, name))
            return m->list[i].value;
    return SLICE_NONE;
}

static struct slice lower(struct arena *arena, struct slice s)
{
    char *copy = arena_strdup(arena, s);
    for (size_t i = 0; i < s.n; i++)
        copy[i] = (char)tolower((unsigned char)copy[i]);
    return slice_of(copy, s.n);
}

static void add(struct meta *m, struct slice name, struct slice value)
{
    if (m->n < HEADERS_MAX + OWN_MAX)
        m->list[m->n++] = (struct header){ name, value };
}

void meta_set(struct meta *m, const char *name, struct slice value)
{
    size_t i = 0;
    while (i < m->n && !slice_is(m->list[i].name, name))
        i++;
    if (value.p) {
        if (i < m->n)
            m->list[i].value = value;
        else
            add(m, slice_str(name), value);
    } else if (i < m->n) {
        m->list[i] = m->list[--m->n];
    }
}

static void init(struct meta *m, struct arena *arena)
{
    *m = (struct meta){ (struct header *)arena_alloc(arena, (HEADERS_MAX + OWN_MAX) * sizeof *m->list), 0 };
}

void meta_copy(struct meta *to, const struct meta *from, struct arena *arena)
{
    init(to, arena);
    for (size_t i = 0; i < from->n; i++)
        to->list[to->n++] = from->list[i];
}

/* ---- from requests, onto answers ---- */

/* aws-chunked is about the body's framing, not about the object: Amazon S3 API Reference, "Signature calculations for
 * the authorization header: transferring a payload in chunks". */
static struct slice without_aws_chunked(struct arena *arena, struct slice value)
{
    AUTO_BUF struct buf kept;
    buf_init(&kept, value.n + 1);
    while (value.p) {
        struct slice one = slice_trim(slice_cut(&value, ','));
        if (one.n == 0 || slice_eq_nocase(one, SLICE("aws-chunked")))
            continue;
        buf_add_str(&kept, kept.n ? "," : "");
        buf_add(&kept, one);
    }
    return arena_copy(arena, buf_slice(&kept));
}

/* A name given twice is one with both values, separated by a comma: RFC 9110 section 5.3. */
static void add_user(struct meta *m, struct arena *arena, struct slice name, struct slice value)
{
    for (size_t i = 0; i < m->n; i++) {
        if (slice_eq(m->list[i].name, name)) {
            struct slice old = m->list[i].value;
            m->list[i].value = slice_str(arena_printf(arena, "%.*s,%.*s", (int)old.n, old.p, (int)value.n, value.p));
            return;
        }
    }
    add(m, name, value);
}

enum err meta_of_request(struct s3_call *c, struct meta *out)
{
    struct headers headers = httpd_headers(c->http);
    size_t user = 0;
    init(out, c->arena);
    for (size_t i = 0; i < STANDARD; i++) {
        struct slice value = call_header(c, standard[i].name);
        if (i == 2 && value.p)
            value = without_aws_chunked(c->arena, value);
        if (value.n > 0)
            add(out, slice_str(standard[i].name), value);
    }
    for (size_t i = 0; i < headers.n; i++) {
        struct slice name = lower(c->arena, headers.list[i].name), value = slice_trim(headers.list[i].value);
        if (!slice_starts(name, SLICE(USER_PREFIX)))
            continue;
        user += name.n - strlen(USER_PREFIX) + value.n;
        if (user > META_USER_MAX || out->n >= HEADERS_MAX)
            return ERR_METADATA_TOO_LARGE;
        add_user(out, c->arena, name, value);
    }
    for (size_t i = 0; i < out->n; i++)
        if (!utf8_valid(out->list[i].value) || !utf8_valid(out->list[i].name))
            return call_refuse(c, ERR_INVALID_ARGUMENT, "Metadata must be UTF-8");
    return OK;
}

static const char *tag_count(struct arena *arena, struct slice tags)
{
    unsigned n = 0;
    for (; tags.p; n++)
        (void)slice_cut(&tags, '&');
    return arena_printf(arena, "%u", n);
}

void meta_add_headers(struct s3_call *c, const struct meta *m)
{
    for (size_t i = 0; i < STANDARD; i++) {
        struct slice value = call_arg(c, standard[i].override);
        if (value.n == 0)
            value = meta_find(m, standard[i].name);
        if (value.n > 0)
            httpd_add_header(c->http, standard[i].name, value);
    }
    for (size_t i = 0; i < m->n; i++)
        if (slice_starts(m->list[i].name, SLICE(USER_PREFIX)))
            httpd_add_header_str(c->http, arena_strdup(c->arena, m->list[i].name),
                                 arena_strdup(c->arena, m->list[i].value));
    if (meta_find(m, META_TAGS).n > 0)
        httpd_add_header_str(c->http, "x-amz-tagging-count", tag_count(c->arena, meta_find(m, META_TAGS)));
}

/* ---- checksums ---- */

#define CHECKSUM_TYPE "x-amz-checksum-type"

void meta_keep_checksum(struct s3_call *c, struct meta *m, enum checksum sum, struct slice text, const char *type)
{
    if (sum == CHECKSUM_NONE || (m->n == 0 && !c->s3->config.keep_checksums))
        return;
    meta_set(m, checksum_header(sum), arena_copy(c->arena, text));
    meta_set(m, CHECKSUM_TYPE, slice_str(type));
}

/* The one that is kept; CHECKSUM_NONE when there is none. */
static enum checksum kept_checksum(const struct meta *m, struct slice *text, struct slice *type)
{
    for (enum checksum sum = CHECKSUM_CRC32; sum <= CHECKSUM_SHA256; sum++) {
        *text = meta_find(m, checksum_header(sum));
        *type = meta_find(m, CHECKSUM_TYPE);
        if (!type->p)
            *type = SLICE("FULL_OBJECT");
        if (text->n > 0)
            return sum;
    }
    return CHECKSUM_NONE;
}

void meta_copy_checksum(struct meta *to, const struct meta *from)
{
    struct slice text, type;
    enum checksum sum = kept_checksum(from, &text, &type);
    if (sum == CHECKSUM_NONE || to->n == 0)
        return;
    meta_set(to, checksum_header(sum), text);
    meta_set(to, CHECKSUM_TYPE, type);
}

void meta_add_checksum_headers(struct s3_call *c, const struct meta *m)
{
    struct slice text, type;
    enum checksum sum = kept_checksum(m, &text, &type);
    if (sum == CHECKSUM_NONE)
        return;
    httpd_add_header(c->http, checksum_header(sum), text);
    httpd_add_header(c->http, CHECKSUM_TYPE, type);
}

void meta_write_checksum(const struct meta *m, const char *element, struct xml_out *x)
{
    struct slice text, type;
    enum checksum sum = kept_checksum(m, &text, &type);
    if (sum == CHECKSUM_NONE)
        return;
    if (element)
        xml_open(x, element);
    xml_text(x, checksum_element(sum), text);
    xml_text(x, "ChecksumType", type);
    if (element)
        xml_close(x);
}

/* ---- as text ---- */

struct slice meta_text(struct arena *arena, const struct meta *m)
{
    AUTO_BUF struct buf text;
    buf_init(&text, 256 * 1024);
    for (size_t i = 0; i < m->n; i++) {
        buf_add(&text, m->list[i].name);
        buf_add_str(&text, ": ");
        buf_add(&text, m->list[i].value); /* a header's value has no line ends */
        buf_add_char(&text, '\n');
    }
    return arena_copy(arena, buf_slice(&text));
}

static bool is_kept(struct slice name)
{
    for (size_t i = 0; i < STANDARD; i++)
        if (slice_is(name, standard[i].name))
            return true;
    return slice_is(name, META_TAGS) || slice_starts(name, SLICE(USER_PREFIX));
}

void meta_of_text(struct slice text, struct arena *arena, struct meta *out)
{
    init(out, arena);
    while (text.p) {
        struct slice value = slice_cut(&text, '\n'), name = slice_cut(&value, ':');
        if (value.p && is_kept(name))
            add(out, name, slice_trim(value));
    }
}

/* ---- companions ---- */

struct slice meta_path(struct arena *arena, struct slice path)
{
    return slice_str(arena_printf(arena, KEY_INTERNAL "meta/%.*s", (int)path.n, path.p));
}

static char *to_json(const struct meta *m, const char *object_hash, int64_t object_mtime_ms)
{
    json_t *headers = json_object();
    for (size_t i = 0; i < m->n; i++) {
        AUTO_FREE char *name = mem_dup(m->list[i].name);
        json_object_set_new(headers, name, json_stringn(m->list[i].value.p, m->list[i].value.n));
    }
    json_t *root = json_pack("{s:i, s:s, s:I, s:o}", "version", 1, "xetHash", object_hash, "mtime",
                             (json_int_t)object_mtime_ms, "headers", headers);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

enum err meta_write(struct bucket *b, const struct meta *m, const char *object_hash, int64_t object_mtime_ms,
                    struct xet_file *out)
{
    AUTO_FREE char *text = to_json(m, object_hash, object_mtime_ms);
    if (!text)
        return ERR_INTERNAL;
    atomic_store(&b->companions, true);
    atomic_store(&b->companions_looked_ms, clock_mono_ms());
    struct xet_put *put = xet_put_new(b->space, strlen(text));
    enum err e = xet_put_write(put, slice_str(text));
    if (!e)
        e = xet_put_finish(put, out, NULL);
    xet_put_free(put);
    return e;
}

enum err meta_present(struct bucket *b, struct arena *arena, bool *out)
{
    struct hub_page page;
    int64_t looked = atomic_load(&b->companions_looked_ms), now = clock_mono_ms();
    if (!looked || now - looked > LOOK_AGAIN_MS) {
        enum err e = hub_tree(b->hub, SLICE(KEY_INTERNAL "meta/"), true, 1, SLICE(""), arena, &page);
        if (e)
            return e;
        atomic_store(&b->companions, page.n > 0);
        atomic_store(&b->companions_looked_ms, now);
    }
    *out = atomic_load(&b->companions);
    return OK;
}

static enum err read_content(struct bucket *b, const struct hub_file *companion, struct buf *text)
{
    struct xet_file file = { .size = companion->size };
    struct xet_get *get;
    if (!xet_hash_parse(slice_str(companion->xet_hash), &file.hash))
        return ERR_UPSTREAM_ANSWER;
    enum err e = xet_get_open(b->space, &file, 0, file.size, &get);
    if (e)
        return e;
    struct slice bytes = SLICE_NONE;
    do {
        e = xet_get_read(get, &bytes);
        if (!e)
            buf_add(text, bytes);
    } while (!e && bytes.n > 0);
    xet_get_free(get);
    return e;
}

/* Companions are other people's files as much as ours: what does not look right is as if it were not there. */
static void parse(struct slice text, const struct hub_file *object, struct arena *arena, struct meta *out)
{
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    const char *hash = json_string_value(json_object_get(root, "xetHash")), *name;
    json_t *headers = json_object_get(root, "headers"), *value;
    bool ours = hash && strcmp(hash, object->xet_hash) == 0 &&
                json_integer_value(json_object_get(root, "mtime")) == object->mtime_ms;
    if (ours) {
        json_object_foreach(headers, name, value)
        {
            if (json_is_string(value))
                add(out, arena_copy(arena, slice_str(name)),
                    arena_copy(arena, slice_of(json_string_value(value), json_string_length(value))));
        }
    }
    json_decref(root);
}

enum err meta_read(struct bucket *b, const struct hub_file *companion, const struct hub_file *object,
                   struct arena *arena, struct meta *out)
{
    init(out, arena);
    if (!companion || companion->size == 0 || companion->size > COMPANION_MAX)
        return OK;
    AUTO_BUF struct buf text;
    buf_init(&text, COMPANION_MAX);
    enum err e = read_content(b, companion, &text);
    if (!e)
        parse(buf_slice(&text), object, arena, out);
    return e;
}

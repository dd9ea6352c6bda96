/* SPDX-License-Identifier: Apache-2.0 */
/* list.c: ListObjectsV2, ListObjects and ListObjectVersions: a walk over the bucket's keys, folded at the delimiter.
 * Amazon S3 API Reference, the page of each. */
#include "common/codec.h"
#include "translate/call.h"
#include "translate/key.h"
#include "translate/walk.h"

struct listing {
    struct slice prefix, delimiter;
    bool url;
    size_t max_keys;
    bool fetch_owner;
    bool versions; /* each object as its one version, "null": that of buckets without versioning */
    /* what came of it */
    struct slice *prefixes;
    size_t n_prefixes, n_contents;
    bool truncated;
    struct slice last; /* the last key, or folded prefix, in the answer */
    bool last_is_prefix;
};

static enum err read_arguments(struct s3_call *c, struct listing *l)
{
    uint64_t max_keys;
    enum err e = call_arg_uint(c, "max-keys", 0, INT32_MAX, 1000, &max_keys);
    if (e)
        return e;
    l->max_keys = max_keys > 1000 ? 1000 : (size_t)max_keys;
    l->prefix = call_arg(c, "prefix");
    l->delimiter = call_arg(c, "delimiter");
    if (!l->prefix.p)
        l->prefix = SLICE("");
    struct slice encoding = call_arg(c, "encoding-type");
    if (encoding.n > 0 && !slice_is(encoding, "url"))
        return call_refuse(c, ERR_INVALID_ARGUMENT, "Invalid Encoding Method specified in Request");
    l->url = encoding.n > 0;
    l->fetch_owner = slice_is(call_arg(c, "fetch-owner"), "true");
    if (!utf8_valid(l->prefix) || !utf8_valid(l->delimiter))
        return ERR_INVALID_ARGUMENT;
    return OK;
}

/* The part of key up to and with the first delimiter behind the prefix; p == NULL: there is none. */
static struct slice folded(const struct listing *l, struct slice key)
{
    if (l->delimiter.n == 0)
        return SLICE_NONE;
    struct slice rest = slice_from(key, l->prefix.n);
    const char *at = rest.n ? (const char *)memmem(rest.p, rest.n, l->delimiter.p, l->delimiter.n) : NULL;
    return at ? slice_of(key.p, (size_t)(at - key.p) + l->delimiter.n) : SLICE_NONE;
}

static void write_owner(struct s3_call *c, struct xml_out *x)
{
    xml_open(x, "Owner");
    xml_str(x, "ID", c->s3->config.ns);
    xml_str(x, "DisplayName", c->s3->config.ns);
    xml_close(x);
}

static void write_object(struct s3_call *c, const struct listing *l, const struct walk_entry *entry, struct xml_out *x)
{
    char etag[ETAG_TEXT];
    etag_of_file(entry->xet_hash, entry->git_oid, etag);
    xml_open(x, l->versions ? "Version" : "Contents");
    xml_name_text(x, "Key", entry->key);
    if (l->versions) {
        xml_str(x, "VersionId", "null");
        xml_str(x, "IsLatest", "true");
    }
    xml_time(x, "LastModified", entry->modified_ms);
    xml_str(x, "ETag", etag);
    xml_uint(x, "Size", entry->size);
    if (l->fetch_owner)
        write_owner(c, x);
    xml_str(x, "StorageClass", "STANDARD");
    xml_close(x);
}

/* Fills the answer's Contents, at most max_keys of objects and folded prefixes together. A marker that is, or lies in,
 * a folded prefix stands for all of it: that was in the page before. */
static enum err collect(struct s3_call *c, struct listing *l, struct slice after, struct walk *w, struct bucket *b,
                        struct xml_out *x)
{
    struct slice before = slice_starts(after, l->prefix) ? folded(l, after) : SLICE_NONE;
    l->prefixes = (struct slice *)arena_alloc(c->arena, (l->max_keys + 1) * sizeof *l->prefixes);
    while (l->n_contents + l->n_prefixes < l->max_keys) {
        struct walk_entry entry;
        bool found;
        enum err e = walk_next(w, b->hub, &entry, &found);
        if (e || !found)
            return e;
        struct slice prefix = folded(l, entry.key);
        if (prefix.p && slice_eq(prefix, before)) {
            walk_skip_prefix(w, before);
            continue;
        }
        l->last_is_prefix = prefix.p != NULL;
        l->last = arena_copy(c->arena, prefix.p ? prefix : entry.key);
        if (prefix.p) {
            l->prefixes[l->n_prefixes++] = l->last;
            walk_skip_prefix(w, l->last);
        } else {
            write_object(c, l, &entry, x);
            l->n_contents++;
        }
    }
    /* max-keys=0 is an empty answer that is not truncated, but still only of a bucket that is there. */
    bool more;
    enum err e = walk_more(w, b->hub, &more);
    l->truncated = !e && more && l->max_keys > 0;
    return e;
}

static void write_prefixes(const struct listing *l, struct xml_out *x)
{
    for (size_t i = 0; i < l->n_prefixes; i++) {
        xml_open(x, "CommonPrefixes");
        xml_name_text(x, "Prefix", l->prefixes[i]);
        xml_close(x);
    }
}

/* Both versions: opens the walk, writes Contents and CommonPrefixes; *next, when not NULL, gets the next page's token.
 */
static enum err list(struct s3_call *c, struct listing *l, struct slice after, struct slice token, struct xml_out *x,
                     struct buf *next)
{
    struct walk *w = NULL;
    struct bucket *b = NULL;
    enum err e = call_bucket(c, &b);
    if (e)
        return e;
    bool by_directory = slice_is(l->delimiter, "/");
    e = walk_open(c->s3->walks, b->hub, l->prefix, by_directory, after, token, &w);
    if (e == ERR_INVALID_ARGUMENT)
        e = call_refuse(c, e, "The continuation token provided is incorrect");
    if (!e)
        e = collect(c, l, after, w, b, x);
    if (!e)
        write_prefixes(l, x);
    if (!e && l->truncated) {
        if (next)
            walk_token(w, l->last, l->last_is_prefix, next);
        walk_keep(c->s3->walks, w, next ? buf_slice(next) : l->last);
        w = NULL;
    }
    walk_free(w);
    bucket_release(c->s3->buckets, b);
    return e;
}

static void write_head(struct s3_call *c, const struct listing *l, struct xml_out *x)
{
    xml_text(x, "Name", c->bucket);
    xml_name_text(x, "Prefix", l->prefix);
    if (l->delimiter.n > 0)
        xml_name_text(x, "Delimiter", l->delimiter);
    xml_uint(x, "MaxKeys", l->max_keys);
    if (l->url)
        xml_str(x, "EncodingType", "url");
}

enum err s3_list_objects_v2(struct s3_call *c)
{
    struct listing l = { 0 };
    enum err e = read_arguments(c, &l);
    if (e)
        return e;
    struct slice token = call_arg(c, "continuation-token"), after = call_arg(c, "start-after");
    if (token.p && token.n == 0)
        return call_refuse(c, ERR_INVALID_ARGUMENT, "The continuation token provided is incorrect");
    AUTO_XML struct xml_out x = { .url = l.url };
    AUTO_BUF struct buf next;
    buf_init(&next, 32768);
    xml_begin(&x, "ListBucketResult", XML_S3_NAMESPACE);
    write_head(c, &l, &x);
    e = list(c, &l, after, token, &x, &next);
    if (e)
        return e;
    xml_uint(&x, "KeyCount", l.n_contents + l.n_prefixes);
    xml_str(&x, "IsTruncated", l.truncated ? "true" : "false");
    if (token.n > 0)
        xml_text(&x, "ContinuationToken", token);
    if (l.truncated)
        xml_text(&x, "NextContinuationToken", buf_slice(&next));
    if (after.n > 0)
        xml_name_text(&x, "StartAfter", after);
    call_reply_xml(c, 200, &x);
    return OK;
}

enum err s3_list_objects(struct s3_call *c)
{
    struct listing l = { 0 };
    enum err e = read_arguments(c, &l);
    if (e)
        return e;
    l.fetch_owner = true; /* ListObjects always tells the owner */
    struct slice marker = call_arg(c, "marker");
    AUTO_XML struct xml_out x = { .url = l.url };
    xml_begin(&x, "ListBucketResult", XML_S3_NAMESPACE);
    write_head(c, &l, &x);
    xml_name_text(&x, "Marker", marker);
    e = list(c, &l, marker, SLICE_NONE, &x, NULL);
    if (e)
        return e;
    xml_str(&x, "IsTruncated", l.truncated ? "true" : "false");
    /* Only with a delimiter, says the reference; some clients need it always, and none minds. */
    if (l.truncated)
        xml_name_text(&x, "NextMarker", l.last);
    call_reply_xml(c, 200, &x);
    return OK;
}

/* Deleted objects leave no marker, and there is nothing behind a key but the next one: a version marker says no more
 * than its key does. */
enum err s3_list_object_versions(struct s3_call *c)
{
    struct listing l = { .versions = true };
    struct slice marker = call_arg(c, "key-marker"), version = call_arg(c, "version-id-marker");
    enum err e = read_arguments(c, &l);
    if (!e && version.n > 0 && marker.n == 0)
        e = call_refuse(c, ERR_INVALID_ARGUMENT, "A version-id marker cannot be specified without a key marker.");
    if (e)
        return e;
    l.fetch_owner = true;
    AUTO_XML struct xml_out x = { .url = l.url };
    xml_begin(&x, "ListVersionsResult", XML_S3_NAMESPACE);
    write_head(c, &l, &x);
    xml_name_text(&x, "KeyMarker", marker);
    xml_text(&x, "VersionIdMarker", version);
    e = list(c, &l, marker, SLICE_NONE, &x, NULL);
    if (e)
        return e;
    xml_str(&x, "IsTruncated", l.truncated ? "true" : "false");
    if (l.truncated) {
        xml_name_text(&x, "NextKeyMarker", l.last);
        if (!l.last_is_prefix)
            xml_str(&x, "NextVersionIdMarker", "null");
    }
    call_reply_xml(c, 200, &x);
    return OK;
}

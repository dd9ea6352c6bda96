/* SPDX-License-Identifier: Apache-2.0 */
/* target.c: see target.h. */
#include "gateway/target.h"

#include <ctype.h>

#include "common/codec.h"

/* Absolute form: cuts scheme and authority off; *authority has p == NULL in origin form. */
static struct slice without_origin(struct slice raw, struct slice *authority)
{
    static const char *const schemes[] = { "http://", "https://" };
    *authority = SLICE_NONE;
    for (size_t i = 0; i < 2; i++) {
        struct slice scheme = slice_str(schemes[i]);
        if (!slice_eq_nocase(slice_of(raw.p, raw.n < scheme.n ? raw.n : scheme.n), scheme))
            continue;
        struct slice rest = slice_from(raw, scheme.n);
        const char *at = rest.n ? (const char *)memchr(rest.p, '/', rest.n) : NULL;
        *authority = at ? slice_of(rest.p, (size_t)(at - rest.p)) : rest;
        return at ? slice_from(rest, authority->n) : SLICE("/");
    }
    return raw;
}

/* ---- virtual hosts ---- */

static struct slice without_port(struct slice host)
{
    size_t n = host.n;
    while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
        n--;
    return n > 0 && host.p[n - 1] == ':' ? slice_of(host.p, n - 1) : host;
}

/* What is before ".domain", of the longest domain that fits; empty: path style, as for a domain itself. */
static struct slice bucket_of_host(struct slice host_and_port, const struct addressing *a)
{
    struct slice host = without_port(host_and_port), found = SLICE("");
    for (size_t i = 0; a->domains && a->domains[i]; i++) {
        struct slice domain = slice_str(a->domains[i]);
        if (slice_eq_nocase(host, domain))
            return SLICE("");
        if (host.n < domain.n + 2)
            continue;
        size_t dot = host.n - domain.n - 1;
        if (host.p[dot] == '.' && slice_eq_nocase(slice_from(host, dot + 1), domain) && (!found.n || dot < found.n))
            found = slice_of(host.p, dot);
    }
    return found;
}

/* ---- the path ---- */

static enum err decode(struct slice raw, bool plus_is_space, struct arena *arena, struct slice *out)
{
    AUTO_BUF struct buf text;
    buf_init(&text, raw.n + 1);
    if (!percent_decode(raw, plus_is_space, &text))
        return ERR_INVALID_URI;
    *out = arena_copy(arena, buf_slice(&text));
    return OK;
}

static enum err parse_args(struct slice query, struct arena *arena, struct target *out)
{
    out->args = (struct s3_arg *)arena_alloc(arena, TARGET_ARGS_MAX * sizeof *out->args);
    struct slice rest = query;
    while (rest.p) {
        struct slice value = slice_cut(&rest, '&'), name = slice_cut(&value, '=');
        if (name.n == 0 && !value.p)
            continue;
        if (out->n_args == TARGET_ARGS_MAX)
            return ERR_INVALID_URI;
        struct s3_arg *arg = &out->args[out->n_args++];
        enum err e = decode(name, true, arena, &arg->name);
        if (!e)
            e = decode(value, true, arena, &arg->value);
        if (e)
            return e;
    }
    return OK;
}

/* The Hub's names of users and organisations; what no name can be goes no further. */
static bool is_namespace(struct slice ns)
{
    for (size_t i = 0; i < ns.n; i++)
        if (!isalnum((unsigned char)ns.p[i]) && !strchr("-_.", ns.p[i]))
            return false;
    return ns.n > 0 && ns.n <= 96 && !memmem(ns.p, ns.n, "--", 2);
}

/* A NUL can be in no name, and "//key" names no bucket. */
static bool names_make_sense(const struct target *t)
{
    return (t->bucket.n > 0 || t->key.n == 0) && (t->bucket.n == 0 || !memchr(t->bucket.p, 0, t->bucket.n));
}

static enum err parse_path(const struct addressing *addressing, struct arena *arena, struct target *t)
{
    struct slice key = slice_from(t->path, 1);
    enum err e = OK;
    if (t->host_bucket.n > 0) {
        t->bucket = t->host_bucket;
    } else {
        if (addressing->namespace_in_path && key.n > 0) {
            e = decode(slice_cut(&key, '/'), false, arena, &t->ns);
            if (!e && !is_namespace(t->ns))
                e = ERR_INVALID_URI;
        }
        struct slice bucket = slice_cut(&key, '/');
        if (!e)
            e = decode(bucket, false, arena, &t->bucket);
    }
    if (!e && key.n > 0)
        e = decode(key, false, arena, &t->key);
    return e ? e : names_make_sense(t) ? OK : ERR_INVALID_URI;
}

enum err target_parse(struct slice raw, struct slice host, const struct addressing *addressing, struct arena *arena,
                      struct target *out)
{
    struct target t = { .host_bucket = bucket_of_host(host, addressing) };
    struct slice authority, rest = without_origin(raw, &authority);
    t.path = slice_cut(&rest, '?');
    t.query = rest.p ? rest : SLICE("");
    if (t.path.n == 0 || t.path.p[0] != '/')
        return ERR_INVALID_URI;
    /* Only Host is signed: an authority that names another bucket would turn the request into one nobody has signed. */
    if (authority.p && !slice_eq(bucket_of_host(authority, addressing), t.host_bucket))
        return ERR_INVALID_URI;
    enum err e = parse_path(addressing, arena, &t);
    if (!e && rest.p)
        e = parse_args(rest, arena, &t);
    if (e)
        return e;
    *out = t;
    return OK;
}

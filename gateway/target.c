/* SPDX-License-Identifier: Apache-2.0 */
/* target.c: see target.h. */
#include "gateway/target.h"

#include "common/codec.h"

/* Absolute form: what is behind the authority. */
static struct slice without_origin(struct slice raw)
{
    static const char *const schemes[] = { "http://", "https://" };
    for (size_t i = 0; i < 2; i++) {
        struct slice scheme = slice_str(schemes[i]);
        if (!slice_eq_nocase(slice_of(raw.p, raw.n < scheme.n ? raw.n : scheme.n), scheme))
            continue;
        struct slice rest = slice_from(raw, scheme.n);
        const char *at = rest.n ? (const char *)memchr(rest.p, '/', rest.n) : NULL;
        return at ? slice_of(at, rest.n - (size_t)(at - rest.p)) : SLICE("/");
    }
    return raw;
}

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

enum err target_parse(struct slice raw, struct arena *arena, struct target *out)
{
    struct target t = { 0 };
    struct slice rest = without_origin(raw);
    t.path = slice_cut(&rest, '?');
    t.query = rest.p ? rest : SLICE("");
    if (t.path.n == 0 || t.path.p[0] != '/')
        return ERR_INVALID_URI;
    struct slice key = slice_from(t.path, 1), bucket = slice_cut(&key, '/');
    enum err e = decode(bucket, false, arena, &t.bucket);
    if (!e && key.n > 0)
        e = decode(key, false, arena, &t.key);
    if (!e && rest.p)
        e = parse_args(rest, arena, &t);
    /* "//key" names no bucket, and a NUL can be in no name. */
    if (!e && ((t.bucket.n == 0 && t.key.n > 0) || (t.bucket.n > 0 && memchr(t.bucket.p, 0, t.bucket.n))))
        e = ERR_INVALID_URI;
    if (e)
        return e;
    *out = t;
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* recon_parse.c: the JSON of a reconstruction. The two versions differ in how ranges are written:
 *   v2  "xorbs":{HASH:[{"url","ranges":[{"chunks":{"start","end"},"bytes":{"start","end"}}]}]}
 *   v1  "fetch_info":{HASH:[{"url","range":{"start","end"},"url_range":{"start","end"}}]}
 * Chunk ranges exclude their end, byte ranges include it. */
#include <jansson.h>

#include "xet/hash_map.h"
#include "xet/recon.h"

enum { URL_MAX_BYTES = 16384 };
/* A stored xorb is its chunks and perhaps a footer; a range is a part of it. */
#define RANGE_MAX_BYTES (2 * (uint64_t)XORB_MAX_BYTES)

struct xorb_ranges { /* of one xorb: ranges first to first + n */
    struct xet_hash hash;
    uint32_t first, n;
};

struct parse {
    struct arena *arena;
    bool v2;
    struct recon_range *ranges;
    size_t n_ranges, ranges_room;
    struct xorb_ranges *xorbs;
    size_t n_xorbs;
    struct hash_map map; /* over xorbs */
};

static bool get_number(const json_t *object, const char *name, uint64_t max, uint64_t *out)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > max)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool get_chunks(const json_t *range, uint32_t *start, uint32_t *end)
{
    uint64_t a, b;

    if (!get_number(range, "start", XORB_MAX_CHUNKS, &a) || !get_number(range, "end", XORB_MAX_CHUNKS, &b) || a >= b)
        return false;
    *start = (uint32_t)a;
    *end = (uint32_t)b;
    return true;
}

static bool add_range(struct parse *p, const char *url, const json_t *chunks, const json_t *bytes)
{
    struct recon_range r = { .url = url };

    if (!get_chunks(chunks, &r.start, &r.end))
        return false;
    if (!get_number(bytes, "start", INT64_MAX, &r.from) || !get_number(bytes, "end", INT64_MAX, &r.to))
        return false;
    if (r.from > r.to || r.to - r.from >= RANGE_MAX_BYTES)
        return false;
    if (p->n_ranges == p->ranges_room) {
        size_t room = p->ranges_room ? p->ranges_room * 2 : 8;
        struct recon_range *more = arena_alloc(p->arena, room * sizeof *more);
        if (p->n_ranges)
            memcpy(more, p->ranges, p->n_ranges * sizeof *more);
        p->ranges = more;
        p->ranges_room = room;
    }
    p->ranges[p->n_ranges++] = r;
    return true;
}

static const char *get_url(struct parse *p, const json_t *entry)
{
    const char *url = json_string_value(json_object_get(entry, "url"));
    struct slice s = slice_str(url);

    if (s.n > URL_MAX_BYTES || !(slice_starts(s, SLICE("http://")) || slice_starts(s, SLICE("https://"))))
        return NULL;
    return arena_strdup(p->arena, s);
}

static bool add_entry(struct parse *p, const json_t *entry)
{
    const char *url = get_url(p, entry);

    if (!url)
        return false;
    if (!p->v2)
        return add_range(p, url, json_object_get(entry, "range"), json_object_get(entry, "url_range"));
    const json_t *ranges = json_object_get(entry, "ranges"), *range;
    size_t i;
    json_array_foreach(ranges, i, range)
    {
        if (!add_range(p, url, json_object_get(range, "chunks"), json_object_get(range, "bytes")))
            return false;
    }
    return true;
}

static bool add_xorbs(struct parse *p, json_t *xorbs)
{
    const char *key;
    const json_t *list, *entry;
    size_t i;

    p->xorbs = arena_alloc(p->arena, (json_object_size(xorbs) + 1) * sizeof *p->xorbs);
    json_object_foreach(xorbs, key, list)
    {
        struct xorb_ranges *x = &p->xorbs[p->n_xorbs];
        x->first = (uint32_t)p->n_ranges;
        if (!xet_hash_parse(slice_str(key), &x->hash))
            return false;
        json_array_foreach(list, i, entry)
        {
            if (!add_entry(p, entry))
                return false;
        }
        x->n = (uint32_t)(p->n_ranges - x->first);
        if (x->n > XORB_MAX_CHUNKS)
            return false;
        hash_map_add(&p->map, p->xorbs, sizeof *p->xorbs, p->n_xorbs++);
    }
    return true;
}

/* The first range of the xorb that has all the term's chunks. */
static bool find_range(const struct parse *p, const struct xet_hash *xorb, struct recon_term *t)
{
    size_t at;

    if (!hash_map_find(&p->map, p->xorbs, sizeof *p->xorbs, xorb, &at))
        return false;
    const struct xorb_ranges *x = &p->xorbs[at];
    for (uint32_t i = x->first; i < x->first + x->n; i++) {
        if (p->ranges[i].start <= t->start && t->end <= p->ranges[i].end) {
            t->range = i;
            return true;
        }
    }
    return false;
}

static bool read_term(const struct parse *p, const json_t *term, struct recon_term *t)
{
    struct xet_hash xorb;
    uint64_t size;

    if (!xet_hash_parse(slice_str(json_string_value(json_object_get(term, "hash"))), &xorb))
        return false;
    if (!get_chunks(json_object_get(term, "range"), &t->start, &t->end))
        return false;
    uint64_t chunks = t->end - t->start;
    if (!get_number(term, "unpacked_length", chunks * XET_CHUNK_MAX, &size) || size < chunks)
        return false;
    t->size = (uint32_t)size;
    return find_range(p, &xorb, t);
}

static bool read_terms(const struct parse *p, const json_t *root, uint64_t length, struct recon *out)
{
    const json_t *terms = json_object_get(root, "terms"), *term;
    uint64_t size = 0;
    size_t i;

    if (!json_is_array(terms) || json_array_size(terms) == 0)
        return false;
    out->n_terms = json_array_size(terms);
    out->terms = arena_alloc(p->arena, out->n_terms * sizeof *out->terms);
    json_array_foreach(terms, i, term)
    {
        if (!read_term(p, term, &out->terms[i]))
            return false;
        size += out->terms[i].size;
    }
    if (!get_number(root, "offset_into_first_range", (uint64_t)out->terms[0].size - 1, &out->skip))
        return false;
    return size - out->skip >= length;
}

static bool read_root(struct parse *p, json_t *root, uint64_t length, struct recon *out)
{
    json_t *xorbs = json_object_get(root, p->v2 ? "xorbs" : "fetch_info");

    if (!json_is_object(xorbs) || !add_xorbs(p, xorbs) || !read_terms(p, root, length, out))
        return false;
    out->arena = p->arena;
    out->ranges = p->ranges;
    out->n_ranges = p->n_ranges;
    return true;
}

enum err recon_parse(struct slice json, bool v2, uint64_t length, struct recon *out)
{
    json_t *root = json_loadb(json.p, json.n, 0, NULL);
    struct parse p = { .arena = arena_new(), .v2 = v2 };
    struct recon r = { 0 };

    bool good = root && read_root(&p, root, length, &r);
    json_decref(root);
    hash_map_done(&p.map);
    if (!good) {
        arena_free(p.arena);
        return ERR_UPSTREAM_ANSWER;
    }
    *out = r;
    return OK;
}

void recon_done(struct recon *r)
{
    arena_free(r->arena);
    *r = (struct recon){ 0 };
}

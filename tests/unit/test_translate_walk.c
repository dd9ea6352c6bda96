/* SPDX-License-Identifier: Apache-2.0 */
/* test_translate_walk.c: a walk gives a bucket's keys in S3's order, whatever they are and however the Hub pages them.
 * The Hub is played here: hub_tree over a sorted array, in small pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "translate/key.h"
#include "translate/walk.h"

enum { KEYS_MAX = 4000 };
static struct slice keys[KEYS_MAX], paths[KEYS_MAX]; /* each in its own order of bytes */
static size_t n_keys;
static size_t page_size;
static bool hub_sorts_by_segment;
static unsigned calls;

const char *hub_bucket_id(const struct hub_bucket *b)
{
    (void)b;
    return "ns/bucket";
}

enum err hub_tree(struct hub_bucket *b, struct slice prefix, bool recursive, unsigned limit, struct slice cursor,
                  struct arena *arena, struct hub_page *out)
{
    (void)b;
    calls++;
    uint64_t at = 0;
    if (cursor.n > 0 && !slice_u64(cursor, &at))
        return ERR_INVALID_ARGUMENT;
    if (limit > page_size)
        limit = (unsigned)page_size;
    *out = (struct hub_page){ .files = (struct hub_file *)arena_alloc(arena, limit * sizeof *out->files),
                              .next = SLICE("") };
    struct slice last = SLICE_NONE;
    for (; at < n_keys && out->n < limit; at++) {
        if (!slice_starts(paths[at], prefix))
            continue;
        struct slice rest = slice_from(paths[at], prefix.n), path = paths[at];
        if (rest.n > 0 && rest.p[0] == '/')
            rest = slice_from(rest, 1); /* a '/' right behind the prefix is stepped over */
        const char *slash = recursive || rest.n == 0 ? NULL : (const char *)memchr(rest.p, '/', rest.n);
        if (slash)
            path = slice_of(path.p, (size_t)(slash - path.p));
        if (slash && last.p && slice_eq(last, path))
            continue;
        last = slash ? path : SLICE_NONE;
        out->files[out->n++] = (struct hub_file){ .path = path, .is_directory = slash != NULL };
        /* A directory's entries may go on in the next page: skip them here, as a Hub does. */
        while (slash && at + 1 < n_keys && slice_starts(paths[at + 1], path) && paths[at + 1].n > path.n &&
               paths[at + 1].p[path.n] == '/')
            at++;
    }
    if (at < n_keys)
        out->next = slice_str(arena_printf(arena, "%llu", (unsigned long long)at));
    return OK;
}

static int by_bytes(const void *a, const void *b)
{
    return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

/* As if '/' sorted before everything else. */
static int by_segment(const void *a, const void *b)
{
    struct slice x = *(const struct slice *)a, y = *(const struct slice *)b;
    for (size_t i = 0; i < x.n && i < y.n; i++) {
        int cx = x.p[i] == '/' ? 0 : (unsigned char)x.p[i], cy = y.p[i] == '/' ? 0 : (unsigned char)y.p[i];
        if (cx != cy)
            return cx - cy;
    }
    return x.n < y.n ? -1 : x.n > y.n;
}

static uint64_t seed = 7;
static unsigned draw(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

static void fill(struct arena *arena, size_t n, const char *letters)
{
    n_keys = 0;
    for (size_t i = 0; i < n; i++) {
        char text[10];
        size_t length = 1 + draw(sizeof text - 1);
        for (size_t j = 0; j < length; j++)
            text[j] = letters[draw((unsigned)strlen(letters))];
        keys[n_keys++] = arena_copy(arena, slice_of(text, length));
    }
    qsort(keys, n_keys, sizeof *keys, by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < n_keys; i++)
        if (kept == 0 || !slice_eq(keys[kept - 1], keys[i]))
            keys[kept++] = keys[i];
    n_keys = kept;
    for (size_t i = 0; i < n_keys; i++)
        assert_int_equal(key_to_path(keys[i], arena, &paths[i]), OK);
    qsort(paths, n_keys, sizeof *paths, hub_sorts_by_segment ? by_segment : by_bytes);
}

/* What a listing of `prefix` with or without '/' as its delimiter gives, by definition. */
static size_t expect(struct slice prefix, bool fold, struct slice *out)
{
    size_t n = 0;
    for (size_t i = 0; i < n_keys; i++) {
        if (!slice_starts(keys[i], prefix))
            continue;
        struct slice rest = slice_from(keys[i], prefix.n), entry = keys[i];
        const char *slash = fold && rest.n ? (const char *)memchr(rest.p, '/', rest.n) : NULL;
        if (slash)
            entry = slice_of(entry.p, (size_t)(slash - entry.p) + 1);
        if (n == 0 || !slice_eq(out[n - 1], entry))
            out[n++] = entry;
    }
    return n;
}

/* Walks in client pages of `page`; between them the walk is dropped, kept, or both by turns. */
static size_t walk_all(struct slice prefix, bool fold, size_t page, int keep, struct arena *arena, struct slice *out)
{
    struct walk_cache *cache = walk_cache_new();
    struct slice token = SLICE("");
    size_t n = 0;
    for (bool more = true; more;) {
        struct walk *w;
        struct walk_entry entry;
        assert_int_equal(walk_open(cache, NULL, prefix, fold, SLICE(""), token, &w), OK);
        size_t given = 0;
        bool is_prefix = false;
        assert_int_equal(walk_more(w, NULL, &more), OK);
        while (more && given < page) {
            bool found;
            assert_int_equal(walk_next(w, NULL, &entry, &found), OK);
            assert_true(found);
            struct slice rest = slice_from(entry.key, prefix.n);
            const char *slash = fold && rest.n ? (const char *)memchr(rest.p, '/', rest.n) : NULL;
            is_prefix = slash != NULL;
            struct slice key = slash ? slice_of(entry.key.p, (size_t)(slash - entry.key.p) + 1) : entry.key;
            out[n++] = arena_copy(arena, key);
            if (is_prefix)
                walk_skip_prefix(w, out[n - 1]);
            given++;
            assert_int_equal(walk_more(w, NULL, &more), OK);
        }
        AUTO_BUF struct buf text;
        buf_init(&text, 65536);
        if (more) {
            walk_token(w, out[n - 1], is_prefix, &text);
            token = arena_copy(arena, buf_slice(&text));
        }
        if (keep == 1 || (keep == 2 && draw(2)))
            walk_keep(cache, w, token);
        else
            walk_free(w);
    }
    walk_cache_free(cache);
    return n;
}

static void compare(const char *letters, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        struct arena *arena = arena_new();
        static struct slice want[KEYS_MAX], got[KEYS_MAX];
        page_size = 1 + draw(40);
        fill(arena, 1 + draw(200), letters);
        struct slice some = keys[draw((unsigned)n_keys)];
        struct slice prefix = slice_of(some.p, round % 3 ? draw((unsigned)some.n + 1) : 0);
        bool fold = draw(2);
        size_t n = expect(prefix, fold, want);
        size_t m = walk_all(prefix, fold, 1 + draw(50), (int)draw(3), arena, got);
        for (size_t i = 0; i < n || i < m; i++)
            if (i >= n || i >= m || !slice_eq(want[i], got[i]))
                fail_msg("round %d prefix <%.*s> fold %d: entry %zu of %zu/%zu: want <%.*s> got <%.*s>", round,
                         (int)prefix.n, prefix.p, fold, i, n, m, i < n ? (int)want[i].n : 0, i < n ? want[i].p : "",
                         i < m ? (int)got[i].n : 0, i < m ? got[i].p : "");
        arena_free(arena);
    }
}

static void plain_keys_come_in_the_order_of_bytes(void **state)
{
    (void)state;
    compare("ab/-.0~", 3000);
}

static void odd_keys_come_in_the_order_of_bytes(void **state)
{
    (void)state;
    compare("ab//.! \\\t7F2E~", 6000);
}

static void a_hub_that_sorts_by_segment_is_put_right(void **state)
{
    (void)state;
    hub_sorts_by_segment = true;
    page_size = 40;
    for (int round = 0; round < 200; round++) {
        struct arena *arena = arena_new();
        static struct slice want[KEYS_MAX], got[KEYS_MAX];
        /* One page holds the whole: disorder shows before the first entry is out. */
        page_size = 1000;
        fill(arena, 200, "ab/-.0");
        size_t n = expect(SLICE(""), false, want), m = walk_all(SLICE(""), false, 7, 0, arena, got);
        assert_int_equal(n, m);
        for (size_t i = 0; i < n; i++)
            assert_true(slice_eq(want[i], got[i]));
        arena_free(arena);
    }
    hub_sorts_by_segment = false;
}

static void kept_walks_need_one_call_of_the_hub_for_many_pages(void **state)
{
    struct arena *arena = arena_new();
    static struct slice got[KEYS_MAX];
    (void)state;
    page_size = 5000;
    fill(arena, 3000, "abcdefgh");
    calls = 0;
    size_t n = walk_all(SLICE(""), false, 100, 1, arena, got);
    assert_int_equal(n, n_keys);
    assert_int_equal(calls, 1);
    arena_free(arena);
}

static void tokens_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = { "x", "AAAA", "bzk5OmE=", "!!!!" };
    struct walk_cache *cache = walk_cache_new();
    struct walk *w;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(walk_open(cache, NULL, SLICE(""), false, SLICE(""), slice_str(bad[i]), &w),
                         ERR_INVALID_ARGUMENT);
    walk_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_keys_come_in_the_order_of_bytes),
        cmocka_unit_test(odd_keys_come_in_the_order_of_bytes),
        cmocka_unit_test(a_hub_that_sorts_by_segment_is_put_right),
        cmocka_unit_test(kept_walks_need_one_call_of_the_hub_for_many_pages),
        cmocka_unit_test(tokens_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_translate_key.c: every S3 key has a path that the Hub takes, and comes back from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "translate/key.h"

static const struct {
    const char *name, *key, *path;
} rows[] = {
    { "plain names are stored as they are", "a/b c/d+e%20.txt", "a/b c/d+e%20.txt" },
    { "a directory marker", "dir/", "dir/!" },
    { "a leading slash", "/a", "!/a" },
    { "only slashes", "//", "!/!/!" },
    { "an empty segment inside", "a//b", "a/!/b" },
    { "a dot", ".", "!2E" },
    { "two dots inside", "a/../b", "a/!2E./b" },
    { "three dots are a name", "a/...", "a/..." },
    { "a hidden file is a name", ".git/config", ".git/config" },
    { "a backslash", "a\\b", "a!5Cb" },
    { "a control character", "a\tb", "a !09b" },
    { "DEL", "a\x7f", "a!7F" },
    { "an exclamation mark is a name", "wow!.txt", "wow!.txt" },
    { "an exclamation mark alone", "a/!/b", "a/!21/b" },
    { "what looks like an escape", "a!5Cb", "a!215Cb" },
    { "what looks like an escaped control", "a !09b", "a !2109b" },
    { "what looks like no escape of ours", "a!41", "a!41" },
    { "the gateway's own folder", "~hugs3/x", "!7Ehugs3/x" },
    { "a tilde elsewhere", "~/x/~hugs3/y", "~/x/~hugs3/y" },
    { "beyond ASCII", "\xc3\xa9/\xf0\x9f\xa4\x97", "\xc3\xa9/\xf0\x9f\xa4\x97" },
};

static void keys_have_the_paths_of_the_table(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice path;
        assert_int_equal(key_to_path(slice_str(rows[i].key), arena, &path), OK);
        if (!slice_is(path, rows[i].path))
            fail_msg("%s: got %.*s", rows[i].name, (int)path.n, path.p);
        struct slice back = key_of_path(path, arena);
        if (!slice_is(back, rows[i].key))
            fail_msg("%s: came back as %.*s", rows[i].name, (int)back.n, back.p);
    }
    arena_free(arena);
}

static void keys_that_S3_refuses_are_refused(void **state)
{
    struct arena *arena = arena_new();
    struct slice path;
    char longest[KEY_MAX + 1];
    (void)state;
    memset(longest, 'k', sizeof longest);
    assert_int_equal(key_to_path(slice_of(longest, KEY_MAX), arena, &path), OK);
    assert_int_equal(key_to_path(slice_of(longest, KEY_MAX + 1), arena, &path), ERR_KEY_TOO_LONG);
    assert_int_equal(key_to_path(SLICE(""), arena, &path), ERR_INVALID_URI);
    assert_int_equal(key_to_path(SLICE("a\xff"), arena, &path), ERR_INVALID_URI);
    arena_free(arena);
}

static uint64_t seed = 42;
static unsigned draw(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

/* Keys out of the characters that matter, so that odd ones are common. */
static struct slice random_key(struct arena *arena)
{
    static const char letters[] = "//..!! \\\t\x01\x7f"
                                  "25CE70~ab-";
    char text[12];
    size_t n = 1 + draw(sizeof text - 1);
    for (size_t i = 0; i < n; i++)
        text[i] = letters[draw(sizeof letters - 1)];
    return arena_copy(arena, slice_of(text, n));
}

static bool hub_takes(struct slice path)
{
    if (path.n == 0 || path.p[0] == '/' || path.p[path.n - 1] == '/' || memmem(path.p, path.n, "//", 2))
        return false;
    for (size_t i = 0; i < path.n; i++)
        if ((unsigned char)path.p[i] < 0x20 || path.p[i] == '\\' || path.p[i] == 0x7f)
            return false;
    struct slice rest = path;
    while (rest.p) {
        struct slice segment = slice_cut(&rest, '/');
        if (slice_is(segment, ".") || slice_is(segment, ".."))
            return false;
    }
    return true;
}

static void odd_keys_round_trip_by_paths_that_the_hub_takes(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct arena *arena = arena_new();
        struct slice key = random_key(arena), path;
        assert_int_equal(key_to_path(key, arena, &path), OK);
        if (!hub_takes(path) || !slice_eq(key_of_path(path, arena), key))
            fail_msg("key <%.*s> path <%.*s>", (int)key.n, key.p, (int)path.n, path.p);
        arena_free(arena);
    }
}

static void a_prefix_of_a_key_asks_for_a_prefix_of_its_path(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct arena *arena = arena_new();
        struct slice key = random_key(arena), path;
        assert_int_equal(key_to_path(key, arena, &path), OK);
        struct slice prefix = slice_of(key.p, draw((unsigned)key.n + 1));
        struct slice asked = key_prefix_to_path(prefix, arena);
        if (!slice_starts(path, asked))
            fail_msg("key <%.*s> prefix <%.*s> asks <%.*s> path <%.*s>", (int)key.n, key.p, (int)prefix.n, prefix.p,
                     (int)asked.n, asked.p, (int)path.n, path.p);
        arena_free(arena);
    }
}

static void no_path_behind_another_has_a_key_below_its_floor(void **state)
{
    (void)state;
    for (int i = 0; i < 300000; i++) {
        struct arena *arena = arena_new();
        struct slice one = random_key(arena), other = random_key(arena), path, behind;
        assert_int_equal(key_to_path(one, arena, &path), OK);
        assert_int_equal(key_to_path(other, arena, &behind), OK);
        struct slice floor = slice_of(path.p, key_floor(path));
        if (slice_cmp(behind, path) > 0 && slice_cmp(other, floor) < 0)
            fail_msg("path <%.*s> floor <%.*s> behind <%.*s> key <%.*s>", (int)path.n, path.p, (int)floor.n, floor.p,
                     (int)behind.n, behind.p, (int)other.n, other.p);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_have_the_paths_of_the_table),
        cmocka_unit_test(keys_that_S3_refuses_are_refused),
        cmocka_unit_test(odd_keys_round_trip_by_paths_that_the_hub_takes),
        cmocka_unit_test(a_prefix_of_a_key_asks_for_a_prefix_of_its_path),
        cmocka_unit_test(no_path_behind_another_has_a_key_below_its_floor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_place.c: what counts as a place, and where its parts are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/place.h"

static const struct {
    const char *name, *text;
    bool ok;
    enum place_kind kind;
    const char *id, *revision, *path;
    bool directory;
} places[] = {
    { "a file of a bucket", "hf://buckets/ns/b/dir/f", true, PLACE_BUCKET, "ns/b", "", "dir/f", false },
    { "a directory", "hf://buckets/ns/b/dir/", true, PLACE_BUCKET, "ns/b", "", "dir", true },
    { "a whole bucket", "hf://buckets/ns/b", true, PLACE_BUCKET, "ns/b", "", "", true },
    { "a whole bucket with a slash", "hf://buckets/ns/b/", true, PLACE_BUCKET, "ns/b", "", "", true },
    { "an @ in a path is part of it", "hf://buckets/ns/b/a@b", true, PLACE_BUCKET, "ns/b", "", "a@b", false },
    { "a model", "hf://models/ns/m/f", true, PLACE_MODEL, "ns/m", "", "f", false },
    { "a dataset at a revision", "hf://datasets/ns/d@v1/f", true, PLACE_DATASET, "ns/d", "v1", "f", false },
    { "a Space", "hf://spaces/ns/s", true, PLACE_SPACE, "ns/s", "", "", true },
    { "a path here", "dir/f", true, PLACE_LOCAL, "", "", "dir/f", false },
    { "a path here that leads up", "../f", true, PLACE_LOCAL, "", "", "../f", false },
    { "a folder here", "dir/", true, PLACE_LOCAL, "", "", "dir/", true },
    { "nothing", "", false, 0, "", "", "", false },
    { "no name", "hf://buckets/ns", false, 0, "", "", "", false },
    { "an empty name", "hf://buckets/ns//f", false, 0, "", "", "", false },
    { "an @ in a bucket's name", "hf://buckets/ns/b@v/f", false, 0, "", "", "", false },
    { "a namespace that leads up", "hf://buckets/../b/f", false, 0, "", "", "", false },
    { "a question mark in a name", "hf://buckets/ns/b?x/f", false, 0, "", "", "", false },
    { "a path that leads up", "hf://buckets/ns/b/a/../f", false, 0, "", "", "", false },
    { "a path that stays", "hf://buckets/ns/b/./f", false, 0, "", "", "", false },
    { "two slashes", "hf://buckets/ns/b/a//f", false, 0, "", "", "", false },
    { "two slashes at the end", "hf://buckets/ns/b/a//", false, 0, "", "", "", false },
    { "a backslash", "hf://buckets/ns/b/a\\f", false, 0, "", "", "", false },
    { "another kind", "hf://papers/ns/b", false, 0, "", "", "", false },
    { "a word alone", "hf://buckets", false, 0, "", "", "", false },
};

static void places_are_read_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct place p = { 0 };
        bool ok = place_parse(places[i].text, &p) == NULL;
        if (ok != places[i].ok)
            fail_msg("%s: %d", places[i].name, ok);
        if (ok &&
            (p.kind != places[i].kind || !slice_is(p.id, places[i].id) || !slice_is(p.revision, places[i].revision) ||
             !slice_is(p.path, places[i].path) || p.directory != places[i].directory))
            fail_msg("%s: %d `%.*s` `%.*s` %d", places[i].name, p.kind, (int)p.id.n, p.id.p, (int)p.path.n, p.path.p,
                     p.directory);
    }
}

static void where_only_a_bucket_can_be_meant_its_id_will_do(void **state)
{
    struct place p;
    (void)state;
    assert_null(place_parse_bucket("ns/b/dir/f", &p));
    assert_true(p.kind == PLACE_BUCKET && slice_is(p.id, "ns/b") && slice_is(p.path, "dir/f"));
    assert_null(place_parse_bucket("hf://buckets/ns/b", &p));
    assert_non_null(place_parse_bucket("hf://models/ns/b", &p));
    assert_non_null(place_parse_bucket("ns", &p));
    assert_true(slice_is(p.id, "ns/b")); /* untouched by what failed */
}

static const struct {
    const char *name, *base, *path, *want;
} below[] = {
    { "in the bucket", "", "a/b", "a/b" }, { "in a directory", "a", "a/b/c", "b/c" },
    { "the same", "a", "a", "" },          { "a name that only begins so", "a", "ab/c", "" },
    { "elsewhere", "a", "b/a", "" },       { "nothing behind the slash", "a", "a/", "" },
};

static void what_is_below_a_directory_is_told_from_what_begins_like_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof below / sizeof *below; i++)
        if (!slice_is(place_below(slice_str(below[i].base), slice_str(below[i].path)), below[i].want))
            fail_msg("%s", below[i].name);
}

static void a_basename_is_behind_the_last_slash(void **state)
{
    (void)state;
    assert_true(slice_is(place_basename(SLICE("a/b/c.x")), "c.x"));
    assert_true(slice_is(place_basename(SLICE("c.x")), "c.x"));
    assert_true(slice_is(place_basename(SLICE("a/")), ""));
    assert_true(slice_is(place_basename(SLICE_NONE), ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_read_as_the_table_says),
        cmocka_unit_test(where_only_a_bucket_can_be_meant_its_id_will_do),
        cmocka_unit_test(what_is_below_a_directory_is_told_from_what_begins_like_it),
        cmocka_unit_test(a_basename_is_behind_the_last_slash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_hub_names.c: ids, paths and prefixes that may be asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "hub/names.h"
#include "hub/pathmap.h"

static const struct {
    const char *name, *id;
    bool valid;
} ids[] = {
    { "plain", "user/bucket", true },
    { "all kinds of characters", "A-b_c.9/x.y-z_0", true },
    { "no namespace", "bucket", false },
    { "three parts", "a/b/c", false },
    { "empty name", "a/", false },
    { "empty namespace", "/b", false },
    { "nothing", "", false },
    { "a dot segment", "a/..", false },
    { "a dot", "./b", false },
    { "a query", "a/b?c", false },
    { "an escape", "a/b%2F", false },
    { "beyond ASCII", "a/\xC3\xA9", false },
    { "dots inside a name", "a/b..c", true },
};

static void an_id_is_two_names_fit_for_a_url(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        print_message("  %s\n", ids[i].name);
        assert_int_equal(hub_name_id_valid(slice_str(ids[i].id)), ids[i].valid);
    }
}

static const struct {
    const char *name;
    struct slice path;
    bool valid;
} paths[] = {
    { "plain", { "a", 1 }, true },
    { "nested", { "a/b/c.txt", 9 }, true },
    { "blanks and UTF-8", { "a b/\xC3\xA9", 6 }, true },
    { "dots in a name", { "a/..b", 5 }, true },
    { "three dots", { "...", 3 }, true },
    { "a hidden file", { ".a", 2 }, true },
    { "a control character", { "a\nb", 3 }, true },
    { "empty", { "", 0 }, false },
    { "leading slash", { "/a", 2 }, false },
    { "trailing slash", { "a/", 2 }, false },
    { "double slash", { "a//b", 4 }, false },
    { "backslash", { "a\\b", 3 }, false },
    { "NUL", { "a\0b", 3 }, false },
    { "a dot", { ".", 1 }, false },
    { "dot segment", { "a/./b", 5 }, false },
    { "two dots", { "../a", 4 }, false },
    { "two dots last", { "a/..", 4 }, false },
    { "not UTF-8", { "a\xFF", 2 }, false },
};

static void a_path_the_hub_refuses_is_not_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        print_message("  %s\n", paths[i].name);
        assert_int_equal(hub_name_path_valid(paths[i].path), paths[i].valid);
    }
}

static void a_path_may_be_4_kib_and_no_more(void **state)
{
    (void)state;
    static char text[NAME_PATH_MAX + 1];
    memset(text, 'a', sizeof text);
    assert_true(hub_name_path_valid(slice_of(text, NAME_PATH_MAX)));
    assert_false(hub_name_path_valid(slice_of(text, NAME_PATH_MAX + 1)));
}

static const struct {
    const char *name, *prefix;
    enum hub_name_prefix want;
    const char *send;
} prefixes[] = {
    { "empty", "", NAME_PREFIX_PLAIN, "" },
    { "part of a name", "lo", NAME_PREFIX_PLAIN, "lo" },
    { "a directory", "logs/", NAME_PREFIX_PLAIN, "logs/" },
    { "hidden files at the root", ".", NAME_PREFIX_DOTS, "" },
    { "hidden files below", "a/.", NAME_PREFIX_DOTS, "a/" },
    { "two dots below", "a/..", NAME_PREFIX_DOTS, "a/" },
    { "a hidden name", "a/.b", NAME_PREFIX_PLAIN, "a/.b" },
    { "dots in the middle", "a/../b", NAME_PREFIX_NONE, NULL },
    { "leading slash", "/a", NAME_PREFIX_NONE, NULL },
    { "only a slash", "/", NAME_PREFIX_NONE, NULL },
    { "double slash", "a//", NAME_PREFIX_NONE, NULL },
    { "a dot directory", "./", NAME_PREFIX_NONE, NULL },
    { "backslash", "a\\", NAME_PREFIX_NONE, NULL },
};

static void a_prefix_no_path_can_have_is_told_from_one_a_url_cannot_carry(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        struct slice send;
        print_message("  %s\n", prefixes[i].name);
        assert_int_equal(hub_name_prefix(slice_str(prefixes[i].prefix), &send), prefixes[i].want);
        if (prefixes[i].send)
            assert_true(slice_is(send, prefixes[i].send));
    }
}

static void a_map_numbers_each_path_once_in_order(void **state)
{
    (void)state;
    static char text[1000][8];
    struct pathmap m;
    pathmap_init(&m, 1000);
    for (int round = 0; round < 2; round++)
        for (unsigned i = 0; i < 1000; i++) {
            int n = snprintf(text[i], sizeof text[i], "k%u", i);
            assert_int_equal(pathmap_put(&m, slice_of(text[i], (size_t)n)), i);
        }
    assert_int_equal(m.n, 1000);
    assert_int_equal(pathmap_find(&m, SLICE("k999")), 999);
    assert_int_equal(pathmap_find(&m, SLICE("k1000")), PATHMAP_NONE);
    pathmap_clear(&m);
    assert_int_equal(pathmap_find(&m, SLICE("k999")), PATHMAP_NONE);
    pathmap_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_two_names_fit_for_a_url),
        cmocka_unit_test(a_path_the_hub_refuses_is_not_asked_for),
        cmocka_unit_test(a_path_may_be_4_kib_and_no_more),
        cmocka_unit_test(a_prefix_no_path_can_have_is_told_from_one_a_url_cannot_carry),
        cmocka_unit_test(a_map_numbers_each_path_once_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

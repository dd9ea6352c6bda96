/* SPDX-License-Identifier: Apache-2.0 */
/* What files and buckets may be called on the embedded Hub. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "localhub/names.h"

static const struct {
    const char *name;
    struct slice path;
    bool ok;
} paths[] = {
    { "one segment", SLICE("a"), true },
    { "several", SLICE("a/b.c/d e+%"), true },
    { "dots within a segment", SLICE("a/..b/.c/d../..."), true },
    { "beyond ASCII", SLICE("\xC3\xBC/\xE6\x97\xA5"), true },
    { "control characters", SLICE("a\001\n\177"), true },
    { "empty", SLICE(""), false },
    { "slash in front", SLICE("/a"), false },
    { "slash at the end", SLICE("a/"), false },
    { "only a slash", SLICE("/"), false },
    { "two slashes", SLICE("a//b"), false },
    { "backslash", SLICE("a\\b"), false },
    { "NUL", SLICE("a\0b"), false },
    { "dot segment", SLICE("a/./b"), false },
    { "dot segment alone", SLICE("."), false },
    { "two dots at the end", SLICE("a/.."), false },
    { "two dots in front", SLICE("../a"), false },
    { "not UTF-8", SLICE("a\xFF"), false },
};

static const struct {
    const char *name, *text;
    bool ok;
} names[] = {
    { "plain", "data", true },
    { "all that is allowed", "My_data-1.2", true },
    { "one letter", "x", true },
    { "empty", "", false },
    { "slash", "a/b", false },
    { "two hyphens", "a--b", false },
    { "two dots", "a..b", false },
    { "hyphen in front", "-a", false },
    { "dot at the end", "a.", false },
    { "blank", "a b", false },
    { "beyond ASCII", "\xC3\xBC", false },
};

static void paths_that_the_hub_refuses_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if ((path_problem(paths[i].path) == NULL) != paths[i].ok)
            fail_msg("%s", paths[i].name);
}

static void a_path_may_be_long_but_not_endless(void **state)
{
    char path[PATH_BYTES_MAX + 1];

    (void)state;
    memset(path, 'x', sizeof path);
    assert_null(path_problem(slice_of(path, PATH_BYTES_MAX)));
    assert_non_null(path_problem(slice_of(path, PATH_BYTES_MAX + 1)));
}

static void names_that_cannot_be_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (name_ok(slice_str(names[i].text)) != names[i].ok)
            fail_msg("%s", names[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_that_the_hub_refuses_are_refused),
        cmocka_unit_test(a_path_may_be_long_but_not_endless),
        cmocka_unit_test(names_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

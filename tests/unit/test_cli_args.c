/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_args.c: options and places, wherever they stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/args.h"

static const struct args_option options[] = {
    { "recursive", 'R', NULL, "" },
    { "human", 'h', NULL, "" },
    { "type", 't', "TYPE", "" },
    ARGS_COMMON,
};

static const struct {
    const char *name, *line[8];
    bool ok, recursive, human;
    const char *type;
    const char *places[4];
} rows[] = {
    { "nothing", { NULL }, true, false, false, NULL, { NULL } },
    { "places", { "a", "b" }, true, false, false, NULL, { "a", "b" } },
    { "an option before", { "-R", "a" }, true, true, false, NULL, { "a" } },
    { "an option behind", { "a", "--recursive" }, true, true, false, NULL, { "a" } },
    { "letters together", { "-Rh", "a" }, true, true, true, NULL, { "a" } },
    { "a value behind =", { "--type=x", "a" }, true, false, false, "x", { "a" } },
    { "a value that is empty", { "--type=", "a" }, true, false, false, "", { "a" } },
    { "a value of its own", { "a", "--type", "x", "b" }, true, false, false, "x", { "a", "b" } },
    { "a letter with its value", { "-tx", "a" }, true, false, false, "x", { "a" } },
    { "letters, the last with a value", { "-Rt", "x", "a" }, true, true, false, "x", { "a" } },
    { "a value that looks like an option", { "--type", "-R" }, true, false, false, "-R", { NULL } },
    { "the last one counts", { "-tx", "-ty" }, true, false, false, "y", { NULL } },
    { "a dash is a place", { "-", "a" }, true, false, false, NULL, { "-", "a" } },
    { "behind -- all are places", { "--", "-R", "--" }, true, false, false, NULL, { "-R", "--" } },
    { "an option there is not", { "--nothing" }, false, false, false, NULL, { NULL } },
    { "a letter there is not", { "-x" }, false, false, false, NULL, { NULL } },
    { "the start of an option's name", { "--rec" }, false, false, false, NULL, { NULL } },
    { "a value for a switch", { "--recursive=1" }, false, false, false, NULL, { NULL } },
    { "a value that is missing", { "--type" }, false, false, false, NULL, { NULL } },
};

static void arguments_are_read_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *argv[8] = { NULL };
        char why[ARGS_WHY] = "";
        struct args a = { .n = -1 };
        int argc = 0, places = 0;
        for (; rows[i].line[argc]; argc++)
            argv[argc] = (char *)(uintptr_t)rows[i].line[argc];
        bool ok = args_parse(options, argc, argv, &a, why);
        if (ok != rows[i].ok || (!ok && (a.n != -1 || !why[0])))
            fail_msg("%s: %d %s", rows[i].name, ok, why);
        if (!ok)
            continue;
        const char *type = args_value(&a, "type");
        if (args_has(&a, "recursive") != rows[i].recursive || args_has(&a, "human") != rows[i].human ||
            !type != !rows[i].type || (type && strcmp(type, rows[i].type) != 0))
            fail_msg("%s: options", rows[i].name);
        for (; rows[i].places[places]; places++)
            if (places >= a.n || strcmp(a.place[places], rows[i].places[places]) != 0)
                fail_msg("%s: place %d", rows[i].name, places);
        if (a.n != places)
            fail_msg("%s: %d places", rows[i].name, a.n);
    }
}

static void an_option_the_command_does_not_have_was_not_given(void **state)
{
    struct args a;
    char why[ARGS_WHY];
    (void)state;
    assert_true(args_parse(options, 0, NULL, &a, why));
    assert_null(args_value(&a, "delete"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_read_as_the_table_says),
        cmocka_unit_test(an_option_the_command_does_not_have_was_not_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

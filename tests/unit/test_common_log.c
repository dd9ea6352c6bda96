/* SPDX-License-Identifier: Apache-2.0 */
/* What a log line looks like. Standard error is a pipe while a test runs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>

#include "common/log.h"

static int saved, from;
static char text[8192];

static int catch_stderr(void **state)
{
    (void)state;
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    from = ends[0];
    log_set_level(LOG_INFO);
    return 0;
}

/* What was written so far; "" when nothing was. */
static const char *written(void)
{
    dup2(saved, STDERR_FILENO); /* closes the pipe's other end: read ends */
    ssize_t n = read(from, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static int give_stderr_back(void **state)
{
    (void)state;
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(from);
    return 0;
}

/* Behind time=2026-11-23T19:19:36.123Z and a blank. */
static const char *without_time(const char *line)
{
    assert_memory_equal(line, "time=", 5);
    assert_true(strlen(line) > 30 && line[28] == 'Z' && line[29] == ' ');
    return line + 30;
}

static void a_sentence_is_one_line(void **state)
{
    (void)state;
    log_say(LOG_WARN, "hub", "%d of %s", 3, "\"four\"\n");
    assert_string_equal(without_time(written()), "level=warn module=hub msg=\"3 of \\\"four\\\"\\n\"\n");
}

static void fields_are_quoted_only_where_needed(void **state)
{
    (void)state;
    AUTO_BUF struct buf line = { .max = 4096 };
    log_begin(&line, LOG_INFO, "gateway", "request");
    log_field(&line, "plain", SLICE("a/b-c.d:9000"));
    log_field(&line, "blank", SLICE("a b"));
    log_field(&line, "empty", SLICE(""));
    log_field(&line, "equals", SLICE("a=b"));
    log_field(&line, "control", SLICE("\x1b[31m\x01\xff"));
    log_field(&line, "high", SLICE("\xff"));
    log_field(&line, "del", SLICE("\x7f"));
    log_field_int(&line, "n", -7);
    log_end(&line);
    assert_string_equal(without_time(written()),
                        "level=info module=gateway msg=\"request\" plain=a/b-c.d:9000 blank=\"a b\" empty=\"\" "
                        "equals=\"a=b\" control=\"\\x1b[31m\\x01\\xff\" high=\"\\xff\" del=\"\\x7f\" "
                        "n=-7\n");
}

static void what_is_below_the_level_is_not_written(void **state)
{
    (void)state;
    AUTO_BUF struct buf line = { .max = 4096 };
    log_set_level(LOG_WARN);
    assert_false(log_enabled(LOG_INFO));
    assert_true(log_enabled(LOG_WARN));
    log_say(LOG_INFO, "x", "hidden");
    log_begin(&line, LOG_DEBUG, "x", "hidden");
    log_field(&line, "a", SLICE("b"));
    log_field_int(&line, "c", 1);
    log_end(&line);
    assert_string_equal(written(), "");
}

static void a_line_too_long_for_its_buffer_is_cut_and_ended(void **state)
{
    (void)state;
    AUTO_BUF struct buf line = { .max = 100 };
    char long_value[200];
    memset(long_value, 'x', sizeof long_value);
    log_begin(&line, LOG_INFO, "x", "m");
    log_field(&line, "long", slice_of(long_value, sizeof long_value));
    log_field(&line, "more", SLICE("y"));
    log_end(&line);
    const char *got = written();
    assert_true(strlen(got) <= 101);
    assert_int_equal(got[strlen(got) - 1], '\n');
    assert_null(strstr(got, "more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sentence_is_one_line, catch_stderr, give_stderr_back),
        cmocka_unit_test_setup_teardown(fields_are_quoted_only_where_needed, catch_stderr, give_stderr_back),
        cmocka_unit_test_setup_teardown(what_is_below_the_level_is_not_written, catch_stderr, give_stderr_back),
        cmocka_unit_test_setup_teardown(a_line_too_long_for_its_buffer_is_cut_and_ended, catch_stderr,
                                        give_stderr_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

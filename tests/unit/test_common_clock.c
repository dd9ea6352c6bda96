/* SPDX-License-Identifier: Apache-2.0 */
/* Times as text and back, against the C library's calendar. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <time.h>

#include "common/clock.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const struct {
    const char *name;
    int64_t ms;
    const char *iso, *http;
} times[] = {
    { "the epoch", 0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT" },
    { "just before it", -1, "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 GMT" },
    { "an ordinary day", 1795461576123, "2026-11-23T19:19:36.123Z", "Mon, 23 Nov 2026 19:19:36 GMT" },
    { "a leap day", 951782399999, "2000-02-28T23:59:59.999Z", "Mon, 28 Feb 2000 23:59:59 GMT" },
    { "the leap day of a century", 951782400000, "2000-02-29T00:00:00.000Z", "Tue, 29 Feb 2000 00:00:00 GMT" },
    { "no leap day of a century", 4107542400000, "2100-03-01T00:00:00.000Z", "Mon, 01 Mar 2100 00:00:00 GMT" },
    { "the first", -62167219200000, "0000-01-01T00:00:00.000Z", "Sat, 01 Jan 0000 00:00:00 GMT" },
    { "the last", 253402300799999, "9999-12-31T23:59:59.999Z", "Fri, 31 Dec 9999 23:59:59 GMT" },
};

static void times_are_written_and_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(times); i++) {
        char text[CLOCK_TEXT];
        int64_t back = 42;
        clock_iso8601(times[i].ms, text);
        if (strcmp(text, times[i].iso) != 0)
            fail_msg("%s: %s", times[i].name, text);
        assert_true(clock_parse_iso8601(slice_str(text), &back));
        assert_int_equal(back, times[i].ms);
        clock_http_date(times[i].ms, text);
        if (strcmp(text, times[i].http) != 0)
            fail_msg("%s: %s", times[i].name, text);
        assert_true(clock_parse_http_date(slice_str(text), &back));
        assert_true(back <= times[i].ms && times[i].ms - back < 1000 && back % 1000 == 0);
    }
}

static void every_third_day_of_ten_thousand_years_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t s = -30610224000 /* 1000-01-01 */; s < 253402300800; s += 3 * 86400 + 12345) {
        char got[CLOCK_TEXT], want[64];
        time_t t = s;
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(want, sizeof want, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        clock_http_date(s * 1000 + 999, got);
        if (strcmp(got, want) != 0)
            fail_msg("%s, want %s", got, want);
        int64_t back;
        assert_true(clock_parse_http_date(slice_str(got), &back));
        assert_int_equal(back, s * 1000);
    }
}

static void what_four_digits_cannot_say_is_cut_to_what_they_can(void **state)
{
    (void)state;
    char text[CLOCK_TEXT];
    clock_iso8601(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    clock_iso8601(INT64_MIN, text);
    assert_string_equal(text, "0000-01-01T00:00:00.000Z");
}

enum form { ISO, HTTP, AMZ };

static const struct {
    const char *name;
    enum form form;
    const char *text;
    bool ok;
    int64_t ms;
} texts[] = {
    { "no fraction", ISO, "2026-11-23T19:19:36Z", true, 1795461576000 },
    { "one digit of fraction", ISO, "2026-11-23T19:19:36.1Z", true, 1795461576100 },
    { "nine digits of fraction", ISO, "2026-11-23T19:19:36.123456789Z", true, 1795461576123 },
    { "east of Greenwich", ISO, "2026-11-23T20:49:36.123+01:30", true, 1795461576123 },
    { "west of Greenwich", ISO, "2026-11-23T14:19:36-0500", true, 1795461576000 },
    { "a leap second", ISO, "2016-12-31T23:59:60Z", true, 1483228800000 },
    { "no offset", ISO, "2026-11-23T19:19:36", false, 0 },
    { "a point without digits", ISO, "2026-11-23T19:19:36.Z", false, 0 },
    { "something behind", ISO, "2026-11-23T19:19:36Zz", false, 0 },
    { "no such month", ISO, "2026-13-23T19:19:36Z", false, 0 },
    { "month zero", ISO, "2026-00-23T19:19:36Z", false, 0 },
    { "no such day", ISO, "2026-02-29T19:19:36Z", false, 0 },
    { "a leap day", ISO, "2024-02-29T00:00:00Z", true, 1709164800000 },
    { "no such hour", ISO, "2026-11-23T24:00:00Z", false, 0 },
    { "no leap day of a century", ISO, "2100-02-29T00:00:00Z", false, 0 },
    { "the leap day of a fourth century", ISO, "2000-02-29T00:00:00Z", true, 951782400000 },
    { "an offset too large", ISO, "2026-11-23T00:00:00+24:00", false, 0 },
    { "a date alone", ISO, "2026-11-23", false, 0 },
    { "empty", ISO, "", false, 0 },

    { "RFC 9110's first form", HTTP, "Sun, 06 Nov 1994 08:49:37 GMT", true, 784111777000 },
    { "its second", HTTP, "Sunday, 06-Nov-94 08:49:37 GMT", true, 784111777000 },
    { "its third", HTTP, "Sun Nov  6 08:49:37 1994", true, 784111777000 },
    { "the third with two digits", HTTP, "Sun Nov 16 08:49:37 1994", true, 784975777000 },
    { "another zone", HTTP, "Sun, 06 Nov 1994 08:49:37 CET", false, 0 },
    { "no such month's name", HTTP, "Sun, 06 Nyv 1994 08:49:37 GMT", false, 0 },
    { "a number", HTTP, "784111777", false, 0 },
    { "cut off", HTTP, "Sun, 06 Nov 1994 08:49", false, 0 },
    { "empty", HTTP, "", false, 0 },

    { "SigV4's", AMZ, "20261123T191936Z", true, 1795461576000 },
    { "SigV4's without a Z", AMZ, "20261123T191936", false, 0 },
    { "SigV4's with signs", AMZ, "2026-11-23T19:19:36Z", false, 0 },
    { "SigV4's with no such day", AMZ, "20261131T191936Z", false, 0 },
};

static void texts_are_read_strictly(void **state)
{
    (void)state;
    bool (*const parse[])(struct slice, int64_t *) = { clock_parse_iso8601, clock_parse_http_date, clock_parse_amz };
    for (size_t i = 0; i < COUNT(texts); i++) {
        int64_t ms = 42;
        bool ok = parse[texts[i].form](slice_str(texts[i].text), &ms);
        if (ok != texts[i].ok || ms != (ok ? texts[i].ms : 42))
            fail_msg("%s: ok=%d ms=%lld", texts[i].name, ok, (long long)ms);
    }
}

static void the_clocks_agree_about_their_units(void **state)
{
    (void)state;
    assert_true(clock_now_ms() > 1700000000000);
    int64_t us = clock_mono_us(), ms = clock_mono_ms();
    assert_true(ms >= us / 1000 && ms - us / 1000 < 10000);
    assert_true(clock_mono_us() >= us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_and_read_back),
        cmocka_unit_test(every_third_day_of_ten_thousand_years_agrees_with_the_c_library),
        cmocka_unit_test(what_four_digits_cannot_say_is_cut_to_what_they_can),
        cmocka_unit_test(texts_are_read_strictly),
        cmocka_unit_test(the_clocks_agree_about_their_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

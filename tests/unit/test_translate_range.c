/* SPDX-License-Identifier: Apache-2.0 */
/* test_translate_range.c: every single form of the Range header means what RFC 9110 and S3 say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "translate/range.h"

static const struct {
    const char *name, *header;
    uint64_t size;
    enum err e;
    struct range want;
} rows[] = {
    { "no header", "", 10, OK, { 0, 10, false } },
    { "first to last", "bytes=2-5", 10, OK, { 2, 4, true } },
    { "one byte", "bytes=0-0", 10, OK, { 0, 1, true } },
    { "to the end", "bytes=3-", 10, OK, { 3, 7, true } },
    { "past the end is cut", "bytes=3-99", 10, OK, { 3, 7, true } },
    { "the last four", "bytes=-4", 10, OK, { 6, 4, true } },
    { "more than there is", "bytes=-99", 10, OK, { 0, 10, true } },
    { "units in any case", "Bytes=1-2", 10, OK, { 1, 2, true } },
    { "behind the end", "bytes=10-", 10, ERR_INVALID_RANGE, { 0 } },
    { "the last none", "bytes=-0", 10, ERR_INVALID_RANGE, { 0 } },
    { "of an empty object", "bytes=0-", 0, ERR_INVALID_RANGE, { 0 } },
    { "the largest numbers", "bytes=0-18446744073709551615", 10, OK, { 0, 10, true } },
    { "backwards is no range", "bytes=5-2", 10, OK, { 0, 10, false } },
    { "several are answered whole", "bytes=0-1,4-5", 10, OK, { 0, 10, false } },
    { "other units", "lines=0-1", 10, OK, { 0, 10, false } },
    { "no numbers", "bytes=-", 10, OK, { 0, 10, false } },
    { "letters", "bytes=a-b", 10, OK, { 0, 10, false } },
    { "overflow", "bytes=18446744073709551616-", 10, OK, { 0, 10, false } },
};

static void ranges_are_read_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct range got = { 0 };
        enum err e = range_parse(slice_str(rows[i].header), rows[i].size, &got);
        if (e != rows[i].e || (!e && (got.offset != rows[i].want.offset || got.length != rows[i].want.length ||
                                      got.partial != rows[i].want.partial)))
            fail_msg("%s: %d %llu+%llu %d", rows[i].name, e, (unsigned long long)got.offset,
                     (unsigned long long)got.length, got.partial);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(ranges_are_read_as_the_table_says) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_auth_combine.c: the CRC of a whole from those of its parts is what reading the whole gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/auth.h"

static const enum checksum crcs[] = { CHECKSUM_CRC32, CHECKSUM_CRC32C, CHECKSUM_CRC64NVME };
enum { CRCS = sizeof crcs / sizeof *crcs };

static void checksum_of(enum checksum c, const char *bytes, size_t n, uint8_t out[CHECKSUM_MAX])
{
    struct checksum_state *s = checksum_new(c);
    checksum_update(s, slice_of(bytes, n));
    checksum_final(s, out);
    checksum_free(s);
}

static void two_parts_combine_to_the_whole(void **state)
{
    static const struct {
        const char *name;
        size_t first, second;
    } rows[] = {
        { "both", 1000, 234 },           { "a byte first", 1, 99 },    { "a byte last", 99, 1 },
        { "nothing first", 0, 7 },       { "nothing last", 7, 0 },     { "nothing at all", 0, 0 },
        { "powers of two", 4096, 8192 }, { "odd sizes", 8191, 10007 },
    };
    static char content[20000];
    (void)state;
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (char)(i * 2654435761U >> 24);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t k = 0; k < CRCS; k++) {
            uint8_t first[CHECKSUM_MAX] = { 0 }, second[CHECKSUM_MAX] = { 0 }, whole[CHECKSUM_MAX] = { 0 };
            checksum_of(crcs[k], content, rows[i].first, first);
            checksum_of(crcs[k], content + rows[i].first, rows[i].second, second);
            checksum_of(crcs[k], content, rows[i].first + rows[i].second, whole);
            checksum_combine(crcs[k], first, second, rows[i].second);
            if (memcmp(first, whole, checksum_size(crcs[k])) != 0)
                fail_msg("%s: %s", rows[i].name, checksum_name(crcs[k]));
        }
    }
}

static void the_place_of_a_part_matters(void **state)
{
    (void)state;
    for (size_t k = 0; k < CRCS; k++) {
        uint8_t ab[CHECKSUM_MAX] = { 0 }, ba[CHECKSUM_MAX] = { 0 }, a[CHECKSUM_MAX] = { 0 }, b[CHECKSUM_MAX] = { 0 };
        checksum_of(crcs[k], "first", 5, a);
        checksum_of(crcs[k], "other", 5, b);
        memcpy(ab, a, sizeof ab);
        memcpy(ba, b, sizeof ba);
        checksum_combine(crcs[k], ab, b, 5);
        checksum_combine(crcs[k], ba, a, 5);
        assert_memory_not_equal(ab, ba, checksum_size(crcs[k]));
    }
}

static void hashes_do_not_combine(void **state)
{
    (void)state;
    assert_false(checksum_combines(CHECKSUM_SHA1));
    assert_false(checksum_combines(CHECKSUM_SHA256));
    assert_false(checksum_combines(CHECKSUM_NONE));
    for (size_t k = 0; k < CRCS; k++)
        assert_true(checksum_combines(crcs[k]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_parts_combine_to_the_whole),
        cmocka_unit_test(the_place_of_a_part_matters),
        cmocka_unit_test(hashes_do_not_combine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

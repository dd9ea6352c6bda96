/* SPDX-License-Identifier: Apache-2.0 */
/* Slices, buffers, arenas, header lists and the error table. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "common/arena.h"
#include "common/header.h"

/* ---- slices ---- */

static const struct {
    const char *name, *text;
    bool ok;
    uint64_t want;
} numbers[] = {
    { "zero", "0", true, 0 },
    { "leading zeros", "007", true, 7 },
    { "the largest", "18446744073709551615", true, UINT64_MAX },
    { "one too large", "18446744073709551616", false, 0 },
    { "ten times too large", "99999999999999999999", false, 0 },
    { "empty", "", false, 0 },
    { "a sign", "+1", false, 0 },
    { "a negative", "-1", false, 0 },
    { "a blank before", " 1", false, 0 },
    { "a blank behind", "1 ", false, 0 },
    { "hex", "0x10", false, 0 },
};

static void a_number_is_decimal_digits_that_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        uint64_t got = 42;
        bool ok = slice_u64(slice_str(numbers[i].text), &got);
        if (ok != numbers[i].ok || got != (ok ? numbers[i].want : 42))
            fail_msg("%s: ok=%d got=%llu", numbers[i].name, ok, (unsigned long long)got);
    }
}

static void cut_takes_the_line_apart_and_knows_the_end_from_an_empty_rest(void **state)
{
    (void)state;
    struct slice rest = SLICE("a,,b,");
    assert_true(slice_is(slice_cut(&rest, ','), "a"));
    assert_true(slice_is(slice_cut(&rest, ','), ""));
    assert_true(slice_is(slice_cut(&rest, ','), "b"));
    assert_non_null(rest.p);
    assert_int_equal(rest.n, 0);
    assert_true(slice_is(slice_cut(&rest, ','), ""));
    assert_null(rest.p);
}

static void order_is_that_of_unsigned_bytes_and_prefixes_come_first(void **state)
{
    (void)state;
    assert_true(slice_cmp(SLICE("a"), SLICE("\xff")) < 0);
    assert_true(slice_cmp(SLICE("a"), SLICE("ab")) < 0);
    assert_true(slice_cmp(SLICE("ab"), SLICE("a")) > 0);
    assert_true(slice_cmp(SLICE("B"), SLICE("a")) < 0);
    assert_int_equal(slice_cmp(SLICE_NONE, SLICE("")), 0);
}

static void prefixes_suffixes_and_case(void **state)
{
    (void)state;
    assert_true(slice_starts(SLICE("abc"), SLICE("ab")));
    assert_true(slice_starts(SLICE("abc"), SLICE_NONE));
    assert_false(slice_starts(SLICE("a"), SLICE("ab")));
    assert_true(slice_ends(SLICE("abc"), SLICE("bc")));
    assert_true(slice_ends(SLICE("abc"), SLICE("abc")));
    assert_false(slice_ends(SLICE("bc"), SLICE("abc")));
    assert_true(slice_eq_nocase(SLICE("Content-MD5"), SLICE("content-md5")));
    assert_false(slice_eq_nocase(SLICE("[A"), SLICE("{a"))); /* 0x20 apart, but no letters */
    assert_true(slice_is(slice_trim(SLICE(" \t a b\t")), "a b"));
    assert_int_equal(slice_trim(SLICE(" \t ")).n, 0);
    assert_true(slice_is(slice_from(SLICE("abc"), 2), "c"));
    assert_int_equal(slice_from(SLICE("abc"), 7).n, 0);
    assert_int_equal(slice_from(SLICE_NONE, 1).n, 0);
}

/* ---- buf ---- */

static void a_buffer_grows_and_keeps_what_it_has(void **state)
{
    (void)state;
    AUTO_BUF struct buf b;
    buf_init(&b, 1 << 20);
    assert_string_equal(buf_str(&b), "");
    for (int i = 0; i < 10000; i++)
        buf_addf(&b, "%04d,", i);
    assert_false(b.failed);
    assert_int_equal(b.n, 50000);
    assert_memory_equal(b.p + 5 * 1234, "1234,", 5);
    assert_int_equal(strlen(buf_str(&b)), 50000);
}

static void a_buffer_takes_exactly_its_maximum(void **state)
{
    (void)state;
    AUTO_BUF struct buf b;
    buf_init(&b, 100);
    for (int i = 0; i < 100; i++)
        buf_add_char(&b, 'x');
    assert_false(b.failed);
    assert_int_equal(strlen(buf_str(&b)), 100);
    buf_add_char(&b, 'y');
    assert_true(b.failed);
    assert_int_equal(b.n, 100);
}

static void what_does_not_fit_latches_and_nothing_follows_it(void **state)
{
    (void)state;
    AUTO_BUF struct buf b;
    buf_init(&b, 5);
    buf_add_str(&b, "abc");
    buf_addf(&b, "%d", 12345);
    assert_true(b.failed);
    buf_add_char(&b, 'd'); /* would fit, but the content must stay a prefix of what was meant */
    assert_null(buf_room(&b, 1));
    assert_string_equal(buf_str(&b), "abc");
    buf_clear(&b);
    buf_add_str(&b, "12345");
    assert_false(b.failed);
    assert_string_equal(buf_str(&b), "12345");
}

static void room_is_written_by_the_caller(void **state)
{
    (void)state;
    AUTO_BUF struct buf b;
    buf_init(&b, 1000);
    buf_add_str(&b, "<");
    char *room = buf_room(&b, 900);
    assert_non_null(room);
    memcpy(room, "abc", 3);
    buf_grew(&b, 3);
    buf_add_str(&b, ">");
    assert_string_equal(buf_str(&b), "<abc>");
    assert_null(buf_room(&b, 1000));
    assert_true(b.failed);
}

static void taking_leaves_an_empty_buffer(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    AUTO_FREE char *nothing = buf_take(&b);
    assert_string_equal(nothing, "");
    buf_add_str(&b, "abc");
    AUTO_FREE char *taken = buf_take(&b);
    assert_string_equal(taken, "abc");
    assert_int_equal(b.n, 0);
    buf_add_str(&b, "0123456789");
    assert_false(b.failed);
    buf_done(&b);
    buf_add_str(&b, "0123456789"); /* usable again, with the same maximum */
    assert_false(b.failed);
    buf_done(&b);
}

/* ---- arena ---- */

static void pieces_of_an_arena_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    unsigned char *pieces[500];
    for (size_t i = 0; i < 500; i++) {
        size_t n = i * 37 % 3000;
        pieces[i] = arena_alloc(a, n);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < n; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)i, n);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t j = 0; j < i * 37 % 3000; j++)
            assert_int_equal(pieces[i][j], (unsigned char)i);
    arena_free(a);
    arena_free(NULL);
}

static void an_arena_copies_text_of_any_size(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    AUTO_FREE char *large = mem_alloc(100000);
    memset(large, 'x', 100000);
    struct slice copy = arena_copy(a, slice_of(large, 100000));
    assert_int_equal(copy.n, 100000);
    assert_int_equal(strlen(copy.p), 100000);
    assert_string_equal(arena_strdup(a, SLICE("abc")), "abc");
    assert_string_equal(arena_strdup(a, SLICE_NONE), "");
    assert_string_equal(arena_printf(a, "%s-%d", "x", 7), "x-7");
    arena_free(a);
}

/* ---- headers ---- */

static void the_first_field_of_a_name_is_found_whatever_its_case(void **state)
{
    (void)state;
    struct header list[] = {
        { SLICE("Host"), SLICE("a") },
        { SLICE("x-Amz-Meta-A"), SLICE("\t one ") },
        { SLICE("X-AMZ-META-A"), SLICE("two") },
        { SLICE("Empty"), SLICE_NONE },
    };
    struct headers h = { list, 4 };
    assert_true(slice_is(headers_find(h, "X-amz-meta-a"), "one"));
    assert_int_equal(headers_count(h, "x-amz-meta-a"), 2);
    assert_null(headers_find(h, "x-amz-meta").p);
    assert_int_equal(headers_count(h, "x-amz-meta"), 0);
    assert_non_null(headers_find(h, "empty").p);
    assert_int_equal(headers_find(h, "empty").n, 0);
}

/* ---- errors ---- */

static void every_error_has_its_row(void **state)
{
    (void)state;
    for (int e = 0; e < ERR_COUNT; e++) {
        assert_true(strlen(err_name((enum err)e)) > 0);
        assert_true(strlen(err_s3_code((enum err)e)) > 0);
        assert_true(strlen(err_text((enum err)e)) > 0);
        int status = err_http_status((enum err)e);
        assert_true(status == 200 ? e == OK : status >= 300 && status < 600);
    }
    assert_string_equal(err_name(ERR_NO_SUCH_KEY), "ERR_NO_SUCH_KEY");
    assert_string_equal(err_s3_code(ERR_NO_SUCH_KEY), "NoSuchKey");
    assert_int_equal(err_http_status(ERR_NO_SUCH_KEY), 404);
    assert_string_equal(err_s3_code(OK), "OK");
    assert_int_equal(err_http_status((enum err)9999), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_decimal_digits_that_fit),
        cmocka_unit_test(cut_takes_the_line_apart_and_knows_the_end_from_an_empty_rest),
        cmocka_unit_test(order_is_that_of_unsigned_bytes_and_prefixes_come_first),
        cmocka_unit_test(prefixes_suffixes_and_case),
        cmocka_unit_test(a_buffer_grows_and_keeps_what_it_has),
        cmocka_unit_test(a_buffer_takes_exactly_its_maximum),
        cmocka_unit_test(what_does_not_fit_latches_and_nothing_follows_it),
        cmocka_unit_test(room_is_written_by_the_caller),
        cmocka_unit_test(taking_leaves_an_empty_buffer),
        cmocka_unit_test(pieces_of_an_arena_are_zeroed_aligned_and_apart),
        cmocka_unit_test(an_arena_copies_text_of_any_size),
        cmocka_unit_test(the_first_field_of_a_name_is_found_whatever_its_case),
        cmocka_unit_test(every_error_has_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

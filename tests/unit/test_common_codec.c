/* SPDX-License-Identifier: Apache-2.0 */
/* Hex, base64, percent-encoding and UTF-8, against the tables of their RFCs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec.h"

#define COUNT(table)   (sizeof(table) / sizeof(table)[0])
#define BYTES(literal) literal, sizeof(literal) - 1

static void hex_goes_both_ways(void **state)
{
    (void)state;
    char text[9];
    unsigned char back[4];
    hex_encode("\x00\x7f\xab\xff", 4, text);
    assert_string_equal(text, "007fabff");
    assert_true(hex_decode(SLICE("007FaBff"), back, 4));
    assert_memory_equal(back, "\x00\x7f\xab\xff", 4);
}

static const struct {
    const char *name, *text;
} not_hex[] = {
    { "too short", "00ff" },          { "too long", "00ff00ff00" }, { "odd", "00ff00f" },
    { "another letter", "00ff00fg" }, { "a blank", "00ff00f " },    { "empty", "" },
};

static void what_is_not_hex_of_that_length_leaves_the_output_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(not_hex); i++) {
        char out[4] = "abc";
        if (hex_decode(slice_str(not_hex[i].text), out, 4) || memcmp(out, "abc", 4) != 0)
            fail_msg("%s", not_hex[i].name);
    }
}

/* RFC 4648 section 10, and bytes that use + and / */
static const struct {
    const char *plain;
    size_t n;
    const char *coded;
} base64[] = {
    { BYTES(""), "" },
    { BYTES("f"), "Zg==" },
    { BYTES("fo"), "Zm8=" },
    { BYTES("foo"), "Zm9v" },
    { BYTES("foob"), "Zm9vYg==" },
    { BYTES("fooba"), "Zm9vYmE=" },
    { BYTES("foobar"), "Zm9vYmFy" },
    { BYTES("\xfb\xff\x00"), "+/8A" },
};

static void base64_goes_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(base64); i++) {
        AUTO_BUF struct buf coded = { .max = 100 };
        char plain[16];
        size_t n;
        base64_encode(slice_of(base64[i].plain, base64[i].n), &coded);
        assert_string_equal(buf_str(&coded), base64[i].coded);
        assert_true(base64_decode(slice_str(base64[i].coded), plain, sizeof plain, &n));
        assert_int_equal(n, base64[i].n);
        assert_memory_equal(plain, base64[i].plain, n);
    }
}

static const struct {
    const char *name, *text;
} not_base64[] = {
    { "no padding", "Zg" },
    { "half the padding", "Zg=" },
    { "padding alone", "====" },
    { "three of padding", "Z===" },
    { "padding in the middle", "Zg==Zg==" },
    { "padding inside a group", "Z=g=" },
    { "the URL's alphabet", "-_8A" },
    { "a line feed", "Zm9v\n" },
    { "a blank", "Zm9 " },
    { "unused bits set before ==", "Zh==" },
    { "unused bits set before =", "Zm9=" },
    { "more than there is room for", "MDEyMzQ1Njc4" },
};

static void what_is_not_base64_leaves_the_output_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(not_base64); i++) {
        char out[8] = "abcdefg";
        size_t n = 42;
        if (base64_decode(slice_str(not_base64[i].text), out, sizeof out, &n) || n != 42 ||
            memcmp(out, "abcdefg", 8) != 0)
            fail_msg("%s", not_base64[i].name);
    }
}

static void base64_decodes_into_exactly_enough_room(void **state)
{
    (void)state;
    char out[4] = "xxx";
    size_t n;
    assert_true(base64_decode(SLICE("Zm8="), out, 2, &n));
    assert_int_equal(n, 2);
    assert_memory_equal(out, "fox", 3);
}

static const struct {
    const char *name, *plain;
    enum percent_set set;
    const char *coded;
} percent[] = {
    { "unreserved stays", "AZaz09-._~", PERCENT_ALL, "AZaz09-._~" },
    { "blank, plus and percent", "a b+c%", PERCENT_ALL, "a%20b%2Bc%25" },
    { "slash in a query", "a/b", PERCENT_ALL, "a%2Fb" },
    { "slash in a path", "a/b c", PERCENT_PATH, "a/b%20c" },
    { "UTF-8", "\xc3\xa4", PERCENT_PATH, "%C3%A4" },
    { "what only some codings leave alone", "!*'()", PERCENT_PATH, "%21%2A%27%28%29" },
    { "empty", "", PERCENT_ALL, "" },
};

static void percent_encoding_is_that_of_sigv4_and_decodes_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(percent); i++) {
        AUTO_BUF struct buf coded = { .max = 100 }, plain = { .max = 100 };
        percent_encode(slice_str(percent[i].plain), percent[i].set, &coded);
        if (strcmp(buf_str(&coded), percent[i].coded) != 0)
            fail_msg("%s: %s", percent[i].name, buf_str(&coded));
        assert_true(percent_decode(buf_slice(&coded), true, &plain));
        assert_string_equal(buf_str(&plain), percent[i].plain);
    }
}

static const struct {
    const char *name, *coded;
    bool plus_is_space, ok;
    const char *plain;
} decoded[] = {
    { "plus in a path", "a+b", false, true, "a+b" },
    { "plus in a form", "a+b%2B", true, true, "a b+" },
    { "either case", "%2f%2F", false, true, "//" },
    { "once only", "%252F", false, true, "%2F" },
    { "cut off behind the sign", "a%", false, false, "" },
    { "cut off behind one digit", "a%2", false, false, "" },
    { "no digits", "a%zz", false, false, "" },
    { "a percent sign as a digit", "%2%41", false, false, "" },
};

static void percent_decoding_is_strict(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(decoded); i++) {
        AUTO_BUF struct buf plain = { .max = 100 };
        bool ok = percent_decode(slice_str(decoded[i].coded), decoded[i].plus_is_space, &plain);
        if (ok != decoded[i].ok || (ok && strcmp(buf_str(&plain), decoded[i].plain) != 0))
            fail_msg("%s: %d %s", decoded[i].name, ok, buf_str(&plain));
    }
}

static void a_decoded_nul_is_kept_for_the_caller_to_refuse(void **state)
{
    (void)state;
    AUTO_BUF struct buf plain = { .max = 100 };
    assert_true(percent_decode(SLICE("a%00b"), false, &plain));
    assert_int_equal(plain.n, 3);
    assert_memory_equal(plain.p, "a\0b", 3);
}

static const struct {
    const char *name, *text;
    bool valid;
} utf8[] = {
    { "empty", "", true },
    { "ASCII", "abc\x7f", true },
    { "the first of two bytes", "\xc2\x80", true },
    { "the last of three before the surrogates", "\xed\x9f\xbf", true },
    { "the first of three behind them", "\xee\x80\x80", true },
    { "the first of four", "\xf0\x90\x80\x80", true },
    { "the last of all", "\xf4\x8f\xbf\xbf", true },
    { "text among text", "a\xc3\xa4\xe2\x82\xacz", true },
    { "overlong in two", "\xc1\xbf", false },
    { "overlong in three", "\xe0\x9f\xbf", false },
    { "overlong in four", "\xf0\x8f\xbf\xbf", false },
    { "the first surrogate", "\xed\xa0\x80", false },
    { "the last surrogate", "\xed\xbf\xbf", false },
    { "above U+10FFFF", "\xf4\x90\x80\x80", false },
    { "a lead byte that never occurs", "\xf5\x80\x80\x80", false },
    { "a continuation alone", "a\x80", false },
    { "cut off", "\xe2\x82", false },
    { "a lead byte at the end", "abc\xc3", false },
    { "a letter for a continuation", "\xe2\x82z", false },
};

static void utf8_is_what_rfc_3629_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(utf8); i++)
        if (utf8_valid(slice_str(utf8[i].text)) != utf8[i].valid)
            fail_msg("%s", utf8[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(what_is_not_hex_of_that_length_leaves_the_output_alone),
        cmocka_unit_test(base64_goes_both_ways),
        cmocka_unit_test(what_is_not_base64_leaves_the_output_alone),
        cmocka_unit_test(base64_decodes_into_exactly_enough_room),
        cmocka_unit_test(percent_encoding_is_that_of_sigv4_and_decodes_again),
        cmocka_unit_test(percent_decoding_is_strict),
        cmocka_unit_test(a_decoded_nul_is_kept_for_the_caller_to_refuse),
        cmocka_unit_test(utf8_is_what_rfc_3629_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Xet tokens and signed URLs of the embedded Hub: good as made, worth nothing when anything in them is changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "localhub/cas_token.h"
#include "localhub/signed_url.h"

static const struct keys ours = { .root = { 1, 2, 3 } }, others = { .root = { 3, 2, 1 } };
static const struct cas_token token = { .bucket = 42, .expires_s = 2000000000, .write = true };

static void a_token_says_what_it_was_made_to_say(void **state)
{
    struct cas_token read;
    char text[CAS_TOKEN_MAX];

    (void)state;
    cas_token_make(&ours, &token, text);
    assert_true(cas_token_read(&ours, slice_str(text), &read));
    assert_int_equal(read.bucket, 42);
    assert_int_equal(read.expires_s, 2000000000);
    assert_true(read.write);
}

static void no_byte_of_a_token_can_be_changed_added_or_left_out(void **state)
{
    struct cas_token read;
    char text[CAS_TOKEN_MAX + 1];

    (void)state;
    cas_token_make(&ours, &token, text);
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        char was = text[i];
        assert_false(cas_token_read(&ours, slice_of(text, i), &read));
        text[i] ^= 1;
        assert_false(cas_token_read(&ours, slice_of(text, n), &read));
        text[i] = was;
    }
    text[n] = '0';
    assert_false(cas_token_read(&ours, slice_of(text, n + 1), &read));
    assert_false(cas_token_read(&others, slice_of(text, n), &read));
    assert_false(cas_token_read(&ours, SLICE_NONE, &read));
}

/* The parameters of a URL made for `scope`, until second 1,000. */
struct parts {
    struct buf url;
    struct slice expires, signature;
};

static void make(struct parts *p, enum signed_kind kind, const struct xet_hash *hash, const char *scope)
{
    buf_init(&p->url, 4096);
    signed_url_add(&ours, kind, hash, 1000, slice_str(scope), &p->url);
    const char *text = buf_str(&p->url), *e = strstr(text, "?e="), *s = strstr(text, "&s=");
    assert_non_null(e);
    assert_non_null(s);
    p->expires = slice_of(e + 3, strcspn(e + 3, "&"));
    p->signature = slice_str(s + 3);
}

static const struct xet_hash one = { { 1 } }, two = { { 2 } };

static void a_signed_url_is_good_until_its_second(void **state)
{
    struct parts p;

    (void)state;
    make(&p, SIGNED_XORB, &one, "0-9,20-29");
    assert_true(signed_url_ok(&ours, SIGNED_XORB, &one, p.expires, SLICE("0-9,20-29"), p.signature, 999));
    assert_false(signed_url_ok(&ours, SIGNED_XORB, &one, p.expires, SLICE("0-9,20-29"), p.signature, 1000));
    buf_done(&p.url);
}

static void a_signed_url_is_good_for_nothing_else(void **state)
{
    struct parts p;

    (void)state;
    make(&p, SIGNED_XORB, &one, "0-9");
    assert_false(signed_url_ok(&ours, SIGNED_XORB, &two, p.expires, SLICE("0-9"), p.signature, 1));
    assert_false(signed_url_ok(&ours, SIGNED_XORB, &one, SLICE("9999"), SLICE("0-9"), p.signature, 1));
    assert_false(signed_url_ok(&ours, SIGNED_XORB, &one, SLICE(""), SLICE("0-9"), p.signature, 1));
    assert_false(signed_url_ok(&ours, SIGNED_XORB, &one, p.expires, SLICE("0-99"), p.signature, 1));
    assert_false(signed_url_ok(&ours, SIGNED_FILE, &one, p.expires, SLICE("0-9"), p.signature, 1));
    assert_false(signed_url_ok(&others, SIGNED_XORB, &one, p.expires, SLICE("0-9"), p.signature, 1));
    assert_false(signed_url_ok(&ours, SIGNED_XORB, &one, p.expires, SLICE("0-9"), SLICE(""), 1));
    buf_done(&p.url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_says_what_it_was_made_to_say),
        cmocka_unit_test(no_byte_of_a_token_can_be_changed_added_or_left_out),
        cmocka_unit_test(a_signed_url_is_good_until_its_second),
        cmocka_unit_test(a_signed_url_is_good_for_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

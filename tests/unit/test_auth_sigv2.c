/* SPDX-License-Identifier: Apache-2.0 */
/* URLs presigned with Signature Version 2. The first row is the example of "Signing and authenticating REST requests",
 * Amazon S3 User Guide; the signatures of the others were computed from the text that the page says to sign. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/auth_request.h"

#define ARGS(signature) "AWSAccessKeyId=" EXAMPLE_KEY "&Signature=" signature "&Expires=1175139620"
#define EXAMPLE         ARGS("NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D")
#define BEFORE          1175139619000
#define AFTER           1175139621000

static const struct {
    const char *name, *request, *host_bucket;
    int64_t now_ms;
    enum err want;
} cases[] = {
    { "the documentation's example", "GET /photos/puppy.jpg?" EXAMPLE "\nhost:johnsmith.s3.amazonaws.com\n",
      "johnsmith", BEFORE, OK },
    { "the same, path style", "GET /johnsmith/photos/puppy.jpg?" EXAMPLE "\nhost:s3.amazonaws.com\n", "", BEFORE, OK },
    { "at its last moment", "GET /johnsmith/photos/puppy.jpg?" EXAMPLE "\nhost:h\n", "", 1175139620000, OK },
    { "arguments that are not signed may be added", "GET /johnsmith/photos/puppy.jpg?x-id=GetObject&" EXAMPLE "\n", "",
      BEFORE, OK },
    { "expired", "GET /johnsmith/photos/puppy.jpg?" EXAMPLE "\nhost:h\n", "", AFTER, ERR_EXPIRED },
    { "expired and wrong", "GET /johnsmith/photos/other.jpg?" EXAMPLE "\nhost:h\n", "", AFTER, ERR_SIGNATURE },
    { "another bucket", "GET /photos/puppy.jpg?" EXAMPLE "\nhost:h\n", "other", BEFORE, ERR_SIGNATURE },
    { "signed for GET, used for HEAD", "HEAD /johnsmith/photos/puppy.jpg?" EXAMPLE "\n", "", BEFORE, ERR_SIGNATURE },
    { "the path as it was sent", "GET /johnsmith/photos/pupp%79.jpg?" EXAMPLE "\n", "", BEFORE, ERR_SIGNATURE },
    { "a subresource added", "GET /johnsmith/photos/puppy.jpg?acl&" EXAMPLE "\n", "", BEFORE, ERR_SIGNATURE },
    { "an override added", "GET /johnsmith/photos/puppy.jpg?response-expires=0&" EXAMPLE "\n", "", BEFORE,
      ERR_SIGNATURE },
    { "an x-amz header added", "GET /johnsmith/photos/puppy.jpg?" EXAMPLE "\nx-amz-security-token:t\n", "", BEFORE,
      ERR_SIGNATURE },
    { "another end",
      "GET /johnsmith/photos/puppy.jpg?AWSAccessKeyId=" EXAMPLE_KEY
      "&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139621\n",
      "", BEFORE, ERR_SIGNATURE },
    { "no base64", "GET /johnsmith/photos/puppy.jpg?" ARGS("!") "\n", "", BEFORE, ERR_SIGNATURE },
    { "a part of the signature", "GET /johnsmith/photos/puppy.jpg?" ARGS("NpgC") "\n", "", BEFORE, ERR_SIGNATURE },
    { "overrides decoded and sorted",
      "GET /b/k?response-content-type=text%2Fplain&response-cache-control=no-cache%3B+x&" ARGS(
          "l2wzwE4hzwa6d%2FnxdPlnh3hDB48%3D") "\n",
      "", BEFORE, OK },
    { "subresource without value", "GET /b?uploads&" ARGS("6s5QI3ga9wbXxWYJRt%2FGXMJgADc%3D") "\n", "", BEFORE, OK },
    { "x-amz headers, folded into one",
      "GET /b/k?" ARGS("%2BUrbMezHstTtLs3bRKKnOUwe%2FM4%3D") "\nX-Amz-B: two \nx-amz-a:1\nx-amz-b:three\n", "", BEFORE,
      OK },
    { "a token in the query stands for its header",
      "GET /b/k?x-amz-security-token=t%2B&" ARGS("4UQOJ7Sx5IkEWAtL5rH%2BxCuiH8E%3D") "\n", "", BEFORE, OK },
    { "type and digest",
      "GET /b/k?" ARGS("ec53svc7pL6gAl0lEnP%2FaMU2usg%3D") "\ncontent-type:text/x\ncontent-md5:abc=\n", "", BEFORE,
      OK },
    { "PUT", "PUT /johnsmith/photos/puppy.jpg?" EXAMPLE "\n", "", BEFORE, ERR_AUTH_VERSION },
    { "DELETE", "DELETE /johnsmith/photos/puppy.jpg?" EXAMPLE "\n", "", BEFORE, ERR_AUTH_VERSION },
    { "in a header", "GET /b/k\nauthorization:AWS " EXAMPLE_KEY ":NpgCjnDzrM+WFzoENXmpNDUsSn8=\n", "", BEFORE,
      ERR_AUTH_VERSION },
    { "both versions at once", "GET /b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&" EXAMPLE "\n", "", BEFORE, ERR_AUTH_QUERY },
    { "unknown key", "GET /b/k?AWSAccessKeyId=x&Signature=eA==&Expires=1175139620\n", "", BEFORE,
      ERR_UNKNOWN_ACCESS_KEY },
    { "no Expires", "GET /b/k?AWSAccessKeyId=" EXAMPLE_KEY "&Signature=eA==\n", "", BEFORE, ERR_ACCESS_DENIED },
    { "Expires is no number", "GET /b/k?AWSAccessKeyId=" EXAMPLE_KEY "&Signature=eA==&Expires=-1\n", "", BEFORE,
      ERR_ACCESS_DENIED },
    { "Expires overflows", "GET /b/k?AWSAccessKeyId=" EXAMPLE_KEY "&Signature=eA==&Expires=18446744073709551615\n", "",
      BEFORE, ERR_ACCESS_DENIED },
    { "two signatures", "GET /johnsmith/photos/puppy.jpg?Signature=eA==&" EXAMPLE "\n", "", BEFORE, ERR_ACCESS_DENIED },
};

static enum err verify(const char *text, const char *host_bucket, bool allowed, int64_t now_ms, struct auth *out)
{
    struct arena *arena = arena_new();
    struct auth_keys keys = { example_find, NULL, NULL };
    struct auth_rules rules = { .sigv2_presigned = allowed };
    struct request r;
    const char *detail;
    struct slice rest = slice_str(text);
    request_parse(&r, &rest);
    r.head.host_bucket = slice_str(host_bucket);
    enum err e = auth_verify(&r.head, &keys, &rules, now_ms, arena, out, &detail);
    arena_free(arena);
    return e;
}

static void a_presigned_url_of_version_2(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_AUTH struct auth a = { 0 };
        enum err e = verify(cases[i].request, cases[i].host_bucket, true, cases[i].now_ms, &a);
        print_message("%s: %s\n", cases[i].name, err_name(e));
        assert_int_equal(e, cases[i].want);
        if (!e) {
            assert_int_equal(a.how, AUTH_QUERY);
            assert_string_equal(a.access_key_id, EXAMPLE_KEY);
            assert_int_equal(a.payload, AUTH_PAYLOAD_UNSIGNED);
        }
    }
}

static void it_is_refused_where_the_rules_do_not_have_it(void **state)
{
    (void)state;
    AUTO_AUTH struct auth a = { 0 };
    assert_int_equal(verify(cases[0].request, cases[0].host_bucket, false, BEFORE, &a), ERR_AUTH_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_presigned_url_of_version_2),
        cmocka_unit_test(it_is_refused_where_the_rules_do_not_have_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

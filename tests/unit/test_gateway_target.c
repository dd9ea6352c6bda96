/* SPDX-License-Identifier: Apache-2.0 */
/* What a target names: path style, virtual hosts, the namespace in the path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gateway/target.c" /* the daemon is no library */

static const char *const domains[] = { "s3.local", "eu.s3.local", NULL };

static const struct {
    const char *name, *target, *host;
    bool ns_in_path;
    const char *ns, *bucket, *key; /* bucket NULL: refused */
} cases[] = {
    { "path style", "/b/k", "127.0.0.1:9000", false, "", "b", "k" },
    { "no Host", "/b/k", "", false, "", "b", "k" },
    { "the domain itself", "/b/k", "s3.local:9000", false, "", "b", "k" },
    { "a domain inside a domain itself", "/b/k", "eu.s3.local", false, "", "b", "k" },
    { "bucket in the host", "/k", "b.s3.local:9000", false, "", "b", "k" },
    { "bucket with dots", "/k", "a.b.c.s3.local", false, "", "a.b.c", "k" },
    { "bucket in the inner domain", "/k", "b.eu.s3.local", false, "", "b", "k" },
    { "domain in any case", "/k", "b.S3.Local", false, "", "b", "k" },
    { "only the end of a name is no domain", "/b/k", "xs3.local", false, "", "b", "k" },
    { "no bucket before the dot", "/b/k", ".s3.local", false, "", "b", "k" },
    { "bucket in the host alone", "/", "b.s3.local", false, "", "b", "" },
    { "slashes of a key stay", "//a//b", "b.s3.local", false, "", "b", "/a//b" },
    { "absolute form", "http://b.s3.local/k", "b.s3.local", false, "", "b", "k" },
    { "absolute form for another bucket than was signed", "http://c.s3.local/k", "b.s3.local", false, "", NULL, "" },
    { "absolute form with a bucket, Host without", "http://c.s3.local/k/l", "s3.local", false, "", NULL, "" },
    { "IPv6", "/b/k", "[::1]:9000", false, "", "b", "k" },
    { "namespace", "/ns/b/k/l", "h", true, "ns", "b", "k/l" },
    { "namespace alone", "/ns", "h", true, "ns", "", "" },
    { "namespace and slash", "/ns/", "h", true, "ns", "", "" },
    { "no namespace", "/", "h", true, "", "", "" },
    { "empty namespace", "//b/k", "h", true, "", NULL, "" },
    { "namespace with a slash", "/a%2Fb/c/k", "h", true, "", NULL, "" },
    { "namespace that hides another", "/a--b/c/k", "h", true, "", NULL, "" },
    { "a virtual host needs no namespace", "/a/k", "b.s3.local", true, "", "b", "a/k" },
    { "empty bucket", "//k", "h", false, "", NULL, "" },
    { "broken escape", "/b/%zz", "h", false, "", NULL, "" },
};

static void a_target_names_namespace_bucket_and_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        struct addressing a = { domains, cases[i].ns_in_path };
        struct target t = { 0 };
        enum err e = target_parse(slice_str(cases[i].target), slice_str(cases[i].host), &a, arena, &t);
        print_message("%s\n", cases[i].name);
        assert_int_equal(e, cases[i].bucket ? OK : ERR_INVALID_URI);
        if (cases[i].bucket) {
            assert_true(slice_is(t.ns, cases[i].ns));
            assert_true(slice_is(t.bucket, cases[i].bucket));
            assert_true(slice_is(t.key, cases[i].key));
        }
        arena_free(arena);
    }
}

static void the_signature_sees_the_path_as_it_was_sent(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct addressing a = { domains, true };
    struct target t;
    assert_int_equal(target_parse(SLICE("/ns/b/%41+?x=1&y"), SLICE("h"), &a, arena, &t), OK);
    assert_true(slice_is(t.path, "/ns/b/%41+"));
    assert_true(slice_is(t.query, "x=1&y"));
    assert_true(slice_is(t.key, "A+"));
    assert_int_equal(t.n_args, 2);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_names_namespace_bucket_and_key),
        cmocka_unit_test(the_signature_sees_the_path_as_it_was_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

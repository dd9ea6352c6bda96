/* SPDX-License-Identifier: Apache-2.0 */
/* test_hub_link.c: Link headers as servers write them, and as none should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/link.h"

static const struct {
    const char *name, *first, *second, *want; /* second: another field; want NULL: refused, "": none */
} links[] = {
    { "no Link at all", NULL, NULL, "" },
    { "one, quoted", "<https://h/api/x?cursor=abc>; rel=\"next\"", NULL, "cursor=abc" },
    { "one, bare", "<https://h/api/x?cursor=abc>;rel=next", NULL, "cursor=abc" },
    { "any case", "<https://h/api/x?cursor=abc>; REL=\"NEXT\"", NULL, "cursor=abc" },
    { "several types", "<https://h/x?a=1>; rel=\"last next\"", NULL, "a=1" },
    { "another relation", "<https://h/x?a=1>; rel=\"prev\"", NULL, "" },
    { "next is the second", "<https://h/x?a=1>; rel=\"prev\", <https://h/x?a=2>; rel=\"next\"", NULL, "a=2" },
    { "next is in the second field", "<https://h/x?a=1>; rel=first", "<https://h/x?a=2>; rel=next", "a=2" },
    { "a comma in the URL", "<https://h/x?a=1,2>; rel=next", NULL, "a=1,2" },
    { "a comma in quotes", "<https://h/x?a=1>; title=\"a, b\"; rel=next", NULL, "a=1" },
    { "relative", "</x?a=1>; rel=next", NULL, "a=1" },
    { "another host: only the query counts", "<https://evil.example/x?cursor=abc>; rel=next", NULL, "cursor=abc" },
    { "escapes stay", "<https://h/x?cursor=a%2Bb%3D>; rel=next", NULL, "cursor=a%2Bb%3D" },
    { "a fragment is cut", "<https://h/x?a=1#top>; rel=next", NULL, "a=1" },
    { "without a query", "<https://h/x>; rel=next", NULL, NULL },
    { "a blank in the query", "<https://h/x?a=1 2>; rel=next", NULL, NULL },
    { "not a link", "nonsense, <, >, <<", NULL, "" },
    { "never closed", "<https://h/x?a=1; rel=next", NULL, "" },
    { "an open quote", "<https://h/x?a=1>; rel=\"next", NULL, "" },
    { "a backslash at the end", "<https://h/x?a=1>; title=\"\\", NULL, "" },
    { "commas alone", ",,,", NULL, "" },
};

static void the_next_link_is_found_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct header list[2] = { { SLICE("link"), slice_str(links[i].first) },
                                  { SLICE("Link"), slice_str(links[i].second) } };
        struct http_response r = { .headers = list,
                                   .n_headers = (size_t)(links[i].first != NULL) + (links[i].second != NULL) };
        struct slice query = SLICE("untouched");
        enum err e = link_next(&r, &query);
        print_message("  %s\n", links[i].name);
        assert_int_equal(e, links[i].want ? OK : ERR_UPSTREAM_ANSWER);
        assert_true(slice_is(query, links[i].want ? links[i].want : "untouched"));
    }
}

static void a_query_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static char long_query[LINK_QUERY_MAX + 1];
    memset(long_query, 'a', sizeof long_query);
    assert_true(link_query_valid(slice_of(long_query, LINK_QUERY_MAX)));
    assert_false(link_query_valid(slice_of(long_query, LINK_QUERY_MAX + 1)));
}

static void a_parameter_is_found_by_its_whole_name(void **state)
{
    (void)state;
    struct slice query = SLICE("xcursor=1&limit=5&cursor=a=b&cursor=second&empty=&bare");
    assert_true(slice_is(link_parameter(query, "cursor"), "a=b"));
    assert_true(slice_is(link_parameter(query, "limit"), "5"));
    assert_true(slice_is(link_parameter(query, "empty"), ""));
    assert_true(slice_is(link_parameter(query, "bare"), ""));
    assert_true(slice_is(link_parameter(query, "none"), ""));
    assert_true(slice_is(link_parameter(SLICE(""), "none"), ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_link_is_found_wherever_it_stands),
        cmocka_unit_test(a_query_that_is_too_long_is_refused),
        cmocka_unit_test(a_parameter_is_found_by_its_whole_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

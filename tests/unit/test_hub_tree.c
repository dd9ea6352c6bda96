/* SPDX-License-Identifier: Apache-2.0 */
/* test_hub_tree.c: pages of a listing: URLs, cursors, filters, and answers that must not pass. */
#include "fake_hub.h"

#define FILE_A "{\"type\":\"file\",\"path\":\"a/x\",\"size\":1}"

static const struct {
    const char *name, *prefix, *cursor;
    bool recursive;
    unsigned limit;
    const char *want;
} urls[] = {
    { "everything", "", "", true, 0, "/api/buckets/me/b/tree?recursive=true&limit=5000" },
    { "one level", "logs/", "", false, 10, "/api/buckets/me/b/tree/logs/?recursive=false&limit=10" },
    { "more than the Hub gives", "", "", true, 9999, "/api/buckets/me/b/tree?recursive=true&limit=5000" },
    { "what a URL must not hold", "a b/\xC3\xA9?#%", "", true, 5,
      "/api/buckets/me/b/tree/a%20b/%C3%A9%3F%23%25?recursive=true&limit=5" },
    { "a cursor goes back as it came", "", "a%2Bb+c=", true, 5,
      "/api/buckets/me/b/tree?recursive=true&limit=5&cursor=a%2Bb+c=" },
    { "hidden files are asked for by their directory", "a/.", "", true, 5,
      "/api/buckets/me/b/tree/a/?recursive=true&limit=5" },
};

static void a_page_is_asked_for_by_its_url(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = { { 200, "", "[]" } };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct canned canned = CANNED(replies);
        struct hub_page page;
        struct rig r;
        print_message("  %s\n", urls[i].name);
        rig_start(&r, canned_answer, &canned, 50);
        assert_int_equal(hub_tree(r.bucket, slice_str(urls[i].prefix), urls[i].recursive, urls[i].limit,
                                  slice_str(urls[i].cursor), r.arena, &page),
                         OK);
        assert_string_equal(canned.target, urls[i].want);
        assert_int_equal(page.n, 0);
        assert_int_equal(page.next.n, 0);
        rig_stop(&r);
        canned_free(&canned);
    }
}

static void pages_are_read_to_the_last(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = {
        { 200, "Link: <http://elsewhere.example/api/buckets/me/b/tree?limit=2&cursor=c%201>; rel=\"next\"\r\n",
          "[{\"type\":\"file\",\"path\":\"a\",\"size\":1},{\"type\":\"directory\",\"path\":\"d\"}]" },
        { 200, "Link: </tree?cursor=c%202>; rel=\"next\"\r\n", "[]" },
        { 200, "", "[{\"type\":\"file\",\"path\":\"z\",\"size\":3}]" },
    };
    struct canned canned = CANNED(replies);
    struct hub_page page = { .next = SLICE("") };
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_tree(r.bucket, SLICE(""), false, 2, page.next, r.arena, &page), OK);
    assert_int_equal(page.n, 2);
    assert_true(slice_is(page.files[0].path, "a"));
    assert_true(page.files[1].is_directory);
    assert_true(slice_is(page.next, "c%201"));
    assert_int_equal(hub_tree(r.bucket, SLICE(""), false, 2, page.next, r.arena, &page), OK);
    assert_int_equal(page.n, 0);
    assert_int_equal(hub_tree(r.bucket, SLICE(""), false, 2, page.next, r.arena, &page), OK);
    assert_int_equal(page.n, 1);
    assert_int_equal(page.files[0].size, 3);
    assert_int_equal(page.next.n, 0);
    assert_string_equal(r.fake->log[2], "GET /api/buckets/me/b/tree?recursive=false&limit=2&cursor=c%202");
    rig_stop(&r);
    canned_free(&canned);
}

static void only_what_has_the_prefix_is_given(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = {
        { 200, "",
          "[{\"type\":\"directory\",\"path\":\"logs\"},{\"type\":\"file\",\"path\":\"logs.json\",\"size\":1},"
          "{\"type\":\"file\",\"path\":\"logs/a\",\"size\":2},{\"type\":\"later\",\"path\":\"logs/b\"}]" },
    };
    struct canned canned = CANNED(replies);
    struct hub_page page;
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_tree(r.bucket, SLICE("logs/"), false, 0, SLICE(""), r.arena, &page), OK);
    assert_int_equal(page.n, 1);
    assert_true(slice_is(page.files[0].path, "logs/a"));
    rig_stop(&r);
    canned_free(&canned);
}

static const struct {
    const char *name;
    struct canned_reply reply;
    enum err want;
} answers[] = {
    { "not JSON", { 200, "", "hello" }, ERR_UPSTREAM_ANSWER },
    { "not a list", { 200, "", "{}" }, ERR_UPSTREAM_ANSWER },
    { "cut short", { 200, "", "[" FILE_A }, ERR_UPSTREAM_ANSWER },
    { "an entry nobody can read", { 200, "", "[" FILE_A ",{\"type\":\"file\",\"path\":\"b\"}]" }, ERR_UPSTREAM_ANSWER },
    { "NUL in a path", { 200, "", "[{\"type\":\"file\",\"path\":\"a\\u0000b\",\"size\":1}]" }, ERR_UPSTREAM_ANSWER },
    { "not UTF-8", { 200, "", "[{\"type\":\"file\",\"path\":\"a\xFF\",\"size\":1}]" }, ERR_UPSTREAM_ANSWER },
    { "a size beyond 64 bits",
      { 200, "", "[{\"type\":\"file\",\"path\":\"a\",\"size\":99999999999999999999}]" },
      ERR_UPSTREAM_ANSWER },
    { "more, but no cursor", { 200, "Link: </x?limit=5>; rel=next\r\n", "[]" }, ERR_UPSTREAM_ANSWER },
    { "more, at the same place", { 200, "Link: </x?cursor=here>; rel=next\r\n", "[]" }, ERR_UPSTREAM_ANSWER },
    { "no bucket", { 404, "X-Error-Code: RepoNotFound\r\n", "{}" }, ERR_NO_SUCH_BUCKET },
    { "nothing there, said by 404", { 404, "X-Error-Code: EntryNotFound\r\n", "{}" }, OK },
};

static void a_page_is_whole_or_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct canned canned = { .list = &answers[i].reply, .n = 1 };
        struct hub_page page = { .n = 77 };
        struct rig r;
        print_message("  %s\n", answers[i].name);
        rig_start(&r, canned_answer, &canned, 50);
        assert_int_equal(hub_tree(r.bucket, SLICE(""), true, 0, SLICE("here"), r.arena, &page), answers[i].want);
        assert_int_equal(page.n, answers[i].want ? 77 : 0);
        rig_stop(&r);
        canned_free(&canned);
    }
}

static void json_nested_deeper_than_any_stack_is_refused(void **state)
{
    (void)state;
    enum { DEPTH = 1000000 };
    char *deep = mem_alloc(DEPTH + 1);
    memset(deep, '[', DEPTH);
    deep[DEPTH] = '\0';
    struct canned_reply reply = { 200, "", deep };
    struct canned canned = { .list = &reply, .n = 1 };
    struct hub_page page;
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_tree(r.bucket, SLICE(""), true, 0, SLICE(""), r.arena, &page), ERR_UPSTREAM_ANSWER);
    rig_stop(&r);
    canned_free(&canned);
    free(deep);
}

static void a_prefix_no_path_has_asks_only_whether_the_bucket_is_there(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = { { 200, "", "{\"id\":\"me/b\"}" }, { 404, "", "{}" } };
    struct canned canned = CANNED(replies);
    struct hub_page page = { .n = 77 };
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_tree(r.bucket, SLICE("a//b"), true, 0, SLICE(""), r.arena, &page), OK);
    assert_int_equal(page.n, 0);
    assert_string_equal(canned.target, "/api/buckets/me/b");
    assert_int_equal(hub_tree(r.bucket, SLICE("/"), true, 0, SLICE(""), r.arena, &page), ERR_NO_SUCH_BUCKET);
    rig_stop(&r);
    canned_free(&canned);
}

static void a_cursor_that_was_never_given_is_refused(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = { { 200, "", "[]" } };
    struct canned canned = CANNED(replies);
    struct hub_page page;
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_tree(r.bucket, SLICE(""), true, 0, SLICE("a&limit=1"), r.arena, &page), ERR_INVALID_ARGUMENT);
    assert_int_equal(hub_tree(r.bucket, SLICE(""), true, 0, SLICE("a b"), r.arena, &page), ERR_INVALID_ARGUMENT);
    assert_int_equal(hub_tree(r.bucket, SLICE(""), true, 0, SLICE("a\r\nX: y"), r.arena, &page), ERR_INVALID_ARGUMENT);
    assert_int_equal(r.fake->calls, 0);
    rig_stop(&r);
    canned_free(&canned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_asked_for_by_its_url),
        cmocka_unit_test(pages_are_read_to_the_last),
        cmocka_unit_test(only_what_has_the_prefix_is_given),
        cmocka_unit_test(a_page_is_whole_or_an_error),
        cmocka_unit_test(json_nested_deeper_than_any_stack_is_refused),
        cmocka_unit_test(a_prefix_no_path_has_asks_only_whether_the_bucket_is_there),
        cmocka_unit_test(a_cursor_that_was_never_given_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

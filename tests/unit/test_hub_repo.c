/* SPDX-License-Identifier: Apache-2.0 */
/* test_hub_repo.c: repositories as buckets: their URLs, and the bytes of files that are not in Xet. */
#include "fake_hub.h"

#define REVISION "{\"id\":\"ns/m\",\"private\":false,\"lastModified\":\"2026-01-02T03:04:05.000Z\"}"

static void use_repository(struct rig *r)
{
    hub_bucket_free(r->bucket);
    r->bucket = hub_bucket_new(r->hub, SLICE("datasets/ns/m@refs/pr/1"));
    assert_true(hub_bucket_is_repository(r->bucket));
    assert_string_equal(hub_bucket_source_type(r->bucket), "dataset");
}

static void an_id_that_names_no_repository_is_not_asked_for(void **state)
{
    static const char *const ids[] = { "models/ns/m",        "models/ns@main",   "things/ns/m@main", "models/ns/m@",
                                       "models/ns/m@a/../b", "models/../m@main", "models/ns/m@a?b" };
    (void)state;
    static const struct canned_reply replies[] = { { 200, "", "[]" } };
    struct canned canned = CANNED(replies);
    struct hub_page page;
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct hub_bucket *b = hub_bucket_new(r.hub, slice_str(ids[i]));
        print_message("  %s\n", ids[i]);
        assert_int_equal(hub_tree(b, SLICE(""), true, 0, SLICE(""), r.arena, &page), ERR_NO_SUCH_BUCKET);
        hub_bucket_free(b);
    }
    assert_int_equal(r.fake->calls, 0);
    rig_stop(&r);
    canned_free(&canned);
}

static void a_tree_is_asked_for_by_directory_and_shows_files_below_the_prefix(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = {
        { 200, "",
          "[{\"type\":\"directory\",\"oid\":\"ab\",\"path\":\"a/bc\",\"size\":0},"
          "{\"type\":\"file\",\"oid\":\"0a\",\"path\":\"a/bc/x\",\"size\":1},"
          "{\"type\":\"file\",\"oid\":\"0b\",\"path\":\"a/by\",\"size\":130,\"lfs\":{\"size\":7}},"
          "{\"type\":\"file\",\"oid\":\"0c\",\"path\":\"a/z\",\"size\":1}]" },
        { 200, "", REVISION },
    };
    struct canned canned = CANNED(replies);
    struct hub_page page;
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    use_repository(&r);
    assert_int_equal(hub_tree(r.bucket, SLICE("a/b"), true, 0, SLICE(""), r.arena, &page), OK);
    assert_string_equal(r.fake->log[0], "GET /api/datasets/ns/m/tree/refs%2Fpr%2F1/a?recursive=true");
    assert_int_equal(page.n, 2);
    assert_true(slice_is(page.files[0].path, "a/bc/x"));
    assert_string_equal(page.files[0].git_oid, "0a");
    assert_int_equal(page.files[1].size, 7);
    assert_int_equal(hub_file_modified(&page.files[1]), 1767323045000);
    rig_stop(&r);
    canned_free(&canned);
}

static void a_lookup_sends_a_form(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = {
        { 200, "", "[{\"type\":\"file\",\"oid\":\"0a\",\"path\":\"a b/&\",\"size\":1}]" },
        { 200, "", REVISION },
    };
    struct canned canned = CANNED(replies);
    struct hub_file file;
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    use_repository(&r);
    assert_int_equal(hub_lookup(r.bucket, SLICE("a b/&"), r.arena, &file), OK);
    assert_string_equal(r.fake->log[0], "POST /api/datasets/ns/m/paths-info/refs%2Fpr%2F1");
    assert_string_equal(canned.bodies[0], "paths=a%20b%2F%26");
    rig_stop(&r);
    canned_free(&canned);
}

static enum err download(struct rig *r, uint64_t offset, uint64_t length, struct buf *out)
{
    struct hub_download *d;
    enum err e = hub_download_open(r->bucket, SLICE("a b"), offset, length, &d);
    buf_init(out, 4096);
    if (e)
        return e;
    for (;;) {
        struct slice bytes;
        e = hub_download_read(d, &bytes);
        if (e || bytes.n == 0)
            break;
        buf_add(out, bytes);
    }
    hub_download_close(d);
    return e;
}

static const struct {
    const char *name;
    struct canned_reply reply;
    enum err e;
    const char *want; /* of bytes 2 to 4 */
} downloads[] = {
    { "a range", { 206, "Content-Range: bytes 2-4/9\r\n", "cde" }, OK, "cde" },
    { "all of it, where ranges are not served", { 200, "", "abcdefghi" }, OK, "cde" },
    { "another range than was asked for", { 206, "Content-Range: bytes 0-2/9\r\n", "abc" }, ERR_UPSTREAM_ANSWER, "" },
    { "too little", { 200, "", "abcd" }, ERR_UPSTREAM, "cd" },
    { "nothing there", { 404, "", "{}" }, ERR_NO_SUCH_KEY, "" },
    { "the Hub is out of order", { 503, "", "{}" }, ERR_UPSTREAM, "" },
    { "a redirect to nowhere", { 302, "", "" }, ERR_UPSTREAM_ANSWER, "" },
    { "a redirect to what is no web page", { 302, "Location: file:///etc/passwd\r\n", "" }, ERR_UPSTREAM_ANSWER, "" },
    { "redirects without end", { 302, "Location: /again\r\n", "" }, ERR_UPSTREAM_ANSWER, "" },
};

static void a_download_gives_the_bytes_that_were_asked_for_or_says_why_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof downloads / sizeof *downloads; i++) {
        struct canned canned = { .list = &downloads[i].reply, .n = 1 };
        struct buf got;
        struct rig r;
        print_message("  %s\n", downloads[i].name);
        rig_start(&r, canned_answer, &canned, 50);
        use_repository(&r);
        assert_int_equal(download(&r, 2, 3, &got), downloads[i].e);
        assert_string_equal(buf_str(&got), downloads[i].want);
        assert_string_equal(r.fake->log[0], "GET /datasets/ns/m/resolve/refs%2Fpr%2F1/a%20b");
        assert_true(r.fake->calls <= 8);
        buf_done(&got);
        rig_stop(&r);
        canned_free(&canned);
    }
}

static void a_redirect_to_another_host_does_not_take_the_token_along(void **state)
{
    (void)state;
    static const struct canned_reply content[] = { { 206, "Content-Range: bytes 0-2/3\r\n", "abc" } };
    struct canned there = CANNED(content);
    struct fake *elsewhere = fake_start(canned_answer, &there);
    char location[128];
    struct canned_reply here[] = { { 307, "Location: /moved\r\n", "" }, { 302, location, "" } };
    struct canned canned = CANNED(here);
    struct buf got;
    struct rig r;
    snprintf(location, sizeof location, "Location: %s/x?signed=1\r\n", elsewhere->url);
    rig_start(&r, canned_answer, &canned, 50);
    use_repository(&r);
    assert_int_equal(download(&r, 0, 3, &got), OK);
    assert_string_equal(buf_str(&got), "abc");
    assert_string_equal(r.fake->log[1], "GET /moved");
    assert_string_equal(canned.bearer, "Bearer hf_test");
    assert_string_equal(elsewhere->log[0], "GET /x?signed=1");
    assert_string_equal(there.bearer, "");
    buf_done(&got);
    rig_stop(&r);
    fake_stop(elsewhere);
    canned_free(&canned);
    canned_free(&there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_that_names_no_repository_is_not_asked_for),
        cmocka_unit_test(a_tree_is_asked_for_by_directory_and_shows_files_below_the_prefix),
        cmocka_unit_test(a_lookup_sends_a_form),
        cmocka_unit_test(a_download_gives_the_bytes_that_were_asked_for_or_says_why_not),
        cmocka_unit_test(a_redirect_to_another_host_does_not_take_the_token_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

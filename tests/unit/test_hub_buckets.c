/* SPDX-License-Identifier: Apache-2.0 */
/* test_hub_buckets.c: buckets as a whole, whoami, and what every call has in common: errors, tries, the rate limit. */
#include "fake_hub.h"

/* ---- what a status means ---- */

static const struct {
    const char *name;
    struct canned_reply reply;
    enum err want;
} statuses[] = {
    { "400", { 400, "", "{}" }, ERR_INVALID_ARGUMENT },
    { "401", { 401, "", "{}" }, ERR_UPSTREAM_TOKEN },
    { "403", { 403, "", "{}" }, ERR_UPSTREAM_REFUSED },
    { "404, plain", { 404, "", "{}" }, ERR_NO_SUCH_BUCKET },
    { "404 RepoNotFound", { 404, "X-Error-Code: RepoNotFound\r\n", "{}" }, ERR_NO_SUCH_BUCKET },
    { "404 EntryNotFound", { 404, "X-Error-Code: EntryNotFound\r\n", "{}" }, ERR_NO_SUCH_KEY },
    { "409", { 409, "", "{}" }, ERR_UPSTREAM_EXISTS },
    { "422", { 422, "", "{}" }, ERR_INVALID_ARGUMENT },
    { "429 to the end", { 429, "", "{}" }, ERR_SLOW_DOWN },
    { "500 to the end", { 500, "", "oops" }, ERR_UPSTREAM },
    { "501", { 501, "", "" }, ERR_UPSTREAM },
    { "a redirect", { 302, "Location: http://127.0.0.1:1/\r\n", "" }, ERR_UPSTREAM_ANSWER },
    { "200, but not JSON", { 200, "", "<html>" }, ERR_UPSTREAM_ANSWER },
    { "200, empty", { 200, "", "" }, ERR_UPSTREAM_ANSWER },
    { "200, no id", { 200, "", "{\"private\":true}" }, ERR_UPSTREAM_ANSWER },
    { "200, an id that is none", { 200, "", "{\"id\":\"../x\"}" }, ERR_UPSTREAM_ANSWER },
    { "hung up on", { 0, "", "" }, ERR_UPSTREAM },
};

static void every_status_has_its_error_and_leaves_out_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct canned canned = { .list = &statuses[i].reply, .n = 1 };
        struct hub_bucket_info info = { .files = 77 };
        struct rig r;
        print_message("  %s\n", statuses[i].name);
        rig_start(&r, canned_answer, &canned, 50);
        assert_int_equal(hub_bucket_info(r.hub, SLICE("me/b"), r.arena, &info), statuses[i].want);
        assert_int_equal(info.files, 77);
        rig_stop(&r);
        canned_free(&canned);
    }
}

static void nobody_listening_is_an_error_too(void **state)
{
    (void)state;
    struct http *http = http_new(&(struct http_config){ .user_agent = "test" });
    struct hub *hub = hub_new(&(struct hub_config){ .http = http, .endpoint = "http://127.0.0.1:1", .retry_ms = 50 });
    assert_int_equal(hub_bucket_delete(hub, SLICE("me/b")), ERR_UPSTREAM);
    http_stop(http);
    hub_free(hub);
    http_free(http);
}

/* ---- calls one by one ---- */

static void info_is_read(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = {
        { 200, "",
          "{\"id\":\"me/b\",\"private\":false,\"createdAt\":\"2026-01-01T00:00:00.000Z\",\"size\":12,"
          "\"totalFiles\":3,\"more\":null}" },
    };
    struct canned canned = CANNED(replies);
    struct hub_bucket_info info;
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_bucket_info(r.hub, SLICE("me/b"), r.arena, &info), OK);
    assert_true(slice_is(info.id, "me/b"));
    assert_false(info.is_private);
    assert_int_equal(info.created_ms, 1767225600000);
    assert_int_equal(info.updated_ms, 0);
    assert_int_equal(info.size, 12);
    assert_int_equal(info.files, 3);
    assert_string_equal(canned.target, "/api/buckets/me/b");
    assert_string_equal(canned.bearer, "Bearer hf_test");
    assert_int_equal(hub_calls(r.hub), 1);
    rig_stop(&r);
    canned_free(&canned);
}

static void an_id_that_cannot_be_is_answered_without_a_call(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = { { 200, "", "{}" } };
    struct canned canned = CANNED(replies);
    struct hub_bucket_info info;
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_bucket_info(r.hub, SLICE("me/../x"), r.arena, &info), ERR_NO_SUCH_BUCKET);
    assert_int_equal(hub_bucket_delete(r.hub, SLICE("me")), ERR_NO_SUCH_BUCKET);
    assert_int_equal(hub_bucket_create(r.hub, SLICE("me/a?b"), HUB_PRIVATE, SLICE("")), ERR_INVALID_ARGUMENT);
    assert_int_equal(hub_bucket_move(r.hub, SLICE("me/b"), SLICE("x")), ERR_INVALID_ARGUMENT);
    struct hub_bucket *b = hub_bucket_new(r.hub, SLICE("nonsense"));
    struct hub_file file;
    assert_int_equal(hub_lookup(b, SLICE("k"), r.arena, &file), ERR_NO_SUCH_BUCKET);
    assert_string_equal(hub_bucket_id(b), "nonsense");
    hub_bucket_free(b);
    assert_int_equal(hub_calls(r.hub), 0);
    rig_stop(&r);
    canned_free(&canned);
}

static void create_says_private_in_both_ways(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = { { 200, "", "{\"url\":\"x\"}" } };
    struct canned canned = CANNED(replies);
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_bucket_create(r.hub, SLICE("me/b"), HUB_PRIVATE, SLICE("eu")), OK);
    assert_int_equal(hub_bucket_create(r.hub, SLICE("me/b"), HUB_DEFAULT, SLICE("")), OK);
    assert_string_equal(canned.bodies[0], "{\"private\":true,\"visibility\":\"private\",\"region\":\"eu\"}");
    assert_string_equal(canned.bodies[1], "{}");
    rig_stop(&r);
    canned_free(&canned);
}

static const struct {
    const char *name;
    struct canned_reply replies[3];
    enum err want;
} creates[] = {
    { "there before", { { 409, "", "{}" } }, ERR_UPSTREAM_EXISTS },
    { "made by the first try",
      { { 0, "", "" },
        { 409, "Date: Mon, 23 Nov 2026 19:19:36 GMT\r\n", "{}" },
        { 200, "", "{\"id\":\"me/b\",\"createdAt\":\"2026-11-23T19:19:35.900Z\",\"totalFiles\":0}" } },
      OK },
    { "there before, and a try was lost",
      { { 0, "", "" },
        { 409, "Date: Mon, 23 Nov 2026 19:19:36 GMT\r\n", "{}" },
        { 200, "", "{\"id\":\"me/b\",\"createdAt\":\"2026-11-23T19:10:00.000Z\",\"totalFiles\":0}" } },
      ERR_UPSTREAM_EXISTS },
    { "somebody's, just made, and used",
      { { 0, "", "" },
        { 409, "Date: Mon, 23 Nov 2026 19:19:36 GMT\r\n", "{}" },
        { 200, "", "{\"id\":\"me/b\",\"createdAt\":\"2026-11-23T19:19:35.900Z\",\"totalFiles\":1}" } },
      ERR_UPSTREAM_EXISTS },
};

static void a_create_that_was_repeated_knows_its_own_bucket(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof creates / sizeof *creates; i++) {
        struct canned canned = { .list = creates[i].replies, .n = 3 };
        struct rig r;
        print_message("  %s\n", creates[i].name);
        rig_start(&r, canned_answer, &canned, 5000);
        assert_int_equal(hub_bucket_create(r.hub, SLICE("me/b"), HUB_PRIVATE, SLICE("")), creates[i].want);
        rig_stop(&r);
        canned_free(&canned);
    }
}

static void a_delete_whose_answer_was_lost_is_done(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = { { 0, "", "" }, { 404, "", "{}" }, { 404, "", "{}" } };
    struct canned canned = CANNED(replies);
    struct rig r;
    rig_start(&r, canned_answer, &canned, 5000);
    assert_int_equal(hub_bucket_delete(r.hub, SLICE("me/b")), OK);
    assert_int_equal(hub_bucket_delete(r.hub, SLICE("me/b")), ERR_NO_SUCH_BUCKET);
    assert_int_equal(hub_calls(r.hub), 3);
    rig_stop(&r);
    canned_free(&canned);
}

static void a_move_is_never_repeated(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = { { 500, "", "" }, { 200, "", "" } };
    struct canned canned = CANNED(replies);
    struct rig r;
    rig_start(&r, canned_answer, &canned, 5000);
    assert_int_equal(hub_bucket_move(r.hub, SLICE("me/b"), SLICE("me/c")), ERR_UPSTREAM);
    assert_string_equal(canned.bodies[0], "{\"fromRepo\":\"me/b\",\"toRepo\":\"me/c\",\"type\":\"bucket\"}");
    assert_string_equal(canned.target, "/api/repos/move");
    assert_int_equal(hub_calls(r.hub), 1);
    assert_int_equal(hub_bucket_set_visibility(r.hub, SLICE("me/c"), HUB_PUBLIC), OK);
    assert_string_equal(canned.bodies[1], "{\"private\":false}");
    assert_string_equal(canned.target, "/api/buckets/me/c/settings");
    rig_stop(&r);
    canned_free(&canned);
}

static void whoami_names_user_and_orgs(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = {
        { 200, "", "{\"name\":\"me\",\"type\":\"user\",\"orgs\":[{\"name\":\"o1\"},{\"x\":1},{\"name\":\"o2\"}]}" },
        { 200, "", "{\"name\":\"me\"}" },
        { 200, "", "{\"name\":5}" },
        { 401, "X-Error-Message: Invalid credentials in Authorization header\r\n", "{}" },
        { 404, "", "not a Hub" },
    };
    struct canned canned = CANNED(replies);
    struct hub_user user;
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_whoami(r.hub, r.arena, &user), OK);
    assert_true(slice_is(user.name, "me"));
    assert_int_equal(user.n_orgs, 2);
    assert_true(slice_is(user.orgs[1], "o2"));
    assert_int_equal(hub_whoami(r.hub, r.arena, &user), OK);
    assert_int_equal(user.n_orgs, 0);
    assert_int_equal(hub_whoami(r.hub, r.arena, &user), ERR_UPSTREAM_ANSWER);
    assert_int_equal(hub_whoami(r.hub, r.arena, &user), ERR_UPSTREAM_TOKEN);
    assert_int_equal(hub_whoami(r.hub, r.arena, &user), ERR_UPSTREAM_ANSWER);
    rig_stop(&r);
    canned_free(&canned);
}

/* ---- a namespace's list ---- */

struct seen {
    char ids[256];
    enum err give;
};

static enum err see(void *ctx, const struct hub_bucket_info *info)
{
    struct seen *seen = ctx;
    strncat(seen->ids, " ", sizeof seen->ids - strlen(seen->ids) - 1);
    strncat(seen->ids, info->id.p, sizeof seen->ids - strlen(seen->ids) - 1);
    return seen->give;
}

static void a_list_follows_its_pages_on_the_same_host(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = {
        { 200, "Link: <http://evil.example:1/api/buckets/me?search=a%20b&p=2>; rel=\"next\"\r\n",
          "[{\"id\":\"me/a\"},{\"id\":\"not an id\"},{\"id\":\"me/b\"}]" },
        { 200, "", "[{\"id\":\"me/c\"}]" },
    };
    struct canned canned = CANNED(replies);
    struct seen seen = { "", OK };
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_bucket_list(r.hub, SLICE("me"), SLICE("a b"), see, &seen), OK);
    assert_string_equal(seen.ids, " me/a me/b me/c");
    assert_string_equal(r.fake->log[0], "GET /api/buckets/me?search=a%20b");
    assert_string_equal(r.fake->log[1], "GET /api/buckets/me?search=a%20b&p=2");
    rig_stop(&r);
    canned_free(&canned);
}

static void a_list_ends_with_the_callers_error(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = {
        { 200, "Link: </x?p=2>; rel=next\r\n", "[{\"id\":\"me/a\"},{\"id\":\"me/b\"}]" },
    };
    struct canned canned = CANNED(replies);
    struct seen seen = { "", ERR_CLIENT_GONE };
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_bucket_list(r.hub, SLICE("me"), SLICE(""), see, &seen), ERR_CLIENT_GONE);
    assert_string_equal(seen.ids, " me/a");
    assert_int_equal(r.fake->calls, 1);
    rig_stop(&r);
    canned_free(&canned);
}

static void a_list_that_leads_back_to_itself_is_an_error(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = { { 200, "Link: </x?p=2>; rel=next\r\n", "[]" } };
    struct canned canned = CANNED(replies);
    struct seen seen = { "", OK };
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_bucket_list(r.hub, SLICE("me"), SLICE(""), see, &seen), ERR_UPSTREAM_ANSWER);
    assert_int_equal(r.fake->calls, 2);
    rig_stop(&r);
    canned_free(&canned);
}

/* ---- tries and the rate limit ---- */

static void a_429_is_waited_out(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = {
        { 429, "Retry-After: 1\r\nRateLimit: \"api\";r=0;t=1\r\n", "{}" },
        { 503, "", "" },
        { 200, "RateLimit: \"api\";r=999;t=300\r\nRateLimit-Policy: \"fixed window\";\"api\";q=1000;w=300\r\n",
          "{\"id\":\"me/b\"}" },
    };
    struct canned canned = CANNED(replies);
    struct hub_bucket_info info;
    struct hub_budget budget;
    struct rig r;
    rig_start(&r, canned_answer, &canned, 10000);
    assert_false(hub_budget(r.hub, &budget));
    assert_int_equal(hub_bucket_info(r.hub, SLICE("me/b"), r.arena, &info), OK);
    assert_int_equal(hub_calls(r.hub), 3);
    assert_true(hub_budget(r.hub, &budget));
    assert_int_equal(budget.remaining, 999);
    assert_int_equal(budget.quota, 1000);
    assert_in_range(budget.reset_s, 298, 300);
    rig_stop(&r);
    canned_free(&canned);
}

static void a_spent_budget_makes_no_more_calls(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = { { 200, "RateLimit: \"api\";r=0;t=200\r\n", "{\"id\":\"me/b\"}" } };
    struct canned canned = CANNED(replies);
    struct hub_bucket_info info;
    struct rig r;
    rig_start(&r, canned_answer, &canned, 100);
    assert_int_equal(hub_bucket_info(r.hub, SLICE("me/b"), r.arena, &info), OK);
    assert_int_equal(hub_bucket_info(r.hub, SLICE("me/b"), r.arena, &info), ERR_SLOW_DOWN);
    assert_int_equal(hub_calls(r.hub), 1);
    hub_stop(r.hub);
    assert_int_equal(hub_bucket_info(r.hub, SLICE("me/b"), r.arena, &info), ERR_STOPPING);
    rig_stop(&r);
    canned_free(&canned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_error_and_leaves_out_alone),
        cmocka_unit_test(nobody_listening_is_an_error_too),
        cmocka_unit_test(info_is_read),
        cmocka_unit_test(an_id_that_cannot_be_is_answered_without_a_call),
        cmocka_unit_test(create_says_private_in_both_ways),
        cmocka_unit_test(a_create_that_was_repeated_knows_its_own_bucket),
        cmocka_unit_test(a_delete_whose_answer_was_lost_is_done),
        cmocka_unit_test(a_move_is_never_repeated),
        cmocka_unit_test(whoami_names_user_and_orgs),
        cmocka_unit_test(a_list_follows_its_pages_on_the_same_host),
        cmocka_unit_test(a_list_ends_with_the_callers_error),
        cmocka_unit_test(a_list_that_leads_back_to_itself_is_an_error),
        cmocka_unit_test(a_429_is_waited_out),
        cmocka_unit_test(a_spent_budget_makes_no_more_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

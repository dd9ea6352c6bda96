/* SPDX-License-Identifier: Apache-2.0 */
/* test_hub_lookup.c: what is at a path, asked by one thread and by many. */
#include "fake_hub.h"

#include <jansson.h>
#include <sched.h>

#include "hub/internal.h"

#define THREADS 64
/* The first HUB_LOOKUPS lead alone; the rest goes with those who take their places, one at least, each at most. */
#define FEWEST_CALLS (HUB_LOOKUPS + 1)
#define MOST_CALLS   (2 * HUB_LOOKUPS)

/* A Hub with every file but those named "missing…"; "dir…" are directories, "odd…" have no size; the size is the length
 * of the path. A call about a path "bad…" is refused as a whole. The first call waits for a line of `hold` callers. */
struct files {
    struct rig rig;
    size_t hold;
    size_t asked; /* paths, in all calls */
};

static size_t line_length(struct combine *c)
{
    size_t n = 0;
    pthread_mutex_lock(&c->lock);
    for (struct combine_item *item = c->head; item; item = item->next)
        n++;
    pthread_mutex_unlock(&c->lock);
    return n;
}

static json_t *entry_of(const char *path)
{
    if (strncmp(path, "dir", 3) == 0)
        return json_pack("{s:s,s:s}", "type", "directory", "path", path);
    if (strncmp(path, "odd", 3) == 0)
        return json_pack("{s:s,s:s}", "type", "file", "path", path);
    return json_pack("{s:s,s:s,s:I}", "type", "file", "path", path, "size", (json_int_t)strlen(path));
}

static void files_answer(void *ctx, const struct fake_request *request, struct buf *reply)
{
    struct files *f = ctx;
    while (f->hold && line_length(&f->rig.bucket->lookups) < f->hold)
        sched_yield();
    f->hold = 0;
    json_t *body = json_loadb(request->body.p, request->body.n, 0, NULL), *path, *entries = json_array();
    size_t i;
    bool bad = false;
    json_array_foreach(json_object_get(body, "paths"), i, path)
    {
        const char *text = json_string_value(path);
        f->asked++;
        bad = bad || strncmp(text, "bad", 3) == 0;
        if (strncmp(text, "missing", 7) != 0)
            json_array_append_new(entries, entry_of(text));
    }
    /* Things nobody asked for. */
    json_array_append_new(entries, entry_of("surprise"));
    json_array_append_new(entries, json_integer(5));
    char *text = json_dumps(entries, 0);
    if (bad)
        fake_reply(reply, 400, "", "{\"error\":\"bad path\"}");
    else
        fake_reply(reply, 200, "", text);
    free(text);
    json_decref(entries);
    json_decref(body);
}

static const struct {
    const char *name, *path;
    enum err want;
    size_t calls;
} lookups[] = {
    { "a file", "a/b", OK, 1 },
    { "nothing", "missing", ERR_NO_SUCH_KEY, 1 },
    { "a directory", "dir", ERR_NO_SUCH_KEY, 1 },
    { "an entry nobody can read", "odd", ERR_UPSTREAM_ANSWER, 1 },
    { "a path the Hub refuses", "bad", ERR_INVALID_ARGUMENT, 1 },
    { "a path no Hub would take", "a//b", ERR_INVALID_ARGUMENT, 0 },
};

static void a_lookup_tells_what_is_there(void **state)
{
    (void)state;
    struct files f = { 0 };
    rig_start(&f.rig, files_answer, &f, 50);
    for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++) {
        struct hub_file file = { .size = 77 };
        uint64_t before = hub_calls(f.rig.hub);
        print_message("  %s\n", lookups[i].name);
        assert_int_equal(hub_lookup(f.rig.bucket, slice_str(lookups[i].path), f.rig.arena, &file), lookups[i].want);
        assert_int_equal(file.size, lookups[i].want ? 77 : strlen(lookups[i].path));
        assert_int_equal(hub_calls(f.rig.hub) - before, lookups[i].calls);
    }
    assert_string_equal(f.rig.fake->log[0], "POST /api/buckets/me/b/paths-info");
    rig_stop(&f.rig);
}

static const struct {
    const char *name, *path, *beside;
    enum err want;
    bool found;
} pairs[] = {
    { "both are there", "a", "beside", OK, true },
    { "nothing beside it", "a", "missing", OK, false },
    { "only what is beside it", "missing", "beside", ERR_NO_SUCH_KEY, false },
    { "what is beside it cannot be read", "a", "odd", ERR_UPSTREAM_ANSWER, false },
};

static void a_pair_is_looked_up_with_one_call(void **state)
{
    (void)state;
    struct files f = { 0 };
    rig_start(&f.rig, files_answer, &f, 50);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct hub_file file = { .size = 77 }, beside = { .size = 77 };
        bool found = false;
        print_message("  %s\n", pairs[i].name);
        assert_int_equal(hub_lookup_pair(f.rig.bucket, slice_str(pairs[i].path), slice_str(pairs[i].beside),
                                         f.rig.arena, &file, &beside, &found),
                         pairs[i].want);
        assert_int_equal(file.size, pairs[i].want ? 77 : strlen(pairs[i].path));
        assert_int_equal(beside.size, pairs[i].found ? strlen(pairs[i].beside) : 77);
        assert_int_equal(found, pairs[i].found);
        assert_int_equal(hub_calls(f.rig.hub), i + 1);
    }
    rig_stop(&f.rig);
}

static void an_error_of_the_call_is_everybodys(void **state)
{
    (void)state;
    static const struct {
        struct canned_reply reply;
        enum err want;
    } rows[] = {
        { { 404, "X-Error-Code: RepoNotFound\r\n", "{}" }, ERR_NO_SUCH_BUCKET },
        { { 404, "X-Error-Code: EntryNotFound\r\n", "{}" }, ERR_NO_SUCH_KEY },
        { { 200, "", "{}" }, ERR_UPSTREAM_ANSWER },
        { { 200, "", "x" }, ERR_UPSTREAM_ANSWER },
        { { 429, "", "x" }, ERR_SLOW_DOWN },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct canned canned = { .list = &rows[i].reply, .n = 1 };
        struct hub_file file;
        struct rig r;
        rig_start(&r, canned_answer, &canned, 50);
        assert_int_equal(hub_lookup(r.bucket, SLICE("k"), r.arena, &file), rows[i].want);
        rig_stop(&r);
        canned_free(&canned);
    }
}

/* The API is spent with the first answer; what is asked then comes from resolve. */
static const struct {
    const char *name;
    struct canned_reply reply;
    enum err want;
    const char *type;
} heads[] = {
    { "all headers",
      { 200,
        "X-Xet-Hash: 0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\r\nX-Linked-Size: 5\r\n"
        "Last-Modified: Mon, 23 Nov 2026 19:19:36 GMT\r\n",
        "" },
      OK,
      "application/json" },
    { "a redirect",
      { 302,
        "Location: http://127.0.0.1:1/\r\nX-Linked-Size: 5\r\nX-Xet-Hash: "
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
        "Last-Modified: Mon, 23 Nov 2026 19:19:36 GMT\r\n",
        "" },
      OK,
      "" },
    { "a redirect without a size", { 302, "Location: http://127.0.0.1:1/\r\n", "" }, ERR_UPSTREAM_ANSWER, NULL },
    { "half a hash", { 200, "X-Linked-Size: 5\r\nX-Xet-Hash: 0123\r\n", "" }, ERR_UPSTREAM_ANSWER, NULL },
    { "nothing there", { 404, "X-Error-Code: EntryNotFound\r\n", "" }, ERR_NO_SUCH_KEY, NULL },
    { "no bucket", { 404, "X-Error-Code: RepoNotFound\r\n", "" }, ERR_NO_SUCH_BUCKET, NULL },
    { "spent as well", { 429, "RateLimit: \"resolvers\";r=0;t=100\r\n", "" }, ERR_SLOW_DOWN, NULL },
};

static void a_lookup_goes_elsewhere_when_the_api_is_spent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct canned_reply replies[] = {
            { 200, "RateLimit: \"api\";r=0;t=100\r\n", "{\"id\":\"me/b\"}" },
            heads[i].reply,
        };
        struct canned canned = CANNED(replies);
        struct hub_bucket_info info;
        struct hub_file file = { .size = 77 };
        struct rig r;
        print_message("  %s\n", heads[i].name);
        rig_start(&r, canned_answer, &canned, 50);
        assert_int_equal(hub_bucket_info(r.hub, SLICE("me/b"), r.arena, &info), OK);
        assert_int_equal(hub_lookup(r.bucket, SLICE("a b/c"), r.arena, &file), heads[i].want);
        assert_string_equal(r.fake->log[1], "HEAD /buckets/me/b/resolve/a%20b/c");
        assert_int_equal(file.size, heads[i].want ? 77 : 5);
        if (!heads[i].want) {
            assert_string_equal(file.xet_hash, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
            assert_int_equal(file.uploaded_ms, 1795461576000);
            assert_true(slice_is(file.content_type, heads[i].type));
            assert_true(slice_is(file.path, "a b/c"));
        }
        rig_stop(&r);
        canned_free(&canned);
    }
}

/* ---- many at once ---- */

struct looker {
    pthread_t thread;
    struct hub_bucket *bucket;
    struct arena *arena;
    char path[32];
    struct hub_file file;
    enum err e;
};

static void *look(void *arg)
{
    struct looker *l = arg;
    l->e = hub_lookup(l->bucket, slice_str(l->path), l->arena, &l->file);
    return NULL;
}

static void look_all(struct files *f, struct looker lookers[THREADS])
{
    f->hold = THREADS - HUB_LOOKUPS;
    rig_start(&f->rig, files_answer, f, 1000);
    for (size_t i = 0; i < THREADS; i++) {
        lookers[i].bucket = f->rig.bucket;
        lookers[i].arena = arena_new();
        pthread_create(&lookers[i].thread, NULL, look, &lookers[i]);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(lookers[i].thread, NULL);
}

static void look_done(struct files *f, struct looker lookers[THREADS])
{
    for (size_t i = 0; i < THREADS; i++)
        arena_free(lookers[i].arena);
    rig_stop(&f->rig);
}

static void lookups_at_the_same_time_share_calls(void **state)
{
    (void)state;
    struct files f = { 0 };
    static struct looker lookers[THREADS];
    for (int i = 0; i < THREADS; i++)
        snprintf(lookers[i].path, sizeof lookers[i].path, "%s%0*d", i % 8 ? "file" : "missing", i % 13 + 3, i);
    look_all(&f, lookers);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(lookers[i].e, i % 8 ? OK : ERR_NO_SUCH_KEY);
        if (lookers[i].e)
            continue;
        assert_true(slice_is(lookers[i].file.path, lookers[i].path));
        assert_int_equal(lookers[i].file.size, strlen(lookers[i].path));
    }
    assert_int_equal(f.asked, THREADS);
    assert_in_range(hub_calls(f.rig.hub), FEWEST_CALLS, MOST_CALLS);
    look_done(&f, lookers);
}

static void a_path_many_ask_for_is_asked_once(void **state)
{
    (void)state;
    struct files f = { 0 };
    static struct looker lookers[THREADS];
    for (int i = 0; i < THREADS; i++)
        strcpy(lookers[i].path, "same");
    look_all(&f, lookers);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(lookers[i].e, OK);
        assert_int_equal(lookers[i].file.size, 4);
    }
    assert_in_range(f.asked, FEWEST_CALLS, MOST_CALLS);
    look_done(&f, lookers);
}

static void one_bad_path_does_not_fail_the_others(void **state)
{
    (void)state;
    struct files f = { 0 };
    static struct looker lookers[THREADS];
    for (int i = 0; i < THREADS; i++)
        snprintf(lookers[i].path, sizeof lookers[i].path, "%s%d", i == THREADS / 2 ? "bad" : "file", i);
    look_all(&f, lookers);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(lookers[i].e, i == THREADS / 2 ? ERR_INVALID_ARGUMENT : OK);
    assert_in_range(hub_calls(f.rig.hub), FEWEST_CALLS, MOST_CALLS + 2 * 6);
    look_done(&f, lookers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lookup_tells_what_is_there),
        cmocka_unit_test(a_pair_is_looked_up_with_one_call),
        cmocka_unit_test(an_error_of_the_call_is_everybodys),
        cmocka_unit_test(a_lookup_goes_elsewhere_when_the_api_is_spent),
        cmocka_unit_test(lookups_at_the_same_time_share_calls),
        cmocka_unit_test(a_path_many_ask_for_is_asked_once),
        cmocka_unit_test(one_bad_path_does_not_fail_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

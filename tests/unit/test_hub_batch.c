/* SPDX-License-Identifier: Apache-2.0 */
/* test_hub_batch.c: group commit: shared calls, each line's own result, order per path, and answers that say too
 * little.
 */
#include "fake_hub.h"

#include <jansson.h>
#include <sched.h>

#include "hub/internal.h"

#define H1      "1111111111111111111111111111111111111111111111111111111111111111"
#define H2      "2222222222222222222222222222222222222222222222222222222222222222"
#define UNKNOWN "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define THREADS 64

/* A Hub that really keeps path → hash. A hash UNKNOWN fails, so does a path "bad…"; a path "spoil…" has the call
 * refused. The first call waits until `hold` callers are in line and `release` says so. */
struct state {
    struct rig rig;
    size_t hold;
    bool strict_delete; /* deleting nothing fails */
    bool hang_up_first;
    json_t *files;
    json_t *calls; /* of lists of lines */
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

static bool is_led(struct combine *c)
{
    pthread_mutex_lock(&c->lock);
    bool led = c->in_flight > 0;
    pthread_mutex_unlock(&c->lock);
    return led;
}

static const char *apply(struct state *s, const json_t *line)
{
    const char *type = json_string_value(json_object_get(line, "type"));
    const char *path = json_string_value(json_object_get(line, "path"));
    const char *hash = json_string_value(json_object_get(line, "xetHash"));
    if (strncmp(path, "bad", 3) == 0)
        return "this path is bad";
    if (strcmp(type, "deleteFile") == 0)
        return json_object_del(s->files, path) && s->strict_delete ? "no such file" : NULL;
    if (strcmp(hash, UNKNOWN) == 0)
        return "Xet hash not registered";
    json_object_set_new(s->files, path, json_string(hash));
    return NULL;
}

static void answer_batch(struct state *s, json_t *lines, struct buf *reply)
{
    json_t *failed = json_array(), *line;
    size_t i, n = json_array_size(lines);
    json_array_foreach(lines, i, line)
    {
        const char *path = json_string_value(json_object_get(line, "path"));
        if (strncmp(path, "spoil", 5) == 0) {
            json_decref(failed);
            fake_reply(reply, 422, "X-Error-Message: spoilt\r\n", "{\"error\":\"spoilt\"}");
            return;
        }
        const char *words = apply(s, line);
        if (words)
            json_array_append_new(failed, json_pack("{s:s,s:s}", "path", path, "error", words));
    }
    size_t failures = json_array_size(failed);
    json_t *body = json_pack("{s:b,s:i,s:i,s:o}", "success", failures == 0, "processed", (int)n, "succeeded",
                             (int)(n - failures), "failed", failed);
    char *text = json_dumps(body, 0);
    fake_reply(reply, failures == n ? 422 : 200, "", text);
    free(text);
    json_decref(body);
}

static void answer_paths(struct state *s, const json_t *body, struct buf *reply)
{
    json_t *entries = json_array(), *path;
    size_t i;
    json_array_foreach(json_object_get(body, "paths"), i, path)
    {
        if (json_object_get(s->files, json_string_value(path)))
            json_array_append_new(entries, json_pack("{s:s,s:O,s:i}", "type", "file", "path", path, "size", 1));
    }
    char *text = json_dumps(entries, 0);
    fake_reply(reply, 200, "", text);
    free(text);
    json_decref(entries);
}

static void answer(void *ctx, const struct fake_request *request, struct buf *reply)
{
    struct state *s = ctx;
    while (s->hold && line_length(&s->rig.bucket->batches) < s->hold)
        sched_yield();
    s->hold = 0;
    if (slice_ends(request->target, SLICE("/paths-info"))) {
        json_t *body = json_loadb(request->body.p, request->body.n, 0, NULL);
        answer_paths(s, body, reply);
        json_decref(body);
        return;
    }
    json_t *lines = json_array();
    for (struct slice rest = request->body; rest.n;) {
        struct slice line = slice_cut(&rest, '\n');
        json_array_append_new(lines, json_loadb(line.p, line.n, 0, NULL));
    }
    json_array_append(s->calls, lines);
    answer_batch(s, lines, reply);
    json_decref(lines);
    if (s->hang_up_first)
        buf_clear(reply); /* it is done, but nobody is told */
    s->hang_up_first = false;
}

static void start(struct state *s)
{
    s->files = json_object();
    s->calls = json_array();
    rig_start(&s->rig, answer, s, 3000);
}

static void stop(struct state *s)
{
    rig_stop(&s->rig);
    json_decref(s->files);
    json_decref(s->calls);
}

static const char *file(const struct state *s, const char *path)
{
    const char *hash = json_string_value(json_object_get(s->files, path));
    return hash ? hash : "";
}

static size_t lines_of_call(const struct state *s, size_t i)
{
    return json_array_size(json_array_get(s->calls, i));
}

static struct hub_line add(const char *path, const char *hash)
{
    struct hub_line line = { .op = HUB_ADD, .path = slice_str(path), .mtime_ms = 5 };
    strcpy(line.xet_hash, hash);
    return line;
}

static struct hub_line del(const char *path)
{
    return (struct hub_line){ .op = HUB_DELETE, .path = slice_str(path) };
}

/* ---- one caller ---- */

static void lines_are_written_as_the_hub_wants_them(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = { { 200, "", "{\"success\":true}" } };
    struct canned canned = CANNED(replies);
    struct rig r;
    struct hub_line lines[] = { add("a \"q\"/\xC3\xA9", H1), del("d"), add("c", H1) };
    lines[0].content_type = SLICE("text/plain");
    lines[2].op = HUB_COPY;
    lines[2].mtime_ms = 0;
    lines[2].source_type = "dataset";
    lines[2].source_id = SLICE("squad");
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_batch(r.bucket, lines, 3, r.arena), OK);
    assert_string_equal(canned.bodies[0], "{\"type\":\"addFile\",\"path\":\"a \\\"q\\\"/\xC3\xA9\",\"xetHash\":\"" H1
                                          "\",\"mtime\":5,\"contentType\":\"text/plain\"}\n"
                                          "{\"type\":\"deleteFile\",\"path\":\"d\"}\n"
                                          "{\"type\":\"copyFile\",\"path\":\"c\",\"xetHash\":\"" H1
                                          "\",\"sourceRepoType\":\"dataset\",\"sourceRepoId\":\"squad\"}\n");
    assert_string_equal(r.fake->log[0], "POST /api/buckets/me/b/batch");
    assert_int_equal(hub_batch(r.bucket, lines, 0, r.arena), OK);
    assert_int_equal(r.fake->calls, 1);
    rig_stop(&r);
    canned_free(&canned);
}

static void a_line_that_fails_is_the_only_one(void **state)
{
    (void)state;
    struct state s = { 0 };
    struct hub_line lines[] = { add("a", H1),   add("b", UNKNOWN), add("a//b", H1),
                                add("bad", H1), add("c", "xyz"),   add("d", H2) };
    start(&s);
    assert_int_equal(hub_batch(s.rig.bucket, lines, 6, s.rig.arena), OK);
    assert_int_equal(lines[0].result, OK);
    assert_null(lines[0].error);
    assert_int_equal(lines[1].result, ERR_UPSTREAM_MISSING);
    assert_string_equal(lines[1].error, "Xet hash not registered");
    assert_int_equal(lines[2].result, ERR_INVALID_ARGUMENT);
    assert_int_equal(lines[3].result, ERR_INVALID_ARGUMENT);
    assert_string_equal(lines[3].error, "this path is bad");
    assert_int_equal(lines[4].result, ERR_INVALID_ARGUMENT);
    assert_int_equal(lines[5].result, OK);
    assert_int_equal(lines_of_call(&s, 0), 4);
    assert_string_equal(file(&s, "d"), H2);
    stop(&s);
}

static void when_all_fail_each_has_its_reason(void **state)
{
    (void)state;
    struct state s = { 0 };
    struct hub_line lines[] = { add("a", UNKNOWN), add("bad", H1) };
    start(&s);
    assert_int_equal(hub_batch(s.rig.bucket, lines, 2, s.rig.arena), OK);
    assert_int_equal(lines[0].result, ERR_UPSTREAM_MISSING);
    assert_int_equal(lines[1].result, ERR_INVALID_ARGUMENT);
    assert_int_equal(json_array_size(s.calls), 1);
    stop(&s);
}

static void a_call_refused_as_a_whole_is_made_again_in_halves(void **state)
{
    (void)state;
    struct state s = { 0 };
    struct hub_line lines[] = { add("a", H1), add("b", H1), add("spoil", H1), add("c", H1) };
    start(&s);
    assert_int_equal(hub_batch(s.rig.bucket, lines, 4, s.rig.arena), OK);
    assert_int_equal(lines[2].result, ERR_INVALID_ARGUMENT);
    assert_string_equal(lines[2].error, "spoilt");
    for (int i = 0; i < 4; i++)
        assert_true(i == 2 || lines[i].result == OK);
    assert_string_equal(file(&s, "c"), H1);
    stop(&s);
}

static void more_than_a_thousand_lines_take_several_calls(void **state)
{
    (void)state;
    enum { N = 2500 };
    struct state s = { 0 };
    struct hub_line *lines = mem_zalloc(N * sizeof *lines);
    static char paths[N][16];
    start(&s);
    for (int i = 0; i < N; i++) {
        snprintf(paths[i], sizeof paths[i], "k%d", i);
        lines[i] = add(paths[i], i % 100 ? H1 : UNKNOWN);
    }
    assert_int_equal(hub_batch(s.rig.bucket, lines, N, s.rig.arena), OK);
    for (int i = 0; i < N; i++)
        assert_int_equal(lines[i].result, i % 100 ? OK : ERR_UPSTREAM_MISSING);
    assert_int_equal(json_array_size(s.calls), 3);
    assert_int_equal(lines_of_call(&s, 0), 1000);
    assert_int_equal(lines_of_call(&s, 2), 500);
    stop(&s);
    free(lines);
}

static void deleting_nothing_is_fine_either_way(void **state)
{
    (void)state;
    for (int strict = 0; strict < 2; strict++) {
        struct state s = { .strict_delete = strict };
        struct hub_line put = add("there", H1);
        struct hub_line lines[] = { del("not there"), del("there"), del("not there"), del("bad") };
        start(&s);
        assert_int_equal(hub_batch(s.rig.bucket, &put, 1, s.rig.arena), OK);
        json_object_set_new(s.files, "bad", json_string(H1));
        assert_int_equal(hub_batch(s.rig.bucket, lines, 4, s.rig.arena), OK);
        assert_int_equal(lines[0].result, OK);
        assert_int_equal(lines[1].result, OK);
        assert_int_equal(lines[2].result, OK);
        assert_int_equal(lines[3].result, ERR_INVALID_ARGUMENT); /* it is there, and stays */
        assert_string_equal(file(&s, "there"), "");
        stop(&s);
    }
}

static void a_lost_answer_is_asked_for_again(void **state)
{
    (void)state;
    struct state s = { .hang_up_first = true };
    struct hub_line lines[] = { add("a", H1), del("b") };
    start(&s);
    assert_int_equal(hub_batch(s.rig.bucket, lines, 2, s.rig.arena), OK);
    assert_int_equal(lines[0].result, OK);
    assert_int_equal(json_array_size(s.calls), 2);
    stop(&s);
}

/* What the Hub says about `add a, add b`, and what may be believed of it. */
static const struct {
    const char *name;
    struct canned_reply reply;
    enum err call, a, b;
} answers[] = {
    { "counts alone", { 200, "", "{\"success\":true,\"processed\":2,\"succeeded\":2}" }, OK, OK, OK },
    { "failures alone", { 200, "", "{\"failed\":[{\"path\":\"a\",\"error\":\"x\"}]}" }, OK, ERR_INVALID_ARGUMENT, OK },
    { "a failure without words", { 200, "", "{\"failed\":[{\"path\":\"a\"}]}" }, OK, ERR_INVALID_ARGUMENT, OK },
    { "a failure told twice",
      { 200, "", "{\"failed\":[{\"path\":\"a\"},{\"path\":\"a\"}]}" },
      OK,
      ERR_INVALID_ARGUMENT,
      OK },
    { "a failure of something else",
      { 200, "", "{\"failed\":[{\"path\":\"z\"}]}" },
      OK,
      ERR_UPSTREAM_ANSWER,
      ERR_UPSTREAM_ANSWER },
    { "a failure of nothing",
      { 200, "", "{\"failed\":[5,{\"path\":\"b\"}]}" },
      OK,
      ERR_UPSTREAM_ANSWER,
      ERR_INVALID_ARGUMENT },
    { "counts that do not add up",
      { 200, "", "{\"succeeded\":1,\"failed\":[]}" },
      OK,
      ERR_UPSTREAM_ANSWER,
      ERR_UPSTREAM_ANSWER },
    { "only one processed",
      { 200, "", "{\"success\":true,\"processed\":1}" },
      OK,
      ERR_UPSTREAM_ANSWER,
      ERR_UPSTREAM_ANSWER },
    { "no success, but no failure either",
      { 200, "", "{\"success\":false,\"failed\":[]}" },
      OK,
      ERR_UPSTREAM_ANSWER,
      ERR_UPSTREAM_ANSWER },
    { "nothing about lines", { 200, "", "{}" }, ERR_UPSTREAM_ANSWER, ERR_UPSTREAM_ANSWER, ERR_UPSTREAM_ANSWER },
    { "a list", { 200, "", "[]" }, ERR_UPSTREAM_ANSWER, ERR_UPSTREAM_ANSWER, ERR_UPSTREAM_ANSWER },
    { "not JSON", { 200, "", "ok" }, ERR_UPSTREAM_ANSWER, ERR_UPSTREAM_ANSWER, ERR_UPSTREAM_ANSWER },
    { "no bucket",
      { 404, "X-Error-Code: RepoNotFound\r\n", "{}" },
      ERR_NO_SUCH_BUCKET,
      ERR_NO_SUCH_BUCKET,
      ERR_NO_SUCH_BUCKET },
    { "may not", { 403, "", "{}" }, ERR_UPSTREAM_REFUSED, ERR_UPSTREAM_REFUSED, ERR_UPSTREAM_REFUSED },
    { "too many calls", { 429, "", "{}" }, ERR_SLOW_DOWN, ERR_SLOW_DOWN, ERR_SLOW_DOWN },
    { "out of order", { 503, "", "{}" }, ERR_UPSTREAM, ERR_UPSTREAM, ERR_UPSTREAM },
};

static void nothing_is_taken_for_done_that_may_not_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct canned canned = { .list = &answers[i].reply, .n = 1 };
        struct hub_line lines[] = { add("a", H1), add("b", H1) };
        struct rig r;
        print_message("  %s\n", answers[i].name);
        rig_start(&r, canned_answer, &canned, 50);
        assert_int_equal(hub_batch(r.bucket, lines, 2, r.arena), answers[i].call);
        assert_int_equal(lines[0].result, answers[i].a);
        assert_int_equal(lines[1].result, answers[i].b);
        rig_stop(&r);
        canned_free(&canned);
    }
}

/* ---- many callers ---- */

struct caller {
    pthread_t thread;
    struct hub_bucket *bucket;
    struct arena *arena;
    char path[32];
    struct hub_line lines[2];
    size_t n;
    enum err e;
};

static void *call(void *arg)
{
    struct caller *c = arg;
    c->e = hub_batch(c->bucket, c->lines, c->n, c->arena);
    return NULL;
}

/* One that holds the first call until `callers` are in line behind it, in their order. */
static void call_all(struct state *s, struct caller *callers, size_t n)
{
    struct caller first = { .lines = { add("first", H1) }, .n = 1 };
    s->hold = n;
    start(s);
    first.bucket = s->rig.bucket;
    first.arena = arena_new();
    pthread_create(&first.thread, NULL, call, &first);
    while (!is_led(&s->rig.bucket->batches))
        sched_yield();
    for (size_t i = 0; i < n; i++) {
        callers[i].bucket = s->rig.bucket;
        callers[i].arena = arena_new();
        pthread_create(&callers[i].thread, NULL, call, &callers[i]);
        while (i + 1 < n && line_length(&s->rig.bucket->batches) <= i)
            sched_yield();
    }
    pthread_join(first.thread, NULL);
    for (size_t i = 0; i < n; i++) {
        pthread_join(callers[i].thread, NULL);
        arena_free(callers[i].arena);
    }
    assert_int_equal(first.e, OK);
    assert_int_equal(first.lines[0].result, OK);
    arena_free(first.arena);
}

static void callers_at_the_same_time_share_a_call(void **state)
{
    (void)state;
    struct state s = { 0 };
    static struct caller callers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        snprintf(callers[i].path, sizeof callers[i].path, "k%d", i);
        callers[i].lines[0] = add(callers[i].path, i % 7 ? H1 : UNKNOWN);
        callers[i].lines[1] = del("gone");
        callers[i].n = 1 + i % 2;
    }
    call_all(&s, callers, THREADS);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(callers[i].e, OK);
        assert_int_equal(callers[i].lines[0].result, i % 7 ? OK : ERR_UPSTREAM_MISSING);
        assert_int_equal(callers[i].lines[1].result, OK);
        assert_string_equal(file(&s, callers[i].path), i % 7 ? H1 : "");
    }
    assert_int_equal(hub_calls(s.rig.hub), 2);
    assert_int_equal(lines_of_call(&s, 1), THREADS + 1);
    stop(&s);
}

/* Lines of several callers for one path, in order of arrival. */
static const struct {
    const char *name;
    struct {
        char op; /* + add, - delete, 0 end */
        const char *hash;
        enum err want;
    } lines[4];
    const char *left; /* what is there in the end */
    size_t calls;     /* after the first one's */
    bool strict_delete;
} races[] = {
    { "the last add wins", { { '+', H1, OK }, { '+', H2, OK } }, H2, 1, false },
    { "a failing add lets the earlier one be",
      { { '+', H1, OK }, { '+', UNKNOWN, ERR_UPSTREAM_MISSING } },
      H1,
      2,
      false },
    { "an add that would have failed, overwritten", { { '+', UNKNOWN, OK }, { '+', H2, OK } }, H2, 1, false },
    { "all fail", { { '+', UNKNOWN, ERR_UPSTREAM_MISSING }, { '+', UNKNOWN, ERR_UPSTREAM_MISSING } }, "", 1, false },
    { "a delete after an add", { { '+', H1, OK }, { '-', NULL, OK } }, "", 2, false },
    { "a delete after an add, the Hub being strict", { { '+', H1, OK }, { '-', NULL, OK } }, "", 2, true },
    { "an add after a delete", { { '-', NULL, OK }, { '+', H1, OK } }, H1, 1, false },
    { "a failing add after a delete", { { '-', NULL, OK }, { '+', UNKNOWN, ERR_UPSTREAM_MISSING } }, "", 2, false },
    { "two deletes are one", { { '-', NULL, OK }, { '-', NULL, OK } }, "", 1, false },
    { "add, delete, add", { { '+', H1, OK }, { '-', NULL, OK }, { '+', H2, OK } }, H2, 2, false },
    { "add, delete, failing add",
      { { '+', H1, OK }, { '-', NULL, OK }, { '+', UNKNOWN, ERR_UPSTREAM_MISSING } },
      "",
      3,
      false },
    { "add, failing add, delete, delete",
      { { '+', H1, OK }, { '+', UNKNOWN, ERR_UPSTREAM_MISSING }, { '-', NULL, OK }, { '-', NULL, OK } },
      "",
      3,
      false },
};

static void callers_of_one_path_end_as_if_one_by_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof races / sizeof *races; i++) {
        struct state s = { .strict_delete = races[i].strict_delete };
        struct caller callers[4] = { 0 };
        size_t n = 0;
        print_message("  %s\n", races[i].name);
        for (; n < 4 && races[i].lines[n].op; n++) {
            callers[n].n = 1;
            callers[n].lines[0] = races[i].lines[n].op == '+' ? add("k", races[i].lines[n].hash) : del("k");
        }
        call_all(&s, callers, n);
        for (size_t j = 0; j < n; j++) {
            assert_int_equal(callers[j].e, OK);
            assert_int_equal(callers[j].lines[0].result, races[i].lines[j].want);
        }
        assert_string_equal(file(&s, "k"), races[i].left);
        assert_int_equal(json_array_size(s.calls) - 1, races[i].calls);
        stop(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_written_as_the_hub_wants_them),
        cmocka_unit_test(a_line_that_fails_is_the_only_one),
        cmocka_unit_test(when_all_fail_each_has_its_reason),
        cmocka_unit_test(a_call_refused_as_a_whole_is_made_again_in_halves),
        cmocka_unit_test(more_than_a_thousand_lines_take_several_calls),
        cmocka_unit_test(deleting_nothing_is_fine_either_way),
        cmocka_unit_test(a_lost_answer_is_asked_for_again),
        cmocka_unit_test(nothing_is_taken_for_done_that_may_not_be),
        cmocka_unit_test(callers_at_the_same_time_share_a_call),
        cmocka_unit_test(callers_of_one_path_end_as_if_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

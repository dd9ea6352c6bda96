/* SPDX-License-Identifier: Apache-2.0 */
/* test_hub_localhub.c: hub/ against the embedded Hub: that both read the Hub's API alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "hub/bucket.h"
#include "hub/hub.h"
#include "hub/resolve.h"
#include "localhub/localhub.h"

/* The one content that needs no upload. */
#define EMPTY   "0000000000000000000000000000000000000000000000000000000000000000"
#define UNKNOWN "1111111111111111111111111111111111111111111111111111111111111111"

struct world {
    char dir[64];
    struct localhub *local;
    struct http *http;
    struct hub *hub, *other; /* two users */
    struct hub_bucket *bucket;
    struct arena *arena;
};

static int setup(void **state)
{
    struct world *w = mem_zalloc(sizeof *w);
    static const char *const orgs[] = { "crew" };
    const struct localhub_user users[] = {
        { .token = "hf_me", .name = "me", .orgs = orgs, .n_orgs = 1 },
        { .token = "hf_you", .name = "you" },
    };
    char why[256];
    strcpy(w->dir, "/tmp/hugs3-test-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    const struct localhub_config config = { .dir = w->dir, .listen = "127.0.0.1:0", .users = users, .n_users = 2 };
    assert_int_equal(localhub_start(&config, why, &w->local), OK);
    w->http = http_new(&(struct http_config){ .user_agent = "test" });
    struct hub_config hub = { .http = w->http, .endpoint = localhub_url(w->local), .token = "hf_me", .retry_ms = 2000 };
    w->hub = hub_new(&hub);
    hub.token = "hf_you";
    w->other = hub_new(&hub);
    w->bucket = hub_bucket_new(w->hub, SLICE("me/b"));
    w->arena = arena_new();
    assert_int_equal(hub_bucket_create(w->hub, SLICE("me/b"), HUB_PRIVATE, SLICE("")), OK);
    *state = w;
    return 0;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s;
    (void)type;
    (void)at;
    return remove(path);
}

static int teardown(void **state)
{
    struct world *w = *state;
    hub_bucket_free(w->bucket);
    http_stop(w->http);
    hub_free(w->hub);
    hub_free(w->other);
    http_free(w->http);
    localhub_stop(w->local, 1000);
    localhub_free(w->local);
    arena_free(w->arena);
    nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(w);
    return 0;
}

static struct hub_line add(const char *path, const char *hash)
{
    struct hub_line line = { .op = HUB_ADD, .path = slice_str(path) };
    strcpy(line.xet_hash, hash);
    return line;
}

static void put_all(struct world *w, const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct hub_line line = add(paths[i], EMPTY);
        assert_int_equal(hub_batch(w->bucket, &line, 1, w->arena), OK);
        assert_int_equal(line.result, OK);
    }
}

static void whoami_is_the_tokens_user(void **state)
{
    struct world *w = *state;
    struct hub_user user;
    assert_int_equal(hub_whoami(w->hub, w->arena, &user), OK);
    assert_true(slice_is(user.name, "me"));
    assert_int_equal(user.n_orgs, 1);
    assert_true(slice_is(user.orgs[0], "crew"));
    struct hub *stranger = hub_new(
        &(struct hub_config){ .http = w->http, .endpoint = localhub_url(w->local), .token = "hf_no", .retry_ms = 50 });
    assert_int_equal(hub_whoami(stranger, w->arena, &user), ERR_UPSTREAM_TOKEN);
    hub_free(stranger);
}

static enum err count_one(void *ctx, const struct hub_bucket_info *info)
{
    (void)info;
    ++*(int *)ctx;
    return OK;
}

static void a_bucket_lives_from_create_to_delete(void **state)
{
    struct world *w = *state;
    struct hub_bucket_info info;
    int n = 0;
    assert_int_equal(hub_bucket_create(w->hub, SLICE("me/b"), HUB_PRIVATE, SLICE("")), ERR_UPSTREAM_EXISTS);
    assert_int_equal(hub_bucket_create(w->hub, SLICE("you/b"), HUB_PRIVATE, SLICE("")), ERR_UPSTREAM_REFUSED);
    assert_int_equal(hub_bucket_create(w->hub, SLICE("crew/c"), HUB_PUBLIC, SLICE("eu")), OK);
    assert_int_equal(hub_bucket_info(w->hub, SLICE("me/b"), w->arena, &info), OK);
    assert_true(slice_is(info.id, "me/b"));
    assert_true(info.is_private);
    assert_true(info.created_ms > clock_now_ms() - 60000 && info.updated_ms >= info.created_ms);
    assert_int_equal(hub_bucket_info(w->other, SLICE("me/b"), w->arena, &info), ERR_NO_SUCH_BUCKET);
    assert_int_equal(hub_bucket_info(w->other, SLICE("crew/c"), w->arena, &info), OK);
    assert_false(info.is_private);
    assert_int_equal(hub_bucket_set_visibility(w->hub, SLICE("me/b"), HUB_PUBLIC), OK);
    assert_int_equal(hub_bucket_info(w->other, SLICE("me/b"), w->arena, &info), OK);
    assert_int_equal(hub_bucket_move(w->hub, SLICE("me/b"), SLICE("me/b2")), OK);
    assert_int_equal(hub_bucket_info(w->hub, SLICE("me/b2"), w->arena, &info), OK);
    assert_int_equal(hub_bucket_list(w->hub, SLICE("me"), SLICE(""), count_one, &n), OK);
    assert_int_equal(n, 1);
    assert_int_equal(hub_bucket_delete(w->other, SLICE("me/b2")), ERR_UPSTREAM_REFUSED);
    assert_int_equal(hub_bucket_delete(w->hub, SLICE("me/b2")), OK);
    assert_int_equal(hub_bucket_delete(w->hub, SLICE("me/b2")), ERR_NO_SUCH_BUCKET);
}

static void many_buckets_are_listed_over_pages(void **state)
{
    struct world *w = *state;
    int n = 0;
    for (int i = 0; i < 150; i++) {
        char id[32];
        snprintf(id, sizeof id, "me/many-%d", i);
        assert_int_equal(hub_bucket_create(w->hub, slice_str(id), HUB_DEFAULT, SLICE("")), OK);
    }
    assert_int_equal(hub_bucket_list(w->hub, SLICE("me"), SLICE(""), count_one, &n), OK);
    assert_int_equal(n, 151);
    n = 0;
    assert_int_equal(hub_bucket_list(w->hub, SLICE("me"), SLICE("many-1"), count_one, &n), OK);
    assert_int_equal(n, 61); /* 1, 10 to 19, 100 to 149 */
}

static void what_was_added_is_found(void **state)
{
    struct world *w = *state;
    struct hub_file file;
    struct hub_line lines[] = { add("a b/\xC3\xA9?#%", EMPTY),
                                add("bad", UNKNOWN),
                                { .op = HUB_DELETE, .path = SLICE("never there") } };
    lines[0].content_type = SLICE("text/x-test");
    lines[0].mtime_ms = 1700000000123;
    int64_t began = clock_now_ms();
    assert_int_equal(hub_batch(w->bucket, lines, 3, w->arena), OK);
    assert_int_equal(lines[0].result, OK);
    assert_int_equal(lines[1].result, ERR_UPSTREAM_MISSING);
    assert_non_null(lines[1].error);
    assert_int_equal(lines[2].result, OK);
    assert_int_equal(hub_lookup(w->bucket, lines[0].path, w->arena, &file), OK);
    assert_string_equal(file.xet_hash, EMPTY);
    assert_int_equal(file.size, 0);
    assert_int_equal(file.mtime_ms, 1700000000123);
    assert_true(file.uploaded_ms >= began);
    assert_true(slice_is(file.content_type, "text/x-test"));
    assert_int_equal(hub_lookup(w->bucket, SLICE("bad"), w->arena, &file), ERR_NO_SUCH_KEY);
    assert_int_equal(hub_lookup(w->bucket, SLICE("a b"), w->arena, &file), ERR_NO_SUCH_KEY);
    struct hub_file resolved;
    assert_int_equal(hub_resolve(w->bucket, lines[0].path, w->arena, &resolved), OK);
    assert_string_equal(resolved.xet_hash, EMPTY);
    assert_int_equal(resolved.uploaded_ms, file.uploaded_ms / 1000 * 1000);
    assert_true(slice_is(resolved.content_type, "text/x-test"));
    assert_int_equal(hub_resolve(w->bucket, SLICE("bad"), w->arena, &resolved), ERR_NO_SUCH_KEY);
}

static void all_that_fail_are_told_one_by_one(void **state)
{
    struct world *w = *state;
    struct hub_line lines[] = { add("x", UNKNOWN), add("y", UNKNOWN) };
    assert_int_equal(hub_batch(w->bucket, lines, 2, w->arena), OK);
    assert_int_equal(lines[0].result, ERR_UPSTREAM_MISSING);
    assert_int_equal(lines[1].result, ERR_UPSTREAM_MISSING);
}

static void a_copy_needs_a_source(void **state)
{
    struct world *w = *state;
    struct hub_line lines[] = { add("copied", EMPTY), add("not copied", EMPTY) };
    lines[0].op = lines[1].op = HUB_COPY;
    lines[0].source_type = lines[1].source_type = "bucket";
    lines[0].source_id = SLICE("me/b");
    lines[1].source_id = SLICE("me/nowhere");
    assert_int_equal(hub_batch(w->bucket, lines, 2, w->arena), OK);
    assert_int_equal(lines[0].result, OK);
    assert_int_equal(lines[1].result, ERR_UPSTREAM_MISSING);
}

static void a_listing_goes_over_pages_and_levels(void **state)
{
    struct world *w = *state;
    static const char *const paths[] = { ".hidden", "a", "logs.json", "logs/.x", "logs/a", "logs/sub/b", "logs_old/c" };
    static const struct {
        const char *name, *prefix, *want;
        bool recursive;
    } rows[] = {
        { "everything", "", ".hidden a logs.json logs/.x logs/a logs/sub/b logs_old/c ", true },
        { "the root", "", ".hidden a logs.json logs/ logs_old/ ", false },
        { "a directory", "logs/", "logs/.x logs/a logs/sub/ ", false },
        { "a directory, all below", "logs/", "logs/.x logs/a logs/sub/b ", true },
        { "part of a name", "logs.", "logs.json ", false },
        { "hidden files", ".", ".hidden ", true },
        { "hidden files below", "logs/.", "logs/.x ", false },
        { "nothing", "zzz", "", true },
        { "what cannot be", "a//b", "", true },
    };
    put_all(w, paths, sizeof paths / sizeof *paths);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (unsigned limit = 1; limit <= 9; limit += 2) {
            AUTO_BUF struct buf seen = { 0 };
            struct hub_page page = { 0 };
            buf_init(&seen, 4096);
            do {
                assert_int_equal(hub_tree(w->bucket, slice_str(rows[i].prefix), rows[i].recursive, limit, page.next,
                                          w->arena, &page),
                                 OK);
                for (size_t j = 0; j < page.n; j++) {
                    buf_add(&seen, page.files[j].path);
                    buf_add_str(&seen, page.files[j].is_directory ? "/ " : " ");
                }
            } while (page.next.n);
            print_message("  %s, %u a page\n", rows[i].name, limit);
            assert_string_equal(buf_str(&seen), rows[i].want);
        }
    }
    struct hub_page page;
    struct hub_bucket *none = hub_bucket_new(w->hub, SLICE("me/none"));
    assert_int_equal(hub_tree(none, SLICE(""), true, 0, SLICE(""), w->arena, &page), ERR_NO_SUCH_BUCKET);
    assert_int_equal(hub_tree(w->bucket, SLICE(""), true, 0, SLICE("nonsense"), w->arena, &page), ERR_INVALID_ARGUMENT);
    hub_bucket_free(none);
}

static void a_token_names_the_cas(void **state)
{
    struct world *w = *state;
    char url[512], token[4096], again[4096];
    assert_int_equal(hub_xet_token(w->bucket, true, NULL, url, sizeof url, token, sizeof token), OK);
    assert_true(slice_starts(slice_str(url), slice_str(localhub_url(w->local))));
    assert_int_equal(hub_xet_token(w->bucket, false, NULL, url, sizeof url, again, sizeof again), OK);
    assert_string_equal(token, again);
    struct hub_bucket *none = hub_bucket_new(w->hub, SLICE("me/none"));
    assert_int_equal(hub_xet_token(none, true, NULL, url, sizeof url, token, sizeof token), ERR_NO_SUCH_BUCKET);
    hub_bucket_free(none);
}

/* ---- many at once ---- */

enum { THREADS = 32, EACH = 20 };

struct worker {
    pthread_t thread;
    struct world *w;
    int id;
};

static void *work(void *arg)
{
    struct worker *k = arg;
    struct arena *arena = arena_new();
    for (int i = 0; i < EACH; i++) {
        char path[32];
        struct hub_file file;
        snprintf(path, sizeof path, "w/%d/%d", k->id, i);
        struct hub_line line = add(path, i % 5 ? EMPTY : UNKNOWN);
        bool ok = hub_batch(k->w->bucket, &line, 1, arena) == OK &&
                  line.result == (i % 5 ? OK : ERR_UPSTREAM_MISSING) &&
                  hub_lookup(k->w->bucket, slice_str(path), arena, &file) == (i % 5 ? OK : ERR_NO_SUCH_KEY);
        if (!ok)
            k->id = -1;
    }
    arena_free(arena);
    return NULL;
}

static void everybody_reads_what_they_wrote(void **state)
{
    struct world *w = *state;
    struct worker workers[THREADS];
    struct hub_page page;
    uint64_t before = hub_calls(w->hub);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .w = w, .id = i };
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].id, i);
    }
    print_message("  %d lines and lookups in %d calls\n", 2 * THREADS * EACH, (int)(hub_calls(w->hub) - before));
    assert_true(hub_calls(w->hub) - before < THREADS * EACH);
    assert_int_equal(hub_tree(w->bucket, SLICE("w/"), true, 0, SLICE(""), w->arena, &page), OK);
    assert_int_equal(page.n, THREADS * EACH * 4 / 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whoami_is_the_tokens_user),
        TEST(a_bucket_lives_from_create_to_delete),
        TEST(many_buckets_are_listed_over_pages),
        TEST(what_was_added_is_found),
        TEST(all_that_fail_are_told_one_by_one),
        TEST(a_copy_needs_a_source),
        TEST(a_listing_goes_over_pages_and_levels),
        TEST(a_token_names_the_cas),
        TEST(everybody_reads_what_they_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

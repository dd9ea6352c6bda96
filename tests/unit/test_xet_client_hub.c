/* SPDX-License-Identifier: Apache-2.0 */
/* test_xet_client_hub.c: the client against the embedded Hub, which checks all that a CAS checks: what one of them
 * writes the other reads. */
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

#include "hub/hub.h"
#include "localhub/localhub.h"
#include "xet/xet.h"

#define MiB ((size_t)1 << 20)

struct env {
    char dir[64];
    struct localhub *localhub;
    struct http *http;
    struct hub *hub;
    struct hub_bucket *bucket;
    struct xet *xet;
    struct xet_space *space;
};

static enum err give_token(void *ctx, bool write, const char *refused, struct xet_token *out)
{
    struct env *env = ctx;

    return hub_xet_token(env->bucket, write, refused, out->cas_url, sizeof out->cas_url, out->access_token,
                         sizeof out->access_token);
}

static int begin(void **state)
{
    struct env *env = calloc(1, sizeof *env);
    char why[256];

    snprintf(env->dir, sizeof env->dir, "/tmp/hugs3-xet-XXXXXX");
    if (!mkdtemp(env->dir))
        return -1;
    struct localhub_config config = { .dir = env->dir, .listen = "127.0.0.1:0" };
    if (localhub_start(&config, why, &env->localhub)) {
        print_error("%s\n", why);
        return -1;
    }
    env->http = http_new(&(struct http_config){ .user_agent = "test" });
    env->hub = hub_new(&(struct hub_config){
        .http = env->http, .endpoint = localhub_url(env->localhub), .token = localhub_token(env->localhub) });
    if (hub_bucket_create(env->hub, SLICE("local/b"), HUB_PRIVATE, SLICE_NONE))
        return -1;
    env->bucket = hub_bucket_new(env->hub, SLICE("local/b"));
    env->xet = xet_new(&(struct xet_config){ .http = env->http, .workers = 2 });
    env->space = xet_space_new(env->xet, &(struct xet_access){ give_token, env });
    *state = env;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static int end(void **state)
{
    struct env *env = *state;

    xet_space_free(env->space);
    xet_free(env->xet);
    hub_bucket_free(env->bucket);
    hub_free(env->hub);
    http_stop(env->http);
    http_free(env->http);
    localhub_stop(env->localhub, 1000);
    localhub_free(env->localhub);
    nftw(env->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(env);
    return 0;
}

/* ---- content ---- */

static char *make_noise(size_t n, uint64_t seed)
{
    char *p = malloc(n + 8);
    uint64_t x = seed * 0x9E3779B97F4A7C15u + 1;

    for (size_t i = 0; i < n; i += 8) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        uint64_t v = seed % 2 ? x : x & 0x0000001f0000001fu; /* the even ones compress */
        memcpy(p + i, &v, 8);
    }
    return p;
}

static enum err send_bytes(struct env *env, struct slice content, struct xet_file *out, struct buf *recipe)
{
    struct xet_put *p = xet_put_new(env->space, content.n);

    enum err e = xet_put_write(p, content);
    if (!e)
        e = xet_put_finish(p, out, recipe);
    xet_put_free(p);
    return e;
}

static enum err read_bytes(struct env *env, const struct xet_file *file, uint64_t offset, struct slice want)
{
    struct xet_get *g;

    enum err e = xet_get_open(env->space, file, offset, want.n, &g);
    if (e)
        return e;
    for (;;) {
        struct slice bytes;
        e = xet_get_read(g, &bytes);
        if (e || bytes.n == 0)
            break;
        if (bytes.n > want.n || memcmp(bytes.p, want.p, bytes.n) != 0)
            e = ERR_INTERNAL;
        if (e)
            break;
        want = slice_from(want, bytes.n);
    }
    xet_get_free(g);
    return e ? e : want.n > 0 ? ERR_INTERNAL : OK;
}

/* ---- tests ---- */

static void content_of_any_size_comes_back_as_it_was(void **state)
{
    static const size_t sizes[] = { 1, 4096, 70000, 1000000, 5000000, 50000000 };

    for (uint64_t seed = 1; seed < 3; seed++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char *p = make_noise(sizes[i], seed);
            struct xet_file file;
            assert_int_equal(send_bytes(*state, slice_of(p, sizes[i]), &file, NULL), OK);
            assert_int_equal(read_bytes(*state, &file, 0, slice_of(p, sizes[i])), OK);
            size_t from = sizes[i] / 3;
            assert_int_equal(read_bytes(*state, &file, from, slice_of(p + from, sizes[i] / 3 + 1)), OK);
            free(p);
        }
    }
}

static void joined_parts_are_one_file(void **state)
{
    struct env *env = *state;
    struct xet_join *j = xet_join_new(env->space);
    char *p = make_noise(30 * MiB, 3);
    struct xet_file file;
    size_t at = 0;

    while (at < 30 * MiB) {
        AUTO_BUF struct buf recipe = { .max = MiB };
        size_t n = 30 * MiB - at < 7 * MiB ? 30 * MiB - at : 7 * MiB;
        assert_int_equal(send_bytes(env, slice_of(p + at, n), &file, &recipe), OK);
        assert_int_equal(xet_join_add(j, buf_slice(&recipe)), OK);
        at += n;
    }
    assert_int_equal(xet_join_finish(j, &file), OK);
    assert_int_equal(file.size, 30 * MiB);
    assert_int_equal(read_bytes(env, &file, 0, slice_of(p, 30 * MiB)), OK);
    xet_join_free(j);
    free(p);
}

struct worker {
    struct env *env;
    pthread_t thread;
    uint64_t seed;
    enum err err;
};

static void *run_many(void *arg)
{
    struct worker *w = arg;

    for (unsigned i = 0; i < 20 && !w->err; i++) {
        size_t n = 100 + (w->seed * 7919 + i * 104729) % 200000;
        char *p = make_noise(n, w->seed * 100 + i + 10);
        struct xet_file file;
        w->err = send_bytes(w->env, slice_of(p, n), &file, NULL);
        if (!w->err)
            w->err = read_bytes(w->env, &file, 0, slice_of(p, n));
        free(p);
    }
    return NULL;
}

static void many_small_files_at_once_are_all_there(void **state)
{
    struct worker w[16];

    for (size_t i = 0; i < 16; i++) {
        w[i] = (struct worker){ .env = *state, .seed = i };
        pthread_create(&w[i].thread, NULL, run_many, &w[i]);
    }
    for (size_t i = 0; i < 16; i++) {
        pthread_join(w[i].thread, NULL);
        assert_int_equal(w[i].err, OK);
    }
}

static void a_file_nobody_has_is_missing(void **state)
{
    struct xet_file file = { .hash = { { 5 } }, .size = 10 };

    assert_int_equal(read_bytes(*state, &file, 0, SLICE("0123456789")), ERR_UPSTREAM_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_of_any_size_comes_back_as_it_was),
        cmocka_unit_test(joined_parts_are_one_file),
        cmocka_unit_test(many_small_files_at_once_are_all_there),
        cmocka_unit_test(a_file_nobody_has_is_missing),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

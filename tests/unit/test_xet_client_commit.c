/* SPDX-License-Identifier: Apache-2.0 */
/* test_xet_client_commit.c: files that end at the same time share what they can, and parts join without moving. */
#include "xet_client.h"

#define KiB ((size_t)1 << 10)
#define MiB ((size_t)1 << 20)

/* ---- groups ---- */

struct upload_thread {
    struct client *client;
    pthread_t thread;
    struct slice content;
    struct xet_file file;
    enum err err;
};

static void *run_upload(void *arg)
{
    struct upload_thread *t = arg;

    t->err = send_content(t->client, t->content, t->content.n, 0, &t->file, NULL, NULL);
    return NULL;
}

static void run_uploads(struct upload_thread *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        pthread_create(&t[i].thread, NULL, run_upload, &t[i]);
    for (size_t i = 0; i < n; i++)
        pthread_join(t[i].thread, NULL);
}

enum { CROWD = 48 };

/* Two leaders are held up by a busy CAS; all the others come in while they wait. */
static void small_files_share_xorb_and_shard(void **state)
{
    struct client *c = *state;
    struct upload_thread t[CROWD];

    for (size_t i = 0; i < CROWD; i++) {
        t[i] = (struct upload_thread){ .client = c };
        t[i].content = make_content(NOISE, 1000 + i * 3000, i + 1);
    }
    fake_cas_fault(c->cas, FAKE_XORB, (struct fake_fault){ .times = 8, .status = 503 });
    run_uploads(t, CROWD);
    assert_true(fake_cas_calls(c->cas, FAKE_XORB) - 8 < CROWD / 2);
    assert_true(fake_cas_calls(c->cas, FAKE_SHARD) < CROWD / 2);
    assert_int_equal(c->cas->n_files, CROWD);
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(t[i].err, OK);
        assert_int_equal(read_back(c, &t[i].file, 0, t[i].content.n, t[i].content), OK);
        content_free(t[i].content);
    }
}

static void the_same_content_in_a_group_is_sent_once(void **state)
{
    struct client *c = *state;
    struct upload_thread t[CROWD];
    struct slice content = make_content(NOISE, 200 * KiB, 1);

    for (size_t i = 0; i < CROWD; i++)
        t[i] = (struct upload_thread){ .client = c, .content = content };
    fake_cas_fault(c->cas, FAKE_XORB, (struct fake_fault){ .times = 6, .status = 503 });
    run_uploads(t, CROWD);
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(t[i].err, OK);
    /* 8 tries and perhaps a third group that began before the first two were known */
    assert_true(c->cas->xorb_bytes < 12 * content.n);
    assert_int_equal(read_back(c, &t[CROWD - 1].file, 0, content.n, content), OK);
    content_free(content);
}

static void one_bad_file_does_not_fail_its_neighbours(void **state)
{
    struct client *c = *state;
    struct upload_thread t[CROWD];

    for (size_t i = 0; i < CROWD; i++) {
        t[i] = (struct upload_thread){ .client = c };
        t[i].content = make_content(NOISE, 1000 + i, i + 1);
    }
    hash_content(t[CROWD / 2].content, &c->cas->refused_file);
    fake_cas_fault(c->cas, FAKE_XORB, (struct fake_fault){ .times = 6, .status = 503 });
    run_uploads(t, CROWD);
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(t[i].err, i == CROWD / 2 ? ERR_UPSTREAM_ANSWER : OK);
        if (i != CROWD / 2)
            assert_int_equal(read_back(c, &t[i].file, 0, t[i].content.n, t[i].content), OK);
        content_free(t[i].content);
    }
}

/* ---- joining ---- */

static const struct {
    const char *name;
    size_t parts[8];
} joins[] = {
    { "no part", { 0 } },
    { "one small part", { 100 } },
    { "small parts", { 100, 200, 300 } },
    { "parts of all sizes", { 5 * MiB, 100 * KiB, 12 * MiB, 1, 3 * MiB } },
};

static void joined_parts_are_one_file(void **state)
{
    struct client *c = *state;

    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++) {
        struct xet_join *j = xet_join_new(c->space);
        struct xet_file file;
        struct slice whole = make_content(NOISE, 32 * MiB, i + 1);
        size_t at = 0;
        print_message("  %s\n", joins[i].name);
        for (size_t k = 0; joins[i].parts[k]; k++) {
            AUTO_BUF struct buf recipe;
            struct slice part = slice_of(whole.p + at, joins[i].parts[k]);
            buf_init(&recipe, MiB);
            assert_int_equal(send_content(c, part, part.n, 0, &file, NULL, &recipe), OK);
            assert_false(recipe.failed);
            assert_int_equal(xet_join_add(j, buf_slice(&recipe)), OK);
            at += part.n;
        }
        size_t sent = c->cas->xorb_bytes;
        assert_int_equal(xet_join_finish(j, &file), OK);
        assert_int_equal(c->cas->xorb_bytes, sent);
        assert_int_equal(file.size, at);
        if (at > 0)
            assert_int_equal(read_back(c, &file, 0, at, whole), OK);
        xet_join_free(j);
        content_free(whole);
    }
}

static void a_part_that_goes_on_in_the_same_xorb_goes_on_in_the_same_term(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 3 * MiB, 1);
    AUTO_BUF struct buf whole;
    struct xet_file file, joined;
    struct xet_join *j = xet_join_new(c->space);

    buf_init(&whole, MiB);
    assert_int_equal(send_content(c, content, 0, 0, &file, NULL, &whole), OK);
    /* one term each: the first and the second half of the same run, as recipe.h has it */
    uint32_t chunks, half, start, end;
    memcpy(&chunks, whole.p + 5, 4);
    memcpy(&start, whole.p + 9 + 32, 4);
    memcpy(&end, whole.p + 9 + 36, 4);
    assert_int_equal(end - start, chunks);
    half = chunks / 2;
    for (int k = 0; k < 2; k++) {
        AUTO_BUF struct buf part;
        uint32_t n = k ? chunks - half : half, from = k ? start + half : start, to = k ? end : start + half;
        buf_init(&part, MiB);
        buf_add(&part, slice_of(whole.p, 5));
        buf_add(&part, slice_of(&n, 4));
        buf_add(&part, slice_of(whole.p + 9, 32));
        buf_add(&part, slice_of(&from, 4));
        buf_add(&part, slice_of(&to, 4));
        buf_add(&part, slice_of(whole.p + 49 + (k ? half * 36 : 0), n * 36));
        assert_int_equal(xet_join_add(j, buf_slice(&part)), OK);
    }
    assert_int_equal(xet_join_finish(j, &joined), OK);
    assert_memory_equal(&joined, &file, sizeof file);
    assert_int_equal(c->cas->files[0].n, 1);
    xet_join_free(j);
    content_free(content);
}

static void a_damaged_recipe_is_refused(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 300 * KiB, 1);
    AUTO_BUF struct buf recipe;
    struct xet_join *j = xet_join_new(c->space);
    struct xet_file file;

    buf_init(&recipe, MiB);
    assert_int_equal(send_content(c, content, 0, 0, &file, NULL, &recipe), OK);
    for (size_t n = 0; n < recipe.n; n++)
        assert_int_equal(xet_join_add(j, slice_of(recipe.p, n)), ERR_CORRUPT);
    for (size_t at = 0; at < 9; at++) {
        recipe.p[at] ^= 0x10;
        assert_int_equal(xet_join_add(j, buf_slice(&recipe)), ERR_CORRUPT);
        recipe.p[at] ^= 0x10;
    }
    memset(recipe.p + 9 + 32, 0xff, 8); /* a term's chunks */
    assert_int_equal(xet_join_add(j, buf_slice(&recipe)), ERR_CORRUPT);
    assert_int_equal(xet_join_finish(j, &file), OK);
    assert_int_equal(file.size, 0); /* nothing was taken */
    xet_join_free(j);
    content_free(content);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)
    const struct CMUnitTest tests[] = {
        TEST(small_files_share_xorb_and_shard),
        TEST(the_same_content_in_a_group_is_sent_once),
        TEST(one_bad_file_does_not_fail_its_neighbours),
        TEST(joined_parts_are_one_file),
        TEST(a_part_that_goes_on_in_the_same_xorb_goes_on_in_the_same_term),
        TEST(a_damaged_recipe_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

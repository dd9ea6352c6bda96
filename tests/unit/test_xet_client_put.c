/* SPDX-License-Identifier: Apache-2.0 */
/* test_xet_client_put.c: uploads arrive whole, whatever their size, and send nothing twice. */
#include "xet_client.h"

#define KiB ((size_t)1 << 10)
#define MiB ((size_t)1 << 20)

static const struct {
    const char *name;
    enum kind kind;
    size_t n, hint, step;
} uploads[] = {
    { "one byte", NOISE, 1, 1, 0 },
    { "4 KiB", NOISE, 4 * KiB, 4 * KiB, 0 },
    { "4 KiB of text without a hint", TEXT, 4 * KiB, 0, 0 },
    { "a hint that is too low", NOISE, 300 * KiB, 100, 1000 },
    { "a hint that is far too low", NOISE, 3 * MiB, 100, 70000 },
    { "a hint that is too high", NOISE, 100, 1 << 30, 0 },
    { "just the minimum of a chunk", NOISE, 8192, 8192, 0 },
    { "just below what has a segment of its own size", NOISE, 128 * KiB, 128 * KiB, 4096 },
    { "just above it", NOISE, 128 * KiB + 1, 128 * KiB + 1, 4096 },
    { "a segment and a bit", NOISE, 513 * KiB, 513 * KiB, 0 },
    { "a tail that goes with others", NOISE, 3 * MiB, 3 * MiB, 64 * KiB },
    { "a xorb of its own", NOISE, 5 * MiB, 5 * MiB, 64 * KiB },
    { "several xorbs", NOISE, 40 * MiB, 40 * MiB, 1 * MiB },
    { "several xorbs without a hint", NOISE, 70 * MiB, 0, 1 * MiB },
    { "text", TEXT, 20 * MiB, 20 * MiB, 1 * MiB },
    { "floats", FLOATS, 20 * MiB, 20 * MiB, 1 * MiB },
    { "zeros", ZEROS, 80 * MiB, 80 * MiB, 1 * MiB },
};

static void content_of_any_size_comes_back_as_it_was(void **state)
{
    struct client *c = *state;

    for (size_t i = 0; i < sizeof uploads / sizeof *uploads; i++) {
        struct slice content = make_content(uploads[i].kind, uploads[i].n, i + 1);
        struct xet_put_stats stats;
        struct xet_file file;
        struct xet_hash want;
        print_message("  %s\n", uploads[i].name);
        assert_int_equal(send_content(c, content, uploads[i].hint, uploads[i].step, &file, &stats, NULL), OK);
        hash_content(content, &want);
        assert_memory_equal(&file.hash, &want, sizeof want);
        assert_int_equal(file.size, content.n);
        assert_int_equal(stats.received, content.n);
        assert_int_equal(read_back(c, &file, 0, content.n, content), OK);
        content_free(content);
    }
}

static void an_empty_file_needs_no_call(void **state)
{
    struct client *c = *state;
    struct xet_file file = { .size = 1 };

    assert_int_equal(send_content(c, SLICE_NONE, 0, 0, &file, NULL, NULL), OK);
    assert_memory_equal(&file.hash, &xet_hash_zero, sizeof file.hash);
    assert_int_equal(file.size, 0);
    assert_int_equal(fake_cas_calls(c->cas, FAKE_XORB) + fake_cas_calls(c->cas, FAKE_SHARD), 0);
}

static void content_that_compresses_is_sent_compressed(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(TEXT, 10 * MiB, 1);
    struct xet_put_stats stats;
    struct xet_file file;

    assert_int_equal(send_content(c, content, content.n, MiB, &file, &stats, NULL), OK);
    assert_true(stats.sent < content.n * 3 / 4);
    assert_int_equal(stats.sent, c->cas->xorb_bytes);
    content_free(content);
}

/* ---- dedup ---- */

static void what_was_sent_before_is_not_sent_again(void **state)
{
    struct client *c = *state;
    static const size_t sizes[] = { 100, 300 * KiB, 20 * MiB };

    for (size_t i = 0; i < 3; i++) {
        struct slice content = make_content(NOISE, sizes[i], i + 1);
        struct xet_put_stats stats;
        struct xet_file first = must_send(c, content), second;
        unsigned xorbs = fake_cas_calls(c->cas, FAKE_XORB);
        assert_int_equal(send_content(c, content, content.n, 0, &second, &stats, NULL), OK);
        assert_memory_equal(&first, &second, sizeof first);
        assert_int_equal(stats.deduplicated, content.n);
        assert_int_equal(stats.sent, 0);
        assert_int_equal(fake_cas_calls(c->cas, FAKE_XORB), xorbs);
        content_free(content);
    }
}

static void a_change_in_the_middle_sends_little(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 40 * MiB, 1);
    struct xet_put_stats stats;
    struct xet_file file;

    must_send(c, content);
    memset((char *)content.p + 20 * MiB, 7, 1000);
    assert_int_equal(send_content(c, content, content.n, MiB, &file, &stats, NULL), OK);
    assert_true(stats.sent < MiB);
    assert_int_equal(read_back(c, &file, 0, content.n, content), OK);
    content_free(content);
}

static void content_that_repeats_itself_is_sent_once(void **state)
{
    struct client *c = *state;
    struct slice half = make_content(NOISE, 10 * MiB, 1), content = make_content(ZEROS, 20 * MiB, 1);
    struct xet_put_stats stats;
    struct xet_file file;

    memcpy((char *)content.p, half.p, half.n);
    memcpy((char *)content.p + half.n, half.p, half.n);
    assert_int_equal(send_content(c, content, content.n, MiB, &file, &stats, NULL), OK);
    assert_true(stats.sent < half.n + MiB);
    assert_int_equal(read_back(c, &file, 0, content.n, content), OK);
    content_free(half);
    content_free(content);
}

/* A term for every chunk that happens to be known would make reading slow. */
static void a_scattered_match_is_sent_again(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 10 * MiB, 1), other = make_content(NOISE, 10 * MiB, 2);
    struct xet_put_stats stats;
    struct xet_file file;

    must_send(c, content);
    memcpy((char *)other.p + 5 * MiB, content.p + 5 * MiB, 300 * KiB);
    assert_int_equal(send_content(c, other, other.n, MiB, &file, &stats, NULL), OK);
    assert_int_equal(stats.deduplicated, 0);
    assert_int_equal(read_back(c, &file, 0, other.n, other), OK);
    content_free(content);
    content_free(other);
}

/* ---- a CAS that has lost what it had ---- */

static void a_small_file_whose_chunks_are_lost_is_sent_after_all(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 300 * KiB, 1);

    must_send(c, content);
    fake_cas_lose_xorbs(c->cas);
    struct xet_file file = must_send(c, content);
    assert_int_equal(read_back(c, &file, 0, content.n, content), OK);
    content_free(content);
}

static void a_large_file_whose_chunks_are_lost_fails_once(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 10 * MiB, 1);
    struct xet_file file = { .size = 1 };

    must_send(c, content);
    fake_cas_lose_xorbs(c->cas);
    assert_int_equal(send_content(c, content, content.n, 0, &file, NULL, NULL), ERR_UPSTREAM_ANSWER);
    assert_int_equal(file.size, 1);
    file = must_send(c, content);
    assert_int_equal(read_back(c, &file, 0, content.n, content), OK);
    content_free(content);
}

/* ---- failures ---- */

static const struct {
    const char *name;
    enum fake_call call;
    struct fake_fault fault;
    enum err want;
} faults[] = {
    { "a xorb is refused", FAKE_XORB, { .status = 400, .times = 9 }, ERR_UPSTREAM_ANSWER },
    { "a shard is refused", FAKE_SHARD, { .status = 400, .times = 9 }, ERR_UPSTREAM_ANSWER },
    { "no right to write", FAKE_XORB, { .status = 403, .times = 9 }, ERR_UPSTREAM_REFUSED },
    { "an odd status", FAKE_SHARD, { .status = 302, .times = 9 }, ERR_UPSTREAM_ANSWER },
    { "a xorb at the second try", FAKE_XORB, { .status = 503, .times = 1 }, OK },
    { "a shard at the second try", FAKE_SHARD, { .status = 429, .times = 1 }, OK },
};

static void failures_of_the_cas_have_their_errors(void **state)
{
    struct client *c = *state;
    static const size_t sizes[] = { 1000, 20 * MiB };
    uint64_t seed = 100;

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        for (size_t k = 0; k < 2; k++) {
            struct slice content = make_content(NOISE, sizes[k], seed++);
            struct xet_file file;
            print_message("  %s, %zu bytes\n", faults[i].name, content.n);
            fake_cas_fault(c->cas, faults[i].call, faults[i].fault);
            assert_int_equal(send_content(c, content, content.n, MiB, &file, NULL, NULL), faults[i].want);
            fake_cas_fault(c->cas, faults[i].call, (struct fake_fault){ 0 });
            content_free(content);
        }
    }
}

static void a_refused_token_is_replaced_once(void **state)
{
    static const size_t sizes[] = { 1000, 20 * MiB };

    for (size_t k = 0; k < 2; k++) {
        struct client *c = client_new(0);
        struct slice content = make_content(NOISE, sizes[k], 1);
        strcpy(c->cas->token, "token-fresh");
        struct xet_file file = must_send(c, content);
        assert_int_equal(c->refused, 1);
        assert_int_equal(c->cas->unauthorized, 1 + k); /* the larger one has asked for its first chunk, too */
        c->refused = 0;                                /* the client has the old one again */
        assert_int_equal(read_back(c, &file, 0, content.n, content), OK);
        assert_int_equal(c->refused, 1);
        content_free(content);
        client_free(c);
    }
    (void)state;
}

static void an_upload_can_be_given_up_at_any_time(void **state)
{
    struct client *c = *state;
    static const size_t sizes[] = { 0, 1, 100 * KiB, 2 * MiB, 50 * MiB };
    struct slice content = make_content(NOISE, 50 * MiB, 1);

    for (size_t i = 0; i < 5; i++) {
        struct xet_put *p = xet_put_new(c->space, 0);
        assert_int_equal(xet_put_write(p, slice_of(content.p, sizes[i])), OK);
        xet_put_free(p);
    }
    assert_int_equal(fake_cas_calls(c->cas, FAKE_SHARD), 0);
    content_free(content);
}

/* ---- memory ---- */

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

    t->err = send_content(t->client, t->content, t->content.n, 100000, &t->file, NULL, NULL);
    return NULL;
}

static void many_uploads_live_within_little_memory(void **state)
{
    struct client *c = client_new(16 * MiB);
    enum { N = 12 };
    struct upload_thread t[N];

    for (size_t i = 0; i < N; i++) {
        t[i] = (struct upload_thread){ .client = c };
        t[i].content = make_content(i % 3 ? NOISE : TEXT, (i % 4 ? 12 : 1) * MiB, i + 1);
        pthread_create(&t[i].thread, NULL, run_upload, &t[i]);
    }
    for (size_t i = 0; i < N; i++) {
        pthread_join(t[i].thread, NULL);
        assert_int_equal(t[i].err, OK);
        assert_int_equal(read_back(c, &t[i].file, 0, t[i].content.n, t[i].content), OK);
        content_free(t[i].content);
    }
    client_free(c);
    (void)state;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)
    const struct CMUnitTest tests[] = {
        TEST(content_of_any_size_comes_back_as_it_was),
        TEST(an_empty_file_needs_no_call),
        TEST(content_that_compresses_is_sent_compressed),
        TEST(what_was_sent_before_is_not_sent_again),
        TEST(a_change_in_the_middle_sends_little),
        TEST(content_that_repeats_itself_is_sent_once),
        TEST(a_scattered_match_is_sent_again),
        TEST(a_small_file_whose_chunks_are_lost_is_sent_after_all),
        TEST(a_large_file_whose_chunks_are_lost_fails_once),
        TEST(failures_of_the_cas_have_their_errors),
        cmocka_unit_test(a_refused_token_is_replaced_once),
        TEST(an_upload_can_be_given_up_at_any_time),
        cmocka_unit_test(many_uploads_live_within_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

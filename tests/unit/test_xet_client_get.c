/* SPDX-License-Identifier: Apache-2.0 */
/* test_xet_client_get.c: downloads give the right bytes or an error, whatever the source does. */
#include "xet_client.h"

#define KiB ((size_t)1 << 10)
#define MiB ((size_t)1 << 20)

static const struct {
    const char *name;
    uint64_t offset, length;
} ranges[] = {
    { "the first byte", 0, 1 },        { "the last byte", 10 * MiB + 4, 1 },
    { "a chunk's inside", 1000, 10 },  { "across a chunk's end", 60 * KiB, 130 * KiB },
    { "most of it", 1, 10 * MiB + 3 }, { "all but the last byte", 0, 10 * MiB + 4 },
    { "all of it", 0, 10 * MiB + 5 },
};

static void any_range_can_be_read(void **state)
{
    struct client *c = *state;

    for (int kind = NOISE; kind <= FLOATS; kind++) {
        for (int way = 0; way < 4; way++) {
            struct slice content = make_content((enum kind)kind, 10 * MiB + 5, 1);
            struct xet_file file = must_send(c, content);
            c->cas->whole_ranges = way & 1;
            c->cas->no_v2 = way & 2;
            for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
                assert_int_equal(read_back(c, &file, ranges[i].offset, ranges[i].length, content), OK);
            content_free(content);
            xet_space_free(c->space); /* forgets which version the CAS answers */
            c->space = xet_space_new(c->xet, &(struct xet_access){ client_token, c });
        }
    }
}

static void a_part_fetches_only_the_chunks_it_touches(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 10 * MiB, 1);
    struct xet_file file = must_send(c, content);
    struct xet_stats stats;

    assert_int_equal(read_back(c, &file, 5 * MiB, 1000, content), OK);
    xet_stats(c->xet, &stats);
    assert_true(stats.fetched <= 2 * (XET_CHUNK_MAX + XORB_HEADER));
    content_free(content);
}

static void a_missing_file_is_known_before_anything_is_read(void **state)
{
    struct client *c = *state;
    struct xet_file file = { .hash = { { 1 } }, .size = 100 };
    struct xet_get *g = NULL;

    assert_int_equal(xet_get_open(c->space, &file, 0, 100, &g), ERR_UPSTREAM_MISSING);
    assert_null(g);
}

static void the_version_that_a_cas_answers_is_remembered(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, KiB, 1);
    struct xet_file file = must_send(c, content);

    c->cas->no_v2 = true;
    for (int i = 0; i < 5; i++)
        assert_int_equal(read_back(c, &file, 0, KiB, content), OK);
    assert_int_equal(c->cas->v1_calls, 5);
    assert_int_equal(fake_cas_calls(c->cas, FAKE_RECON), 6);
    content_free(content);
}

static void content_that_repeats_itself_is_fetched_once(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(ZEROS, 50 * MiB, 1);
    struct xet_file file = must_send(c, content);

    assert_true(c->cas->files[0].n > 30); /* terms */
    assert_int_equal(read_back(c, &file, 0, content.n, content), OK);
    assert_true(fake_cas_calls(c->cas, FAKE_DATA) <= 4);
    content_free(content);
}

/* ---- a source that fails ---- */

static const struct {
    const char *name;
    struct fake_fault fault;
    enum err want;
} faults[] = {
    { "cut in the middle", { .times = 2, .cut = 100000 }, OK },
    { "cut at once", { .times = 2, .cut = 0 }, OK },
    { "expired", { .times = 2, .status = 403, .cut = -1 }, OK },
    { "expired for good", { .times = 1000, .status = 403, .cut = -1 }, ERR_UPSTREAM },
    { "busy", { .times = 2, .status = 503, .cut = -1 }, OK },
    { "gone", { .times = 1000, .status = 404, .cut = -1 }, ERR_UPSTREAM_MISSING },
    { "redirected", { .times = 1000, .status = 302, .cut = -1 }, ERR_UPSTREAM_ANSWER },
};

static void a_source_that_fails_is_asked_again(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 10 * MiB, 1);
    struct xet_file file = must_send(c, content);

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        print_message("  %s\n", faults[i].name);
        fake_cas_fault(c->cas, FAKE_DATA, faults[i].fault);
        assert_int_equal(read_back(c, &file, 0, content.n, content), faults[i].want);
        fake_cas_fault(c->cas, FAKE_DATA, faults[i].fault);
        assert_int_equal(read_back(c, &file, 3 * MiB, MiB, content), faults[i].want);
        fake_cas_fault(c->cas, FAKE_DATA, (struct fake_fault){ 0 });
    }
    content_free(content);
}

static void a_source_that_always_breaks_off_still_gets_there(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 5 * MiB, 1);
    struct xet_file file = must_send(c, content);

    c->cas->data_cap = 400 * KiB; /* a few chunks a try */
    assert_int_equal(read_back(c, &file, 0, content.n, content), OK);
    assert_true(fake_cas_calls(c->cas, FAKE_RECON) > 10);
    content_free(content);
}

static void a_whole_file_that_does_not_match_never_ends_well(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 300 * KiB, 1);
    struct xet_file file = must_send(c, content);
    struct xet_get *g;
    size_t given = 0;
    enum err e;

    fake_cas_fault(c->cas, FAKE_DATA, (struct fake_fault){ .times = 1000, .cut = -1, .garble = true });
    assert_int_equal(xet_get_open(c->space, &file, 0, file.size, &g), OK);
    do {
        struct slice bytes = SLICE_NONE;
        e = xet_get_read(g, &bytes);
        given += bytes.n;
    } while (!e);
    assert_int_equal(e, ERR_CORRUPT);
    assert_true(given < file.size);
    xet_get_free(g);
    content_free(content);
}

static void another_files_content_is_not_taken_for_it(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 300 * KiB, 1), other = make_content(NOISE, 300 * KiB, 2);
    struct xet_file file = must_send(c, content);
    struct slice bytes;
    struct xet_get *g;
    size_t given = 0;
    enum err e;

    must_send(c, other);
    c->cas->files[0].terms = (free(c->cas->files[0].terms), malloc(sizeof(struct shard_term)));
    c->cas->files[0].terms[0] = c->cas->files[1].terms[0];
    assert_int_equal(xet_get_open(c->space, &file, 0, file.size, &g), OK);
    while (!(e = xet_get_read(g, &bytes)))
        given += bytes.n;
    assert_int_equal(e, ERR_CORRUPT);
    assert_true(given < file.size);
    xet_get_free(g);
    content_free(content);
    content_free(other);
}

static void a_download_can_be_given_up_at_any_time(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 20 * MiB, 1);
    struct xet_file file = must_send(c, content);

    for (int reads = 0; reads < 100; reads += 33) {
        struct xet_get *g;
        assert_int_equal(xet_get_open(c->space, &file, 0, file.size, &g), OK);
        for (int i = 0; i < reads; i++) {
            struct slice bytes;
            assert_int_equal(xet_get_read(g, &bytes), OK);
        }
        xet_get_free(g);
    }
    content_free(content);
}

/* ---- files of many xorbs, in turns ---- */

/* Where the first n chunks of the content end. */
static void find_cuts(struct slice content, size_t n, size_t *ends)
{
    struct xet_chunker chunker;
    size_t at = 0;

    xet_chunker_init(&chunker);
    for (size_t i = 0; i < n; i++) {
        bool cut;
        at += xet_chunker_scan(&chunker, slice_from(content, at), &cut);
        ends[i] = at;
    }
}

enum { SOURCES = 11, TURNS = 4, RUN = 8 };

/* Every xorb is wanted again and again, and there are more of them than streams: each stretch of a xorb is still
 * fetched once or a few times, not once a term. */
static void a_file_of_many_xorbs_in_turns_is_read_in_order(void **state)
{
    struct client *c = *state;
    struct slice source[SOURCES], whole = { malloc(SOURCES * TURNS * RUN * XET_CHUNK_MAX), 0 };
    size_t ends[SOURCES][TURNS * RUN];
    struct xet_join *j = xet_join_new(c->space);
    struct xet_stats stats;
    struct xet_file file;

    for (size_t i = 0; i < SOURCES; i++) {
        source[i] = make_content(NOISE, 5 * MiB, i + 1);
        find_cuts(source[i], TURNS * RUN, ends[i]);
        must_send(c, source[i]);
    }
    size_t sent = c->cas->xorb_bytes;
    for (size_t turn = 0; turn < TURNS; turn++) {
        for (size_t i = 0; i < SOURCES; i++) {
            AUTO_BUF struct buf recipe = { .max = MiB };
            size_t from = turn ? ends[i][turn * RUN - 1] : 0;
            struct slice part = slice_of(source[i].p + from, ends[i][turn * RUN + RUN - 1] - from);
            assert_int_equal(send_content(c, part, part.n, 0, &file, NULL, &recipe), OK);
            assert_int_equal(xet_join_add(j, buf_slice(&recipe)), OK);
            memcpy((char *)whole.p + whole.n, part.p, part.n);
            whole.n += part.n;
        }
    }
    assert_int_equal(c->cas->xorb_bytes, sent);
    assert_int_equal(xet_join_finish(j, &file), OK);
    c->cas->whole_ranges = true;
    assert_int_equal(read_back(c, &file, 0, file.size, whole), OK);
    xet_stats(c->xet, &stats);
    assert_true(stats.fetched < 4 * whole.n);
    xet_join_free(j);
    for (size_t i = 0; i < SOURCES; i++)
        content_free(source[i]);
    content_free(whole);
}

/* ---- many at once ---- */

struct download_thread {
    struct client *client;
    pthread_t thread;
    struct slice content;
    struct xet_file file;
    enum err err;
};

static void *run_download(void *arg)
{
    struct download_thread *t = arg;

    t->err = read_back(t->client, &t->file, 0, t->content.n, t->content);
    return NULL;
}

static void many_downloads_live_within_little_memory(void **state)
{
    struct client *c = client_new(16 * MiB);
    enum { N = 16 };
    struct download_thread t[N];

    c->cas->whole_ranges = true;
    for (size_t i = 0; i < N; i++) {
        t[i] = (struct download_thread){ .client = c };
        t[i].content = make_content(i % 2 ? NOISE : ZEROS, (i % 4 ? 6 : 1) * MiB, i + 1);
        t[i].file = must_send(c, t[i].content);
    }
    for (size_t i = 0; i < N; i++)
        pthread_create(&t[i].thread, NULL, run_download, &t[i]);
    for (size_t i = 0; i < N; i++) {
        pthread_join(t[i].thread, NULL);
        assert_int_equal(t[i].err, OK);
        content_free(t[i].content);
    }
    client_free(c);
    (void)state;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)
    const struct CMUnitTest tests[] = {
        TEST(any_range_can_be_read),
        TEST(a_part_fetches_only_the_chunks_it_touches),
        TEST(a_missing_file_is_known_before_anything_is_read),
        TEST(the_version_that_a_cas_answers_is_remembered),
        TEST(content_that_repeats_itself_is_fetched_once),
        TEST(a_source_that_fails_is_asked_again),
        TEST(a_source_that_always_breaks_off_still_gets_there),
        TEST(a_whole_file_that_does_not_match_never_ends_well),
        TEST(another_files_content_is_not_taken_for_it),
        TEST(a_download_can_be_given_up_at_any_time),
        TEST(a_file_of_many_xorbs_in_turns_is_read_in_order),
        cmocka_unit_test(many_downloads_live_within_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

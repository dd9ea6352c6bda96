/* SPDX-License-Identifier: Apache-2.0 */
/* test_xet_client_global.c: what others have stored in the CAS is not sent again, and asking for it harms nobody. */
#include <unistd.h>

#include "xet_client.h"

#define KiB ((size_t)1 << 10)
#define MiB ((size_t)1 << 20)

/* Another client of the same CAS, as after a restart of the gateway. */
static struct client *another(struct client *c, const char *index_path)
{
    struct client *o = calloc(1, sizeof *o);

    o->cas = c->cas;
    o->http = c->http;
    o->xet = xet_new(&(struct xet_config){ .http = o->http, .workers = 2, .index_path = index_path });
    o->space = xet_space_new(o->xet, &(struct xet_access){ client_token, o });
    return o;
}

static void another_free(struct client *o)
{
    struct xet_stats stats;

    xet_stats(o->xet, &stats);
    assert_int_equal(stats.upload_memory, 0);
    xet_space_free(o->space);
    xet_free(o->xet);
    free(o);
}

static unsigned questions(struct client *c)
{
    return fake_cas_calls(c->cas, FAKE_CHUNK);
}

static struct xet_put_stats must_put(struct client *c, struct slice content, uint64_t hint)
{
    struct xet_put_stats stats;
    struct xet_file file;
    struct xet_hash want;

    assert_int_equal(send_content(c, content, hint, MiB, &file, &stats, NULL), OK);
    hash_content(content, &want);
    assert_memory_equal(&file.hash, &want, sizeof want);
    assert_int_equal(read_back(c, &file, 0, content.n, content), OK);
    return stats;
}

/* The end of a xorb is less than a run: a few chunks at most. */
#define FEW_CHUNKS (MiB / 2)

static void what_another_client_has_stored_is_not_sent_again(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 40 * MiB, 1);

    for (unsigned plain = 0; plain < 2; plain++) {
        must_send(c, content);
        c->cas->plain_chunks = plain;
        struct client *o = another(c, NULL);
        unsigned before = questions(c);
        struct xet_put_stats stats = must_put(o, content, plain ? 0 : content.n);
        assert_true(stats.sent < FEW_CHUNKS);
        assert_true(stats.deduplicated > content.n - FEW_CHUNKS);
        assert_int_equal(questions(c), before + 1);
        another_free(o);
    }
    content_free(content);
}

static void a_change_in_the_middle_of_what_another_has_sends_little(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 40 * MiB, 1);

    must_send(c, content);
    memset((char *)content.p + 20 * MiB, 7, 1000);
    struct client *o = another(c, NULL);
    assert_true(must_put(o, content, content.n).sent < MiB);
    another_free(o);
    content_free(content);
}

/* A part of a multipart upload begins anywhere: its first chunk is none that the CAS answers for. */
static void one_answer_serves_the_uploads_that_follow(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 40 * MiB, 1);

    must_send(c, content);
    struct client *o = another(c, NULL);
    assert_true(must_put(o, slice_of(content.p, 10 * MiB), 10 * MiB).sent < FEW_CHUNKS);
    fake_cas_fault(c->cas, FAKE_CHUNK, (struct fake_fault){ .status = 404, .times = 1000 });
    assert_true(must_put(o, slice_of(content.p + 10 * MiB, 10 * MiB), 10 * MiB).sent < FEW_CHUNKS);
    another_free(o);
    content_free(content);
}

static void what_was_found_once_is_not_asked_for_again(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 10 * MiB, 1);

    must_send(c, content);
    struct client *o = another(c, NULL);
    must_put(o, content, content.n);
    unsigned before = questions(c);
    c->cas->chunks_expiry_s = 1;
    assert_true(must_put(o, content, content.n).sent < FEW_CHUNKS);
    assert_int_equal(questions(c), before);
    another_free(o);
    content_free(content);
}

static void a_run_that_is_too_short_is_sent_all_the_same(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 300 * KiB, 1), longer = make_content(NOISE, 3 * MiB, 2);

    must_send(c, content);
    memcpy((char *)longer.p, content.p, content.n);
    struct client *o = another(c, NULL);
    assert_int_equal(must_put(o, longer, longer.n).deduplicated, 0);
    assert_true(questions(c) >= 1);
    another_free(o);
    content_free(content);
    content_free(longer);
}

/* ---- when to ask ---- */

static const struct {
    const char *name;
    size_t n, hint;
    unsigned questions;
} asked[] = {
    { "4 KiB", 4 * KiB, 4 * KiB, 0 },
    { "4 KiB without a hint", 4 * KiB, 0, 0 },
    { "4 KiB with a hint that is too high", 4 * KiB, 1 << 30, 0 },
    { "just below 1 MiB", MiB - 1, MiB - 1, 0 },
    { "just below 1 MiB without a hint", MiB - 1, 0, 0 },
    { "1 MiB", MiB, MiB, 1 },
    { "2 MiB without a hint", 2 * MiB, 0, 1 },
};

static void only_large_content_is_asked_for(void **state)
{
    struct client *c = *state;

    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct slice content = make_content(NOISE, asked[i].n, 200 + i);
        unsigned before = questions(c);
        print_message("  %s\n", asked[i].name);
        must_put(c, content, asked[i].hint);
        assert_int_equal(questions(c) - before, asked[i].questions);
        content_free(content);
    }
}

/* Noise of one chunk whose hash is eligible. Its end is a cut, so that it can be repeated. */
static struct slice eligible_chunk(void)
{
    for (uint64_t seed = 1;; seed++) {
        struct slice noise = make_content(NOISE, 4 * MiB, 1000 + seed), rest = noise;
        struct xet_chunker chunker;
        struct xet_hash hash;
        bool cut = true;
        xet_chunker_init(&chunker);
        while (rest.n > 0 && cut) {
            size_t n = xet_chunker_scan(&chunker, rest, &cut);
            xet_chunk_hash(slice_of(rest.p, n), &hash);
            if (cut && n < XET_CHUNK_MAX && xet_hash_dedup_eligible(&hash)) {
                struct slice found = slice_of(mem_dup(slice_of(rest.p, n)), n);
                content_free(noise);
                return found;
            }
            rest = slice_from(rest, n);
        }
        content_free(noise);
    }
}

static void it_is_asked_at_most_once_every_4_MiB(void **state)
{
    struct client *c = *state;
    struct slice chunk = eligible_chunk();
    AUTO_BUF struct buf content;

    buf_init(&content, 16 * MiB);
    while (content.n < 11 * MiB)
        buf_add(&content, chunk);
    struct client *o = another(c, NULL);
    must_put(o, buf_slice(&content), content.n);
    assert_int_equal(questions(c), 3);
    another_free(o);
    content_free(chunk);
}

/* ---- odd answers ---- */

static void nothing(struct fake_cas *cas)
{
    (void)cas;
}

static void bare(struct fake_cas *cas)
{
    cas->bare_chunks = true;
}

static void expired(struct fake_cas *cas)
{
    cas->chunks_expiry_s = 1000000000;
}

static void cut_short(struct fake_cas *cas)
{
    cas->chunks_cut = 7;
}

static const struct {
    const char *name;
    int status;
    void (*prepare)(struct fake_cas *cas);
    bool asks_again; /* with the next upload */
} odd[] = {
    { "nobody has it", 404, nothing, true },
    { "too many requests", 429, nothing, false },
    { "no longer allowed", 403, nothing, false },
    { "a token that is stale", 401, nothing, false },
    { "out of order", 503, nothing, false },
    { "no content", 204, nothing, false },
    { "not a shard", 200, nothing, false },
    { "never", FAKE_SILENCE, nothing, false },
    { "no footer", 0, bare, false },
    { "a key that has expired", 0, expired, false },
    { "a shard without its end", 0, cut_short, false },
};

static void an_odd_answer_only_means_that_content_is_sent(void **state)
{
    struct client *c = *state;

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct client *c2 = client_new(0), *o = another(c2, NULL);
        struct slice content = make_content(NOISE, 3 * MiB, 300 + i), next = make_content(NOISE, 2 * MiB, 400 + i);
        print_message("  %s\n", odd[i].name);
        must_send(c2, content);
        unsigned before = questions(c2);
        odd[i].prepare(c2->cas);
        if (odd[i].status)
            fake_cas_fault(c2->cas, FAKE_CHUNK, (struct fake_fault){ .status = odd[i].status, .times = 100 });
        assert_true(must_put(o, content, content.n).sent > 2 * MiB);
        assert_int_equal(questions(c2), before + 1);
        must_put(o, next, next.n);
        assert_int_equal(questions(c2), before + 1 + odd[i].asks_again);
        content_free(content);
        content_free(next);
        another_free(o);
        client_free(c2);
    }
    assert_int_equal(questions(c), 0);
}

static void an_answer_that_names_what_is_lost_is_believed_once(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 10 * MiB, 1);
    struct xet_file file;

    must_send(c, content);
    fake_cas_lose_xorbs(c->cas);
    c->cas->stale_chunks = true;
    struct client *o = another(c, NULL);
    assert_int_equal(send_content(o, content, content.n, 0, &file, NULL, NULL), ERR_UPSTREAM_ANSWER);
    c->cas->stale_chunks = false;
    assert_true(must_put(o, content, content.n).sent > 9 * MiB);
    another_free(o);
    content_free(content);
}

/* ---- the index kept ---- */

static void what_was_sent_before_a_restart_is_not_sent_after_it(void **state)
{
    struct client *c = *state;
    struct slice content = make_content(NOISE, 20 * MiB, 1), small = make_content(NOISE, 100 * KiB, 2);
    char dir[] = "/tmp/hugs3-index-XXXXXX", path[64];

    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/chunks.idx", dir);
    struct client *o = another(c, path);
    must_put(o, content, content.n);
    must_put(o, small, small.n);
    another_free(o);
    fake_cas_fault(c->cas, FAKE_CHUNK, (struct fake_fault){ .status = 404, .times = 1000 });
    o = another(c, path);
    assert_int_equal(must_put(o, small, small.n).sent, 0);
    assert_true(must_put(o, content, content.n).sent < FEW_CHUNKS);
    another_free(o);
    unlink(path);
    rmdir(dir);
    content_free(content);
    content_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_another_client_has_stored_is_not_sent_again, client_setup,
                                        client_teardown),
        cmocka_unit_test_setup_teardown(a_change_in_the_middle_of_what_another_has_sends_little, client_setup,
                                        client_teardown),
        cmocka_unit_test_setup_teardown(one_answer_serves_the_uploads_that_follow, client_setup, client_teardown),
        cmocka_unit_test_setup_teardown(what_was_found_once_is_not_asked_for_again, client_setup, client_teardown),
        cmocka_unit_test_setup_teardown(a_run_that_is_too_short_is_sent_all_the_same, client_setup, client_teardown),
        cmocka_unit_test_setup_teardown(only_large_content_is_asked_for, client_setup, client_teardown),
        cmocka_unit_test_setup_teardown(it_is_asked_at_most_once_every_4_MiB, client_setup, client_teardown),
        cmocka_unit_test_setup_teardown(an_odd_answer_only_means_that_content_is_sent, client_setup, client_teardown),
        cmocka_unit_test_setup_teardown(an_answer_that_names_what_is_lost_is_believed_once, client_setup,
                                        client_teardown),
        cmocka_unit_test_setup_teardown(what_was_sent_before_a_restart_is_not_sent_after_it, client_setup,
                                        client_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

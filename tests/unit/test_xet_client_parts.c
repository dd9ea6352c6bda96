/* SPDX-License-Identifier: Apache-2.0 */
/* test_xet_client_parts.c: the pieces of the client that need no CAS: the chunk index, the reconstruction's JSON, and
 * the list of what lies where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "xet/chunk_index.h"
#include "xet/layout.h"
#include "xet/recon.h"
#include "xet/segment.h"

static struct xet_hash some_hash(uint64_t n)
{
    struct xet_hash h;

    xet_chunk_hash(slice_of(&n, sizeof n), &h);
    return h;
}

/* ---- the chunk index ---- */

static bool find_one(struct chunk_index *x, uint32_t cas, uint64_t n, struct chunk_place *place)
{
    struct xet_hash hash = some_hash(n);
    const struct xet_hash *hashes[1] = { &hash };
    bool known;

    chunk_index_find(x, cas, hashes, 1, &known, place);
    return known;
}

static void add_xorb(struct chunk_index *x, uint32_t cas, uint64_t xorb, uint64_t first, size_t n)
{
    struct shard_chunk *chunks = calloc(n, sizeof *chunks);
    struct xet_hash hash = some_hash(1000000 + xorb);

    for (size_t i = 0; i < n; i++)
        chunks[i].hash = some_hash(first + i);
    chunk_index_add(x, cas, &hash, chunks, n);
    free(chunks);
}

static void the_index_finds_what_was_added_and_nothing_else(void **state)
{
    struct chunk_index *x = chunk_index_new(8 << 20, NULL);
    struct chunk_place place;
    struct xet_hash xorb = some_hash(1000000 + 7);

    assert_false(find_one(x, 1, 5, &place));
    add_xorb(x, 1, 7, 0, 5000);
    for (uint64_t i = 0; i < 5000; i++) {
        assert_true(find_one(x, 1, i, &place));
        assert_memory_equal(&place.xorb, &xorb, sizeof xorb);
        assert_int_equal(place.index, i);
        assert_false(find_one(x, 2, i, &place)); /* another CAS */
    }
    assert_false(find_one(x, 1, 5000, &place));
    chunk_index_free(x);
    (void)state;
}

static void the_index_forgets_a_xorb_and_keeps_the_others(void **state)
{
    struct chunk_index *x = chunk_index_new(8 << 20, NULL);
    struct xet_hash xorb = some_hash(1000000 + 7);
    struct chunk_place place;

    add_xorb(x, 1, 7, 0, 1000);
    add_xorb(x, 1, 8, 1000, 1000);
    add_xorb(x, 2, 7, 2000, 1000);
    chunk_index_forget(x, 1, &xorb);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_false(find_one(x, 1, i, &place));
        assert_true(find_one(x, 1, 1000 + i, &place));
        assert_true(find_one(x, 2, 2000 + i, &place));
    }
    chunk_index_free(x);
    (void)state;
}

static void a_full_index_keeps_what_is_used(void **state)
{
    struct chunk_index *x = chunk_index_new(1 << 20, NULL); /* about 14,000 chunks */
    struct chunk_place place;
    unsigned old = 0;

    add_xorb(x, 1, 0, 0, 100);
    for (uint64_t k = 1; k < 100; k++) {
        add_xorb(x, 1, k, k * 1000, 1000);
        for (uint64_t i = 0; i < 100; i++)
            assert_true(find_one(x, 1, i, &place));
    }
    for (uint64_t i = 1000; i < 100000; i++)
        old += find_one(x, 1, i, &place);
    assert_true(old > 5000 && old < 15000);
    chunk_index_free(x);
    (void)state;
}

/* ---- reconstructions ---- */

#define H1 "1111111111111111111111111111111111111111111111111111111111111111"
#define H2 "2222222222222222222222222222222222222222222222222222222222222222"
#define TERM(hash, size, a, b)                                                                                         \
    "{\"hash\":\"" hash "\",\"unpacked_length\":" size ",\"range\":{\"start\":" a ",\"end\":" b "}}"
#define RANGE(a, b, from, to)                                                                                          \
    "{\"chunks\":{\"start\":" a ",\"end\":" b "},\"bytes\":{\"start\":" from ",\"end\":" to "}}"
#define XORB(hash, url, ranges)  "\"" hash "\":[{\"url\":\"" url "\",\"ranges\":[" ranges "]}]"
#define ROOT(skip, terms, xorbs) "{\"offset_into_first_range\":" skip ",\"terms\":[" terms "],\"xorbs\":{" xorbs "}}"
#define GOOD_TERM                TERM(H1, "1000", "2", "4")
#define GOOD_XORB                XORB(H1, "http://h/x", RANGE("0", "5", "0", "999"))

static const struct {
    const char *name, *json;
    bool good;
} answers[] = {
    { "as it should be", ROOT("10", GOOD_TERM, GOOD_XORB), true },
    { "something more",
      "{\"new\":[1],\"offset_into_first_range\":0,\"terms\":[" GOOD_TERM "],\"xorbs\":{" GOOD_XORB "}}", true },
    { "no JSON", "<html>", false },
    { "nothing", "", false },
    { "an array", "[]", false },
    { "no terms", ROOT("0", "", GOOD_XORB), false },
    { "no such xorb", ROOT("0", TERM(H2, "1000", "2", "4"), GOOD_XORB), false },
    { "a hash that is none", ROOT("0", TERM("12", "1000", "2", "4"), GOOD_XORB), false },
    { "a term out of its range", ROOT("0", TERM(H1, "1000", "2", "6"), GOOD_XORB), false },
    { "a term that ends before it starts", ROOT("0", TERM(H1, "1000", "4", "2"), GOOD_XORB), false },
    { "a term of nothing", ROOT("0", TERM(H1, "1000", "2", "2"), GOOD_XORB), false },
    { "a term larger than its chunks", ROOT("0", TERM(H1, "262145", "2", "4"), GOOD_XORB), false },
    { "a term smaller than its chunks", ROOT("0", TERM(H1, "1", "2", "4"), GOOD_XORB), false },
    { "a negative size", ROOT("0", TERM(H1, "-1000", "2", "4"), GOOD_XORB), false },
    { "a fraction", ROOT("0", TERM(H1, "1000.5", "2", "4"), GOOD_XORB), false },
    { "more chunks than a xorb has",
      ROOT("0", TERM(H1, "1000", "2", "9000"), XORB(H1, "http://h/x", RANGE("0", "9000", "0", "999"))), false },
    { "an offset beyond the first term", ROOT("1000", GOOD_TERM, GOOD_XORB), false },
    { "less than was asked for", ROOT("600", GOOD_TERM, GOOD_XORB), false },
    { "a range that ends before it starts", ROOT("0", GOOD_TERM, XORB(H1, "http://h/x", RANGE("0", "5", "999", "0"))),
      false },
    { "a range larger than a xorb", ROOT("0", GOOD_TERM, XORB(H1, "http://h/x", RANGE("0", "5", "0", "999999999"))),
      false },
    { "a URL that is no http", ROOT("0", GOOD_TERM, XORB(H1, "file:///etc/passwd", RANGE("0", "5", "0", "999"))),
      false },
    { "a number for a URL", ROOT("0", GOOD_TERM, "\"" H1 "\":[{\"url\":5,\"ranges\":[]}]"), false },
    { "ranges that are no list", ROOT("0", GOOD_TERM, "\"" H1 "\":[{\"url\":\"http://h\",\"ranges\":7}]"), false },
    { "a xorb that is no list", ROOT("0", GOOD_TERM, "\"" H1 "\":{}"), false },
};

static void a_reconstruction_is_checked_before_it_is_used(void **state)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct recon r = { .skip = 12345 };
        print_message("  %s\n", answers[i].name);
        enum err e = recon_parse(slice_str(answers[i].json), true, 500, &r);
        assert_int_equal(e, answers[i].good ? OK : ERR_UPSTREAM_ANSWER);
        if (!e) {
            assert_int_equal(r.n_terms, 1);
            assert_string_equal(r.ranges[r.terms[0].range].url, "http://h/x");
            recon_done(&r);
        } else
            assert_int_equal(r.skip, 12345);
    }
    (void)state;
}

static void the_older_form_says_the_same(void **state)
{
    static const char json[] = "{\"offset_into_first_range\":3,\"terms\":[" GOOD_TERM "],\"fetch_info\":{\"" H1
                               "\":[{\"range\":{\"start\":0,\"end\":5},\"url\":\"https://h/x\","
                               "\"url_range\":{\"start\":7,\"end\":999}}]}}";
    struct recon r;

    assert_int_equal(recon_parse(SLICE(json), false, 500, &r), OK);
    assert_int_equal(r.skip, 3);
    assert_int_equal(r.ranges[0].from, 7);
    assert_int_equal(r.ranges[0].to, 999);
    assert_int_equal(r.terms[0].start, 2);
    recon_done(&r);
    assert_int_equal(recon_parse(SLICE(json), true, 500, &r), ERR_UPSTREAM_ANSWER);
    (void)state;
}

/* ---- the layout ---- */

static void runs_of_chunks_become_terms(void **state)
{
    struct layout *l = malloc(sizeof *l);
    struct xet_hash a = some_hash(1), b = some_hash(2), c = some_hash(3), other = some_hash(99);
    struct chunk_place seen = { other, 5 };
    struct layout_place place, after = { .own = LAYOUT_OTHER, .index = 4, .other = other };

    layout_init(l);
    layout_store(l, &a, 10);
    layout_store(l, &b, 20);
    assert_true(layout_find(l, &c, &seen, &after, &place));
    assert_true(layout_continues(&after, &place));
    layout_known(l, &place, &c, 30);
    layout_store(l, &c, 30);
    assert_true(layout_find(l, &b, NULL, NULL, &place)); /* sent a moment ago */
    assert_int_equal(place.own, 0);
    assert_int_equal(place.index, 1);
    layout_cut(l, 100);
    assert_null(layout_open(l));
    layout_store(l, &a, 10); /* in a second xorb */

    struct shard_term *terms = layout_shard_terms(l);
    assert_int_equal(l->n_terms, 4);
    assert_int_equal(terms[0].end - terms[0].start, 2);
    assert_int_equal(terms[0].size, 30);
    assert_memory_equal(&terms[1].xorb, &other, sizeof other);
    assert_int_equal(terms[1].start, 5);
    assert_int_equal(terms[2].start, 2);
    assert_memory_equal(&terms[2].xorb, &terms[0].xorb, sizeof other);
    assert_memory_equal(&terms[3].xorb, &xet_hash_zero, sizeof other); /* not cut yet */
    free(terms);
    layout_done(l);
    free(l);
    (void)state;
}

/* ---- segments ---- */

static void segments_that_are_no_longer_needed_are_unmapped(void **state)
{
    struct budget *b = budget_new((size_t)64 << 20);
    struct segment *g[100];
    struct segments s;

    segments_init(&s, b);
    for (int i = 0; i < 100; i++) {
        assert_true(budget_try(b, SEGMENT_CHARGE));
        g[i] = segment_take(&s);
    }
    for (int i = 0; i < 100; i++)
        segment_give(&s, g[i]);
    assert_int_equal(budget_used(b), 0);
    assert_true(s.n_free <= 4);
    segments_done(&s);
    budget_free(b);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_finds_what_was_added_and_nothing_else),
        cmocka_unit_test(the_index_forgets_a_xorb_and_keeps_the_others),
        cmocka_unit_test(a_full_index_keeps_what_is_used),
        cmocka_unit_test(a_reconstruction_is_checked_before_it_is_used),
        cmocka_unit_test(the_older_form_says_the_same),
        cmocka_unit_test(runs_of_chunks_become_terms),
        cmocka_unit_test(segments_that_are_no_longer_needed_are_unmapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where content is cut, and what its chunks hash to: every input of the vectors, fed whole and in odd pieces. */
#include "xet_vectors.h"

static size_t cut_at[4096]; /* ends of chunks; no input of the vectors has as many */

/* Feeds the content in pieces of at most `piece` bytes; returns the number of chunks. */
static size_t cut_up(struct slice content, size_t piece)
{
    struct xet_chunker chunker;
    size_t n = 0, at = 0;
    bool cut = true;

    xet_chunker_init(&chunker);
    while (at < content.n) {
        size_t left = content.n - at;
        size_t give = left < piece ? left : piece;
        size_t took = xet_chunker_scan(&chunker, slice_of(content.p + at, give), &cut);

        assert_true(took > 0 && took <= give);
        assert_true(cut || took == give);
        at += took;
        if (cut || at == content.n) {
            assert_true(n < COUNT(cut_at));
            cut_at[n++] = at;
        }
    }
    assert_true(!cut || chunker.n == 0);
    return n;
}

static void check_cuts(const json_t *row, struct slice content, size_t piece)
{
    json_t *want = field(row, "chunk_ends");
    size_t n = cut_up(content, piece);

    if (n != json_array_size(want))
        fail_msg("%s %zu in pieces of %zu: %zu chunks", field_str(row, "generator"), content.n, piece, n);
    for (size_t i = 0; i < n; i++) {
        if (cut_at[i] != (size_t)json_integer_value(json_array_get(want, i)))
            fail_msg("%s %zu in pieces of %zu: chunk %zu ends at %zu", field_str(row, "generator"), content.n, piece, i,
                     cut_at[i]);
    }
}

static void content_is_cut_where_the_reference_cuts(void **state)
{
    static const size_t pieces[] = { SIZE_MAX, 1, 7, 4099, 8127, 8191, 8192, 65536 };
    json_t *root = vectors_json("vectors.json"), *row;
    size_t i;

    (void)state;
    json_array_foreach(field(root, "cases"), i, row)
    {
        struct slice content = generate(field_str(row, "generator"), field_int(row, "size"));
        for (size_t k = 0; k < COUNT(pieces); k++)
            check_cuts(row, content, pieces[k]);
        release(content);
    }
    assert_true(i > 0);
    json_decref(root);
}

static void check_hashes(const json_t *row, struct slice content)
{
    json_t *listed = field(row, "chunk_hashes");
    size_t n = cut_up(content, SIZE_MAX), start = 0;
    struct xet_hash *hashes = mem_alloc((n + 1) * sizeof *hashes), got;
    struct xet_tree tree;
    struct buf text;

    xet_tree_init(&tree);
    buf_init(&text, SIZE_MAX);
    for (size_t i = 0; i < n; i++) {
        char one[XET_HASH_TEXT];
        xet_chunk_hash(slice_of(content.p + start, cut_at[i] - start), &hashes[i]);
        xet_tree_add(&tree, &hashes[i], cut_at[i] - start);
        xet_hash_text(&hashes[i], one);
        buf_addf(&text, "%s%s", i ? "\n" : "", one);
        if (json_is_array(listed))
            assert_hash(&hashes[i], json_string_value(json_array_get(listed, i)));
        start = cut_at[i];
    }
    xet_chunk_hash(buf_slice(&text), &got);
    assert_hash(&got, field_str(row, "chunk_hashes_digest"));
    xet_chunk_hash(content, &got);
    assert_hash(&got, field_str(row, "content_hash"));
    xet_range_hash(hashes, n, &got);
    assert_hash(&got, field_str(row, "verification_hash"));
    xet_tree_root(&tree, &got);
    assert_hash(&got, field_str(row, "xorb_hash"));
    xet_file_hash(&got, &got);
    assert_hash(&got, field_str(row, "file_hash"));
    assert_int_equal(tree.size, content.n);
    buf_done(&text);
    free(hashes);
}

static void chunks_xorb_and_file_hash_as_the_references(void **state)
{
    json_t *root = vectors_json("vectors.json"), *row;
    size_t i;

    (void)state;
    json_array_foreach(field(root, "cases"), i, row)
    {
        struct slice content = generate(field_str(row, "generator"), field_int(row, "size"));
        const char *first = field_str(row, "first_bytes");
        uint8_t bytes[16];

        from_hex(first, bytes, strlen(first) / 2);
        assert_memory_equal(content.p, bytes, strlen(first) / 2);
        check_hashes(row, content);
        release(content);
    }
    assert_true(i > 0);
    json_decref(root);
}

static void nothing_given_is_nothing_taken(void **state)
{
    struct xet_chunker chunker;
    bool cut = true;

    (void)state;
    xet_chunker_init(&chunker);
    assert_int_equal(xet_chunker_scan(&chunker, SLICE_NONE, &cut), 0);
    assert_false(cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_is_cut_where_the_reference_cuts),
        cmocka_unit_test(chunks_xorb_and_file_hash_as_the_references),
        cmocka_unit_test(nothing_given_is_nothing_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

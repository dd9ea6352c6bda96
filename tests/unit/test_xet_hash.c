/* SPDX-License-Identifier: Apache-2.0 */
/* The hashes of Xet and their text form, against what the reference makes of the same input. */
#include "xet_vectors.h"

static void text_form_is_four_little_endian_words(void **state)
{
    json_t *root = vectors_json("vectors.json"), *row;
    size_t i;

    (void)state;
    json_array_foreach(field(field(root, "hashes"), "list"), i, row)
    {
        struct xet_hash raw, parsed;
        char text[XET_HASH_TEXT];

        from_hex(field_str(row, "raw"), raw.b, sizeof raw.b);
        xet_hash_text(&raw, text);
        assert_string_equal(text, field_str(row, "text"));
        assert_true(xet_hash_parse(slice_str(text), &parsed));
        assert_true(xet_hash_eq(&parsed, &raw));
    }
    assert_true(i > 0);
    json_decref(root);
}

static void hashes_and_their_hmacs_are_the_references(void **state)
{
    json_t *root = vectors_json("vectors.json"), *row;
    uint8_t key[32];
    size_t i;

    (void)state;
    from_hex(field_str(field(root, "hashes"), "hmac_key_raw"), key, sizeof key);
    json_array_foreach(field(field(root, "hashes"), "list"), i, row)
    {
        struct xet_tree_node node = leaf(field_int(row, "chunk"));
        struct xet_hash hmac;

        assert_hash(&node.hash, field_str(row, "text"));
        xet_hmac(key, &node.hash, &hmac);
        assert_hash(&hmac, field_str(row, "hmac"));
        assert_int_equal(node.hash.b[24] % 4, field_int(row, "last_word_mod_4"));
    }
    assert_true(i > 0);
    json_decref(root);
}

static void one_chunk_in_1024_is_eligible_for_global_dedup(void **state)
{
    json_t *root = vectors_json("vectors.json");
    json_t *want = field(root, "global_dedup_eligible_below_20000");
    size_t found = 0;

    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        struct xet_tree_node node = leaf(i);
        if (xet_hash_dedup_eligible(&node.hash))
            assert_int_equal(i, json_integer_value(json_array_get(want, found++)));
    }
    assert_int_equal(found, json_array_size(want));
    json_decref(root);
}

static void range_hash_covers_the_raw_hashes(void **state)
{
    json_t *root = vectors_json("vectors.json"), *row;
    size_t i;

    (void)state;
    json_array_foreach(field(root, "ranges"), i, row)
    {
        size_t n = field_int(row, "leaves");
        struct xet_hash *hashes = mem_alloc((n + 1) * sizeof *hashes), got;

        for (size_t k = 0; k < n; k++)
            hashes[k] = leaf(k).hash;
        xet_range_hash(hashes, n, &got);
        assert_hash(&got, field_str(row, "verification_hash"));
        free(hashes);
    }
    assert_true(i > 0);
    json_decref(root);
}

static void file_without_chunks_has_the_zero_hash(void **state)
{
    struct xet_hash out = { { 1 } };

    (void)state;
    xet_file_hash(&xet_hash_zero, &out);
    assert_true(xet_hash_eq(&out, &xet_hash_zero));
}

static void parse_takes_64_digits_of_either_case_and_nothing_else(void **state)
{
    static const struct {
        const char *name, *text;
        bool ok;
    } rows[] = {
        { "lower case", "10bb77c0c77ad7311e5235905cd4edc1f36641f3a2c9b9d4e5cd8b2c9694067a", true },
        { "upper case", "10BB77C0C77AD7311E5235905CD4EDC1F36641F3A2C9B9D4E5CD8B2C9694067A", true },
        { "63 digits", "10bb77c0c77ad7311e5235905cd4edc1f36641f3a2c9b9d4e5cd8b2c9694067", false },
        { "65 digits", "10bb77c0c77ad7311e5235905cd4edc1f36641f3a2c9b9d4e5cd8b2c9694067a0", false },
        { "a letter past f", "10bb77c0c77ad7311e5235905cd4edc1f36641f3a2c9b9d4e5cd8b2c9694067g", false },
        { "between digits and letters", "10bb77c0c77ad7311e5235905cd4edc1f36641f3a2c9b9d4e5cd8b2c969406:a", false },
        { "a blank", " 0bb77c0c77ad7311e5235905cd4edc1f36641f3a2c9b9d4e5cd8b2c9694067a", false },
        { "empty", "", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct xet_hash h = { { 42 } };
        bool ok = xet_hash_parse(slice_str(rows[i].text), &h);

        if (ok != rows[i].ok)
            fail_msg("%s: parsed %d", rows[i].name, ok);
        if (ok)
            assert_hash(&h, "10bb77c0c77ad7311e5235905cd4edc1f36641f3a2c9b9d4e5cd8b2c9694067a");
        else
            assert_int_equal(h.b[0], 42); /* untouched */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_form_is_four_little_endian_words),
        cmocka_unit_test(hashes_and_their_hmacs_are_the_references),
        cmocka_unit_test(one_chunk_in_1024_is_eligible_for_global_dedup),
        cmocka_unit_test(range_hash_covers_the_raw_hashes),
        cmocka_unit_test(file_without_chunks_has_the_zero_hash),
        cmocka_unit_test(parse_takes_64_digits_of_either_case_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

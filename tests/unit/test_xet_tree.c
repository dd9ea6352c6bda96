/* SPDX-License-Identifier: Apache-2.0 */
/* The hash tree: against the reference's roots, and against the rule written down literally, level by level. */
#include <blake3.h>

#include "xet_vectors.h"

/* ---- the rule, naively ---- */

static size_t group_size(const struct xet_tree_node *list, size_t n)
{
    if (n <= 2)
        return n;
    for (size_t i = 2; i < n && i < 9; i++) {
        uint64_t word = 0;
        for (int k = 0; k < 8; k++)
            word |= (uint64_t)list[i].hash.b[24 + k] << 8 * k;
        if (word % 4 == 0)
            return i + 1;
    }
    return n < 9 ? n : 9;
}

static struct xet_tree_node parent(const struct xet_tree_node *group, size_t n)
{
    static const uint8_t key[32] = { 1,  126, 197, 199, 165, 71,  41,  150, 253, 148, 102, 102, 180, 138, 2,   230,
                                     93, 221, 83,  111, 55,  199, 109, 210, 248, 99,  82,  230, 74,  83,  113, 63 };
    struct xet_tree_node node = { .size = 0 };
    blake3_hasher hasher;

    blake3_hasher_init_keyed(&hasher, key);
    for (size_t i = 0; i < n; i++) {
        char text[XET_HASH_TEXT], line[128];
        xet_hash_text(&group[i].hash, text);
        int len = snprintf(line, sizeof line, "%s : %llu\n", text, (unsigned long long)group[i].size);
        blake3_hasher_update(&hasher, line, (size_t)len);
        node.size += group[i].size;
    }
    blake3_hasher_finalize(&hasher, node.hash.b, sizeof node.hash.b);
    return node;
}

/* Destroys the list. */
static struct xet_hash naive_root(struct xet_tree_node *list, size_t n)
{
    if (n == 0)
        return xet_hash_zero;
    while (n > 1) {
        size_t parents = 0;
        for (size_t at = 0; at < n;) {
            size_t size = group_size(list + at, n - at);
            list[parents++] = parent(list + at, size);
            at += size;
        }
        n = parents;
    }
    return list[0].hash;
}

/* ---- tests ---- */

static void roots_of_the_made_up_leaves_are_the_references(void **state)
{
    json_t *root = vectors_json("vectors.json"), *row;
    size_t i;

    (void)state;
    json_array_foreach(field(root, "trees"), i, row)
    {
        struct xet_hash got, file;
        struct xet_tree tree;

        xet_tree_init(&tree);
        for (uint64_t k = 0; k < field_int(row, "leaves"); k++) {
            struct xet_tree_node node = leaf(k);
            xet_tree_add(&tree, &node.hash, node.size);
        }
        xet_tree_root(&tree, &got);
        assert_hash(&got, field_str(row, "root"));
        xet_file_hash(&got, &file);
        assert_hash(&file, field_str(row, "file_hash"));
    }
    assert_true(i > 0);
    json_decref(root);
}

static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    return *s ^= *s << 17;
}

/* How often a last word is divisible by 4 decides the groups: leaves that always, never, mostly close one. */
static void any_list_of_up_to_3000_leaves_has_the_naive_root(void **state)
{
    enum { LEAVES = 3000 };
    struct xet_tree_node *list = mem_alloc(LEAVES * sizeof *list), *copy = mem_alloc(LEAVES * sizeof *list);

    (void)state;
    for (unsigned always = 0; always < 3; always++) {
        uint64_t seed = 7 + always;
        struct xet_tree tree;

        xet_tree_init(&tree);
        for (size_t n = 0; n <= LEAVES; n++) {
            struct xet_hash got;

            if (n <= 200 || n % 97 == 0 || n == LEAVES) { /* asking in between must not change anything */
                memcpy(copy, list, n * sizeof *list);
                struct xet_hash want = naive_root(copy, n);
                xet_tree_root(&tree, &got);
                if (!xet_hash_eq(&got, &want))
                    fail_msg("%zu leaves, kind %u", n, always);
            }
            if (n == LEAVES)
                break;
            for (size_t k = 0; k < sizeof list[n].hash.b; k++)
                list[n].hash.b[k] = (uint8_t)next_random(&seed);
            if (always == 1)
                list[n].hash.b[24] &= 0xFC;
            else if (always == 2)
                list[n].hash.b[24] |= 1;
            list[n].size = next_random(&seed) >> 20;
            xet_tree_add(&tree, &list[n].hash, list[n].size);
        }
    }
    free(list);
    free(copy);
}

static void size_is_the_sum_of_the_leaves(void **state)
{
    struct xet_tree tree;
    struct xet_tree_node node = leaf(1);

    (void)state;
    xet_tree_init(&tree);
    assert_int_equal(tree.size, 0);
    for (int i = 0; i < 100; i++)
        xet_tree_add(&tree, &node.hash, (uint64_t)1 << 50);
    assert_int_equal(tree.size, (uint64_t)100 << 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_of_the_made_up_leaves_are_the_references),
        cmocka_unit_test(any_list_of_up_to_3000_leaves_has_the_naive_root),
        cmocka_unit_test(size_is_the_sum_of_the_leaves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

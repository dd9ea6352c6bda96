/* SPDX-License-Identifier: Apache-2.0 */
/* Xorbs made by the reference implementation, checked as they arrive: however they are cut, and with any byte wrong. */
#include "xet_vectors.h"

#include "localhub/contents.h"
#include "localhub/xorb_check.h"

static const struct {
    const char *name, *file, *json;
} xorbs[] = {
    { "an upload of hf_xet", "upload.xorb", "shard.json" },
    { "every compression scheme", "mixed.xorb", "xorb.json" },
    { "a stored one, with footer", "footer.xorb", "xorb.json" },
};

/* Feeds `bytes` in pieces of `piece`. */
static enum err check(struct slice bytes, size_t piece, const struct xet_hash *hash, struct xorb_check *c)
{
    enum err e = OK;

    xorb_check_init(c);
    for (size_t at = 0; at < bytes.n && !e; at += piece) {
        struct slice rest = slice_from(bytes, at);
        e = xorb_check_feed(c, slice_of(rest.p, rest.n < piece ? rest.n : piece));
    }
    return e ? e : xorb_check_finish(c, hash);
}

static enum err check_once(struct slice bytes, size_t piece, const struct xet_hash *hash)
{
    struct xorb_check c;
    enum err e = check(bytes, piece, hash, &c);

    xorb_check_done(&c);
    return e;
}

static void load(size_t i, struct slice *bytes, struct xet_hash *hash)
{
    json_t *json = vectors_json(xorbs[i].json);

    assert_true(xet_hash_parse(slice_str(field_str(json, "xorb_hash")), hash));
    *bytes = vectors_file(xorbs[i].file);
    json_decref(json);
}

static void xorbs_of_the_reference_pass_however_they_are_cut(void **state)
{
    static const size_t pieces[] = { 1, 7, 8, 9, 1000, 4096, 65536, 1 << 20 };

    (void)state;
    for (size_t i = 0; i < COUNT(xorbs); i++) {
        struct slice bytes;
        struct xet_hash hash;
        load(i, &bytes, &hash);
        for (size_t k = 0; k < COUNT(pieces); k++)
            if (check_once(bytes, pieces[k], &hash) != OK)
                fail_msg("%s, pieces of %zu", xorbs[i].name, pieces[k]);
        release(bytes);
    }
}

static void chunks_are_noted_with_hashes_and_places(void **state)
{
    json_t *json = vectors_json("shard.json"), *chunks = field(json, "chunks");
    struct slice bytes;
    struct xet_hash hash, want;
    struct xorb_check c;

    (void)state;
    load(0, &bytes, &hash);
    assert_int_equal(check(bytes, 1000, &hash, &c), OK);
    assert_int_equal(c.n, json_array_size(chunks));
    assert_int_equal(c.packed, bytes.n);
    struct xorb_info x = { .n = c.n, .chunks = c.chunks.p };
    for (uint32_t i = 0; i < c.n; i++) {
        json_t *chunk = json_array_get(chunks, i);
        struct xet_hash have;
        assert_true(xet_hash_parse(slice_str(field_str(chunk, "hash")), &want));
        xorb_chunk_hash(&x, i, &have);
        assert_true(xet_hash_eq(&have, &want));
        assert_int_equal(xorb_packed_end(&x, i), field_int(chunk, "offset"));
        assert_int_equal(xorb_size_end(&x, i), field_int(chunk, "uncompressed_offset"));
    }
    xorb_check_done(&c);
    json_decref(json);
    release(bytes);
}

static void a_wrong_byte_anywhere_is_found(void **state)
{
    struct slice bytes;
    struct xet_hash hash;

    (void)state;
    load(1, &bytes, &hash);
    char *p = (char *)bytes.p;
    for (size_t i = 0; i < bytes.n; i += i < 64 ? 1 : 997) {
        p[i] ^= 0x10;
        enum err e = check_once(bytes, 4096, &hash);
        /* Bits of an LZ4 frame's header that change nothing about the content may differ. */
        if (e == OK && (i < XORB_HEADER || i > XORB_HEADER + 7))
            fail_msg("byte %zu", i);
        p[i] ^= 0x10;
    }
    free(p);
}

static void a_xorb_cut_short_or_of_another_hash_is_refused(void **state)
{
    struct slice bytes;
    struct xet_hash hash;

    (void)state;
    load(0, &bytes, &hash);
    assert_int_equal(check_once(slice_of(bytes.p, bytes.n - 1), 4096, &hash), ERR_CORRUPT);
    assert_int_equal(check_once(slice_of(bytes.p, 3991), 4096, &hash), ERR_CORRUPT); /* whole chunks, not all of them */
    assert_int_equal(check_once(SLICE_NONE, 4096, &hash), ERR_CORRUPT);
    hash.b[0] ^= 1;
    assert_int_equal(check_once(bytes, 4096, &hash), ERR_CORRUPT);
    release(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xorbs_of_the_reference_pass_however_they_are_cut),
        cmocka_unit_test(chunks_are_noted_with_hashes_and_places),
        cmocka_unit_test(a_wrong_byte_anywhere_is_found),
        cmocka_unit_test(a_xorb_cut_short_or_of_another_hash_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks in xorbs: the reference's xorbs are read, ours round-trip, and hostile ones are refused. */
#include <lz4frame.h>

#include "xet_vectors.h"

/* Unpacks one chunk into exactly sized memory, so that a sanitizer sees a byte too many. */
static enum err unpack(struct slice in, const struct xorb_chunk_head *head, struct buf *out)
{
    char *scratch = mem_alloc(XET_CHUNK_MAX), *exact = mem_alloc(head->size), *data = mem_dup(in);
    enum err e = xorb_unpack(head, data, exact, scratch);

    if (!e)
        buf_add(out, slice_of(exact, head->size));
    free(data);
    free(exact);
    free(scratch);
    return e;
}

/* The chunk at `at`; returns where the next one is. */
static size_t read_chunk(struct slice xorb, size_t at, struct buf *out, struct xorb_chunk_head *head)
{
    assert_true(at + XORB_HEADER <= xorb.n);
    assert_int_equal(xorb_head(slice_from(xorb, at), head), OK);
    at += XORB_HEADER;
    assert_true(at + head->packed <= xorb.n);
    assert_int_equal(unpack(slice_of(xorb.p + at, head->packed), head, out), OK);
    return at + head->packed;
}

/* ---- the reference's xorbs ---- */

/* `described`: rows of hash, size and, when offsets are to be checked, offset and the scheme under `scheme`. */
static size_t check_xorb(struct slice xorb, const json_t *described, const char *scheme, const char *hash)
{
    struct xet_tree tree;
    struct xet_hash got;
    json_t *row;
    size_t at = 0, i;

    xet_tree_init(&tree);
    json_array_foreach(described, i, row)
    {
        struct xorb_chunk_head head;
        struct buf chunk;

        buf_init(&chunk, XET_CHUNK_MAX);
        if (scheme)
            assert_int_equal(at, field_int(row, "offset"));
        at = read_chunk(xorb, at, &chunk, &head);
        if (scheme)
            assert_int_equal(head.scheme, field_int(row, scheme));
        xet_chunk_hash(buf_slice(&chunk), &got);
        assert_hash(&got, field_str(row, "hash"));
        xet_tree_add(&tree, &got, chunk.n);
        if (json_object_get(row, "generator")) {
            struct slice want = generate(field_str(row, "generator"), field_int(row, "size"));
            assert_true(slice_eq(buf_slice(&chunk), want));
            release(want);
        }
        buf_done(&chunk);
    }
    xet_tree_root(&tree, &got);
    assert_hash(&got, hash);
    return at;
}

static void xorb_of_every_scheme_is_read(void **state)
{
    json_t *root = vectors_json("xorb.json");
    struct slice xorb = vectors_file("mixed.xorb");

    (void)state;
    size_t end = check_xorb(xorb, field(root, "chunks"), "stored_scheme", field_str(root, "xorb_hash"));
    assert_int_equal(end, xorb.n);
    release(xorb);
    json_decref(root);
}

static void footer_of_a_stored_xorb_is_no_chunk(void **state)
{
    json_t *root = vectors_json("xorb.json");
    struct slice xorb = vectors_file("footer.xorb");
    struct xorb_chunk_head head;

    (void)state;
    size_t end = check_xorb(xorb, field(root, "chunks"), NULL, field_str(root, "xorb_hash"));
    assert_int_equal(end, field_int(field(root, "footer.xorb"), "footer_start"));
    assert_int_equal(xorb_head(slice_from(xorb, end), &head), ERR_CORRUPT);
    release(xorb);
    json_decref(root);
}

static void xorb_of_an_upload_is_read(void **state)
{
    json_t *root = vectors_json("shard.json");
    struct slice xorb = vectors_file("upload.xorb");

    (void)state;
    size_t end = check_xorb(xorb, field(root, "chunks"), "scheme", field_str(root, "xorb_hash"));
    assert_int_equal(end, xorb.n);
    release(xorb);
    json_decref(root);
}

/* ---- round trips ---- */

static const char *const generators[] = { "random", "zeros", "float32", "text" };

static void what_is_packed_unpacks_to_the_same(void **state)
{
    static const size_t sizes[] = { 1,  2,    3,    4,     5,     7,     15,    16,     17,
                                    63, 8191, 8192, 65535, 65536, 65537, 65539, 131071, 131072 };

    (void)state;
    for (size_t g = 0; g < COUNT(generators); g++) {
        for (size_t s = 0; s < COUNT(sizes); s++) {
            struct slice chunk = generate(generators[g], sizes[s]);
            for (enum xorb_scheme scheme = XORB_NONE; scheme <= XORB_BG4_LZ4; scheme++) {
                struct xorb_chunk_head head;
                struct buf packed, out;

                buf_init(&packed, XORB_HEADER + chunk.n); /* never needs more */
                buf_init(&out, chunk.n);
                xorb_pack(chunk, scheme, &packed);
                assert_false(packed.failed);
                assert_int_equal(read_chunk(buf_slice(&packed), 0, &out, &head), packed.n);
                assert_true(slice_eq(buf_slice(&out), chunk));
                assert_true(head.scheme == scheme || head.scheme == XORB_NONE);
                assert_true(head.scheme == XORB_NONE || head.packed < head.size);
                buf_done(&packed);
                buf_done(&out);
            }
            release(chunk);
        }
    }
}

static void compression_pays_where_it_should(void **state)
{
    static const struct {
        const char *generator;
        enum xorb_scheme scheme, stored;
        size_t at_most; /* packed bytes of 64 KiB */
    } rows[] = {
        { "text", XORB_LZ4, XORB_LZ4, 13000 },           { "zeros", XORB_LZ4, XORB_LZ4, 400 },
        { "float32", XORB_BG4_LZ4, XORB_BG4_LZ4, 6000 }, { "random", XORB_LZ4, XORB_NONE, 65536 },
        { "random", XORB_BG4_LZ4, XORB_NONE, 65536 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice chunk = generate(rows[i].generator, 65536);
        struct xorb_chunk_head head;
        struct buf packed;

        buf_init(&packed, XORB_HEADER + chunk.n);
        xorb_pack(chunk, rows[i].scheme, &packed);
        assert_int_equal(xorb_head(buf_slice(&packed), &head), OK);
        if (head.scheme != rows[i].stored || head.packed > rows[i].at_most)
            fail_msg("%s by %d: %u bytes by %d", rows[i].generator, rows[i].scheme, head.packed, head.scheme);
        buf_done(&packed);
        release(chunk);
    }
}

static void pack_into_a_full_buf_latches(void **state)
{
    struct slice chunk = generate("random", 100);
    struct buf packed;

    (void)state;
    buf_init(&packed, XORB_HEADER + 99);
    xorb_pack(chunk, XORB_NONE, &packed);
    assert_true(packed.failed);
    assert_int_equal(packed.n, 0);
    buf_done(&packed);
    release(chunk);
}

static size_t packed_by(struct slice chunk, enum xorb_scheme scheme)
{
    struct buf packed;

    buf_init(&packed, XORB_HEADER + chunk.n);
    xorb_pack(chunk, scheme, &packed);
    size_t n = packed.n;
    buf_done(&packed);
    return n;
}

/* Not a word on which: lines of 32 bytes, as the text generator has them up to 10,000, are smaller by BG4. */
static void guess_comes_close_to_the_best(void **state)
{
    static const size_t sizes[] = { 1, 500, 1024, 3000, 8192, 8193, 20001, 65536, 131071, 131072 };

    (void)state;
    for (size_t g = 0; g < COUNT(generators); g++) {
        for (size_t s = 0; s < COUNT(sizes); s++) {
            struct slice chunk = generate(generators[g], sizes[s]);
            size_t lz4 = packed_by(chunk, XORB_LZ4), bg4 = packed_by(chunk, XORB_BG4_LZ4);
            size_t best = lz4 < bg4 ? lz4 : bg4, got = packed_by(chunk, xorb_guess(chunk));

            if (sizes[s] >= 1024 && got > best + best / 10)
                fail_msg("%s of %zu: %zu bytes, could be %zu", generators[g], sizes[s], got, best);
            release(chunk);
        }
    }
}

static void guess_finds_what_pays(void **state)
{
    static const struct {
        const char *generator;
        size_t size;
        enum xorb_scheme want;
    } rows[] = {
        { "random", 65536, XORB_NONE },      { "random", 131072, XORB_NONE },   { "random", 8192, XORB_NONE },
        { "random", 20001, XORB_NONE },      { "float32", 8193, XORB_BG4_LZ4 }, { "float32", 65536, XORB_BG4_LZ4 },
        { "float32", 131071, XORB_BG4_LZ4 }, { "text", 20000, XORB_LZ4 },       { "zeros", 65536, XORB_LZ4 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice chunk = generate(rows[i].generator, rows[i].size);
        enum xorb_scheme got = xorb_guess(chunk);
        if (got != rows[i].want)
            fail_msg("%s of %zu: %d", rows[i].generator, rows[i].size, got);
        release(chunk);
    }
}

/* ---- frames of other writers ---- */

static void every_frame_that_liblz4_writes_is_read(void **state)
{
    struct slice chunk = generate("text", 131071);
    size_t room = LZ4F_compressFrameBound(chunk.n, NULL) + 1024;
    char *frame = mem_alloc(room);
    unsigned seen = 0;

    (void)state;
    for (unsigned bits = 0; bits < 64; bits++) {
        for (unsigned block = LZ4F_max64KB; block <= LZ4F_max4MB; block++) {
            LZ4F_preferences_t prefs = { .frameInfo = { .blockSizeID = (LZ4F_blockSizeID_t)block } };
            struct buf out;

            prefs.frameInfo.blockMode = bits & 1 ? LZ4F_blockIndependent : LZ4F_blockLinked;
            prefs.frameInfo.contentChecksumFlag = bits & 2 ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
            prefs.frameInfo.blockChecksumFlag = bits & 4 ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum;
            prefs.frameInfo.contentSize = bits & 8 ? chunk.n : 0;
            prefs.compressionLevel = bits & 16 ? 9 : 0;
            size_t n = LZ4F_compressFrame(frame, room, chunk.p, bits & 32 ? 100 : chunk.n, &prefs);
            if (LZ4F_isError(n)) /* the content size does not agree */
                continue;
            struct xorb_chunk_head head = { (uint32_t)n, bits & 32 ? 100 : (uint32_t)chunk.n, XORB_LZ4 };
            buf_init(&out, chunk.n);
            if (unpack(slice_of(frame, n), &head, &out) != OK || memcmp(out.p, chunk.p, out.n) != 0)
                fail_msg("frame with options %x, blocks %u", bits, block);
            buf_done(&out);
            seen++;
        }
    }
    assert_true(seen >= 128);
    free(frame);
    release(chunk);
}

static void our_frames_are_read_by_the_frame_api(void **state)
{
    static const size_t sizes[] = { 1000, 65536, 65537, 131072 };

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct slice chunk = generate("text", sizes[i]);
        char *out = mem_alloc(chunk.n);
        LZ4F_dctx *dctx;
        struct buf packed;

        buf_init(&packed, XORB_HEADER + chunk.n);
        xorb_pack(chunk, XORB_LZ4, &packed);
        size_t in_n = packed.n - XORB_HEADER, out_n = chunk.n;
        assert_false(LZ4F_isError(LZ4F_createDecompressionContext(&dctx, LZ4F_VERSION)));
        assert_int_equal(LZ4F_decompress(dctx, out, &out_n, packed.p + XORB_HEADER, &in_n, NULL), 0);
        assert_int_equal(in_n, packed.n - XORB_HEADER);
        assert_true(slice_eq(slice_of(out, out_n), chunk));
        LZ4F_freeDecompressionContext(dctx);
        buf_done(&packed);
        free(out);
        release(chunk);
    }
}

/* ---- hostile ---- */

static void head_out_of_range_is_corrupt(void **state)
{
    static const struct {
        const char *name;
        uint8_t head[8];
        enum err want;
    } rows[] = {
        { "smallest", { 0, 1, 0, 0, 0, 1, 0, 0 }, OK },
        { "largest", { 0, 0, 0, 2, 0, 0, 0, 2 }, OK },
        { "LZ4 a little larger than its content", { 0, 20, 0, 0, 1, 1, 0, 0 }, OK },
        { "version", { 1, 1, 0, 0, 0, 1, 0, 0 }, ERR_CORRUPT },
        { "scheme", { 0, 1, 0, 0, 3, 1, 0, 0 }, ERR_CORRUPT },
        { "scheme of the sign bit", { 0, 1, 0, 0, 0xFF, 1, 0, 0 }, ERR_CORRUPT },
        { "no content", { 0, 1, 0, 0, 1, 0, 0, 0 }, ERR_CORRUPT },
        { "no data", { 0, 0, 0, 0, 1, 1, 0, 0 }, ERR_CORRUPT },
        { "content over the maximum", { 0, 1, 0, 0, 1, 1, 0, 2 }, ERR_CORRUPT },
        { "data over the maximum", { 0, 1, 0x10, 2, 1, 0, 0, 2 }, ERR_CORRUPT },
        { "stored, sizes differ", { 0, 2, 0, 0, 0, 1, 0, 0 }, ERR_CORRUPT },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct xorb_chunk_head head = { .packed = 42 };
        enum err e = xorb_head(slice_of(rows[i].head, 8), &head);

        if (e != rows[i].want)
            fail_msg("%s: %s", rows[i].name, err_name(e));
        assert_true(e == OK || head.packed == 42); /* untouched */
    }
}

/* A packed chunk of text whose header tells another size. */
static void frame_of_another_size_is_corrupt(void **state)
{
    static const int off_by[] = { -65535, -30000, -1, 1, 30000, 65536 };
    struct slice chunk = generate("text", 65536);

    (void)state;
    for (enum xorb_scheme scheme = XORB_LZ4; scheme <= XORB_BG4_LZ4; scheme++) {
        struct xorb_chunk_head head;
        struct buf packed, out;

        buf_init(&packed, XORB_HEADER + chunk.n);
        buf_init(&out, XET_CHUNK_MAX);
        xorb_pack(chunk, scheme, &packed);
        assert_int_equal(xorb_head(buf_slice(&packed), &head), OK);
        assert_int_equal(head.scheme, scheme);
        for (size_t i = 0; i < COUNT(off_by); i++) {
            head.size = (uint32_t)(65536 + off_by[i]);
            assert_int_equal(unpack(slice_from(buf_slice(&packed), XORB_HEADER), &head, &out), ERR_CORRUPT);
        }
        buf_done(&packed);
        buf_done(&out);
    }
    release(chunk);
}

static void frame_cut_off_anywhere_is_corrupt(void **state)
{
    struct slice chunk = generate("text", 3000);
    LZ4F_preferences_t prefs = { .frameInfo = { .contentChecksumFlag = LZ4F_contentChecksumEnabled } };
    char linked[4096];
    struct buf plain, out;

    (void)state;
    buf_init(&plain, XORB_HEADER + chunk.n);
    buf_init(&out, XET_CHUNK_MAX);
    xorb_pack(chunk, XORB_LZ4, &plain);
    size_t linked_n = LZ4F_compressFrame(linked, sizeof linked, chunk.p, chunk.n, &prefs);
    assert_false(LZ4F_isError(linked_n));
    const struct slice frames[] = { slice_from(buf_slice(&plain), XORB_HEADER), slice_of(linked, linked_n) };
    for (size_t f = 0; f < COUNT(frames); f++) {
        struct xorb_chunk_head head = { .size = (uint32_t)chunk.n, .scheme = XORB_LZ4 };
        for (head.packed = 1; head.packed < frames[f].n; head.packed++)
            assert_int_equal(unpack(slice_of(frames[f].p, head.packed), &head, &out), ERR_CORRUPT);
        assert_int_equal(unpack(frames[f], &head, &out), OK);
    }
    buf_done(&plain);
    buf_done(&out);
    release(chunk);
}

static void bytes_behind_the_frame_are_corrupt(void **state)
{
    struct slice chunk = generate("text", 3000);
    struct xorb_chunk_head head = { .size = (uint32_t)chunk.n, .scheme = XORB_LZ4 };
    struct buf packed, out;

    (void)state;
    buf_init(&packed, 2 * chunk.n);
    buf_init(&out, XET_CHUNK_MAX);
    xorb_pack(chunk, XORB_LZ4, &packed);
    buf_add_char(&packed, 0);
    head.packed = (uint32_t)packed.n - XORB_HEADER;
    assert_int_equal(unpack(slice_from(buf_slice(&packed), XORB_HEADER), &head, &out), ERR_CORRUPT);
    buf_done(&packed);
    buf_done(&out);
    release(chunk);
}

/* A frame of 4 MiB of zeros is 16 KiB: what counts is the size in the header. */
static void lz4_bomb_stops_at_the_size_of_the_header(void **state)
{
    struct slice zeros = generate("zeros", 4 << 20);
    size_t room = LZ4F_compressFrameBound(zeros.n, NULL);
    char *frame = mem_alloc(room);

    (void)state;
    for (unsigned linked = 0; linked < 2; linked++) {
        for (unsigned block = LZ4F_max64KB; block <= LZ4F_max4MB; block++) {
            LZ4F_preferences_t prefs = { .frameInfo = { .blockSizeID = (LZ4F_blockSizeID_t)block,
                                                        .blockMode =
                                                            linked ? LZ4F_blockLinked : LZ4F_blockIndependent } };
            size_t n = LZ4F_compressFrame(frame, room, zeros.p, zeros.n, &prefs);
            struct xorb_chunk_head head = { (uint32_t)n, XET_CHUNK_MAX, XORB_LZ4 };
            struct buf out;

            assert_true(n < XORB_PACKED_MAX);
            buf_init(&out, XET_CHUNK_MAX);
            assert_int_equal(unpack(slice_of(frame, n), &head, &out), ERR_CORRUPT);
            buf_done(&out);
        }
    }
    free(frame);
    release(zeros);
}

static void damaged_frames_never_write_outside(void **state)
{
    struct slice chunk = generate("text", 3000);
    struct buf packed, out;

    (void)state;
    buf_init(&packed, XORB_HEADER + chunk.n);
    xorb_pack(chunk, XORB_LZ4, &packed);
    for (size_t at = XORB_HEADER; at < packed.n; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct xorb_chunk_head head = { (uint32_t)packed.n - XORB_HEADER, (uint32_t)chunk.n, XORB_LZ4 };
            buf_init(&out, chunk.n);
            packed.p[at] ^= (char)(1u << bit);
            enum err e = unpack(slice_from(buf_slice(&packed), XORB_HEADER), &head, &out); /* the sanitizer looks */
            assert_true(e == OK || e == ERR_CORRUPT);
            packed.p[at] ^= (char)(1u << bit);
            buf_done(&out);
        }
    }
    buf_done(&packed);
    release(chunk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xorb_of_every_scheme_is_read),
        cmocka_unit_test(footer_of_a_stored_xorb_is_no_chunk),
        cmocka_unit_test(xorb_of_an_upload_is_read),
        cmocka_unit_test(what_is_packed_unpacks_to_the_same),
        cmocka_unit_test(compression_pays_where_it_should),
        cmocka_unit_test(pack_into_a_full_buf_latches),
        cmocka_unit_test(guess_comes_close_to_the_best),
        cmocka_unit_test(guess_finds_what_pays),
        cmocka_unit_test(every_frame_that_liblz4_writes_is_read),
        cmocka_unit_test(our_frames_are_read_by_the_frame_api),
        cmocka_unit_test(head_out_of_range_is_corrupt),
        cmocka_unit_test(frame_of_another_size_is_corrupt),
        cmocka_unit_test(frame_cut_off_anywhere_is_corrupt),
        cmocka_unit_test(bytes_behind_the_frame_are_corrupt),
        cmocka_unit_test(lz4_bomb_stops_at_the_size_of_the_header),
        cmocka_unit_test(damaged_frames_never_write_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

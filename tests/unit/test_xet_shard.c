/* SPDX-License-Identifier: Apache-2.0 */
/* Shards: the reference's are read, ours come out byte for byte the same, and hostile ones are refused. */
#include "xet_vectors.h"

enum { FOOTER = 200 };

/* ---- what a shard says, kept ---- */

struct kept_file {
    struct xet_hash hash;
    struct shard_term terms[8];
    size_t n;
    bool verified;
};
struct kept_xorb {
    struct xet_hash hash;
    struct shard_chunk chunks[16];
    size_t n;
    uint32_t size, packed;
};
struct kept {
    struct kept_file files[8];
    struct kept_xorb xorbs[4];
    size_t n_files, n_xorbs;
};

static enum err keep_file(void *ctx, const struct xet_hash *file, const struct shard_term *terms, size_t n,
                          bool verified)
{
    struct kept *k = ctx;

    assert_true(k->n_files < COUNT(k->files) && n <= COUNT(k->files[0].terms));
    struct kept_file *f = &k->files[k->n_files++];
    f->hash = *file;
    f->n = n;
    f->verified = verified;
    if (n > 0)
        memcpy(f->terms, terms, n * sizeof *terms);
    return OK;
}

static enum err keep_xorb(void *ctx, const struct xet_hash *xorb, const struct shard_chunk *chunks, size_t n,
                          uint32_t size, uint32_t packed_bytes)
{
    struct kept *k = ctx;

    assert_true(k->n_xorbs < COUNT(k->xorbs) && n <= COUNT(k->xorbs[0].chunks));
    struct kept_xorb *x = &k->xorbs[k->n_xorbs++];
    x->hash = *xorb;
    x->n = n;
    x->size = size;
    x->packed = packed_bytes;
    if (n > 0)
        memcpy(x->chunks, chunks, n * sizeof *chunks);
    return OK;
}

/* From memory of exactly that size, at an odd address: a sanitizer sees a byte too many and an aligned access. */
static enum err read_exact(struct slice shard, struct kept *out)
{
    struct shard_reader reader = { keep_file, keep_xorb, out };
    char *exact = mem_alloc(shard.n + 1);

    memset(out, 0, sizeof *out);
    memcpy(exact + 1, shard.p, shard.n);
    enum err e = shard_read(slice_of(exact + 1, shard.n), &reader);
    free(exact);
    return e;
}

static void write_kept(const struct kept *k, struct buf *out)
{
    struct shard_writer w;

    shard_begin(&w, out);
    for (size_t i = 0; i < k->n_files; i++)
        shard_file(&w, &k->files[i].hash, k->files[i].terms, k->files[i].n);
    for (size_t i = 0; i < k->n_xorbs; i++)
        shard_xorb(&w, &k->xorbs[i].hash, k->xorbs[i].chunks, k->xorbs[i].n, k->xorbs[i].packed);
    shard_end(&w);
}

/* ---- the reference's shards ---- */

static void check_terms(const struct kept_file *got, const json_t *want, const struct xet_hash *xorb)
{
    json_t *row;
    size_t i;

    assert_int_equal(got->n, json_array_size(want));
    json_array_foreach(want, i, row)
    {
        assert_true(xet_hash_eq(&got->terms[i].xorb, xorb));
        assert_int_equal(got->terms[i].start, field_int(row, "chunk_start"));
        assert_int_equal(got->terms[i].end, field_int(row, "chunk_end"));
        assert_int_equal(got->terms[i].size, field_int(row, "bytes"));
        assert_hash(&got->terms[i].verification, field_str(row, "verification_hash"));
    }
}

static void check_files(const struct kept *k, const json_t *files, const struct xet_hash *xorb)
{
    json_t *row;
    size_t i;

    assert_int_equal(k->n_files, json_array_size(files));
    json_array_foreach(files, i, row) /* the order in a shard is anybody's */
    {
        struct xet_hash hash = hash_of_text(field_str(row, "file_hash"));
        size_t f = 0;
        while (f < k->n_files && !xet_hash_eq(&k->files[f].hash, &hash))
            f++;
        assert_true(f < k->n_files);
        assert_true(k->files[f].verified);
        check_terms(&k->files[f], field(row, "terms"), xorb);
    }
}

static void check_chunks(const struct kept *k, const json_t *root, const json_t *hashes)
{
    json_t *row;
    size_t i;

    assert_int_equal(k->n_xorbs, 1);
    const struct kept_xorb *x = &k->xorbs[0];
    assert_hash(&x->hash, field_str(root, "xorb_hash"));
    assert_int_equal(x->size, field_int(root, "xorb_uncompressed_bytes"));
    assert_int_equal(x->n, json_array_size(field(root, "chunks")));
    json_array_foreach(field(root, "chunks"), i, row)
    {
        assert_hash(&x->chunks[i].hash, hashes ? json_string_value(json_array_get(hashes, i)) : field_str(row, "hash"));
        assert_int_equal(x->chunks[i].offset, field_int(row, "uncompressed_offset"));
        assert_int_equal(x->chunks[i].size, field_int(row, "bytes"));
    }
}

static void uploaded_and_stored_shard_say_the_same(void **state)
{
    static const char *const names[] = { "upload.shard", "stored.shard" };
    json_t *root = vectors_json("shard.json");

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct slice shard = vectors_file(names[i]);
        struct kept kept;
        uint8_t key[32];

        assert_int_equal(read_exact(shard, &kept), OK);
        check_chunks(&kept, root, NULL);
        check_files(&kept, field(root, "files"), &kept.xorbs[0].hash);
        assert_false(shard_hmac_key(shard, key));
        release(shard);
    }
    json_decref(root);
}

static void dedup_shard_hides_its_chunks_under_its_key(void **state)
{
    json_t *root = vectors_json("shard.json"), *dedup = field(root, "dedup.shard"), *row;
    struct slice shard = vectors_file("dedup.shard");
    uint8_t key[32], want[32];
    struct kept kept;
    size_t i;

    (void)state;
    assert_int_equal(read_exact(shard, &kept), OK);
    assert_int_equal(kept.n_files, 0);
    check_chunks(&kept, root, field(dedup, "chunk_hmacs"));
    assert_true(shard_hmac_key(shard, key));
    from_hex(field_str(dedup, "hmac_key_raw"), want, sizeof want);
    assert_memory_equal(key, want, sizeof key);
    json_array_foreach(field(root, "chunks"), i, row)
    {
        struct xet_hash plain = hash_of_text(field_str(row, "hash")), hidden;
        xet_hmac(key, &plain, &hidden);
        assert_true(xet_hash_eq(&hidden, &kept.xorbs[0].chunks[i].hash));
    }
    release(shard);
    json_decref(root);
}

static void upload_is_written_byte_for_byte_as_the_reference_does(void **state)
{
    struct slice shard = vectors_file("upload.shard");
    struct kept kept;
    struct buf out;

    (void)state;
    assert_int_equal(read_exact(shard, &kept), OK);
    buf_init(&out, shard.n);
    write_kept(&kept, &out);
    assert_false(out.failed);
    assert_true(slice_eq(buf_slice(&out), shard));

    size_t sum = 3 * SHARD_RECORD; /* header and bookends */
    for (size_t i = 0; i < kept.n_files; i++)
        sum += shard_file_bytes(kept.files[i].n);
    sum += shard_xorb_bytes(kept.xorbs[0].n);
    assert_int_equal(sum, shard.n);
    buf_done(&out);
    release(shard);
}

static void dedup_answer_is_written_byte_for_byte_as_the_reference_does(void **state)
{
    json_t *root = vectors_json("shard.json"), *dedup = field(root, "dedup.shard");
    struct slice shard = vectors_file("dedup.shard");
    uint8_t key[32];
    struct kept kept;
    struct buf out;

    (void)state;
    assert_int_equal(read_exact(shard, &kept), OK);
    assert_true(shard_hmac_key(shard, key));
    buf_init(&out, shard.n);
    write_kept(&kept, &out);
    shard_footer(&out, key, field_int(dedup, "created"), field_int(dedup, "expires"));
    assert_false(out.failed);
    assert_true(slice_eq(buf_slice(&out), shard));
    buf_done(&out);
    release(shard);
    json_decref(root);
}

static void stored_shard_without_tables_differs_in_the_tables_alone(void **state)
{
    struct slice stored = vectors_file("stored.shard");
    struct kept kept;
    struct buf out;

    (void)state;
    assert_int_equal(read_exact(stored, &kept), OK);
    buf_init(&out, stored.n);
    write_kept(&kept, &out);
    size_t end = out.n;
    shard_footer(&out, NULL, 0, UINT64_MAX);
    assert_memory_equal(out.p, stored.p, end);
    const char *ours = out.p + out.n - FOOTER, *theirs = stored.p + stored.n - FOOTER;
    assert_memory_equal(ours, theirs, 24);                        /* version, offsets of files and xorbs */
    assert_memory_equal(ours + 72, theirs + 72, FOOTER - 72 - 8); /* key, times, totals */
    assert_int_equal(read_exact(buf_slice(&out), &kept), OK);
    buf_done(&out);
    release(stored);
}

/* ---- the writer ---- */

static void add_file(struct shard_writer *w, uint64_t seed, size_t n)
{
    struct xet_tree_node hash = leaf(seed);
    struct shard_term terms[8];

    assert_true(n <= COUNT(terms));
    for (size_t i = 0; i < n; i++) {
        terms[i] = (struct shard_term){
            .xorb = leaf(seed + i + 1).hash, .size = 1000, .start = (uint32_t)i, .end = (uint32_t)i + 2
        };
        terms[i].verification = leaf(seed + i + 100).hash;
    }
    shard_file(w, &hash.hash, terms, n);
}

static void add_xorb(struct shard_writer *w, uint64_t seed, size_t n)
{
    struct xet_tree_node hash = leaf(seed);
    struct shard_chunk chunks[16];

    assert_true(n <= COUNT(chunks));
    for (size_t i = 0; i < n; i++)
        chunks[i] = (struct shard_chunk){ leaf(seed + i + 1).hash, (uint32_t)i * 5000, 5000, i == 1 };
    shard_xorb(w, &hash.hash, chunks, n, 77);
}

/* Two files, two xorbs. */
static void sample(struct buf *out)
{
    struct shard_writer w;

    buf_init(out, SHARD_MAX_BYTES);
    shard_begin(&w, out);
    add_file(&w, 1000, 3);
    add_file(&w, 2000, 1);
    add_xorb(&w, 3000, 4);
    add_xorb(&w, 4000, 1);
    shard_end(&w);
}

static void what_is_written_is_read(void **state)
{
    struct kept kept;
    struct buf out;

    (void)state;
    sample(&out);
    assert_int_equal(read_exact(buf_slice(&out), &kept), OK);
    assert_int_equal(kept.n_files, 2);
    assert_int_equal(kept.files[0].n, 3);
    assert_int_equal(kept.files[0].terms[2].start, 2);
    assert_int_equal(kept.files[0].terms[2].end, 4);
    assert_int_equal(kept.n_xorbs, 2);
    assert_int_equal(kept.xorbs[0].n, 4);
    assert_int_equal(kept.xorbs[0].size, 20000);
    assert_int_equal(kept.xorbs[0].packed, 77);
    assert_false(kept.xorbs[0].chunks[0].global);
    assert_true(kept.xorbs[0].chunks[1].global);
    buf_done(&out);
}

static void shard_of_nothing_is_a_shard(void **state)
{
    struct shard_writer w;
    struct kept kept;
    struct buf out;

    (void)state;
    buf_init(&out, SHARD_MAX_BYTES);
    shard_begin(&w, &out);
    shard_end(&w);
    assert_int_equal(out.n, 3 * SHARD_RECORD);
    assert_int_equal(read_exact(buf_slice(&out), &kept), OK);
    assert_int_equal(kept.n_files + kept.n_xorbs, 0);
    buf_done(&out);
}

static void writer_latches_when_the_buf_is_full(void **state)
{
    struct buf whole;

    (void)state;
    sample(&whole);
    for (size_t max = 0; max < whole.n; max += 40) {
        struct shard_writer w;
        struct buf out;

        buf_init(&out, max);
        shard_begin(&w, &out);
        add_file(&w, 1000, 3);
        add_file(&w, 2000, 1);
        add_xorb(&w, 3000, 4);
        add_xorb(&w, 4000, 1);
        shard_end(&w);
        shard_footer(&out, NULL, 0, UINT64_MAX);
        assert_true(out.failed);
        assert_memory_equal(whole.p, out.n ? out.p : whole.p, out.n);
        buf_done(&out);
    }
    buf_done(&whole);
}

/* ---- the reader ---- */

static void metadata_records_are_skipped(void **state)
{
    struct buf whole, out;
    struct kept kept;

    (void)state;
    sample(&whole);
    buf_init(&out, SHARD_MAX_BYTES);
    size_t first = SHARD_RECORD + shard_file_bytes(3); /* header, first file */
    buf_add(&out, slice_of(whole.p, first));
    out.p[SHARD_RECORD + 35] |= 0x40; /* bit 30 of its flags */
    for (size_t i = 0; i < SHARD_RECORD; i++)
        buf_add_char(&out, (char)0xAB);
    buf_add(&out, slice_from(buf_slice(&whole), first));
    assert_int_equal(read_exact(buf_slice(&out), &kept), OK);
    assert_int_equal(kept.n_files, 2);
    assert_true(kept.files[0].verified && kept.files[1].verified);
    buf_done(&out);
    buf_done(&whole);
}

static void file_without_verification_is_told(void **state)
{
    struct buf whole, out;
    struct kept kept;

    (void)state;
    sample(&whole);
    buf_init(&out, SHARD_MAX_BYTES);
    buf_add(&out, slice_of(whole.p, SHARD_RECORD * 5)); /* header, file, three terms; the verification left out */
    out.p[SHARD_RECORD + 35] = 0;
    buf_add(&out, slice_from(buf_slice(&whole), SHARD_RECORD * 8));
    assert_int_equal(read_exact(buf_slice(&out), &kept), OK);
    assert_false(kept.files[0].verified);
    assert_true(xet_hash_eq(&kept.files[0].terms[0].verification, &xet_hash_zero));
    assert_true(kept.files[1].verified);
    buf_done(&out);
    buf_done(&whole);
}

static enum err refuse_file(void *ctx, const struct xet_hash *file, const struct shard_term *terms, size_t n,
                            bool verified)
{
    (void)file;
    (void)terms;
    (void)n;
    (void)verified;
    ++*(int *)ctx;
    return ERR_NO_SUCH_KEY;
}

static void callbacks_error_ends_it_and_no_callback_is_fine(void **state)
{
    struct buf out;
    int calls = 0;

    (void)state;
    sample(&out);
    assert_int_equal(shard_read(buf_slice(&out), &(struct shard_reader){ .file = refuse_file, .ctx = &calls }),
                     ERR_NO_SUCH_KEY);
    assert_int_equal(calls, 1);
    assert_int_equal(shard_read(buf_slice(&out), &(struct shard_reader){ 0 }), OK);
    buf_done(&out);
}

static void shard_cut_off_anywhere_is_corrupt(void **state)
{
    static const char *const names[] = { "upload.shard", "stored.shard", "dedup.shard" };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct slice shard = vectors_file(names[i]);
        struct kept kept;
        uint8_t key[32];

        for (size_t n = 0; n < shard.n; n++) {
            if (read_exact(slice_of(shard.p, n), &kept) != ERR_CORRUPT)
                fail_msg("%s cut off at %zu", names[i], n);
            assert_false(shard_hmac_key(slice_of(shard.p, n), key));
        }
        release(shard);
    }
}

/* Offsets in sample(): header 0, file 48 of 3 terms at 96, 144, 192, verification to 384, file 384 of one term at 432,
 * bookend 528, xorb 576 of 4 chunks at 624, 672, 720, 768, xorb 816 of one chunk at 864, bookend 912, end 960. */
static void what_makes_no_sense_is_corrupt(void **state)
{
    static const struct {
        const char *name;
        size_t at;
        uint32_t value;
    } rows[] = {
        { "tag", 0, 0 },
        { "tag's last bytes", 28, 0 },
        { "version 1", 32, 1 },
        { "version of more than 32 bits", 36, 1 },
        { "a footer told, none there", 40, FOOTER },
        { "one term too many", 48 + 36, 4 },
        { "terms to the end and beyond", 48 + 36, 19 },
        { "terms that overflow 32 bits of bytes", 48 + 36, 0x05555556 },
        { "terms that overflow when doubled", 48 + 36, 0x80000000 },
        { "as many terms as can be", 48 + 36, UINT32_MAX },
        { "term of no chunk", 96 + 44, 0 },
        { "term that runs backwards", 144 + 40, 9 },
        { "term past the last chunk of a xorb", 96 + 44, XORB_MAX_CHUNKS + 1 },
        { "term far past", 96 + 44, UINT32_MAX },
        { "term of fewer bytes than chunks", 96 + 36, 1 },
        { "term of more bytes than its chunks can have", 96 + 36, 2 * XET_CHUNK_MAX + 1 },
        { "files' bookend missing", 528, 0 },
        { "xorbs' bookend missing", 912, 0 },
        { "one chunk too many", 576 + 36, 5 },
        { "chunks past the end", 816 + 36, 3 },
        { "more chunks than a xorb may have", 576 + 36, XORB_MAX_CHUNKS + 1 },
        { "as many chunks as can be", 576 + 36, UINT32_MAX },
        { "xorb's size", 576 + 40, 20001 },
        { "chunk of no bytes", 624 + 36, 0 },
        { "chunk over the maximum", 768 + 36, XET_CHUNK_MAX + 1 },
        { "chunk's offset", 672 + 32, 4999 },
        { "first chunk's offset", 624 + 32, 1 },
    };
    struct buf out;
    struct kept kept;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        sample(&out);
        assert_int_equal(out.n, 960);
        for (size_t k = 0; k < 4; k++)
            out.p[rows[i].at + k] = (char)(rows[i].value >> 8 * k);
        enum err e = read_exact(buf_slice(&out), &kept);
        if (e != ERR_CORRUPT)
            fail_msg("%s: %s", rows[i].name, err_name(e));
        buf_done(&out);
    }
}

/* Offsets from the start of the footer, and what is wrong with it. */
static void footer_that_makes_no_sense_is_corrupt(void **state)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
    } rows[] = {
        { "version", 0, 2 },
        { "offset", 192, 0 },
        { "offset of more than 32 bits", 198, 1 },
    };
    uint8_t key[32] = { 1 }, found[32] = { 42 };
    struct buf out;
    struct kept kept;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        sample(&out);
        size_t footer = out.n;
        shard_footer(&out, key, 1, 2);
        assert_int_equal(read_exact(buf_slice(&out), &kept), OK);
        out.p[footer + rows[i].at] = (char)rows[i].value;
        if (read_exact(buf_slice(&out), &kept) != ERR_CORRUPT || shard_hmac_key(buf_slice(&out), found))
            fail_msg("%s", rows[i].name);
        assert_int_equal(found[0], 42); /* untouched */
        buf_done(&out);
    }
}

static void bytes_behind_the_end_are_corrupt_without_a_footer(void **state)
{
    struct kept kept;
    struct buf out;

    (void)state;
    sample(&out);
    for (size_t i = 0; i < 400; i++) {
        buf_add_char(&out, 0);
        assert_int_equal(read_exact(buf_slice(&out), &kept), ERR_CORRUPT);
    }
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uploaded_and_stored_shard_say_the_same),
        cmocka_unit_test(dedup_shard_hides_its_chunks_under_its_key),
        cmocka_unit_test(upload_is_written_byte_for_byte_as_the_reference_does),
        cmocka_unit_test(dedup_answer_is_written_byte_for_byte_as_the_reference_does),
        cmocka_unit_test(stored_shard_without_tables_differs_in_the_tables_alone),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(shard_of_nothing_is_a_shard),
        cmocka_unit_test(writer_latches_when_the_buf_is_full),
        cmocka_unit_test(metadata_records_are_skipped),
        cmocka_unit_test(file_without_verification_is_told),
        cmocka_unit_test(callbacks_error_ends_it_and_no_callback_is_fine),
        cmocka_unit_test(shard_cut_off_anywhere_is_corrupt),
        cmocka_unit_test(what_makes_no_sense_is_corrupt),
        cmocka_unit_test(footer_that_makes_no_sense_is_corrupt),
        cmocka_unit_test(bytes_behind_the_end_are_corrupt_without_a_footer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_xet_chunk_file.c: the chunk index is the same after a restart, and a file that is not its own is as good as
 * none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "xet/chunk_file.h"
#include "xet/chunk_index.h"

enum { CAS = 7, CHUNKS = 3000, MOST = 1 << 20 };

struct place {
    char dir[32], path[64];
};

static int begin(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    strcpy(p->dir, "/tmp/hugs3-chunks-XXXXXX");
    if (!mkdtemp(p->dir))
        return -1;
    snprintf(p->path, sizeof p->path, "%s/chunks.idx", p->dir);
    *state = p;
    return 0;
}

static int end(void **state)
{
    struct place *p = *state;

    unlink(p->path);
    int left = rmdir(p->dir); /* nothing else is left in it */
    free(p);
    return left;
}

static struct xet_hash chunk(uint32_t i)
{
    struct xet_hash h;

    xet_chunk_hash(slice_of(&i, sizeof i), &h);
    return h;
}

static void fill(struct chunk_index *x, uint32_t n)
{
    struct shard_chunk *chunks = calloc(n, sizeof *chunks);
    struct xet_hash xorb = chunk(1u << 31);

    for (uint32_t i = 0; i < n; i++)
        chunks[i].hash = chunk(i);
    chunk_index_add(x, CAS, &xorb, chunks, n);
    free(chunks);
}

static uint32_t found(struct chunk_index *x, uint32_t cas, uint32_t n)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct xet_hash h = chunk(i), xorb = chunk(1u << 31);
        const struct xet_hash *one = &h;
        struct chunk_place place;
        bool known;
        chunk_index_find(x, cas, &one, 1, &known, &place);
        if (!known)
            continue;
        assert_int_equal(place.index, i);
        assert_true(xet_hash_eq(&place.xorb, &xorb));
        sum++;
    }
    return sum;
}

static void write_index(const char *path, uint32_t n)
{
    struct chunk_index *x = chunk_index_new(MOST, path);

    fill(x, n);
    assert_int_equal(chunk_index_save(x), OK);
    chunk_index_free(x);
}

/* An index may forget one where many fall into one set. */
static uint32_t kept(uint32_t n)
{
    struct chunk_index *x = chunk_index_new(MOST, NULL);

    fill(x, n);
    uint32_t is = found(x, CAS, n);
    chunk_index_free(x);
    assert_true(is > n - n / 100);
    return is;
}

static uint32_t found_in_file(const char *path)
{
    struct chunk_index *x = chunk_index_new(MOST, path);
    uint32_t n = found(x, CAS, CHUNKS);

    chunk_index_free(x);
    return n;
}

static void what_is_saved_is_found_again(void **state)
{
    const struct place *p = *state;

    write_index(p->path, CHUNKS);
    assert_int_equal(found_in_file(p->path), kept(CHUNKS));
    struct chunk_index *x = chunk_index_new(MOST, p->path);
    assert_int_equal(found(x, CAS + 1, CHUNKS), 0);
    chunk_index_free(x);
}

static void what_is_added_later_is_saved_with_what_was_there(void **state)
{
    const struct place *p = *state;
    struct xet_hash late = chunk(CHUNKS), xorb = chunk(1u << 31);

    write_index(p->path, CHUNKS);
    struct chunk_index *x = chunk_index_new(MOST, p->path);
    chunk_index_learn(x, CAS, &(struct chunk_place){ xorb, CHUNKS }, &late, 1);
    assert_int_equal(chunk_index_save(x), OK);
    chunk_index_free(x);
    x = chunk_index_new(MOST, p->path);
    assert_int_equal(found(x, CAS, CHUNKS + 1), kept(CHUNKS) + 1);
    chunk_index_free(x);
}

static void what_is_forgotten_stays_forgotten(void **state)
{
    const struct place *p = *state;
    struct xet_hash xorb = chunk(1u << 31);

    write_index(p->path, CHUNKS);
    struct chunk_index *x = chunk_index_new(MOST, p->path);
    chunk_index_forget(x, CAS, &xorb);
    assert_int_equal(chunk_index_save(x), OK);
    chunk_index_free(x);
    assert_int_equal(found_in_file(p->path), 0);
}

static void an_index_that_was_not_used_leaves_the_file_alone(void **state)
{
    const struct place *p = *state;
    struct stat before, after;

    write_index(p->path, CHUNKS);
    assert_int_equal(stat(p->path, &before), 0);
    struct chunk_index *x = chunk_index_new(MOST, p->path);
    assert_int_equal(chunk_index_save(x), OK);
    assert_int_equal(found(x, CAS, CHUNKS), kept(CHUNKS));
    assert_int_equal(chunk_index_save(x), OK); /* nothing has changed */
    chunk_index_free(x);
    assert_int_equal(stat(p->path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mode & 0777, 0600);
}

static void an_index_without_a_file_saves_nothing(void **state)
{
    struct chunk_index *x = chunk_index_new(MOST, NULL);

    (void)state;
    fill(x, 10);
    assert_int_equal(chunk_index_save(x), OK);
    chunk_index_free(x);
}

static void a_file_that_cannot_be_written_is_an_error_and_tried_again(void **state)
{
    const struct place *p = *state;
    char path[80];

    snprintf(path, sizeof path, "%s/none/chunks.idx", p->dir);
    struct chunk_index *x = chunk_index_new(MOST, path);
    fill(x, 10);
    assert_int_equal(chunk_index_save(x), ERR_STORE);
    assert_int_equal(chunk_index_save(x), ERR_STORE);
    chunk_index_free(x);
}

/* ---- damage ---- */

static void write_file(const char *path, struct slice bytes)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    fclose(f);
}

static struct buf read_file(const char *path)
{
    struct buf b;
    char *room;
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    buf_init(&b, MOST);
    room = buf_room(&b, MOST);
    buf_grew(&b, fread(room, 1, MOST, f));
    fclose(f);
    return b;
}

static void a_damaged_file_is_as_good_as_none(void **state)
{
    const struct place *p = *state;
    static const size_t damage[] = { 0, 7, 8, 12, 15, 16, 20, 24, 60, 24 + 64, 24 + 68, 100000 };

    write_index(p->path, CHUNKS);
    struct buf whole = read_file(p->path);
    for (size_t i = 0; i <= sizeof damage / sizeof *damage; i++) {
        size_t at = i < sizeof damage / sizeof *damage ? damage[i] : whole.n - 1;
        whole.p[at] ^= 1;
        write_file(p->path, buf_slice(&whole));
        assert_int_equal(found_in_file(p->path), 0);
        whole.p[at] ^= 1;
    }
    write_file(p->path, buf_slice(&whole));
    assert_int_equal(found_in_file(p->path), kept(CHUNKS));
    buf_done(&whole);
}

static void a_file_of_another_length_is_as_good_as_none(void **state)
{
    const struct place *p = *state;

    write_index(p->path, CHUNKS);
    struct buf whole = read_file(p->path);
    const size_t lengths[] = { 0, 1, 23, 24, 55, 56, 24 + 72, whole.n - 72, whole.n - 1 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        write_file(p->path, slice_of(whole.p, lengths[i]));
        assert_int_equal(found_in_file(p->path), 0);
    }
    buf_add_char(&whole, 0);
    write_file(p->path, buf_slice(&whole));
    assert_int_equal(found_in_file(p->path), 0);
    buf_done(&whole);
}

static void more_than_the_index_holds_is_as_good_as_none(void **state)
{
    const struct place *p = *state;
    struct chunk_file file;

    write_index(p->path, CHUNKS);
    assert_int_equal(chunk_file_read(p->path, kept(CHUNKS) - 1, &file), ERR_CORRUPT);
    assert_int_equal(chunk_file_read(p->path, CHUNKS, &file), OK);
    assert_int_equal(file.n, kept(CHUNKS));
    free(file.entries);
}

/* The hash is right, the entry is none that we write. */
static void an_entry_that_cannot_be_is_not_believed(void **state)
{
    const struct place *p = *state;
    static struct chunk_entry bad[] = { { .cas = 0 }, { .cas = 1, .index = XORB_MAX_CHUNKS } };
    struct chunk_file file;

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(chunk_file_write(p->path, &(struct chunk_file){ &bad[i], 1, 32 }), OK);
        assert_int_equal(chunk_file_read(p->path, 10, &file), ERR_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_saved_is_found_again, begin, end),
        cmocka_unit_test_setup_teardown(what_is_added_later_is_saved_with_what_was_there, begin, end),
        cmocka_unit_test_setup_teardown(what_is_forgotten_stays_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(an_index_that_was_not_used_leaves_the_file_alone, begin, end),
        cmocka_unit_test_setup_teardown(an_index_without_a_file_saves_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_written_is_an_error_and_tried_again, begin, end),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_as_good_as_none, begin, end),
        cmocka_unit_test_setup_teardown(a_file_of_another_length_is_as_good_as_none, begin, end),
        cmocka_unit_test_setup_teardown(more_than_the_index_holds_is_as_good_as_none, begin, end),
        cmocka_unit_test_setup_teardown(an_entry_that_cannot_be_is_not_believed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

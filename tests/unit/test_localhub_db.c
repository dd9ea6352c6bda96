/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded Hub's database: what a write promises, alone and in a group. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "localhub/db.h"

struct fixture {
    char dir[64], path[80];
    struct db *db;
};

static int set_up(void **state)
{
    struct fixture *f = mem_zalloc(sizeof *f);
    char why[256];

    snprintf(f->dir, sizeof f->dir, "/tmp/hugs3-db-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/hub.sqlite", f->dir);
    assert_int_equal(db_open(f->path, why, &f->db), OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = { "", "-wal", "-shm" };

    db_close(f->db);
    for (size_t i = 0; i < 3; i++) {
        char path[96];
        snprintf(path, sizeof path, "%s%s", f->path, files[i]);
        unlink(path);
    }
    rmdir(f->dir);
    free(f);
    return 0;
}

/* Adds the file whose hash begins with `number`. */
struct add {
    struct db_write write;
    uint32_t number;
    enum err fail_with; /* instead, having changed nothing */
    bool break_off;     /* ERR_STORE, having changed something */
};

static enum err apply_add(struct db_conn *c, struct db_write *w)
{
    struct add *a = (struct add *)w;
    struct xet_hash hash = { { 0 } };

    if (a->fail_with)
        return a->fail_with;
    memcpy(hash.b, &a->number, sizeof a->number);
    sqlite3_stmt *s = db_stmt(c, SQL_FILE_ADD);
    db_bind_hash(s, 1, &hash);
    sqlite3_bind_int64(s, 2, a->number);
    db_bind_slice(s, 3, SLICE("terms"));
    enum err e = db_run(s);
    return a->break_off ? ERR_STORE : e;
}

static bool is_there(struct db *db, uint32_t number)
{
    AUTO_READ struct db_read r = db_read(db);
    struct xet_hash hash = { { 0 } };

    memcpy(hash.b, &number, sizeof number);
    sqlite3_stmt *s = db_stmt(r.conn, SQL_FILE_SIZE);
    db_bind_hash(s, 1, &hash);
    return db_step(s) == 1;
}

static void what_was_written_is_read_at_once_and_after_opening_again(void **state)
{
    struct fixture *f = *state;
    struct add a = { .write.apply = apply_add, .number = 7 };
    char why[256];

    assert_false(is_there(f->db, 7));
    assert_int_equal(db_write(f->db, &a.write), OK);
    assert_true(is_there(f->db, 7));
    db_close(f->db);
    assert_int_equal(db_open(f->path, why, &f->db), OK);
    assert_true(is_there(f->db, 7));
}

static void a_refused_write_changes_nothing_and_says_why(void **state)
{
    struct fixture *f = *state;
    struct add a = { .write.apply = apply_add, .number = 8, .fail_with = ERR_NO_SUCH_BUCKET };

    assert_int_equal(db_write(f->db, &a.write), ERR_NO_SUCH_BUCKET);
    assert_false(is_there(f->db, 8));
}

static void a_broken_write_is_undone_and_the_next_one_works(void **state)
{
    struct fixture *f = *state;
    struct add broken = { .write.apply = apply_add, .number = 9, .break_off = true };
    struct add next = { .write.apply = apply_add, .number = 10 };

    assert_int_equal(db_write(f->db, &broken.write), ERR_STORE);
    assert_int_equal(db_write(f->db, &next.write), OK);
    assert_false(is_there(f->db, 9));
    assert_true(is_there(f->db, 10));
}

enum { THREADS = 16, EACH = 50 };
struct writer {
    struct db *db;
    uint32_t first;
    unsigned failed;
};

static void *write_many(void *arg)
{
    struct writer *w = arg;

    for (uint32_t i = 0; i < EACH; i++) {
        /* Every tenth is refused: that must not touch its neighbours in the group. */
        struct add a = { .write.apply = apply_add,
                         .number = w->first + i,
                         .fail_with = i % 10 == 9 ? ERR_CONFLICT : OK };
        w->failed += db_write(w->db, &a.write) != a.fail_with;
        w->failed += is_there(w->db, w->first + i) != (a.fail_with == OK);
    }
    return NULL;
}

static void many_writers_at_a_time_each_get_their_own_answer(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[THREADS];
    struct writer writers[THREADS];

    for (uint32_t i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){ f->db, 1000 * (i + 1), 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(writers[i].failed, 0);
    }
}

static void a_database_of_another_version_is_left_alone(void **state)
{
    struct fixture *f = *state;
    sqlite3 *raw;
    char why[256] = "";
    struct db *other = NULL;

    assert_int_equal(sqlite3_open(f->path, &raw), SQLITE_OK);
    assert_int_equal(sqlite3_exec(raw, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(raw);
    assert_int_not_equal(db_open(f->path, why, &other), OK);
    assert_non_null(strstr(why, "99"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read_at_once_and_after_opening_again),
        TEST(a_refused_write_changes_nothing_and_says_why),
        TEST(a_broken_write_is_undone_and_the_next_one_works),
        TEST(many_writers_at_a_time_each_get_their_own_answer),
        TEST(a_database_of_another_version_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

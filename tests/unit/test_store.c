/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c: uploads and parts: what is written is there, in order, after a crash too, and from many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db.h"
#include "store/store.h"

#define N(table) (sizeof(table) / sizeof(table)[0])
#define BUCKET   SLICE("ns/bucket")

struct fixture {
    char dir[64], path[96];
    struct store *store;
    struct arena *arena;
};

static void reopen(struct fixture *f)
{
    char why[256] = "";
    store_close(f->store);
    if (store_open(f->path, why, &f->store))
        fail_msg("%s", why);
}

static int set_up(void **state)
{
    struct fixture *f = mem_zalloc(sizeof *f);
    strcpy(f->dir, "/tmp/hugs3-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/state.db", f->dir);
    f->arena = arena_new();
    reopen(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
    store_close(f->store);
    for (size_t i = 0; i < N(suffixes); i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", f->path, suffixes[i]);
        unlink(name);
    }
    assert_int_equal(rmdir(f->dir), 0);
    arena_free(f->arena);
    free(f);
    return 0;
}

/* An upload of `key`; its id is put into the arena. */
static struct slice begin(struct fixture *f, struct slice key, int64_t created_ms)
{
    struct store_upload up = { .bucket = BUCKET,
                               .key = key,
                               .headers = SLICE("content-type: a\0b"),
                               .owner = SLICE("AKIA"),
                               .created_ms = created_ms };
    assert_int_equal(store_upload_create(f->store, &up), OK);
    return slice_str(arena_strdup(f->arena, slice_str(up.id)));
}

static enum err put(struct store *s, struct slice id, unsigned number, const char *etag)
{
    struct store_part part = { .number = number,
                               .size = (uint64_t)number << 40,
                               .modified_ms = 5,
                               .etag = slice_str(etag),
                               .checksum = SLICE("CRC32:AAAAAA=="),
                               .recipe = slice_of("re\0cipe", 7) };
    return store_part_put(s, id, &part);
}

static void check_slice(struct slice got, struct slice want)
{
    assert_int_equal(got.n, want.n);
    if (want.n)
        assert_memory_equal(got.p, want.p, want.n);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static int64_t count_rows(const char *path, const char *table)
{
    sqlite3 *db;
    sqlite3_stmt *count;
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &count, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(count, 0);
    sqlite3_finalize(count);
    sqlite3_close(db);
    return n;
}

static void an_upload_is_what_it_was_created_as_and_survives_reopening(void **state)
{
    struct fixture *f = *state;
    struct slice key = slice_of("a\0\xff/\x80", 5), id = begin(f, key, 1234567890123);
    for (int i = 0; i < 2; i++) {
        struct store_upload up;
        assert_int_equal(store_upload_get(f->store, id, BUCKET, key, f->arena, &up), OK);
        assert_string_equal(up.id, id.p);
        check_slice(up.bucket, BUCKET);
        check_slice(up.key, key);
        check_slice(up.headers, SLICE("content-type: a\0b"));
        check_slice(up.owner, SLICE("AKIA"));
        assert_int_equal(up.created_ms, 1234567890123);
        reopen(f);
    }
}

static void ids_are_long_plain_and_different(void **state)
{
    struct fixture *f = *state;
    struct slice one = begin(f, SLICE("k"), 7), two = begin(f, SLICE("k"), 7);
    assert_int_equal(one.n, 42);
    assert_true(one.n < STORE_UPLOAD_ID);
    assert_false(slice_eq(one, two));
    assert_int_equal(strspn(one.p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), one.n);
}

static void an_upload_is_found_only_under_its_own_bucket_key_and_id(void **state)
{
    struct fixture *f = *state;
    struct slice id = begin(f, SLICE("k"), 1);
    struct store_upload up = { .created_ms = -1 };
    const struct {
        const char *name;
        struct slice id, bucket, key;
    } wrong[] = {
        { "another bucket", id, SLICE("ns/other"), SLICE("k") },
        { "another key", id, BUCKET, SLICE("K") },
        { "no key", id, BUCKET, SLICE("") },
        { "another id", SLICE("x"), BUCKET, SLICE("k") },
        { "no id", SLICE_NONE, BUCKET, SLICE("k") },
        { "half an id", slice_of(id.p, 20), BUCKET, SLICE("k") },
    };
    for (size_t i = 0; i < N(wrong); i++)
        if (store_upload_get(f->store, wrong[i].id, wrong[i].bucket, wrong[i].key, f->arena, &up) != ERR_NO_SUCH_UPLOAD)
            fail_msg("%s", wrong[i].name);
    assert_int_equal(up.created_ms, -1);
}

static void parts_come_back_in_order_and_the_last_of_a_number_counts(void **state)
{
    struct fixture *f = *state;
    struct slice id = begin(f, SLICE("k"), 1), other = begin(f, SLICE("k"), 1);
    struct store_part parts[3], part;
    size_t n;
    bool more;
    assert_int_equal(put(f->store, id, 10000, "last"), OK);
    assert_int_equal(put(f->store, id, 1, "first"), OK);
    assert_int_equal(put(f->store, id, 7, "replaced"), OK);
    assert_int_equal(put(f->store, id, 7, "seven"), OK);
    assert_int_equal(put(f->store, other, 2, "not mine"), OK);

    assert_int_equal(store_part_list(f->store, id, 0, 3, f->arena, parts, &n, &more), OK);
    assert_int_equal(n, 3);
    assert_false(more);
    assert_int_equal(parts[0].number, 1);
    assert_int_equal(parts[1].number, 7);
    assert_int_equal(parts[2].number, 10000);
    check_slice(parts[1].etag, SLICE("seven"));
    check_slice(parts[1].checksum, SLICE("CRC32:AAAAAA=="));
    assert_true(parts[2].size == (uint64_t)10000 << 40);
    assert_null(parts[1].recipe.p);

    assert_int_equal(store_part_list(f->store, id, 1, 1, f->arena, parts, &n, &more), OK);
    assert_int_equal(n, 1);
    assert_true(more);
    assert_int_equal(parts[0].number, 7);
    assert_int_equal(store_part_list(f->store, id, 10000, 1, f->arena, parts, &n, &more), OK);
    assert_true(n == 0 && !more);
    assert_int_equal(store_part_list(f->store, id, 0, 0, f->arena, parts, &n, &more), OK);
    assert_true(n == 0 && more);

    assert_int_equal(store_part_get(f->store, id, 7, f->arena, &part), OK);
    check_slice(part.recipe, slice_of("re\0cipe", 7));
    assert_int_equal(store_part_get(f->store, id, 2, f->arena, &part), ERR_INVALID_PART);
    assert_int_equal(store_part_get(f->store, SLICE("gone"), 7, f->arena, &part), ERR_INVALID_PART);
}

static void a_deleted_upload_takes_its_parts_along(void **state)
{
    struct fixture *f = *state;
    struct slice id = begin(f, SLICE("k"), 1);
    struct store_part part;
    struct store_upload up;
    assert_int_equal(put(f->store, id, 1, "e"), OK);
    assert_int_equal(count_rows(f->path, "part"), 1);
    assert_int_equal(store_upload_delete(f->store, id), OK);
    assert_int_equal(count_rows(f->path, "part"), 0);
    assert_int_equal(store_upload_delete(f->store, id), ERR_NO_SUCH_UPLOAD);
    assert_int_equal(store_upload_get(f->store, id, BUCKET, SLICE("k"), f->arena, &up), ERR_NO_SUCH_UPLOAD);
    assert_int_equal(put(f->store, id, 1, "e"), ERR_NO_SUCH_UPLOAD);
    assert_int_equal(store_part_get(f->store, id, 1, f->arena, &part), ERR_INVALID_PART);
}

static void listing_goes_by_key_then_age_with_prefixes_and_pages(void **state)
{
    struct fixture *f = *state;
    static const struct slice keys[] = { { "a", 1 },
                                         { "a/1", 3 },
                                         { "a/2", 3 },
                                         { "a/2", 3 },
                                         { "a0", 2 },
                                         { "b\xff", 2 },
                                         { "b\xff\xff", 3 },
                                         { "b\xff\xff"
                                           "a",
                                           4 },
                                         { "c", 1 },
                                         { "\xff", 1 },
                                         { "\xff\xff", 2 } };
    static const struct {
        const char *name;
        struct slice prefix, after_key;
        size_t max, first, n;
        bool more;
    } lists[] = {
        { "all", { NULL, 0 }, { NULL, 0 }, 100, 0, 11, false },
        { "a page", { NULL, 0 }, { NULL, 0 }, 4, 0, 4, true },
        { "a page that holds all", { NULL, 0 }, { NULL, 0 }, 11, 0, 11, false },
        { "a prefix", { "a/", 2 }, { NULL, 0 }, 100, 1, 3, false },
        { "a prefix that is a key too", { "a", 1 }, { NULL, 0 }, 100, 0, 5, false },
        { "a prefix ending in 0xff", { "b\xff", 2 }, { NULL, 0 }, 100, 5, 3, false },
        { "a prefix of nothing but 0xff", { "\xff", 1 }, { NULL, 0 }, 100, 9, 2, false },
        { "a prefix of none", { "x", 1 }, { NULL, 0 }, 100, 0, 0, false },
        { "behind a key, those of that key included", { NULL, 0 }, { "a/2", 3 }, 3, 2, 3, true },
        { "behind a key before the prefix", { "a/", 2 }, { "A", 1 }, 2, 1, 2, true },
        { "behind a key within the prefix", { "a/", 2 }, { "a/2", 3 }, 100, 2, 2, false },
        { "behind a key past the prefix", { "a/", 2 }, { "b", 1 }, 100, 0, 0, false },
        { "none wanted", { NULL, 0 }, { NULL, 0 }, 0, 0, 0, true },
    };
    struct slice ids[N(keys)];
    struct store_upload other = { .bucket = SLICE("ns/bucket2"), .key = SLICE("a/1") };
    assert_int_equal(store_upload_create(f->store, &other), OK);
    for (size_t i = N(keys); i-- > 0;) /* begun in another order than they are listed, but for those of one key */
        ids[i] = begin(f, keys[i], (int64_t)i * 1000);
    for (size_t i = 0; i < N(lists); i++) {
        struct store_upload out[20];
        size_t n = 99;
        bool more;
        assert_int_equal(store_upload_list(f->store, BUCKET, lists[i].prefix, lists[i].after_key, SLICE_NONE,
                                           lists[i].max, f->arena, out, &n, &more),
                         OK);
        if (n != lists[i].n || more != lists[i].more)
            fail_msg("%s: %zu, more %d", lists[i].name, n, more);
        for (size_t j = 0; j < n; j++)
            if (!slice_is(ids[lists[i].first + j], out[j].id) || !slice_eq(out[j].key, keys[lists[i].first + j]))
                fail_msg("%s: %zu is %.*s", lists[i].name, j, (int)out[j].key.n, out[j].key.p);
    }
}

static void pages_of_one_cover_everything_once(void **state)
{
    struct fixture *f = *state;
    struct slice key = SLICE_NONE, id = SLICE_NONE;
    size_t seen = 0, n = 1;
    bool more = true;
    for (int64_t i = 0; i < 12; i++)
        begin(f, i % 2 ? SLICE("p/same") : SLICE("p/other"), i);
    begin(f, SLICE("q"), 0);
    while (more) {
        struct store_upload up;
        assert_int_equal(store_upload_list(f->store, BUCKET, SLICE("p/"), key, id, 1, f->arena, &up, &n, &more), OK);
        assert_int_equal(n, 1);
        assert_true(slice_cmp(up.key, key) > 0 || (slice_eq(up.key, key) && slice_cmp(slice_str(up.id), id) > 0));
        key = up.key;
        id = slice_str(arena_strdup(f->arena, slice_str(up.id)));
        seen++;
    }
    assert_int_equal(seen, 12);
}

static void old_uploads_and_old_answers_are_forgotten(void **state)
{
    struct fixture *f = *state;
    struct slice old = begin(f, SLICE("old"), 100), young = begin(f, SLICE("young"), 200),
                 done = begin(f, SLICE("done"), 100);
    struct slice etag, parts;
    struct store_upload up;
    uint64_t n = 99;
    assert_int_equal(put(f->store, old, 1, "e"), OK);
    assert_int_equal(store_complete(f->store, done, BUCKET, SLICE("done"), SLICE("e"), SLICE("p")), OK);
    assert_int_equal(store_upload_expire(f->store, 200, &n), OK);
    assert_int_equal(n, 1);
    assert_int_equal(store_upload_get(f->store, old, BUCKET, SLICE("old"), f->arena, &up), ERR_NO_SUCH_UPLOAD);
    assert_int_equal(store_upload_get(f->store, young, BUCKET, SLICE("young"), f->arena, &up), OK);
    assert_int_equal(store_completed_get(f->store, done, BUCKET, SLICE("done"), f->arena, &etag, &parts), OK);
    assert_int_equal(store_upload_expire(f->store, INT64_MAX, &n), OK);
    assert_int_equal(n, 1);
    assert_int_equal(store_completed_get(f->store, done, BUCKET, SLICE("done"), f->arena, &etag, &parts),
                     ERR_NO_SUCH_UPLOAD);
}

static void a_completed_upload_is_gone_and_its_answer_stays(void **state)
{
    struct fixture *f = *state;
    struct slice id = begin(f, SLICE("k"), 1), etag, parts;
    struct store_upload up;
    assert_int_equal(put(f->store, id, 1, "e"), OK);
    assert_int_equal(store_completed_get(f->store, id, BUCKET, SLICE("k"), f->arena, &etag, &parts),
                     ERR_NO_SUCH_UPLOAD);
    assert_int_equal(store_complete(f->store, id, BUCKET, SLICE("k"), SLICE("etag"), slice_of("p\0rts", 5)), OK);
    reopen(f);
    assert_int_equal(store_upload_get(f->store, id, BUCKET, SLICE("k"), f->arena, &up), ERR_NO_SUCH_UPLOAD);
    assert_int_equal(put(f->store, id, 2, "e"), ERR_NO_SUCH_UPLOAD);
    assert_int_equal(store_complete(f->store, id, BUCKET, SLICE("k"), SLICE("x"), SLICE("x")), ERR_NO_SUCH_UPLOAD);
    assert_int_equal(store_completed_get(f->store, id, BUCKET, SLICE("k"), f->arena, &etag, &parts), OK);
    check_slice(etag, SLICE("etag"));
    check_slice(parts, slice_of("p\0rts", 5));
    assert_int_equal(store_completed_get(f->store, id, BUCKET, SLICE("other"), f->arena, &etag, &parts),
                     ERR_NO_SUCH_UPLOAD);
    assert_int_equal(store_completed_get(f->store, id, SLICE("ns/x"), SLICE("k"), f->arena, &etag, &parts),
                     ERR_NO_SUCH_UPLOAD);
}

/* The child says of each part when it has been told that it is kept, and is killed in the middle of writing on. */
static void what_was_said_to_be_kept_is_there_after_kill_9(void **state)
{
    struct fixture *f = *state;
    struct slice id = begin(f, SLICE("k"), 1);
    int kept[2];
    assert_int_equal(pipe(kept), 0);
    store_close(f->store); /* SQLite's connections must not be carried through fork */
    f->store = NULL;
    pid_t child = fork();
    if (child == 0) {
        char why[256];
        struct store *s;
        if (store_open(f->path, why, &s))
            _exit(1);
        for (unsigned number = 1; number <= 10000; number++)
            if (put(s, id, number, "e") || write(kept[1], &number, sizeof number) != (ssize_t)sizeof number)
                _exit(1);
        _exit(0);
    }
    close(kept[1]);
    unsigned last = 0, number;
    while (read(kept[0], &number, sizeof number) == (ssize_t)sizeof number) {
        last = number;
        if (number == 40)
            kill(child, SIGKILL);
    }
    close(kept[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    reopen(f);
    for (unsigned i = 1; i <= last; i++) {
        struct store_part part;
        assert_int_equal(store_part_get(f->store, id, i, f->arena, &part), OK);
        check_slice(part.recipe, slice_of("re\0cipe", 7));
    }
    assert_true(last >= 40 && last < 10000);
}

static void a_process_that_ends_without_closing_loses_nothing(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    f->store = NULL;
    pid_t child = fork();
    if (child == 0) {
        char why[256];
        struct store_upload up = { .bucket = BUCKET, .key = SLICE("k") };
        _exit(store_open(f->path, why, &f->store) || store_upload_create(f->store, &up) ||
              put(f->store, slice_str(up.id), 1, "e"));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    reopen(f);
    struct store_upload up;
    size_t n;
    bool more;
    assert_int_equal(
        store_upload_list(f->store, BUCKET, SLICE_NONE, SLICE_NONE, SLICE_NONE, 1, f->arena, &up, &n, &more), OK);
    assert_int_equal(n, 1);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void what_is_not_ours_is_refused_and_left_alone(void **state)
{
    struct fixture *f = *state;
    char why[256] = "";
    struct store *s = NULL;
    char path[128];

    store_close(f->store);
    f->store = NULL;
    run_sql(f->path, "PRAGMA user_version = 99");
    assert_int_equal(store_open(f->path, why, &s), ERR_STORE);
    assert_non_null(strstr(why, "newer version of hugs3"));
    unlink(f->path);

    run_sql(f->path, "CREATE TABLE mine (a); INSERT INTO mine VALUES (1)");
    assert_int_equal(store_open(f->path, why, &s), ERR_STORE);
    assert_non_null(strstr(why, "another program's database"));
    run_sql(f->path, "SELECT a FROM mine"); /* still there */
    unlink(f->path);

    write_file(f->path, "Dear diary, this is certainly not a database, however long it may be.\n");
    assert_int_equal(store_open(f->path, why, &s), ERR_STORE);
    assert_non_null(strstr(why, "not a database"));
    unlink(f->path);

    snprintf(path, sizeof path, "%s/no/such/dir.db", f->dir);
    assert_int_equal(store_open(path, why, &s), ERR_STORE);
    assert_non_null(strstr(why, "No such file or directory"));
    assert_int_equal(store_open(f->dir, why, &s), ERR_STORE);
    assert_non_null(strstr(why, f->dir));
    assert_null(s);
    reopen(f);
}

static void the_file_is_its_owners_alone(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    begin(f, SLICE("k"), 1);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void two_processes_or_handles_may_share_the_file(void **state)
{
    struct fixture *f = *state;
    char why[256];
    struct store *second;
    struct store_upload up;
    assert_int_equal(store_open(f->path, why, &second), OK);
    struct slice id = begin(f, SLICE("k"), 1);
    assert_int_equal(store_upload_get(second, id, BUCKET, SLICE("k"), f->arena, &up), OK);
    assert_int_equal(put(second, id, 1, "e"), OK);
    assert_int_equal(store_upload_delete(f->store, id), OK);
    assert_int_equal(put(second, id, 2, "e"), ERR_NO_SUCH_UPLOAD);
    store_close(second);
}

/* "SCAN" would be a walk over all uploads, "TEMP B-TREE" a sort of them. */
static void no_statement_walks_over_a_whole_table(void **state)
{
    struct fixture *f = *state;
    char why[256];
    struct db db;
    assert_int_equal(store_db_open(f->path, why, &db), OK);
    for (int i = DB_UPLOAD_CREATE; i < DB_STATEMENTS; i++) {
        sqlite3_stmt *plan;
        const char *sql = arena_printf(f->arena, "EXPLAIN QUERY PLAN %s", sqlite3_sql(db.statements[i]));
        assert_int_equal(sqlite3_prepare_v2(db.connection, sql, -1, &plan, NULL), SQLITE_OK);
        while (sqlite3_step(plan) == SQLITE_ROW) {
            const char *detail = (const char *)sqlite3_column_text(plan, 3);
            bool pair = strstr(detail, "upload_in_order") == NULL || strstr(detail, "(key,id)>(?,?)") != NULL;
            if (strstr(detail, "SCAN") || strstr(detail, "TEMP") || !pair)
                fail_msg("%s: %s", sql, detail);
        }
        sqlite3_finalize(plan);
    }
    store_db_close(&db);
}

struct worker {
    struct store *store;
    struct slice id;
    unsigned first;
    pthread_t thread;
    unsigned wrong;
};

enum { WORKERS = 16, PARTS = 20 };

static void *work(void *arg)
{
    struct worker *w = arg;
    for (unsigned i = 0; i < PARTS; i++) {
        struct arena *arena = arena_new();
        struct store_part part;
        w->wrong += put(w->store, w->id, w->first + i, "e") != OK;
        w->wrong += put(w->store, SLICE("no such upload"), w->first + i, "e") != ERR_NO_SUCH_UPLOAD;
        w->wrong += store_part_get(w->store, w->id, w->first + i, arena, &part) != OK;
        arena_free(arena);
    }
    return NULL;
}

static void parts_put_by_many_threads_at_once_are_all_there(void **state)
{
    struct fixture *f = *state;
    struct worker workers[WORKERS];
    struct slice id = begin(f, SLICE("k"), 1);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){ .store = f->store, .id = id, .first = i * PARTS + 1 };
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    struct store_part *parts = arena_alloc(f->arena, (WORKERS * PARTS + 1) * sizeof *parts);
    size_t n;
    bool more;
    assert_int_equal(store_part_list(f->store, id, 0, WORKERS * PARTS + 1, f->arena, parts, &n, &more), OK);
    assert_int_equal(n, WORKERS * PARTS);
}

static void an_error_of_the_disk_is_told_to_all_and_nothing_is_half_done(void **state)
{
    struct fixture *f = *state;
    struct slice id = begin(f, SLICE("k"), 1);
    struct store_part part;
    /* A trigger fails the statement as a full disk would, in the middle of a transaction. */
    run_sql(f->path, "CREATE TRIGGER full BEFORE INSERT ON part WHEN new.number = 2"
                     " BEGIN SELECT RAISE(ROLLBACK, 'disk full'); END");
    assert_int_equal(put(f->store, id, 2, "e"), ERR_STORE);
    assert_int_equal(put(f->store, id, 1, "e"), OK); /* the connection is usable again */
    assert_int_equal(store_part_get(f->store, id, 2, f->arena, &part), ERR_INVALID_PART);
    run_sql(f->path, "DROP TRIGGER full; CREATE TRIGGER full BEFORE INSERT ON completed"
                     " BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    assert_int_equal(store_complete(f->store, id, BUCKET, SLICE("k"), SLICE("e"), SLICE("p")), ERR_STORE);
    assert_int_equal(store_part_get(f->store, id, 1, f->arena, &part), OK); /* the delete was undone */
    assert_int_equal(put(f->store, id, 3, "e"), OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_upload_is_what_it_was_created_as_and_survives_reopening),
        TEST(ids_are_long_plain_and_different),
        TEST(an_upload_is_found_only_under_its_own_bucket_key_and_id),
        TEST(parts_come_back_in_order_and_the_last_of_a_number_counts),
        TEST(a_deleted_upload_takes_its_parts_along),
        TEST(listing_goes_by_key_then_age_with_prefixes_and_pages),
        TEST(pages_of_one_cover_everything_once),
        TEST(old_uploads_and_old_answers_are_forgotten),
        TEST(a_completed_upload_is_gone_and_its_answer_stays),
        TEST(what_was_said_to_be_kept_is_there_after_kill_9),
        TEST(a_process_that_ends_without_closing_loses_nothing),
        TEST(what_is_not_ours_is_refused_and_left_alone),
        TEST(the_file_is_its_owners_alone),
        TEST(two_processes_or_handles_may_share_the_file),
        TEST(no_statement_walks_over_a_whole_table),
        TEST(parts_put_by_many_threads_at_once_are_all_there),
        TEST(an_error_of_the_disk_is_told_to_all_and_nothing_is_half_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

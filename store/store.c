/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: uploads and parts, read and written.
 *
 *   reads    one connection, one lock; WAL lets them go on while a write waits for the disk
 *   writes   any number of threads ─► combine ─► one of them: BEGIN, everybody's change, COMMIT ─► all return
 *
 * A commit costs an fsync, however much it holds: writes that arrive while one is in flight share the next. A change
 * that finds nothing to change (no such upload) leaves the others alone; an error of SQLite's undoes them all. */
#include "store/store.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/codec.h"
#include "common/combine.h"
#include "common/log.h"
#include "store/db.h"

#define BATCH_CHANGES 256
#define BATCH_BYTES   ((size_t)32 << 20)
#define CHANGE_BYTES  256 /* what a change weighs besides its bytes */

struct store {
    struct combine writes; /* one leader at a time, who alone uses `writer` */
    struct db writer;
    pthread_mutex_t read_lock; /* leaf: guards `reader` */
    struct db reader;
};

static combine_fn commit_all;

enum err store_open(const char *path, char why[256], struct store **out)
{
    struct store *s = mem_zalloc(sizeof *s);
    enum err e = store_db_open(path, why, &s->writer);
    if (!e)
        e = store_db_open(path, why, &s->reader);
    if (e) {
        store_db_close(&s->writer);
        free(s);
        return e;
    }
    pthread_mutex_init(&s->read_lock, NULL);
    combine_init(&s->writes, commit_all, s, 1, BATCH_CHANGES, BATCH_BYTES);
    *out = s;
    return OK;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    combine_done(&s->writes);
    pthread_mutex_destroy(&s->read_lock);
    store_db_close(&s->reader);
    store_db_close(&s->writer);
    free(s);
}

/* One thread's change, on its stack until it is committed. */
struct change {
    struct combine_item item; /* first */
    enum err (*make)(struct db *db, void *arg);
    void *arg;
    enum err err;
};

static struct change *next_change(struct change *c)
{
    return (struct change *)(void *)c->item.next;
}

/* ERR_STORE: the transaction is lost; anything else a change returns is its own affair. */
static enum err make_all(struct db *db, struct change *first)
{
    enum err e = store_db_run(db, DB_BEGIN);
    for (struct change *c = first; c && !e; c = next_change(c)) {
        c->err = c->make(db, c->arg);
        if (c->err == ERR_STORE)
            e = ERR_STORE;
    }
    return e ? e : store_db_run(db, DB_COMMIT);
}

static void commit_all(void *ctx, struct combine_item *items)
{
    struct store *s = ctx;
    struct change *first = (struct change *)(void *)items;
    if (make_all(&s->writer, first) == OK)
        return;
    /* A failed BEGIN or COMMIT, a full disk: SQLite may have rolled back by itself. */
    if (!sqlite3_get_autocommit(s->writer.connection) && store_db_run(&s->writer, DB_ROLLBACK))
        log_say(LOG_ERROR, "store", "a failed transaction could not be undone");
    for (struct change *c = first; c; c = next_change(c))
        c->err = ERR_STORE;
}

static enum err write_change(struct store *s, size_t bytes, enum err (*make)(struct db *db, void *arg), void *arg)
{
    struct change c = { .item.weight = CHANGE_BYTES + bytes, .make = make, .arg = arg, .err = ERR_STORE };
    combine_run(&s->writes, &c.item);
    return c.err;
}

/* 48 bits of time, then 180 random ones in letters that URLs leave alone. Time first makes ids of one key go in the
 * order in which they were begun, as S3 lists them. */
static enum err make_id(int64_t created_ms, char id[STORE_UPLOAD_ID])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char random[30];
    uint64_t time = created_ms > 0 ? (uint64_t)created_ms & 0xffffffffffff : 0;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return ERR_INTERNAL; /* only before the kernel has gathered entropy, and then it would wait */
    snprintf(id, STORE_UPLOAD_ID, "%012llx", (unsigned long long)time);
    for (size_t i = 0; i < sizeof random; i++)
        id[12 + i] = letters[random[i] & 63];
    id[12 + sizeof random] = '\0';
    return OK;
}

static enum err create_upload(struct db *db, void *arg)
{
    const struct store_upload *up = arg;
    store_db_bind_bytes(db, DB_UPLOAD_CREATE, 1, slice_str(up->id));
    store_db_bind_bytes(db, DB_UPLOAD_CREATE, 2, up->bucket);
    store_db_bind_bytes(db, DB_UPLOAD_CREATE, 3, up->key);
    store_db_bind_bytes(db, DB_UPLOAD_CREATE, 4, up->headers);
    store_db_bind_bytes(db, DB_UPLOAD_CREATE, 5, up->owner);
    store_db_bind_int(db, DB_UPLOAD_CREATE, 6, up->created_ms);
    return store_db_run(db, DB_UPLOAD_CREATE);
}

enum err store_upload_create(struct store *s, struct store_upload *up)
{
    struct store_upload made = *up;
    enum err e = make_id(up->created_ms, made.id);
    if (!e)
        e = write_change(s, up->headers.n, create_upload, &made);
    if (!e)
        memcpy(up->id, made.id, sizeof up->id);
    return e;
}

static void read_upload(struct db *db, enum store_db_statement st, struct arena *arena, struct store_upload *out)
{
    struct slice id = store_db_bytes(db, st, 0, arena);
    *out = (struct store_upload){ .bucket = store_db_bytes(db, st, 1, arena),
                                  .key = store_db_bytes(db, st, 2, arena),
                                  .headers = store_db_bytes(db, st, 3, arena),
                                  .owner = store_db_bytes(db, st, 4, arena),
                                  .created_ms = store_db_int(db, st, 5) };
    memcpy(out->id, id.p, id.n < sizeof out->id ? id.n : sizeof out->id - 1);
}

enum err store_upload_get(struct store *s, struct slice id, struct slice bucket, struct slice key, struct arena *arena,
                          struct store_upload *out)
{
    pthread_mutex_lock(&s->read_lock);
    store_db_bind_bytes(&s->reader, DB_UPLOAD_GET, 1, id);
    store_db_bind_bytes(&s->reader, DB_UPLOAD_GET, 2, bucket);
    store_db_bind_bytes(&s->reader, DB_UPLOAD_GET, 3, key);
    int code = store_db_step(&s->reader, DB_UPLOAD_GET);
    if (code == SQLITE_ROW)
        read_upload(&s->reader, DB_UPLOAD_GET, arena, out);
    store_db_done(&s->reader, DB_UPLOAD_GET);
    pthread_mutex_unlock(&s->read_lock);
    return code == SQLITE_ROW ? OK : code == SQLITE_DONE ? ERR_NO_SUCH_UPLOAD : ERR_STORE;
}

static enum err delete_upload(struct db *db, void *arg)
{
    const struct slice *id = arg;
    store_db_bind_bytes(db, DB_UPLOAD_DELETE, 1, *id);
    enum err e = store_db_run(db, DB_UPLOAD_DELETE);
    return e ? e : store_db_changes(db) == 0 ? ERR_NO_SUCH_UPLOAD : OK;
}

enum err store_upload_delete(struct store *s, struct slice id)
{
    return write_change(s, 0, delete_upload, &id);
}

/* The first key behind all that begin with `prefix`: its last byte that can be counted up, counted up. Empty: none. */
static struct slice prefix_end(struct slice prefix, struct arena *arena)
{
    while (prefix.n && (unsigned char)prefix.p[prefix.n - 1] == 0xff)
        prefix.n--;
    if (prefix.n == 0)
        return SLICE_NONE;
    char *end = arena_strdup(arena, prefix);
    end[prefix.n - 1]++;
    return slice_of(end, prefix.n);
}

enum err store_upload_list(struct store *s, struct slice bucket, struct slice prefix, struct slice after_key,
                           struct slice after_id, size_t max, struct arena *arena, struct store_upload *out, size_t *n,
                           bool *more)
{
    /* One lower bound: the prefix itself, or the place to go on from when that is further. */
    bool go_on = slice_cmp(after_key, prefix) >= 0;
    struct slice end = prefix_end(prefix, arena);
    enum store_db_statement st = end.n ? DB_UPLOAD_LIST : DB_UPLOAD_LIST_TO_END;
    size_t count = 0;
    int code;
    assert(max < INT64_MAX);
    pthread_mutex_lock(&s->read_lock);
    store_db_bind_bytes(&s->reader, st, 1, bucket);
    store_db_bind_bytes(&s->reader, st, 2, go_on ? after_key : prefix);
    store_db_bind_bytes(&s->reader, st, 3, go_on ? after_id : SLICE_NONE);
    store_db_bind_int(&s->reader, st, 4, (int64_t)max + 1);
    if (end.n)
        store_db_bind_bytes(&s->reader, st, 5, end);
    while ((code = store_db_step(&s->reader, st)) == SQLITE_ROW && count < max)
        read_upload(&s->reader, st, arena, &out[count++]);
    store_db_done(&s->reader, st);
    pthread_mutex_unlock(&s->read_lock);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return ERR_STORE;
    *n = count;
    *more = code == SQLITE_ROW;
    return OK;
}

struct expiry {
    int64_t before_ms;
    uint64_t uploads;
};

static enum err expire(struct db *db, void *arg)
{
    struct expiry *x = arg;
    store_db_bind_int(db, DB_UPLOAD_EXPIRE, 1, x->before_ms);
    enum err e = store_db_run(db, DB_UPLOAD_EXPIRE);
    if (e)
        return e;
    x->uploads = (uint64_t)store_db_changes(db);
    store_db_bind_int(db, DB_COMPLETED_EXPIRE, 1, x->before_ms);
    return store_db_run(db, DB_COMPLETED_EXPIRE);
}

enum err store_upload_expire(struct store *s, int64_t before_ms, uint64_t *n)
{
    struct expiry x = { .before_ms = before_ms };
    enum err e = write_change(s, 0, expire, &x);
    if (!e)
        *n = x.uploads;
    return e;
}

struct part_put {
    struct slice id;
    const struct store_part *part;
};

static enum err put_part(struct db *db, void *arg)
{
    const struct part_put *put = arg;
    store_db_bind_bytes(db, DB_PART_PUT, 1, put->id);
    store_db_bind_int(db, DB_PART_PUT, 2, put->part->number);
    store_db_bind_int(db, DB_PART_PUT, 3, (int64_t)put->part->size);
    store_db_bind_int(db, DB_PART_PUT, 4, put->part->modified_ms);
    store_db_bind_bytes(db, DB_PART_PUT, 5, put->part->etag);
    store_db_bind_bytes(db, DB_PART_PUT, 6, put->part->checksum);
    store_db_bind_bytes(db, DB_PART_PUT, 7, put->part->recipe);
    enum err e = store_db_run(db, DB_PART_PUT);
    return e ? e : store_db_changes(db) == 0 ? ERR_NO_SUCH_UPLOAD : OK;
}

enum err store_part_put(struct store *s, struct slice id, const struct store_part *part)
{
    assert(part->size <= INT64_MAX);
    struct part_put put = { id, part };
    return write_change(s, part->recipe.n, put_part, &put);
}

static void read_part(struct db *db, enum store_db_statement st, struct arena *arena, struct store_part *out)
{
    *out = (struct store_part){ .number = (unsigned)store_db_int(db, st, 0),
                                .size = (uint64_t)store_db_int(db, st, 1),
                                .modified_ms = store_db_int(db, st, 2),
                                .etag = store_db_bytes(db, st, 3, arena),
                                .checksum = store_db_bytes(db, st, 4, arena) };
}

enum err store_part_list(struct store *s, struct slice id, unsigned after, size_t max, struct arena *arena,
                         struct store_part *out, size_t *n, bool *more)
{
    size_t count = 0;
    int code;
    assert(max < INT64_MAX);
    pthread_mutex_lock(&s->read_lock);
    store_db_bind_bytes(&s->reader, DB_PART_LIST, 1, id);
    store_db_bind_int(&s->reader, DB_PART_LIST, 2, after);
    store_db_bind_int(&s->reader, DB_PART_LIST, 3, (int64_t)max + 1);
    while ((code = store_db_step(&s->reader, DB_PART_LIST)) == SQLITE_ROW && count < max)
        read_part(&s->reader, DB_PART_LIST, arena, &out[count++]);
    store_db_done(&s->reader, DB_PART_LIST);
    pthread_mutex_unlock(&s->read_lock);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return ERR_STORE;
    *n = count;
    *more = code == SQLITE_ROW;
    return OK;
}

enum err store_part_get(struct store *s, struct slice id, unsigned number, struct arena *arena, struct store_part *out)
{
    pthread_mutex_lock(&s->read_lock);
    store_db_bind_bytes(&s->reader, DB_PART_GET, 1, id);
    store_db_bind_int(&s->reader, DB_PART_GET, 2, number);
    int code = store_db_step(&s->reader, DB_PART_GET);
    if (code == SQLITE_ROW) {
        read_part(&s->reader, DB_PART_GET, arena, out);
        out->recipe = store_db_bytes(&s->reader, DB_PART_GET, 5, arena);
    }
    store_db_done(&s->reader, DB_PART_GET);
    pthread_mutex_unlock(&s->read_lock);
    return code == SQLITE_ROW ? OK : code == SQLITE_DONE ? ERR_INVALID_PART : ERR_STORE;
}

struct completion {
    struct slice id, bucket, key, etag, parts;
};

static enum err complete(struct db *db, void *arg)
{
    struct completion *done = arg;
    enum err e = delete_upload(db, &done->id);
    if (e)
        return e;
    store_db_bind_bytes(db, DB_COMPLETE, 1, done->id);
    store_db_bind_bytes(db, DB_COMPLETE, 2, done->bucket);
    store_db_bind_bytes(db, DB_COMPLETE, 3, done->key);
    store_db_bind_bytes(db, DB_COMPLETE, 4, done->etag);
    store_db_bind_bytes(db, DB_COMPLETE, 5, done->parts);
    store_db_bind_int(db, DB_COMPLETE, 6, clock_now_ms());
    return store_db_run(db, DB_COMPLETE);
}

enum err store_complete(struct store *s, struct slice id, struct slice bucket, struct slice key, struct slice etag,
                        struct slice parts)
{
    struct completion done = { id, bucket, key, etag, parts };
    return write_change(s, parts.n, complete, &done);
}

enum err store_completed_get(struct store *s, struct slice id, struct slice bucket, struct slice key,
                             struct arena *arena, struct slice *etag, struct slice *parts)
{
    pthread_mutex_lock(&s->read_lock);
    store_db_bind_bytes(&s->reader, DB_COMPLETED_GET, 1, id);
    store_db_bind_bytes(&s->reader, DB_COMPLETED_GET, 2, bucket);
    store_db_bind_bytes(&s->reader, DB_COMPLETED_GET, 3, key);
    int code = store_db_step(&s->reader, DB_COMPLETED_GET);
    if (code == SQLITE_ROW) {
        *etag = store_db_bytes(&s->reader, DB_COMPLETED_GET, 0, arena);
        *parts = store_db_bytes(&s->reader, DB_COMPLETED_GET, 1, arena);
    }
    store_db_done(&s->reader, DB_COMPLETED_GET);
    pthread_mutex_unlock(&s->read_lock);
    return code == SQLITE_ROW ? OK : code == SQLITE_DONE ? ERR_NO_SUCH_UPLOAD : ERR_STORE;
}

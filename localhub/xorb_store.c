/* SPDX-License-Identifier: Apache-2.0 */
/* xorb_store.c: xorbs on their way to the disk (xorb_store.h says in which steps). */
#include "localhub/xorb_store.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "localhub/xorb_check.h"

enum { WRITE_BEHIND = 8 << 20 }; /* bytes after which the kernel is told to start writing, so that the sync is short */

struct xorb_store {
    struct db *db;
    int fd;  /* xorbs/ */
    int tmp; /* xorbs/tmp/ */
    atomic_uint next_tmp;
    pthread_mutex_t lock; /* leaf; guards claims */
    pthread_cond_t freed;
    struct xorb_put *claims;
};

struct xorb_put {
    struct xorb_store *store;
    struct xet_hash hash;
    struct xorb_check check;
    struct buf small; /* until it is too large for a row */
    int fd;           /* -1: still small */
    uint64_t written; /* to fd */
    char tmp_name[16];
    struct xorb_put *next_claim; /* under the store's lock */
};

/* ---- the directory ---- */

static void remove_leftovers(int tmp_fd)
{
    int fd = dup(tmp_fd);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    if (!d)
        return;
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        if (e->d_name[0] != '.')
            unlinkat(tmp_fd, e->d_name, 0);
    closedir(d);
}

static int open_dir(int at, const char *name)
{
    if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
        return -1;
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* All 256 now, so that no upload has to sync a parent. */
static bool make_shelves(int fd)
{
    for (unsigned i = 0; i < 256; i++) {
        char name[3];
        snprintf(name, sizeof name, "%02x", i);
        if (mkdirat(fd, name, 0700) != 0 && errno != EEXIST)
            return false;
    }
    return fsync(fd) == 0;
}

enum err xorb_store_new(struct db *db, int dir_fd, char why[256], struct xorb_store **out)
{
    struct xorb_store *s = (struct xorb_store *)mem_zalloc(sizeof *s);

    s->db = db;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->freed, NULL);
    s->fd = open_dir(dir_fd, "xorbs");
    s->tmp = s->fd < 0 ? -1 : open_dir(s->fd, "tmp");
    if (s->tmp < 0 || !make_shelves(s->fd) || fsync(dir_fd) != 0) {
        snprintf(why, 256, "cannot make the directory \"xorbs\": %s", strerror(errno));
        xorb_store_free(s);
        return ERR_STORE;
    }
    remove_leftovers(s->tmp);
    *out = s;
    return OK;
}

void xorb_store_free(struct xorb_store *s)
{
    if (!s)
        return;
    assert(s->claims == NULL);
    if (s->tmp >= 0)
        close(s->tmp);
    if (s->fd >= 0)
        close(s->fd);
    pthread_cond_destroy(&s->freed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

#define XORB_PATH (3 + XET_HASH_TEXT)
static void shelf_path(const struct xet_hash *hash, char out[XORB_PATH])
{
    char text[XET_HASH_TEXT];

    xet_hash_text(hash, text);
    snprintf(out, XORB_PATH, "%.2s/%s", text, text);
}

/* ---- one upload ---- */

struct xorb_put *xorb_put_new(struct xorb_store *s, const struct xet_hash *hash)
{
    struct xorb_put *p = (struct xorb_put *)mem_zalloc(sizeof *p);

    p->store = s;
    p->hash = *hash;
    p->fd = -1;
    xorb_check_init(&p->check);
    buf_init(&p->small, XORB_ROW_MAX);
    return p;
}

void xorb_put_free(struct xorb_put *p)
{
    if (!p)
        return;
    if (p->fd >= 0) {
        close(p->fd);
        if (p->tmp_name[0])
            unlinkat(p->store->tmp, p->tmp_name, 0);
    }
    xorb_check_done(&p->check);
    buf_done(&p->small);
    free(p);
}

static enum err disk_failed(const char *what)
{
    log_say(LOG_ERROR, "localhub", "xorbs: %s: %s", what, strerror(errno));
    return ERR_STORE;
}

static enum err file_write(struct xorb_put *p, struct slice bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(p->fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return disk_failed("write");
        uint64_t before = p->written / WRITE_BEHIND;
        p->written += (uint64_t)n;
        if (p->written / WRITE_BEHIND > before)
            sync_file_range(p->fd, (off_t)(before * WRITE_BEHIND), WRITE_BEHIND, SYNC_FILE_RANGE_WRITE);
        bytes = slice_from(bytes, (size_t)n);
    }
    return OK;
}

static enum err become_large(struct xorb_put *p)
{
    unsigned n = atomic_fetch_add(&p->store->next_tmp, 1);

    snprintf(p->tmp_name, sizeof p->tmp_name, "%u", n);
    p->fd = openat(p->store->tmp, p->tmp_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (p->fd < 0)
        return disk_failed("open");
    enum err e = file_write(p, buf_slice(&p->small));
    buf_done(&p->small);
    return e;
}

enum err xorb_put_write(struct xorb_put *p, struct slice bytes)
{
    if (p->check.footer)
        return OK;
    enum err e = xorb_check_feed(&p->check, bytes);
    if (e)
        return e;
    /* What these bytes hold of a footer is cut off at the end. */
    if (p->fd < 0 && p->small.n + bytes.n <= XORB_ROW_MAX) {
        buf_add(&p->small, bytes);
        return OK;
    }
    if (p->fd < 0)
        e = become_large(p);
    return e ? e : file_write(p, bytes);
}

/* ---- the last steps, by one upload of a xorb at a time ---- */

static bool is_claimed(struct xorb_store *s, const struct xet_hash *hash)
{
    for (struct xorb_put *p = s->claims; p; p = p->next_claim)
        if (xet_hash_eq(&p->hash, hash))
            return true;
    return false;
}

static void claim(struct xorb_put *p)
{
    struct xorb_store *s = p->store;

    pthread_mutex_lock(&s->lock);
    while (is_claimed(s, &p->hash))
        pthread_cond_wait(&s->freed, &s->lock);
    p->next_claim = s->claims;
    s->claims = p;
    pthread_mutex_unlock(&s->lock);
}

static void unclaim(struct xorb_put *p)
{
    struct xorb_store *s = p->store;

    pthread_mutex_lock(&s->lock);
    struct xorb_put **at = &s->claims;
    while (*at != p)
        at = &(*at)->next_claim;
    *at = p->next_claim;
    pthread_mutex_unlock(&s->lock);
    pthread_cond_broadcast(&s->freed);
}

static enum err is_known(struct xorb_put *p, bool *known)
{
    AUTO_READ struct db_read r = db_read(p->store->db);
    sqlite3_stmt *s = r.conn ? db_stmt(r.conn, SQL_XORB_PLACE) : NULL;

    if (!s)
        return ERR_STORE;
    db_bind_hash(s, 1, &p->hash);
    int row = db_step(s);
    if (row < 0)
        return ERR_STORE;
    *known = row == 1;
    return OK;
}

static enum err file_publish(struct xorb_put *p)
{
    char path[XORB_PATH], shelf[3];

    shelf_path(&p->hash, path);
    memcpy(shelf, path, 2);
    shelf[2] = '\0';
    if (renameat(p->store->tmp, p->tmp_name, p->store->fd, path) != 0)
        return disk_failed("rename");
    p->tmp_name[0] = '\0';
    int dir = openat(p->store->fd, shelf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return disk_failed("open directory");
    bool ok = fsync(dir) == 0;
    close(dir);
    return ok ? OK : disk_failed("fsync directory");
}

struct xorb_write {
    struct db_write write;
    struct xorb_put *put;
    bool inserted;
};

static enum err add_eligible_chunks(struct db_conn *c, const struct xorb_check *check, int64_t id)
{
    for (size_t i = 0; i < check->n; i++) {
        struct xet_hash hash;
        memcpy(hash.b, check->chunks.p + i * CHUNK_ROW, sizeof hash.b);
        if (!xet_hash_dedup_eligible(&hash))
            continue;
        sqlite3_stmt *s = db_stmt(c, SQL_CHUNK_ADD);
        if (!s)
            return ERR_STORE;
        db_bind_hash(s, 1, &hash);
        sqlite3_bind_int64(s, 2, id);
        if (db_run(s) != OK)
            return ERR_STORE;
    }
    return OK;
}

static enum err add_content(struct db_conn *c, const struct xorb_put *p, int64_t id)
{
    sqlite3_stmt *s = db_stmt(c, SQL_CONTENT_ADD);

    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    db_bind_slice(s, 2, slice_of(p->small.p, p->check.packed));
    return db_run(s);
}

static enum err apply_xorb(struct db_conn *c, struct db_write *w)
{
    struct xorb_write *x = (struct xorb_write *)w;
    const struct xorb_put *p = x->put;
    sqlite3_stmt *s = db_stmt(c, SQL_XORB_ADD);

    if (!s)
        return ERR_STORE;
    db_bind_hash(s, 1, &p->hash);
    sqlite3_bind_int64(s, 2, (int64_t)p->check.size);
    sqlite3_bind_int64(s, 3, (int64_t)p->check.packed);
    sqlite3_bind_int(s, 4, p->fd >= 0);
    db_bind_slice(s, 5, buf_slice(&p->check.chunks));
    if (db_run(s) != OK)
        return ERR_STORE;
    x->inserted = db_changes(c) > 0;
    if (!x->inserted)
        return OK;
    int64_t id = db_last_id(c);
    if (p->fd < 0 && add_content(c, p, id) != OK)
        return ERR_STORE;
    return add_eligible_chunks(c, &p->check, id);
}

static enum err publish(struct xorb_put *p, bool *inserted)
{
    struct xorb_write w = { .write.apply = apply_xorb, .put = p };
    bool known = false;

    enum err e = is_known(p, &known);
    if (!e && !known && p->fd >= 0)
        e = file_publish(p);
    if (e || known) {
        *inserted = false;
        return e;
    }
    w.write.item.weight = p->check.chunks.n + (p->fd < 0 ? p->check.packed : 0);
    e = db_write(p->store->db, &w.write);
    if (!e)
        *inserted = w.inserted;
    return e;
}

enum err xorb_put_finish(struct xorb_put *p, bool *inserted)
{
    enum err e = xorb_check_finish(&p->check, &p->hash);

    if (e)
        return e;
    if (p->fd >= 0) {
        if (ftruncate(p->fd, (off_t)p->check.packed) != 0 || fdatasync(p->fd) != 0)
            return disk_failed("sync");
    }
    claim(p);
    e = publish(p, inserted);
    unclaim(p);
    return e;
}

/* ---- reading ---- */

enum err xorb_store_open(struct xorb_store *s, const struct xet_hash *hash, int *fd)
{
    char path[XORB_PATH];

    shelf_path(hash, path);
    int opened = openat(s->fd, path, O_RDONLY | O_CLOEXEC);
    if (opened < 0)
        return disk_failed("open");
    *fd = opened;
    return OK;
}

enum err xorb_row_read(struct db_conn *c, int64_t id, uint64_t from, size_t n, char *out)
{
    sqlite3_stmt *s = db_stmt(c, SQL_CONTENT_READ);

    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_int64(s, 2, (int64_t)from);
    sqlite3_bind_int64(s, 3, (int64_t)n);
    int row = db_step(s);
    if (row != 1)
        return row == 0 ? ERR_CORRUPT : ERR_STORE;
    struct slice data = db_col_slice(s, 0);
    enum err e = data.n == n ? OK : ERR_CORRUPT;
    if (!e)
        memcpy(out, data.p, n);
    sqlite3_reset(s);
    return e;
}

enum err xorb_file_read(int fd, uint64_t from, size_t n, char *out)
{
    while (n > 0) {
        ssize_t got = pread(fd, out, n, (off_t)from);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? ERR_CORRUPT : disk_failed("read");
        out += got;
        from += (uint64_t)got;
        n -= (size_t)got;
    }
    return OK;
}

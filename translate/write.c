/* SPDX-License-Identifier: Apache-2.0 */
/* write.c: see write.h. The locks of keys are striped: a writer without a condition takes its stripe for reading, one
 * with a condition for writing, so that nothing lands between its look and its line. */
#include "translate/write.h"

#include "common/clock.h"
#include "translate/object.h"

enum { STRIPES = 256 };

struct stripe {
    pthread_rwlock_t lock;
};

static struct stripe stripes[STRIPES];
static pthread_once_t stripes_once = PTHREAD_ONCE_INIT;

static void make_stripes(void)
{
    for (size_t i = 0; i < STRIPES; i++)
        pthread_rwlock_init(&stripes[i].lock, NULL);
}

static pthread_rwlock_t *stripe_of(const struct bucket *b, struct slice path)
{
    pthread_once(&stripes_once, make_stripes);
    uint64_t h = 14695981039346656037u ^ (uintptr_t)b;
    for (size_t i = 0; i < path.n; i++)
        h = (h ^ (uint8_t)path.p[i]) * 1099511628211u;
    return &stripes[(h >> 32) % STRIPES].lock;
}

enum err write_check(struct s3_call *c, struct bucket *b, struct slice path)
{
    struct hub_file file;
    char etag[ETAG_TEXT];
    enum err e = hub_lookup(b->hub, path, c->arena, &file);
    if (e == ERR_NO_SUCH_KEY)
        return condition_write(c, NULL);
    if (e)
        return e;
    etag_text(file.xet_hash, etag);
    return condition_write(c, &(struct condition_object){ etag, hub_file_modified(&file) });
}

static enum err send(struct bucket *b, struct hub_line *lines, size_t n, struct arena *arena)
{
    pthread_rwlock_rdlock(&b->gate);
    enum err e = hub_batch(b->hub, lines, n, arena);
    pthread_rwlock_unlock(&b->gate);
    for (size_t i = 0; !e && i < n; i++)
        e = lines[i].result;
    return e;
}

enum err write_lines(struct s3_call *c, struct bucket *b, struct slice path, struct hub_line *lines, size_t n)
{
    pthread_rwlock_t *stripe = stripe_of(b, path);
    if (!condition_on_write(c)) {
        pthread_rwlock_rdlock(stripe);
        enum err e = send(b, lines, n, c->arena);
        pthread_rwlock_unlock(stripe);
        return e;
    }
    pthread_rwlock_wrlock(stripe);
    enum err e = write_check(c, b, path);
    if (!e)
        e = send(b, lines, n, c->arena);
    pthread_rwlock_unlock(stripe);
    return e;
}

static struct hub_line add_line(struct slice path, const struct xet_file *file, int64_t mtime_ms)
{
    struct hub_line line = { .op = HUB_ADD, .path = path, .mtime_ms = mtime_ms };
    xet_hash_text(&file->hash, line.xet_hash);
    return line;
}

enum err write_add(struct s3_call *c, struct bucket *b, struct slice path, const struct xet_file *file,
                   struct slice content_type, const struct meta *meta)
{
    struct hub_line lines[2];
    int64_t now = clock_now_ms();
    lines[1] = add_line(path, file, now);
    lines[1].content_type = content_type;
    if (meta->n == 0)
        return write_lines(c, b, path, &lines[1], 1);
    struct xet_file companion;
    enum err e = meta_write(b, meta, lines[1].xet_hash, now, &companion);
    if (e)
        return e;
    lines[0] = add_line(meta_path(c->arena, path), &companion, now);
    lines[0].content_type = SLICE("application/json");
    return write_lines(c, b, path, lines, 2);
}

static enum err send_tags(struct s3_call *c, struct bucket *b, struct object *o, const struct tags *tags)
{
    struct hub_line line = { .op = HUB_DELETE, .path = meta_path(c->arena, o->path) };
    struct xet_file companion;
    tags_to_meta(tags, c->arena, &o->meta);
    if (o->meta.n > 0) {
        enum err e = meta_write(b, &o->meta, o->file.xet_hash, o->file.mtime_ms, &companion);
        if (e)
            return e;
        line = add_line(line.path, &companion, clock_now_ms());
        line.content_type = SLICE("application/json");
    }
    return send(b, &line, 1, c->arena);
}

/* Alone with the key: a companion of the object that was here a moment ago would take the place of the new one's. */
enum err write_tags(struct s3_call *c, struct bucket *b, struct slice path, const struct tags *tags)
{
    struct object o;
    pthread_rwlock_t *stripe = stripe_of(b, path);
    pthread_rwlock_wrlock(stripe);
    enum err e = object_find(c, b, path, &o);
    if (!e && (tags->n > 0 || meta_find(&o.meta, META_TAGS).p))
        e = send_tags(c, b, &o, tags);
    pthread_rwlock_unlock(stripe);
    return e;
}

/* One after the other in the order of their addresses, so that two renames do not wait for each other. */
static void lock_both(pthread_rwlock_t *a, pthread_rwlock_t *b)
{
    pthread_rwlock_wrlock(a < b ? a : b);
    if (a != b)
        pthread_rwlock_wrlock(a < b ? b : a);
}

static void unlock_both(pthread_rwlock_t *a, pthread_rwlock_t *b)
{
    pthread_rwlock_unlock(a);
    if (a != b)
        pthread_rwlock_unlock(b);
}

static enum err send_deletion(struct s3_call *c, struct bucket *b, struct slice path)
{
    struct hub_line lines[2] = { { .op = HUB_DELETE, .path = path },
                                 { .op = HUB_DELETE, .path = meta_path(c->arena, path) } };
    return send(b, lines, 2, c->arena);
}

static enum err send_again(struct s3_call *c, struct bucket *b, const struct object *o, struct slice to)
{
    struct hub_line lines[2] = { { .path = { 0 } } };
    struct xet_file companion;
    lines[1] = add_line(to, &o->content, o->file.mtime_ms);
    lines[1].content_type = o->file.content_type;
    if (o->meta.n == 0)
        return send(b, &lines[1], 1, c->arena);
    enum err e = meta_write(b, &o->meta, o->file.xet_hash, o->file.mtime_ms, &companion);
    if (e)
        return e;
    lines[0] = add_line(meta_path(c->arena, to), &companion, o->file.mtime_ms);
    lines[0].content_type = SLICE("application/json");
    return send(b, lines, 2, c->arena);
}

enum err write_rename(struct s3_call *c, struct bucket *b, struct slice from, struct slice to)
{
    struct object o;
    pthread_rwlock_t *first = stripe_of(b, from), *second = stripe_of(b, to);
    lock_both(first, second);
    enum err e = object_find(c, b, from, &o);
    if (!e)
        e = condition_rename_source(c, &(struct condition_object){ o.etag, o.modified_ms });
    if (!e && condition_on_write(c))
        e = write_check(c, b, to);
    if (!e)
        e = send_again(c, b, &o, to);
    if (!e)
        e = send_deletion(c, b, from);
    unlock_both(first, second);
    return e;
}

enum err write_delete_if(struct s3_call *c, struct bucket *b, struct slice path, struct slice etags)
{
    struct hub_file file;
    char etag[ETAG_TEXT];
    pthread_rwlock_t *stripe = stripe_of(b, path);
    pthread_rwlock_wrlock(stripe);
    enum err e = hub_lookup(b->hub, path, c->arena, &file);
    if (!e) {
        etag_text(file.xet_hash, etag);
        e = condition_lists(etags, etag) ? send_deletion(c, b, path) : ERR_PRECONDITION;
    }
    pthread_rwlock_unlock(stripe);
    return e;
}

void write_add_etag(struct s3_call *c, const struct xet_file *file)
{
    char text[XET_HASH_TEXT], etag[ETAG_TEXT];
    xet_hash_text(&file->hash, text);
    etag_text(text, etag);
    httpd_add_header_str(c->http, "ETag", etag);
}

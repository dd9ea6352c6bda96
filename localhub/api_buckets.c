/* SPDX-License-Identifier: Apache-2.0 */
/* api_buckets.c: who am I, and buckets as a whole: create, info, list, delete, settings, move (Hub API). */
#include "common/clock.h"
#include "localhub/bucket.h"
#include "localhub/json_in.h"
#include "localhub/names.h"
#include "localhub/route.h"

enum { BODY_MAX = 64 << 10, LIST_DEFAULT = 100, LIST_MAX = 1000 };

static struct slice id_text(struct call *c, const struct bucket *b)
{
    return slice_str(arena_printf(c->arena, "%.*s/%.*s", (int)b->ns.n, b->ns.p, (int)b->name.n, b->name.p));
}

/* ---- who ---- */

static void org_json(struct json_out *j, const char *name)
{
    json_open(j, '{');
    json_key(j, "type");
    json_str(j, "org");
    json_key(j, "name");
    json_str(j, name);
    json_key(j, "fullname");
    json_str(j, name);
    json_key(j, "roleInOrg");
    json_str(j, "write");
    json_close(j, '}');
}

static void auth_json(struct json_out *j)
{
    json_open(j, '{');
    json_key(j, "type");
    json_str(j, "access_token");
    json_key(j, "accessToken");
    json_open(j, '{');
    json_key(j, "displayName");
    json_str(j, "local");
    json_key(j, "role");
    json_str(j, "write");
    json_close(j, '}');
    json_close(j, '}');
}

void api_whoami(struct call *c)
{
    AUTO_BUF struct buf body = { 0 };
    struct json_out j = { &body, false };

    if (!c->who) {
        call_error(c, 401, NULL, "Invalid username or password.");
        return;
    }
    buf_init(&body, SIZE_MAX);
    json_open(&j, '{');
    json_key(&j, "type");
    json_str(&j, "user");
    json_key(&j, "id");
    json_str(&j, c->who->name);
    json_key(&j, "name");
    json_str(&j, c->who->name);
    json_key(&j, "fullname");
    json_str(&j, c->who->name);
    json_key(&j, "orgs");
    json_open(&j, '[');
    for (size_t i = 0; i < c->who->n_orgs; i++)
        org_json(&j, c->who->orgs[i]);
    json_close(&j, ']');
    json_key(&j, "auth");
    auth_json(&j);
    json_close(&j, '}');
    call_json(c, 200, &body);
}

/* ---- looking ---- */

static void bucket_json(struct json_out *j, struct call *c, const struct bucket *b)
{
    json_open(j, '{');
    json_key(j, "id");
    json_slice(j, id_text(c, b));
    json_key(j, "private");
    json_bool(j, b->is_private);
    json_key(j, "createdAt");
    json_time(j, b->created_ms);
    json_key(j, "updatedAt");
    json_time(j, b->updated_ms);
    json_key(j, "size");
    json_u64(j, b->size);
    json_key(j, "totalFiles");
    json_u64(j, b->files);
    json_close(j, '}');
}

void api_bucket_info(struct call *c)
{
    AUTO_BUF struct buf body = { 0 };
    struct json_out j = { &body, false };
    struct bucket b;

    if (!bucket_of_call(c, BUCKET_READ, &b))
        return;
    buf_init(&body, BODY_MAX);
    bucket_json(&j, c, &b);
    call_json(c, 200, &body);
}

/* Appends up to `limit` buckets behind the name `after`; *last: the last one's name when there may be more. */
static enum err list_page(struct call *c, struct slice ns, struct slice after, unsigned limit, struct buf *body,
                          struct slice *last)
{
    AUTO_READ struct db_read r = db_read(c->hub->db);
    sqlite3_stmt *s = r.conn ? db_stmt(r.conn, SQL_BUCKET_LIST) : NULL;
    struct slice search = call_param(c, "search");
    struct json_out j = { body, false };
    struct bucket b = { 0 };
    unsigned n = 0;
    int row;

    if (!s)
        return ERR_STORE;
    db_bind_text(s, 1, ns);
    db_bind_text(s, 2, after.p ? after : SLICE(""));
    sqlite3_bind_int(s, 3, person_owns(c->who, ns));
    db_bind_text(s, 4, search.p ? search : SLICE(""));
    sqlite3_bind_int64(s, 5, (int64_t)limit + 1);
    json_open(&j, '[');
    while ((row = db_step(s)) == 1) {
        if (n++ == limit) {
            *last = b.name;
            break;
        }
        bucket_row(s, c->arena, &b);
        bucket_json(&j, c, &b);
    }
    json_close(&j, ']');
    return row < 0 ? ERR_STORE : OK;
}

void api_bucket_list(struct call *c)
{
    AUTO_BUF struct buf body = { 0 };
    struct slice ns, last = SLICE_NONE;
    unsigned limit;

    if (!namespace_of_call(c, &ns) || !call_limit(c, LIST_DEFAULT, LIST_MAX, &limit))
        return;
    if (!people_is_namespace(c->hub->people, ns)) {
        call_error(c, 404, NULL, "There is no such namespace");
        return;
    }
    buf_init(&body, 4 << 20);
    enum err e = list_page(c, ns, call_param(c, "cursor"), limit, &body, &last);
    if (e) {
        call_fail(c, e);
        return;
    }
    if (last.p)
        call_next_link(c, last);
    call_json(c, 200, &body);
}

void api_bucket_events(struct call *c)
{
    struct bucket b;

    if (bucket_of_call(c, BUCKET_READ, &b))
        call_error(c, 501, NULL, "The change feed is not served here");
}

/* ---- changing ---- */

enum change { CHANGE_CREATE, CHANGE_DELETE, CHANGE_PRIVATE, CHANGE_MOVE };
struct bucket_write {
    struct db_write write;
    enum change change;
    int64_t id, now_ms;
    struct slice ns, name; /* create, move */
    bool is_private;       /* create, private */
};

static enum err run_change(struct db_conn *c, const struct bucket_write *w)
{
    static const enum db_sql sql[] = {
        [CHANGE_CREATE] = SQL_BUCKET_ADD,
        [CHANGE_DELETE] = SQL_BUCKET_DELETE,
        [CHANGE_PRIVATE] = SQL_BUCKET_PRIVATE,
        [CHANGE_MOVE] = SQL_BUCKET_MOVE,
    };
    sqlite3_stmt *s = db_stmt(c, sql[w->change]);

    if (!s)
        return ERR_STORE;
    if (w->change == CHANGE_CREATE) {
        db_bind_text(s, 1, w->ns);
        db_bind_text(s, 2, w->name);
        sqlite3_bind_int(s, 3, w->is_private);
        sqlite3_bind_int64(s, 4, w->now_ms);
        return db_run(s);
    }
    sqlite3_bind_int64(s, 1, w->id);
    if (w->change == CHANGE_PRIVATE) {
        sqlite3_bind_int(s, 2, w->is_private);
        sqlite3_bind_int64(s, 3, w->now_ms);
    }
    if (w->change == CHANGE_MOVE) {
        db_bind_text(s, 2, w->ns);
        db_bind_text(s, 3, w->name);
        sqlite3_bind_int64(s, 4, w->now_ms);
    }
    return db_run(s);
}

static enum err doom(struct db_conn *c, int64_t id)
{
    sqlite3_stmt *s = db_stmt(c, SQL_DOOM);

    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    return db_run(s);
}

/* No row changed: the name is taken, or the bucket has gone meanwhile. */
static enum err apply_change(struct db_conn *c, struct db_write *write)
{
    struct bucket_write *w = (struct bucket_write *)write;

    if (run_change(c, w) != OK)
        return ERR_STORE;
    if (db_changes(c) == 0)
        return w->change == CHANGE_CREATE || w->change == CHANGE_MOVE ? ERR_BUCKET_EXISTS : ERR_NO_SUCH_BUCKET;
    return w->change == CHANGE_DELETE ? doom(c, w->id) : OK;
}

static enum err change_bucket(struct call *c, struct bucket_write *w)
{
    w->write.apply = apply_change;
    w->now_ms = clock_now_ms();
    return db_write(c->hub->db, &w->write);
}

/* {"url": …}, with the error beside it when there is one. */
static void answer_url(struct call *c, int status, const char *error, struct slice ns, struct slice name)
{
    AUTO_BUF struct buf body = { 0 };
    struct json_out j = { &body, false };
    const struct bucket b = { .ns = ns, .name = name };

    buf_init(&body, BODY_MAX);
    json_open(&j, '{');
    if (error) {
        json_key(&j, "error");
        json_str(&j, error);
        httpd_add_header_str(c->r, "X-Error-Message", error);
    }
    json_key(&j, "url");
    json_str(&j, arena_printf(c->arena, "%s/buckets/%.*s/%.*s", c->base, (int)ns.n, ns.p, (int)name.n, name.p));
    json_key(&j, "id");
    json_slice(&j, id_text(c, &b));
    json_close(&j, '}');
    call_json(c, status, &body);
}

/* NULL: answered. An empty body is an empty object. */
static json_t *object_of_call(struct call *c)
{
    AUTO_BUF struct buf body = { 0 };

    if (!call_body(c, BODY_MAX, &body))
        return NULL;
    json_t *j = json_in(body.n ? buf_slice(&body) : SLICE("{}"));
    if (!j)
        call_error(c, 400, NULL, "The request's body is not a JSON object");
    return j;
}

/* "private" as older clients send it, "visibility" as newer ones do. false: answered 400. */
static bool visibility_of(struct call *c, json_t *object, bool *is_private)
{
    struct slice visibility = json_in_text(object, "visibility");
    json_t *flag = json_object_get(object, "private");

    if (json_is_boolean(flag))
        *is_private = json_is_true(flag);
    if (!visibility.p)
        return true;
    *is_private = slice_is(visibility, "private");
    if (*is_private || slice_is(visibility, "public"))
        return true;
    call_error(c, 400, NULL, "visibility must be public or private");
    return false;
}

static bool region_ok(struct call *c, json_t *object)
{
    struct slice region = json_in_text(object, "region");

    if (!region.p || slice_is(region, "us") || slice_is(region, "eu"))
        return true;
    call_error(c, 400, NULL, "region must be us or eu");
    return false;
}

/* false: answered 400 or 403. */
static bool may_place(struct call *c, struct slice ns, struct slice name)
{
    if (!c->who) {
        call_error(c, 401, NULL, "Invalid username or password.");
        return false;
    }
    if (!person_owns(c->who, ns)) {
        call_error(c, 403, NULL, "You do not have write access to this namespace");
        return false;
    }
    if (name_ok(name))
        return true;
    call_error(c, 400, NULL,
               "A bucket's name has letters, digits, '-', '_' and '.', up to 96 of them, without '--' and '..'");
    return false;
}

void api_bucket_create(struct call *c)
{
    struct bucket_write w = { .change = CHANGE_CREATE, .name = c->args[1] };

    if (!namespace_of_call(c, &w.ns) || !may_place(c, w.ns, w.name))
        return;
    AUTO_JSON json_t *body = object_of_call(c);
    if (!body || !visibility_of(c, body, &w.is_private) || !region_ok(c, body))
        return;
    enum err e = change_bucket(c, &w);
    if (!e)
        answer_url(c, 200, NULL, w.ns, w.name);
    else if (e == ERR_BUCKET_EXISTS)
        answer_url(c, 409, "You already created this bucket", w.ns, w.name);
    else
        call_fail(c, e);
}

static void answer_change(struct call *c, enum err e)
{
    if (!e)
        call_empty(c, 200);
    else if (e == ERR_NO_SUCH_BUCKET)
        bucket_missing(c);
    else if (e == ERR_BUCKET_EXISTS)
        call_error(c, 409, NULL, "There is a bucket of that name already");
    else
        call_fail(c, e);
}

void api_bucket_delete(struct call *c)
{
    struct bucket b;

    if (!bucket_of_call(c, BUCKET_WRITE, &b))
        return;
    struct bucket_write w = { .change = CHANGE_DELETE, .id = b.id };
    enum err e = change_bucket(c, &w);
    if (!e)
        sweep_wake(c->hub->sweep);
    answer_change(c, e);
}

void api_bucket_settings(struct call *c)
{
    AUTO_BUF struct buf answer = { 0 };
    struct json_out j = { &answer, false };
    struct bucket b;

    if (!bucket_of_call(c, BUCKET_WRITE, &b))
        return;
    struct bucket_write w = { .change = CHANGE_PRIVATE, .id = b.id, .is_private = b.is_private };
    AUTO_JSON json_t *body = object_of_call(c);
    if (!body || !visibility_of(c, body, &w.is_private))
        return;
    enum err e = change_bucket(c, &w);
    if (e) {
        answer_change(c, e);
        return;
    }
    buf_init(&answer, BODY_MAX);
    json_open(&j, '{');
    json_key(&j, "private");
    json_bool(&j, w.is_private);
    json_close(&j, '}');
    call_json(c, 200, &answer);
}

static bool split_id(struct slice id, struct slice *ns, struct slice *name)
{
    *name = id;
    *ns = slice_cut(name, '/');
    return ns->n && name->p && name->n && !memchr(name->p, '/', name->n);
}

void api_bucket_move(struct call *c)
{
    struct bucket_write w = { .change = CHANGE_MOVE };
    struct bucket b;

    AUTO_JSON json_t *body = object_of_call(c);
    if (!body)
        return;
    if (!slice_is(json_in_text(body, "type"), "bucket")) {
        call_error(c, 400, NULL, "Only buckets can be moved here: type must be bucket");
        return;
    }
    if (!split_id(json_in_text(body, "fromRepo"), &c->args[0], &c->args[1]) ||
        !split_id(json_in_text(body, "toRepo"), &w.ns, &w.name)) {
        call_error(c, 400, NULL, "fromRepo and toRepo must be namespace/name");
        return;
    }
    if (!bucket_of_call(c, BUCKET_WRITE, &b) || !may_place(c, w.ns, w.name))
        return;
    w.id = b.id;
    answer_change(c, change_bucket(c, &w));
}

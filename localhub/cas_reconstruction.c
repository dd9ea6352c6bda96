/* SPDX-License-Identifier: Apache-2.0 */
/* cas_reconstruction.c: how a file, or a range of it, is put together: its terms, and for every xorb they name the
 * byte ranges to fetch with signed URLs (Xet specification, "Reconstruction").
 *
 *   file hash, Range ──► plan ──► runs: per xorb, the chunks its terms touch, merged where they meet ──► JSON
 *
 * The answer can have as many terms as the file, so it is sent while it is written. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "localhub/plan.h"
#include "localhub/route.h"
#include "localhub/signed_url.h"

enum { URL_RANGES_MAX = 16, FLUSH_BYTES = 64 << 10, SCOPE_MAX = 1024, URL_MAX = 8192 };

/* Chunks start to end of a xorb, and their bytes: from inclusive, to exclusive. */
struct run {
    struct xet_hash xorb;
    uint32_t start, end, from, to;
};

static int run_order(const void *a, const void *b)
{
    const struct run *x = (const struct run *)a, *y = (const struct run *)b;
    int order = memcmp(x->xorb.b, y->xorb.b, sizeof x->xorb.b);

    return order ? order : x->start < y->start ? -1 : x->start > y->start;
}

/* Sorted by xorb and place; what overlaps or touches is one. Returns how many. */
static size_t make_runs(const struct plan *p, struct run *runs)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++) {
        struct file_term t;
        plan_term(p, i, &t);
        runs[i] = (struct run){ t.xorb, t.start, t.end, t.packed_from, t.packed_to };
    }
    qsort(runs, p->n, sizeof *runs, run_order);
    for (size_t i = 0; i < p->n; i++) {
        struct run *last = n ? &runs[n - 1] : NULL;
        if (!last || !xet_hash_eq(&last->xorb, &runs[i].xorb) || runs[i].start > last->end) {
            runs[n++] = runs[i];
        } else if (runs[i].end > last->end) {
            last->end = runs[i].end;
            last->to = runs[i].to;
        }
    }
    return n;
}

/* ---- JSON ---- */

struct writer {
    struct call *call;
    struct buf *out;
    struct json_out json;
    int64_t expires_s;
    bool started; /* too long for one piece: head and some of the body are on their way */
    enum err e;   /* latched: nobody reads any more */
};

static void flush(struct writer *w)
{
    if (w->e || w->out->n <= FLUSH_BYTES)
        return;
    if (!w->started)
        httpd_start(w->call->r, 200, HTTPD_LENGTH_UNKNOWN);
    w->started = true;
    w->e = httpd_write(w->call->r, buf_slice(w->out));
    buf_clear(w->out);
}

static void finish(struct writer *w)
{
    if (!w->started) {
        httpd_reply(w->call->r, 200, buf_slice(w->out));
        return;
    }
    if (!w->e)
        w->e = httpd_write(w->call->r, buf_slice(w->out));
    if (w->e)
        httpd_abort(w->call->r);
}

static void span_json(struct json_out *j, const char *key, uint32_t start, uint32_t end)
{
    json_key(j, key);
    json_open(j, '{');
    json_key(j, "start");
    json_u64(j, start);
    json_key(j, "end");
    json_u64(j, end);
    json_close(j, '}');
}

static void terms_json(struct writer *w, const struct plan *p)
{
    struct json_out *j = &w->json;

    json_key(j, "terms");
    json_open(j, '[');
    for (size_t i = 0; i < p->n && !w->e; i++) {
        struct file_term t;
        plan_term(p, i, &t);
        json_open(j, '{');
        json_key(j, "hash");
        json_hash(j, &t.xorb);
        json_key(j, "unpacked_length");
        json_u64(j, t.size);
        span_json(j, "range", t.start, t.end);
        json_close(j, '}');
        flush(w);
    }
    json_close(j, ']');
}

/* A URL good for exactly these runs of one xorb. */
static void url_json(struct writer *w, const struct run *runs, size_t n)
{
    AUTO_BUF struct buf scope = { 0 }, url = { 0 };

    buf_init(&scope, SCOPE_MAX);
    buf_init(&url, URL_MAX);
    for (size_t i = 0; i < n; i++)
        buf_addf(&scope, "%s%" PRIu32 "-%" PRIu32, i ? "," : "", runs[i].from, runs[i].to - 1);
    buf_add_str(&url, w->call->base);
    signed_url_add(&w->call->hub->keys, SIGNED_XORB, &runs->xorb, w->expires_s, buf_slice(&scope), &url);
    json_key(&w->json, "url");
    json_slice(&w->json, buf_slice(&url));
}

static void fetch_v1(struct writer *w, const struct run *runs, size_t n)
{
    struct json_out *j = &w->json;

    for (size_t i = 0; i < n && !w->e; i++) {
        json_open(j, '{');
        span_json(j, "range", runs[i].start, runs[i].end);
        url_json(w, &runs[i], 1);
        span_json(j, "url_range", runs[i].from, runs[i].to - 1);
        json_close(j, '}');
        flush(w);
    }
}

static void fetch_v2(struct writer *w, const struct run *runs, size_t n)
{
    struct json_out *j = &w->json;

    for (size_t at = 0; at < n && !w->e; at += URL_RANGES_MAX) {
        size_t here = n - at < URL_RANGES_MAX ? n - at : URL_RANGES_MAX;
        json_open(j, '{');
        url_json(w, runs + at, here);
        json_key(j, "ranges");
        json_open(j, '[');
        for (size_t i = at; i < at + here; i++) {
            json_open(j, '{');
            span_json(j, "chunks", runs[i].start, runs[i].end);
            span_json(j, "bytes", runs[i].from, runs[i].to - 1);
            json_close(j, '}');
        }
        json_close(j, ']');
        json_close(j, '}');
        flush(w);
    }
}

struct version {
    const char *key;
    void (*fetch)(struct writer *w, const struct run *runs, size_t n);
};
static const struct version v1 = { "fetch_info", fetch_v1 }, v2 = { "xorbs", fetch_v2 };

static void xorbs_json(struct writer *w, const struct version *v, const struct run *runs, size_t n)
{
    size_t here;

    json_key(&w->json, v->key);
    json_open(&w->json, '{');
    for (size_t at = 0; at < n && !w->e; at += here) {
        char text[XET_HASH_TEXT];
        for (here = 1; at + here < n && xet_hash_eq(&runs[at].xorb, &runs[at + here].xorb);)
            here++;
        xet_hash_text(&runs[at].xorb, text);
        json_key(&w->json, text);
        json_open(&w->json, '[');
        v->fetch(w, runs + at, here);
        json_close(&w->json, ']');
    }
    json_close(&w->json, '}');
}

static void answer(struct call *c, const struct version *v, const struct plan *p)
{
    AUTO_FREE struct run *runs = (struct run *)mem_alloc((p->n + 1) * sizeof *runs);
    AUTO_BUF struct buf body = { 0 };
    struct writer w = { .call = c, .out = &body, .json = { &body, false } };
    size_t n = make_runs(p, runs);

    w.expires_s = clock_now_ms() / 1000 + c->hub->url_ttl_s;
    buf_init(&body, 2 * FLUSH_BYTES);
    httpd_add_header_str(c->r, "Content-Type", "application/json");
    httpd_add_header_str(c->r, "Cache-Control", "no-store");
    json_open(&w.json, '{');
    json_key(&w.json, "offset_into_first_range");
    json_u64(&w.json, p->skip);
    terms_json(&w, p);
    xorbs_json(&w, v, runs, n);
    json_close(&w.json, '}');
    finish(&w);
}

/* false: answered. */
static bool make_plan(struct call *c, struct plan *p)
{
    AUTO_READ struct db_read r = db_read(c->hub->db);
    AUTO_FILE_INFO struct file_info file = { 0 };
    struct xet_hash hash;
    uint64_t from = 0, to = 0;

    if (!xet_hash_parse(c->args[0], &hash)) {
        call_error(c, 400, NULL, "A hash is 64 hex digits");
        return false;
    }
    enum err e = r.conn ? file_info_find(r.conn, &hash, &file) : ERR_STORE;
    if (!e) {
        to = file.size ? file.size - 1 : 0;
        enum range_kind kind = call_range(c, file.size, &from, &to);
        if (kind == RANGE_BAD || kind == RANGE_UNSATISFIABLE) {
            call_unsatisfiable(c, file.size);
            return false;
        }
        e = plan_make(r.conn, &file, from, to, p);
    }
    if (e == ERR_NO_SUCH_KEY)
        call_error(c, 404, NULL, "No such file");
    else if (e)
        call_fail(c, e);
    return !e;
}

static void reconstruct(struct call *c, const struct version *v)
{
    AUTO_PLAN struct plan p = { 0 };

    if (make_plan(c, &p))
        answer(c, v, &p);
}

void cas_reconstruction_v1(struct call *c)
{
    reconstruct(c, &v1);
}

void cas_reconstruction_v2(struct call *c)
{
    reconstruct(c, &v2);
}

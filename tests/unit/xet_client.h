/* SPDX-License-Identifier: Apache-2.0 */
/* xet_client.h: what the tests of the Xet client share: a client on a fake CAS, content to send, a file to read back.
 */
#ifndef HUGS3_TESTS_XET_CLIENT_H
#define HUGS3_TESTS_XET_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_cas.h"
#include "xet/xet.h"

struct client {
    struct fake_cas *cas;
    struct http *http;
    struct xet *xet;
    struct xet_space *space;
    unsigned tokens, refused; /* asked for; with a refused one. Under the fake's lock */
};

static enum err client_token(void *ctx, bool write, const char *refused, struct xet_token *out)
{
    struct client *c = ctx;

    (void)write;
    pthread_mutex_lock(&c->cas->lock);
    c->tokens++;
    if (refused) {
        c->refused++;
        assert_string_equal(refused, "token-stale");
    }
    snprintf(out->cas_url, sizeof out->cas_url, "%s", c->cas->url);
    snprintf(out->access_token, sizeof out->access_token, "%s", refused ? "token-fresh" : c->cas->token);
    if (strcmp(c->cas->token, "token-fresh") == 0 && !refused && c->refused == 0)
        snprintf(out->access_token, sizeof out->access_token, "token-stale");
    pthread_mutex_unlock(&c->cas->lock);
    return OK;
}

/* With so much memory for transfers; 0: as it comes. */
static inline struct client *client_new(size_t memory)
{
    struct client *c = calloc(1, sizeof *c);

    c->cas = fake_cas_start();
    c->http = http_new(&(struct http_config){ .user_agent = "test" });
    c->xet = xet_new(&(struct xet_config){ .http = c->http, .memory = memory, .workers = 2 });
    c->space = xet_space_new(c->xet, &(struct xet_access){ client_token, c });
    return c;
}

static inline void client_free(struct client *c)
{
    struct xet_stats stats;

    xet_stats(c->xet, &stats);
    assert_int_equal(stats.upload_memory, 0);
    assert_int_equal(stats.download_memory, 0);
    assert_int_equal(c->cas->bad, 0);
    assert_int_equal(c->cas->leaked, 0);
    xet_space_free(c->space);
    xet_free(c->xet);
    http_stop(c->http);
    http_free(c->http);
    fake_cas_stop(c->cas);
    free(c);
}

static inline int client_setup(void **state)
{
    *state = client_new(0);
    return 0;
}

static inline int client_teardown(void **state)
{
    client_free(*state);
    return 0;
}

/* ---- content ---- */

enum kind { NOISE, TEXT, ZEROS, FLOATS };

static uint64_t noise_next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static inline struct slice make_content(enum kind kind, size_t n, uint64_t seed)
{
    char *p = malloc(n + 8);
    uint64_t x = seed * 0x9E3779B97F4A7C15u + 1;

    for (size_t i = 0; i < n; i += 8) {
        uint64_t v = kind == ZEROS ? 0 : noise_next(&x);
        float f[2] = { 1.0f + (float)(v & 0xffff) / 1e6f, 1.0f + (float)(v >> 48) / 1e6f };
        if (kind == TEXT)
            memcpy(&v, &"the of, a chunk is xorb or aterm in hash of file and shards. to"[v % 8 * 8], sizeof v);
        if (kind == FLOATS)
            memcpy(&v, f, sizeof v);
        memcpy(p + i, &v, 8);
    }
    return slice_of(p, n);
}

static inline void content_free(struct slice s)
{
    free((char *)s.p);
}

/* The file's hash, from the bytes alone. */
static inline void hash_content(struct slice content, struct xet_hash *out)
{
    struct xet_chunker chunker;
    struct xet_tree tree;
    struct xet_hash hash;

    xet_chunker_init(&chunker);
    xet_tree_init(&tree);
    while (content.n > 0) {
        bool cut;
        size_t n = xet_chunker_scan(&chunker, content, &cut); /* the content is whole: a chunk comes in one piece */
        xet_chunk_hash(slice_of(content.p, n), &hash);
        xet_tree_add(&tree, &hash, n);
        content = slice_from(content, n);
    }
    xet_tree_root(&tree, out);
    if (tree.size > 0)
        xet_file_hash(out, out);
}

/* ---- there and back ---- */

/* In writes of `step` bytes; 0: in one. */
static inline enum err send_content(struct client *c, struct slice content, uint64_t hint, size_t step,
                                    struct xet_file *out, struct xet_put_stats *stats, struct buf *recipe)
{
    struct xet_put *p = xet_put_new(c->space, hint);
    enum err e = OK;

    while (!e && content.n > 0) {
        size_t n = step && step < content.n ? step : content.n;
        e = xet_put_write(p, slice_of(content.p, n));
        content = slice_from(content, n);
    }
    if (!e)
        e = xet_put_finish(p, out, recipe);
    if (stats)
        xet_put_stats(p, stats);
    xet_put_free(p);
    return e;
}

static inline struct xet_file must_send(struct client *c, struct slice content)
{
    struct xet_file file;
    struct xet_hash want;

    assert_int_equal(send_content(c, content, content.n, 0, &file, NULL, NULL), OK);
    hash_content(content, &want);
    assert_memory_equal(&file.hash, &want, sizeof want);
    assert_int_equal(file.size, content.n);
    return file;
}

/* Reads a stretch of the file and compares; the error of the read. */
static inline enum err read_back(struct client *c, const struct xet_file *file, uint64_t offset, uint64_t length,
                                 struct slice content)
{
    struct xet_get *g;
    uint64_t at = offset;

    enum err e = xet_get_open(c->space, file, offset, length, &g);
    if (e)
        return e;
    for (;;) {
        struct slice bytes;
        e = xet_get_read(g, &bytes);
        if (e || bytes.n == 0)
            break;
        assert_true(at + bytes.n <= offset + length);
        assert_memory_equal(bytes.p, content.p + at, bytes.n);
        at += bytes.n;
    }
    if (!e)
        assert_int_equal(at, offset + length);
    xet_get_free(g);
    return e;
}

#endif

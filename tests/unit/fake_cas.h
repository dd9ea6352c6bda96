/* SPDX-License-Identifier: Apache-2.0 */
/* fake_cas.h: a small Xet CAS in memory, over HTTP on loopback, for the tests of the Xet client. It checks what a CAS
 * checks (chunk, xorb, file and verification hashes, that xorbs exist, the token) and can be told to misbehave. One
 * thread a connection. Included by one test each; all is static. */
#ifndef HUGS3_TESTS_FAKE_CAS_H
#define HUGS3_TESTS_FAKE_CAS_H

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xet/format.h"
#include "xet/hash_map.h"

enum { FAKE_XORBS = 4096, FAKE_FILES = 4096, FAKE_CONNS = 256 };

struct fake_xorb {
    struct xet_hash hash; /* first, for hash_map */
    char *bytes;
    size_t n;
    struct xet_hash *chunks;
    uint32_t *sizes, *ends; /* unpacked; where each chunk ends in bytes */
    size_t n_chunks;
    bool lost;
};

struct fake_file {
    struct xet_hash hash;
    struct shard_term *terms;
    size_t n;
};

enum fake_call { FAKE_XORB, FAKE_SHARD, FAKE_RECON, FAKE_DATA, FAKE_CHUNK, FAKE_CALLS };
enum { FAKE_SILENCE = -1 }; /* as a status: no answer, until the client gives up */

struct fake_fault {
    int status;     /* answered instead */
    unsigned times; /* so often */
    int cut;        /* of data: the connection ends after so many bytes of the body; -1: not */
    bool garble;    /* of data: one byte is wrong */
};

struct fake_cas {
    int listener;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_t conns[FAKE_CONNS];
    int fds[FAKE_CONNS];
    size_t n_conns;
    bool stop;
    struct fake_xorb xorbs[FAKE_XORBS];
    size_t n_xorbs;
    struct hash_map xorb_map;
    struct fake_file files[FAKE_FILES];
    size_t n_files;
    struct hash_map file_map;
    /* what is wanted of it */
    char token[64];
    bool no_v2;
    bool whole_ranges; /* a fetch range is all of a xorb that the file uses, instead of one a term */
    struct fake_fault faults[FAKE_CALLS];
    struct xet_hash refused_file; /* a shard that names it is refused */
    bool plain_chunks;            /* answers of global dedup are not keyed */
    bool bare_chunks;             /* … have no footer */
    bool stale_chunks;            /* … name lost xorbs, too */
    size_t chunks_cut;            /* … lack so many bytes at the end */
    uint64_t chunks_expiry_s;     /* … are valid until then; 0: for ever */
    uint64_t data_cap;            /* bytes of one data answer after which the connection is cut; 0: none */
    /* what was seen */
    unsigned calls[FAKE_CALLS], v1_calls, unauthorized;
    unsigned leaked; /* requests for data with a token */
    size_t xorb_bytes;
    size_t shard_files;
    unsigned bad; /* uploads that did not hold what they promised */
};

/* ---- uploads ---- */

static int fake_take_xorb(struct fake_cas *c, struct slice name, struct slice body)
{
    struct fake_xorb x = { .n = body.n };
    struct xet_tree tree;
    size_t at = 0;
    char *out = malloc(XET_CHUNK_MAX), *scratch = malloc(XET_CHUNK_MAX);
    struct xet_hash root, want;
    bool good = xet_hash_parse(name, &want) && body.n <= XORB_MAX_BYTES;

    xet_tree_init(&tree);
    x.chunks = malloc(XORB_MAX_CHUNKS * sizeof *x.chunks);
    x.sizes = malloc(XORB_MAX_CHUNKS * sizeof *x.sizes);
    x.ends = malloc(XORB_MAX_CHUNKS * sizeof *x.ends);
    while (good && at < body.n) {
        struct xorb_chunk_head head;
        good = body.n - at >= XORB_HEADER && x.n_chunks < XORB_MAX_CHUNKS && !xorb_head(slice_from(body, at), &head) &&
               head.packed <= body.n - at - XORB_HEADER && !xorb_unpack(&head, body.p + at + XORB_HEADER, out, scratch);
        if (!good)
            break;
        xet_chunk_hash(slice_of(out, head.size), &x.chunks[x.n_chunks]);
        xet_tree_add(&tree, &x.chunks[x.n_chunks], head.size);
        x.sizes[x.n_chunks] = head.size;
        at += XORB_HEADER + head.packed;
        x.ends[x.n_chunks++] = (uint32_t)at;
    }
    free(out);
    free(scratch);
    xet_tree_root(&tree, &root);
    x.hash = root;
    good = good && xet_hash_eq(&root, &want) && x.n_chunks > 0;
    pthread_mutex_lock(&c->lock);
    size_t old;
    bool known = good && hash_map_find(&c->xorb_map, c->xorbs, sizeof *c->xorbs, &root, &old);
    if (known)
        c->xorbs[old].lost = false;
    if (good && !known && c->n_xorbs < FAKE_XORBS) {
        x.bytes = malloc(body.n);
        memcpy(x.bytes, body.p, body.n);
        c->xorbs[c->n_xorbs] = x;
        hash_map_add(&c->xorb_map, c->xorbs, sizeof *c->xorbs, c->n_xorbs++);
        x = (struct fake_xorb){ 0 };
    }
    c->bad += !good;
    c->xorb_bytes += body.n;
    pthread_mutex_unlock(&c->lock);
    free(x.chunks);
    free(x.sizes);
    free(x.ends);
    return good ? 200 : 400;
}

struct fake_shard {
    struct fake_cas *cas;
    bool dry; /* check only */
    bool missing;
};

/* Under the lock. */
static struct fake_xorb *fake_find_xorb(struct fake_cas *c, const struct xet_hash *hash)
{
    size_t at;

    if (!hash_map_find(&c->xorb_map, c->xorbs, sizeof *c->xorbs, hash, &at) || c->xorbs[at].lost)
        return NULL;
    return &c->xorbs[at];
}

static enum err fake_shard_file(void *ctx, const struct xet_hash *file, const struct shard_term *terms, size_t n,
                                bool verified)
{
    struct fake_shard *s = ctx;
    struct fake_cas *c = s->cas;
    struct xet_tree tree;
    struct xet_hash hash;

    if (xet_hash_eq(file, &c->refused_file))
        return ERR_BAD_REQUEST;
    xet_tree_init(&tree);
    for (size_t i = 0; i < n; i++) {
        const struct fake_xorb *x = fake_find_xorb(c, &terms[i].xorb);
        uint32_t size = 0;
        if (!x) {
            s->missing = true;
            return ERR_BAD_REQUEST;
        }
        if (!verified || terms[i].start >= terms[i].end || terms[i].end > x->n_chunks)
            return ERR_CORRUPT;
        for (uint32_t k = terms[i].start; k < terms[i].end; k++) {
            xet_tree_add(&tree, &x->chunks[k], x->sizes[k]);
            size += x->sizes[k];
        }
        xet_range_hash(x->chunks + terms[i].start, terms[i].end - terms[i].start, &hash);
        if (!xet_hash_eq(&hash, &terms[i].verification) || size != terms[i].size)
            return ERR_CORRUPT;
    }
    xet_tree_root(&tree, &hash);
    xet_file_hash(&hash, &hash);
    if (!xet_hash_eq(&hash, file))
        return ERR_CORRUPT;
    size_t at;
    if (s->dry || hash_map_find(&c->file_map, c->files, sizeof *c->files, file, &at) || c->n_files == FAKE_FILES)
        return OK;
    struct fake_file *f = &c->files[c->n_files++];
    f->hash = *file;
    f->terms = malloc((n + 1) * sizeof *terms);
    memcpy(f->terms, terms, n * sizeof *terms);
    f->n = n;
    hash_map_add(&c->file_map, c->files, sizeof *c->files, c->n_files - 1);
    return OK;
}

static enum err fake_shard_xorb(void *ctx, const struct xet_hash *xorb, const struct shard_chunk *chunks, size_t n,
                                uint32_t size, uint32_t packed)
{
    struct fake_shard *s = ctx;
    const struct fake_xorb *x = fake_find_xorb(s->cas, xorb);
    uint32_t offset = 0;

    if (!x)
        return ERR_BAD_REQUEST;
    if (n != x->n_chunks || packed != x->n)
        return ERR_CORRUPT;
    for (size_t i = 0; i < n; i++) {
        if (!xet_hash_eq(&chunks[i].hash, &x->chunks[i]) || chunks[i].size != x->sizes[i] || chunks[i].offset != offset)
            return ERR_CORRUPT;
        offset += chunks[i].size;
    }
    return offset == size ? OK : ERR_CORRUPT;
}

static int fake_take_shard(struct fake_cas *c, struct slice body)
{
    struct fake_shard s = { .cas = c, .dry = true };
    struct shard_reader reader = { fake_shard_file, fake_shard_xorb, &s };
    size_t before;

    pthread_mutex_lock(&c->lock);
    enum err e = shard_read(body, &reader);
    before = c->n_files;
    s.dry = false;
    if (!e)
        e = shard_read(body, &reader);
    c->shard_files += c->n_files - before;
    c->bad += e == ERR_CORRUPT;
    pthread_mutex_unlock(&c->lock);
    return e ? 400 : 200;
}

/* ---- reconstructions ---- */

static json_t *fake_range(uint64_t start, uint64_t end)
{
    return json_pack("{s:I,s:I}", "start", (json_int_t)start, "end", (json_int_t)end);
}

static json_t *fake_entry(struct fake_cas *c, const struct fake_xorb *x, uint32_t start, uint32_t end, bool v2)
{
    char text[XET_HASH_TEXT], url[256];
    uint64_t from = start ? x->ends[start - 1] : 0, to = x->ends[end - 1] - 1;

    xet_hash_text(&x->hash, text);
    snprintf(url, sizeof url, "%s/data/%s?from=%lu&to=%lu", c->url, text, (unsigned long)from, (unsigned long)to);
    if (!v2)
        return json_pack("{s:o,s:s,s:o}", "range", fake_range(start, end), "url", url, "url_range",
                         fake_range(from, to));
    return json_pack("{s:s,s:[{s:o,s:o}]}", "url", url, "ranges", "chunks", fake_range(start, end), "bytes",
                     fake_range(from, to));
}

/* Chunks of the file's terms that touch bytes from..to; *skip: before `from` in the first of them. */
static char *fake_reconstruction(struct fake_cas *c, const struct fake_file *f, uint64_t from, uint64_t to, bool v2)
{
    json_t *terms = json_array(), *xorbs = json_object();
    uint64_t at = 0, skip = 0;

    for (size_t i = 0; i < f->n && at <= to; i++) {
        const struct fake_xorb *x = fake_find_xorb(c, &f->terms[i].xorb);
        uint32_t start = UINT32_MAX, end = 0, size = 0;
        char text[XET_HASH_TEXT];
        if (!x)
            return NULL;
        for (uint32_t k = f->terms[i].start; k < f->terms[i].end; at += x->sizes[k++]) {
            if (at + x->sizes[k] <= from || at > to)
                continue;
            if (start == UINT32_MAX) {
                start = k;
                if (json_array_size(terms) == 0)
                    skip = from > at ? from - at : 0;
            }
            end = k + 1;
            size += x->sizes[k];
        }
        if (end == 0)
            continue;
        xet_hash_text(&x->hash, text);
        json_array_append_new(terms, json_pack("{s:s,s:I,s:o}", "hash", text, "unpacked_length", (json_int_t)size,
                                               "range", fake_range(start, end)));
        json_t *list = json_object_get(xorbs, text);
        if (!list)
            json_object_set_new(xorbs, text, list = json_array());
        if (!c->whole_ranges)
            json_array_append_new(list, fake_entry(c, x, start, end, v2));
        else if (json_array_size(list) == 0)
            json_array_append_new(list, fake_entry(c, x, 0, (uint32_t)x->n_chunks, v2));
    }
    json_t *root = json_pack("{s:I,s:o,s:o}", "offset_into_first_range", (json_int_t)skip, "terms", terms,
                             v2 ? "xorbs" : "fetch_info", xorbs);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

/* ---- HTTP ---- */

struct fake_request {
    char head[8192];
    size_t n_head;
    char *body;
    size_t n_body;
    char path[2048];
    bool post, has_range, authorized, has_token;
    uint64_t from, to;
};

static bool fake_read_head(int fd, struct fake_request *r, char *rest, size_t *n_rest)
{
    size_t n = 0;
    char *end = NULL;

    while (!end) {
        ssize_t got = recv(fd, r->head + n, sizeof r->head - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        r->head[n] = 0;
        end = strstr(r->head, "\r\n\r\n");
        if (!end && n == sizeof r->head - 1)
            return false;
    }
    r->n_head = (size_t)(end + 4 - r->head);
    *n_rest = n - r->n_head;
    memcpy(rest, r->head + r->n_head, *n_rest);
    r->head[r->n_head] = 0;
    return true;
}

static const char *fake_header(struct fake_request *r, const char *name)
{
    const char *p = strcasestr(r->head, name);

    return p ? p + strlen(name) : NULL;
}

static bool fake_read(struct fake_cas *c, int fd, struct fake_request *r)
{
    char rest[8192], method[8], token[256] = "";
    size_t n_rest;
    const char *p;

    if (!fake_read_head(fd, r, rest, &n_rest) || sscanf(r->head, "%7s %2047s", method, r->path) != 2)
        return false;
    r->post = strcmp(method, "POST") == 0;
    p = fake_header(r, "\r\nContent-Length: ");
    r->n_body = p ? strtoul(p, NULL, 10) : 0;
    p = fake_header(r, "\r\nAuthorization: Bearer ");
    r->has_token = p != NULL;
    if (p)
        sscanf(p, "%255[^\r]", token);
    pthread_mutex_lock(&c->lock);
    r->authorized = strcmp(token, c->token) == 0;
    pthread_mutex_unlock(&c->lock);
    p = fake_header(r, "\r\nRange: bytes=");
    unsigned long from, to;
    r->has_range = p && sscanf(p, "%lu-%lu", &from, &to) == 2;
    if (r->has_range) {
        r->from = from;
        r->to = to;
    }
    r->body = malloc(r->n_body + 1);
    size_t n = n_rest < r->n_body ? n_rest : r->n_body;
    memcpy(r->body, rest, n);
    while (n < r->n_body) {
        ssize_t got = recv(fd, r->body + n, r->n_body - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
    }
    return true;
}

static bool fake_send(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool fake_answer(int fd, int status, const char *extra, struct slice body)
{
    char head[512];
    int n = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n", status, body.n, extra);

    return fake_send(fd, head, (size_t)n) && fake_send(fd, body.p, body.n);
}

/* The fault for this call, used up by one. */
static struct fake_fault fake_fault(struct fake_cas *c, enum fake_call call)
{
    struct fake_fault fault = { .cut = -1 };

    pthread_mutex_lock(&c->lock);
    c->calls[call]++;
    if (c->faults[call].times > 0) {
        c->faults[call].times--;
        fault = c->faults[call];
    }
    pthread_mutex_unlock(&c->lock);
    return fault;
}

static bool fake_data(struct fake_cas *c, int fd, struct fake_request *r)
{
    struct fake_fault fault = fake_fault(c, FAKE_DATA);
    struct xet_hash hash;
    unsigned long from, to;
    char extra[128];

    if (fault.status)
        return fake_answer(fd, fault.status, "", SLICE_NONE);
    if (!xet_hash_parse(slice_of(r->path + 6, 64), &hash) || sscanf(r->path + 70, "?from=%lu&to=%lu", &from, &to) != 2)
        return fake_answer(fd, 400, "", SLICE_NONE);
    pthread_mutex_lock(&c->lock);
    const struct fake_xorb *x = fake_find_xorb(c, &hash);
    c->leaked += r->has_token;
    uint64_t cap = c->data_cap;
    pthread_mutex_unlock(&c->lock);
    if (!x)
        return fake_answer(fd, 404, "", SLICE_NONE);
    /* A URL is signed for its range. */
    if (!r->has_range || r->from != from || r->to != to || to >= x->n)
        return fake_answer(fd, 403, "", SLICE_NONE);
    snprintf(extra, sizeof extra, "Content-Range: bytes %lu-%lu/%zu\r\n", from, to, x->n);
    struct slice body = slice_of(x->bytes + from, to - from + 1);
    if (fault.cut >= 0 && (size_t)fault.cut < body.n)
        cap = (uint64_t)fault.cut;
    if ((fault.cut >= 0 || cap > 0) && cap < body.n) {
        char head[256];
        int n = snprintf(head, sizeof head, "HTTP/1.1 206 X\r\nContent-Length: %zu\r\n%s\r\n", body.n, extra);
        if (fake_send(fd, head, (size_t)n))
            fake_send(fd, body.p, cap);
        return false;
    }
    if (fault.garble) {
        char *copy = mem_dup(body);
        copy[body.n / 2] ^= 1;
        bool sent = fake_answer(fd, 206, extra, slice_of(copy, body.n));
        free(copy);
        return sent;
    }
    return fake_answer(fd, 206, extra, body);
}

/* Global dedup: all xorbs, as if they had come with one shard, to whoever has one of their chunks. */
static bool fake_chunk_is_known(struct fake_cas *c, const struct xet_hash *chunk)
{
    for (size_t i = 0; i < c->n_xorbs; i++) {
        for (size_t k = 0; k < c->xorbs[i].n_chunks && (!c->xorbs[i].lost || c->stale_chunks); k++) {
            if (xet_hash_eq(&c->xorbs[i].chunks[k], chunk))
                return true;
        }
    }
    return false;
}

static void fake_add_xorb(struct fake_cas *c, struct shard_writer *w, const struct fake_xorb *x, const uint8_t *key)
{
    struct shard_chunk *chunks = calloc(x->n_chunks, sizeof *chunks);
    uint32_t offset = 0;

    for (size_t i = 0; i < x->n_chunks; i++) {
        chunks[i] = (struct shard_chunk){ .offset = offset, .size = x->sizes[i] };
        offset += x->sizes[i];
        if (c->plain_chunks)
            chunks[i].hash = x->chunks[i];
        else
            xet_hmac(key, &x->chunks[i], &chunks[i].hash);
    }
    shard_xorb(w, &x->hash, chunks, x->n_chunks, (uint32_t)x->n);
    free(chunks);
}

static bool fake_chunk(struct fake_cas *c, int fd, struct fake_request *r)
{
    static const uint8_t key[32] = { 1, 2, 3 };
    struct fake_fault fault = fake_fault(c, FAKE_CHUNK);
    struct shard_writer w;
    struct xet_hash hash;
    AUTO_BUF struct buf out;
    char byte;

    buf_init(&out, SHARD_MAX_BYTES);
    if (fault.status == FAKE_SILENCE)
        return recv(fd, &byte, 1, 0) > 0 && false;
    if (fault.status)
        return fake_answer(fd, fault.status, "", fault.status == 204 ? SLICE_NONE : SLICE("not a shard"));
    if (!xet_hash_parse(slice_str(r->path + strlen("/v1/chunks/default-merkledb/")), &hash))
        return fake_answer(fd, 400, "", SLICE_NONE);
    pthread_mutex_lock(&c->lock);
    bool known = fake_chunk_is_known(c, &hash);
    shard_begin(&w, &out);
    for (size_t i = 0; known && i < c->n_xorbs; i++) {
        if (!c->xorbs[i].lost || c->stale_chunks)
            fake_add_xorb(c, &w, &c->xorbs[i], key);
    }
    shard_end(&w);
    if (!c->bare_chunks)
        shard_footer(&out, c->plain_chunks ? NULL : key, 0, c->chunks_expiry_s ? c->chunks_expiry_s : UINT64_MAX);
    size_t cut = c->chunks_cut;
    pthread_mutex_unlock(&c->lock);
    return fake_answer(fd, known ? 200 : 404, "", known ? slice_of(out.p, out.n - cut) : SLICE_NONE);
}

static bool fake_recon(struct fake_cas *c, int fd, struct fake_request *r, bool v2)
{
    struct fake_fault fault = fake_fault(c, FAKE_RECON);
    const char *text = strrchr(r->path, '/') + 1;
    struct xet_hash hash;
    size_t at;
    char *json = NULL;

    if (fault.status)
        return fake_answer(fd, fault.status, "", SLICE_NONE);
    pthread_mutex_lock(&c->lock);
    c->v1_calls += !v2;
    if (!(v2 && c->no_v2) && xet_hash_parse(slice_str(text), &hash) &&
        hash_map_find(&c->file_map, c->files, sizeof *c->files, &hash, &at))
        json = fake_reconstruction(c, &c->files[at], r->has_range ? r->from : 0, r->has_range ? r->to : INT64_MAX, v2);
    pthread_mutex_unlock(&c->lock);
    bool sent = fake_answer(fd, json ? 200 : 404, "", slice_str(json));
    free(json);
    return sent;
}

static bool fake_upload(struct fake_cas *c, int fd, struct fake_request *r)
{
    bool shard = strcmp(r->path, "/v1/shards") == 0;
    struct fake_fault fault = fake_fault(c, shard ? FAKE_SHARD : FAKE_XORB);
    struct slice body = slice_of(r->body, r->n_body);

    if (fault.status)
        return fake_answer(fd, fault.status, "", SLICE_NONE);
    int status = 404;
    if (shard)
        status = fake_take_shard(c, body);
    else if (strncmp(r->path, "/v1/xorbs/default/", 18) == 0)
        status = fake_take_xorb(c, slice_str(r->path + 18), body);
    return fake_answer(fd, status, "", shard ? SLICE("{\"result\":1}") : SLICE("{\"was_inserted\":true}"));
}

static bool fake_serve(struct fake_cas *c, int fd)
{
    struct fake_request r = { 0 };
    bool on = fake_read(c, fd, &r);

    if (on && strncmp(r.path, "/data/", 6) == 0) {
        on = fake_data(c, fd, &r);
    } else if (on && !r.authorized) {
        pthread_mutex_lock(&c->lock);
        c->unauthorized++;
        pthread_mutex_unlock(&c->lock);
        on = fake_answer(fd, 401, "", SLICE_NONE);
    } else if (on && r.post) {
        on = fake_upload(c, fd, &r);
    } else if (on && strncmp(r.path, "/v1/chunks/default-merkledb/", 28) == 0) {
        on = fake_chunk(c, fd, &r);
    } else if (on) {
        on = fake_recon(c, fd, &r, strncmp(r.path, "/v2/", 4) == 0);
    }
    free(r.body);
    return on;
}

struct fake_conn {
    struct fake_cas *cas;
    size_t i;
    int fd;
};

static void *fake_connection(void *arg)
{
    struct fake_conn conn = *(struct fake_conn *)arg;

    free(arg);
    while (fake_serve(conn.cas, conn.fd))
        ;
    pthread_mutex_lock(&conn.cas->lock);
    conn.cas->fds[conn.i] = -1;
    pthread_mutex_unlock(&conn.cas->lock);
    close(conn.fd);
    return NULL;
}

static void *fake_accept(void *arg)
{
    struct fake_cas *c = arg;

    for (;;) {
        int fd = accept(c->listener, NULL, NULL), one = 1;
        if (fd < 0)
            return NULL;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_mutex_lock(&c->lock);
        if (c->stop || c->n_conns == FAKE_CONNS) {
            close(fd);
        } else {
            struct fake_conn *conn = malloc(sizeof *conn);
            *conn = (struct fake_conn){ c, c->n_conns, fd };
            c->fds[c->n_conns] = fd;
            pthread_create(&c->conns[c->n_conns++], NULL, fake_connection, conn);
        }
        pthread_mutex_unlock(&c->lock);
    }
}

static inline struct fake_cas *fake_cas_start(void)
{
    struct fake_cas *c = calloc(1, sizeof *c);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;

    pthread_mutex_init(&c->lock, NULL);
    c->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(c->listener, (struct sockaddr *)&a, n) || listen(c->listener, 64) ||
        getsockname(c->listener, (struct sockaddr *)&a, &n))
        abort();
    snprintf(c->url, sizeof c->url, "http://127.0.0.1:%d", ntohs(a.sin_port));
    strcpy(c->token, "token-0");
    pthread_create(&c->thread, NULL, fake_accept, c);
    return c;
}

static inline void fake_cas_stop(struct fake_cas *c)
{
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    for (size_t i = 0; i < c->n_conns; i++) {
        if (c->fds[i] >= 0)
            shutdown(c->fds[i], SHUT_RDWR);
    }
    pthread_mutex_unlock(&c->lock);
    shutdown(c->listener, SHUT_RDWR);
    pthread_join(c->thread, NULL);
    close(c->listener);
    for (size_t i = 0; i < c->n_conns; i++)
        pthread_join(c->conns[i], NULL);
    for (size_t i = 0; i < c->n_xorbs; i++) {
        free(c->xorbs[i].bytes);
        free(c->xorbs[i].chunks);
        free(c->xorbs[i].sizes);
        free(c->xorbs[i].ends);
    }
    for (size_t i = 0; i < c->n_files; i++)
        free(c->files[i].terms);
    hash_map_done(&c->xorb_map);
    hash_map_done(&c->file_map);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* As if the CAS had been emptied; the files stay known. */
static inline void fake_cas_lose_xorbs(struct fake_cas *c)
{
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < c->n_xorbs; i++)
        c->xorbs[i].lost = true;
    pthread_mutex_unlock(&c->lock);
}

static inline void fake_cas_fault(struct fake_cas *c, enum fake_call call, struct fake_fault fault)
{
    pthread_mutex_lock(&c->lock);
    c->faults[call] = fault;
    pthread_mutex_unlock(&c->lock);
}

static inline unsigned fake_cas_calls(struct fake_cas *c, enum fake_call call)
{
    pthread_mutex_lock(&c->lock);
    unsigned n = c->calls[call];
    pthread_mutex_unlock(&c->lock);
    return n;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* load.c: a load generator for S3 servers that takes little of a machine it shares with the server.
 *
 * One thread is one connection, kept alive. Contents are an AES-CTR keystream under a key made of seed and object, so
 * that no two objects share a chunk and every byte read can be checked without keeping any. SigV4 with the signing key
 * derived once. Prints one line of JSON: rates, latencies, errors, the generator's own CPU.
 *
 *   HUGS3_SECRET_ACCESS_KEY=… load -a 127.0.0.1:9000 -k KEY_ID -b BUCKET -o put -s 4096 -c 16 -t 5
 *
 *   -o mkbucket | put | get | head | idle   -s bytes   -c connections   -n operations in all | -t seconds
 *   -p key prefix   -m objects that are there (get, head)   -S (put: the body's SHA-256 is signed)   -x seed
 *   idle: -c connections are opened, used once, held for -t seconds, and used again
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 256 << 10, LATENCIES = 1 << 20 };

static struct {
    struct sockaddr_in address;
    const char *host, *key_id, *bucket, *op, *prefix;
    char day[9];
    uint8_t signing_key[32];
    uint64_t size, seed, objects, limit;
    unsigned connections;
    double seconds;
    bool sign_body;
} opt = { .prefix = "o", .op = "put", .connections = 1, .size = 4096 };

static _Atomic uint64_t next_operation;
static double deadline;

struct worker {
    pthread_t thread;
    int fd;
    EVP_CIPHER_CTX *cipher;
    uint64_t done, errors, bytes;
    double busy; /* seconds between a request's first byte and its answer's last */
    float *latency_ms;
    size_t n_latencies;
    char in[64 << 10]; /* what was read past a head */
    size_t in_at, in_n;
    uint8_t block[BLOCK], wanted[BLOCK];
};

static void die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(2);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- contents ---- */

static void contents_begin(struct worker *w, uint64_t object)
{
    uint64_t key[2] = { opt.seed + 1, object };
    uint8_t hash[32];
    SHA256((const uint8_t *)key, sizeof key, hash);
    if (EVP_EncryptInit_ex(w->cipher, EVP_aes_128_ctr(), NULL, hash, hash + 16) != 1)
        die("no AES-CTR");
}

static void contents_next(struct worker *w, uint8_t *out, size_t n)
{
    static const uint8_t zeros[BLOCK];
    int made;
    if (EVP_EncryptUpdate(w->cipher, out, &made, zeros, (int)n) != 1)
        die("AES-CTR failed");
}

/* ---- signing: "Signature Calculations for the Authorization Header", Amazon S3 API Reference ---- */

static void mac(const uint8_t *key, size_t n, const char *text, uint8_t out[32])
{
    HMAC(EVP_sha256(), key, (int)n, (const uint8_t *)text, strlen(text), out, NULL);
}

static void hex(const uint8_t in[32], char out[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", in[i]);
}

static void make_signing_key(const char *secret)
{
    char key[256];
    uint8_t a[32], b[32];
    time_t t = time(NULL);
    strftime(opt.day, sizeof opt.day, "%Y%m%d", gmtime(&t));
    snprintf(key, sizeof key, "AWS4%s", secret);
    mac((const uint8_t *)key, strlen(key), opt.day, a);
    mac(a, 32, "us-east-1", b);
    mac(b, 32, "s3", a);
    mac(a, 32, "aws4_request", opt.signing_key);
}

static int make_head(char *out, size_t max, const char *method, const char *path, const char *payload, uint64_t length)
{
    char date[17], text[2048], hash[65], signature[65];
    uint8_t digest[32];
    struct tm tm;
    time_t t = time(NULL);
    gmtime_r(&t, &tm);
    strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", &tm);
    int n = snprintf(
        text, sizeof text,
        "%s\n%s\n\nhost:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\n\nhost;x-amz-content-sha256;x-amz-date\n%s", method,
        path, opt.host, payload, date, payload);
    SHA256((const uint8_t *)text, (size_t)n, digest);
    hex(digest, hash);
    snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%s/us-east-1/s3/aws4_request\n%s", date, opt.day, hash);
    mac(opt.signing_key, 32, text, digest);
    hex(digest, signature);
    return snprintf(out, max,
                    "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %" PRIu64
                    "\r\nx-amz-content-sha256: %s\r\nx-amz-date: "
                    "%s\r\nAuthorization: AWS4-HMAC-SHA256 Credential=%s/%s/us-east-1/s3/aws4_request, "
                    "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=%s\r\n\r\n",
                    method, path, opt.host, length, payload, date, opt.key_id, opt.day, signature);
}

/* ---- the wire ---- */

static bool wire_open(struct worker *w)
{
    int one = 1;
    w->in_at = w->in_n = 0;
    w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (w->fd < 0)
        return false;
    setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(w->fd, (const struct sockaddr *)&opt.address, sizeof opt.address) == 0)
        return true;
    close(w->fd);
    w->fd = -1;
    return false;
}

static void wire_close(struct worker *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

static bool send_all(int fd, const void *data, size_t n)
{
    const char *p = (const char *)data;
    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static ssize_t receive(struct worker *w, void *out, size_t max)
{
    if (w->in_at < w->in_n) {
        size_t n = w->in_n - w->in_at < max ? w->in_n - w->in_at : max;
        memcpy(out, w->in + w->in_at, n);
        w->in_at += n;
        return (ssize_t)n;
    }
    return recv(w->fd, out, max, 0);
}

/* The head of an answer: its status, or -1; what came behind it stays in w->in. */
static int read_head(struct worker *w, uint64_t *length)
{
    w->in_at = w->in_n = 0;
    for (;;) {
        ssize_t k = recv(w->fd, w->in + w->in_n, sizeof w->in - 1 - w->in_n, 0);
        if (k <= 0)
            return -1;
        w->in_n += (size_t)k;
        w->in[w->in_n] = 0;
        char *end = strstr(w->in, "\r\n\r\n");
        if (!end) {
            if (w->in_n >= sizeof w->in - 1)
                return -1;
            continue;
        }
        *end = 0;
        const char *field = strcasestr(w->in, "\r\ncontent-length:");
        *length = field ? strtoull(field + 17, NULL, 10) : 0;
        w->in_at = (size_t)(end + 4 - w->in);
        return atoi(w->in + 9);
    }
}

/* Reads a body of n bytes and, when `check`, compares it with the contents begun. */
static bool read_body(struct worker *w, uint64_t n, bool check)
{
    while (n > 0) {
        size_t have = 0, want = n < BLOCK ? (size_t)n : BLOCK;
        while (have < want) {
            ssize_t k = receive(w, w->block + have, want - have);
            if (k <= 0)
                return false;
            have += (size_t)k;
        }
        if (check) {
            contents_next(w, w->wanted, want);
            if (memcmp(w->block, w->wanted, want) != 0)
                return false;
        }
        n -= want;
        w->bytes += want;
    }
    return true;
}

/* ---- operations ---- */

static void hash_contents(struct worker *w, uint64_t object, char out[65])
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    uint8_t digest[32];
    contents_begin(w, object);
    EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    for (uint64_t left = opt.size; left > 0;) {
        size_t n = left < BLOCK ? (size_t)left : BLOCK;
        contents_next(w, w->block, n);
        EVP_DigestUpdate(hash, w->block, n);
        left -= n;
    }
    EVP_DigestFinal_ex(hash, digest, NULL);
    EVP_MD_CTX_free(hash);
    hex(digest, out);
}

/* A small body goes out with its head, in one packet. */
static bool send_put(struct worker *w, const char *head, size_t head_n, uint64_t object)
{
    contents_begin(w, object);
    uint64_t left = opt.size;
    size_t at = head_n;
    memcpy(w->block, head, head_n);
    do {
        size_t n = left < BLOCK - at ? (size_t)left : BLOCK - at;
        contents_next(w, w->block + at, n);
        if (!send_all(w->fd, w->block, at + n))
            return false;
        left -= n;
        w->bytes += n;
        at = 0;
    } while (left > 0);
    return true;
}

/* One request and its answer; the status, or -1. */
static int exchange(struct worker *w, const char *method, const char *path, uint64_t object, double *took)
{
    bool put = opt.size > 0 && strcmp(method, "PUT") == 0 && strcmp(opt.op, "mkbucket") != 0;
    char head[2048], payload[65] = "UNSIGNED-PAYLOAD";
    uint64_t length = 0;
    if (put && opt.sign_body)
        hash_contents(w, object, payload);
    int n = make_head(head, sizeof head, method, path, payload, put ? opt.size : 0);
    double start = now();
    if (!(put ? send_put(w, head, (size_t)n, object) : send_all(w->fd, head, (size_t)n)))
        return -1;
    int status = read_head(w, &length);
    bool get = strcmp(method, "GET") == 0;
    if (get && status == 200) {
        contents_begin(w, object);
        if (length != opt.size || !read_body(w, length, true))
            return -1;
    } else if (status > 0 && strcmp(method, "HEAD") != 0 && !read_body(w, length, false)) {
        return -1;
    }
    *took = now() - start;
    return status;
}

static bool next(uint64_t *i)
{
    *i = atomic_fetch_add(&next_operation, 1);
    return opt.limit > 0 ? *i < opt.limit : now() < deadline;
}

static void *work(void *ctx)
{
    struct worker *w = (struct worker *)ctx;
    const char *method = strcmp(opt.op, "get") == 0 ? "GET" : strcmp(opt.op, "head") == 0 ? "HEAD" : "PUT";
    char path[512];
    uint64_t i;
    while (next(&i)) {
        double took = 0;
        uint64_t object = opt.objects ? i % opt.objects : i;
        snprintf(path, sizeof path, "/%s/%s/%08" PRIu64, opt.bucket, opt.prefix, object);
        if (w->fd < 0 && !wire_open(w))
            die(strerror(errno));
        if (exchange(w, method, path, object, &took) != 200) {
            w->errors++;
            wire_close(w);
            continue;
        }
        w->done++;
        w->busy += took;
        if (w->n_latencies < LATENCIES)
            w->latency_ms[w->n_latencies++] = (float)(took * 1e3);
    }
    return NULL;
}

/* ---- the whole ---- */

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void report(struct worker **workers, unsigned n, double wall)
{
    uint64_t done = 0, errors = 0, bytes = 0;
    double busy = 0;
    size_t count = 0;
    struct rusage cpu;
    for (unsigned i = 0; i < n; i++)
        count += workers[i]->n_latencies;
    float *all = calloc(count + 1, sizeof *all);
    count = 0;
    for (unsigned i = 0; i < n; i++) {
        done += workers[i]->done;
        errors += workers[i]->errors;
        bytes += workers[i]->bytes;
        busy += workers[i]->busy;
        memcpy(all + count, workers[i]->latency_ms, workers[i]->n_latencies * sizeof *all);
        count += workers[i]->n_latencies;
    }
    qsort(all, count, sizeof *all, by_value);
    getrusage(RUSAGE_SELF, &cpu);
    /* With signed bodies the hashing goes on between requests: rates are of the time that requests were under way. */
    double seconds = opt.sign_body && busy > 0 ? busy / n : wall;
    printf(
        "{\"op\": \"%s\", \"size\": %" PRIu64 ", \"connections\": %u, \"done\": %" PRIu64 ", \"errors\": %" PRIu64
        ", \"seconds\": %.3f, \"per_s\": %.1f, \"MB_s\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"cpu_s\": %.2f}\n",
        opt.op, opt.size, n, done, errors, wall, (double)done / seconds, (double)bytes / seconds / 1e6, all[count / 2],
        all[count * 99 / 100],
        (double)(cpu.ru_utime.tv_sec + cpu.ru_stime.tv_sec) +
            (double)(cpu.ru_utime.tv_usec + cpu.ru_stime.tv_usec) / 1e6);
    free(all);
    exit(errors > 0);
}

static struct worker *worker_new(void)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w || !(w->cipher = EVP_CIPHER_CTX_new()) || !(w->latency_ms = malloc(LATENCIES * sizeof(float))))
        die("no memory");
    w->fd = -1;
    return w;
}

/* Idle connections: one worker lends its buffers to all sockets in turn. */
static void idle(void)
{
    struct worker *w = worker_new();
    int *fds = calloc(opt.connections, sizeof *fds);
    uint64_t alive = 0, unused;
    char path[300], head[2048];
    snprintf(path, sizeof path, "/%s", opt.bucket);
    for (int round = 0; round < 2; round++) {
        alive = 0;
        for (unsigned i = 0; i < opt.connections; i++) {
            if (round == 0 && !wire_open(w))
                die("not that many connections");
            if (round == 0)
                fds[i] = w->fd;
            w->fd = fds[i];
            int n = make_head(head, sizeof head, "HEAD", path, "UNSIGNED-PAYLOAD", 0);
            alive += send_all(w->fd, head, (size_t)n) && read_head(w, &unused) == 200;
        }
        if (round == 0) {
            printf("holding %u\n", opt.connections);
            fflush(stdout);
            usleep((useconds_t)(opt.seconds * 1e6));
        }
    }
    printf("{\"op\": \"idle\", \"connections\": %u, \"alive\": %" PRIu64 "}\n", opt.connections, alive);
    exit(alive != opt.connections);
}

static void make_bucket(void)
{
    struct worker *w = worker_new();
    char path[300];
    double took;
    snprintf(path, sizeof path, "/%s", opt.bucket);
    int status = wire_open(w) ? exchange(w, "PUT", path, 0, &took) : -1;
    exit(status != 200 && status != 409);
}

static void parse(int argc, char **argv)
{
    char ip[64] = "127.0.0.1";
    for (int c; (c = getopt(argc, argv, "a:k:b:o:s:c:n:t:p:m:x:S")) != -1;) {
        switch (c) {
        case 'a':
            opt.host = optarg;
            break;
        case 'k':
            opt.key_id = optarg;
            break;
        case 'b':
            opt.bucket = optarg;
            break;
        case 'o':
            opt.op = optarg;
            break;
        case 's':
            opt.size = strtoull(optarg, NULL, 10);
            break;
        case 'c':
            opt.connections = (unsigned)atoi(optarg);
            break;
        case 'n':
            opt.limit = strtoull(optarg, NULL, 10);
            break;
        case 't':
            opt.seconds = atof(optarg);
            break;
        case 'p':
            opt.prefix = optarg;
            break;
        case 'm':
            opt.objects = strtoull(optarg, NULL, 10);
            break;
        case 'x':
            opt.seed = strtoull(optarg, NULL, 10);
            break;
        case 'S':
            opt.sign_body = true;
            break;
        default:
            die("see the head of load.c for its options");
        }
    }
    const char *secret = getenv("HUGS3_SECRET_ACCESS_KEY"), *colon = opt.host ? strrchr(opt.host, ':') : NULL;
    if (!secret || !opt.key_id || !opt.bucket || !colon || (size_t)(colon - opt.host) >= sizeof ip ||
        opt.connections == 0)
        die("-a HOST:PORT, -k, -b and HUGS3_SECRET_ACCESS_KEY are needed");
    memcpy(ip, opt.host, (size_t)(colon - opt.host));
    ip[colon - opt.host] = 0;
    opt.address.sin_family = AF_INET;
    opt.address.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, ip, &opt.address.sin_addr) != 1)
        die("-a wants an IPv4 address");
    make_signing_key(secret);
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    if (strcmp(opt.op, "mkbucket") == 0)
        make_bucket();
    if (strcmp(opt.op, "idle") == 0)
        idle();
    struct worker **workers = calloc(opt.connections, sizeof(struct worker *));
    double start = now();
    deadline = start + opt.seconds;
    for (unsigned i = 0; i < opt.connections; i++) {
        workers[i] = worker_new();
        if (pthread_create(&workers[i]->thread, NULL, work, workers[i]) != 0)
            die("no thread");
    }
    for (unsigned i = 0; i < opt.connections; i++)
        pthread_join(workers[i]->thread, NULL);
    report(workers, opt.connections, now() - start);
}

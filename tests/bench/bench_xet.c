/* SPDX-License-Identifier: Apache-2.0 */
/* What one core does of the Xet format, in MB/s (10^6 bytes of content). Each figure is the best of a few rounds, which
 * is what the machine can do when nobody else uses it. Not part of the build:
 *
 *   cc -O3 -march=x86-64 -D_GNU_SOURCE -I. -I<blake3> tests/bench/bench_xet.c xet/{hash,tree,chunker,gear_table,bg4}.c
 * \ xet/{xorb,xorb_guess,lz4_frame}.c common/{buf,slice}.c <blake3> -llz4 -lm -o bench_xet */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "xet/bg4.h"
#include "xet/format.h"

enum { TOTAL = 64 << 20, CHUNK = XET_CHUNK_TARGET, ROUNDS = 7 };

static uint8_t content[TOTAL];
static struct buf packed;
static char unpacked[XET_CHUNK_MAX], scratch[XET_CHUNK_MAX];
static enum xorb_scheme scheme;
static volatile uint64_t sink;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void report(const char *what, void (*run)(void))
{
    double best = 1e9;

    for (int i = 0; i < ROUNDS; i++) {
        double start = now();
        run();
        double took = now() - start;
        best = took < best ? took : best;
    }
    printf("%-28s %8.0f MB/s\n", what, TOTAL / best / 1e6);
}

static struct slice chunk_at(size_t at)
{
    return slice_of(content + at, CHUNK);
}

static void scan(void)
{
    struct xet_chunker c;
    bool cut;

    xet_chunker_init(&c);
    for (size_t at = 0; at < TOTAL; sink++)
        at += xet_chunker_scan(&c, slice_of(content + at, TOTAL - at), &cut);
}

static void hash(void)
{
    struct xet_hash h;

    for (size_t at = 0; at < TOTAL; at += CHUNK) {
        xet_chunk_hash(chunk_at(at), &h);
        sink += h.b[0];
    }
}

static void tree(void) /* per content it stands for */
{
    struct xet_tree t;
    struct xet_hash h = { { 0 } };

    xet_tree_init(&t);
    for (size_t at = 0; at < TOTAL; at += CHUNK) {
        h.b[24]++;
        xet_tree_add(&t, &h, CHUNK);
    }
    xet_tree_root(&t, &h);
    sink += h.b[0];
}

static void guess(void)
{
    for (size_t at = 0; at < TOTAL; at += CHUNK)
        sink += xorb_guess(chunk_at(at));
}

static void pack(void)
{
    buf_clear(&packed);
    for (size_t at = 0; at < TOTAL; at += CHUNK)
        xorb_pack(chunk_at(at), scheme, &packed);
}

static void guess_and_pack(void)
{
    buf_clear(&packed);
    for (size_t at = 0; at < TOTAL; at += CHUNK)
        xorb_pack(chunk_at(at), xorb_guess(chunk_at(at)), &packed);
}

static void unpack(void)
{
    struct xorb_chunk_head head;

    for (size_t at = 0; at < packed.n; at += XORB_HEADER + head.packed) {
        if (xorb_head(slice_from(buf_slice(&packed), at), &head) != OK ||
            xorb_unpack(&head, packed.p + at + XORB_HEADER, unpacked, scratch) != OK)
            abort();
    }
}

static void group(void)
{
    for (size_t at = 0; at < TOTAL; at += CHUNK)
        bg4_group(content + at, CHUNK, (uint8_t *)scratch);
}

static void ungroup(void)
{
    for (size_t at = 0; at < TOTAL; at += CHUNK)
        bg4_ungroup(content + at, CHUNK, (uint8_t *)scratch);
}

/* ---- content ---- */

static uint64_t next_random(void)
{
    static uint64_t s = 1;
    uint64_t z = s += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static void fill_random(void)
{
    for (size_t i = 0; i < TOTAL; i += 8) {
        uint64_t z = next_random();
        memcpy(content + i, &z, 8);
    }
}

static void fill_text(void) /* words, frequent and rare ones, lines of any length */
{
    static char words[4096][12];
    size_t at = 0;

    for (size_t i = 0; i < 4096; i++) {
        for (size_t k = 0, n = 2 + next_random() % 9; k < n; k++)
            words[i][k] = (char)('a' + next_random() % 26);
    }
    while (at < TOTAL - 16) {
        const char *word = words[next_random() % 4096 * (next_random() % 4096) / 4096];
        at += (size_t)sprintf((char *)content + at, "%s%c", word, next_random() % 12 ? ' ' : '\n');
    }
}

static double normal(void) /* weights of a model look like this */
{
    double u = (double)(next_random() >> 11) + 1, v = (double)(next_random() >> 11);

    return sqrt(-2 * log(u / 9007199254740993.0)) * cos(2 * M_PI * v / 9007199254740992.0) * 0.02;
}

static void fill_float32(void)
{
    for (size_t i = 0; i < TOTAL; i += 4) {
        float f = (float)normal();
        memcpy(content + i, &f, 4);
    }
}

static void fill_bfloat16(void)
{
    for (size_t i = 0; i < TOTAL; i += 2) {
        float f = (float)normal();
        memcpy(content + i, (char *)&f + 2, 2); /* the upper half */
    }
}

static void compression(const char *name, void (*fill)(void))
{
    static const char *const names[] = { "stored", "LZ4", "BG4+LZ4" };
    char what[64];

    fill();
    for (scheme = XORB_NONE; scheme <= XORB_BG4_LZ4; scheme++) {
        snprintf(what, sizeof what, "%s pack %s", name, names[scheme]);
        report(what, pack);
        printf("%28s %8.3f of its size\n", "", (double)packed.n / TOTAL);
        snprintf(what, sizeof what, "%s unpack %s", name, names[scheme]);
        report(what, unpack);
    }
    snprintf(what, sizeof what, "%s guess", name);
    report(what, guess);
    snprintf(what, sizeof what, "%s guess and pack", name);
    report(what, guess_and_pack);
    printf("%28s %8.3f of its size\n", "", (double)packed.n / TOTAL);
}

int main(void)
{
    buf_init(&packed, 2 * (size_t)TOTAL);
    fill_random();
    report("scan", scan);
    report("chunk hash", hash);
    report("tree", tree);
    report("BG4 group", group);
    report("BG4 ungroup", ungroup);
    compression("random", fill_random);
    compression("text", fill_text);
    compression("float32", fill_float32);
    compression("bfloat16", fill_bfloat16);
    buf_done(&packed);
    return 0;
}

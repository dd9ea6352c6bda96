/* SPDX-License-Identifier: Apache-2.0 */
/* xorb_guess.c: which compression is worth trying on a chunk, from a look at 2 KiB of it.
 *
 *   bytes as frequent as chance has it → compressed or encrypted already: no attempt
 *   bytes differ by position modulo 4  → floats, or records: LZ4 and BG4+LZ4 are tried on a piece
 *   anything else                      → LZ4
 *
 * The second test is the Xet reference's: the distributions of the number of one-bits in a byte, one for each position
 * modulo 4, and the Kullback-Leibler divergence of each from all of them together. The guess need not be right: what
 * does not shrink is stored as it is, and a reader takes any scheme. But it has to be cheap: LZ4 itself gives up on
 * random bytes at 10 GB/s. */
#include <math.h>

#include "xet/bg4.h"
#include "xet/format.h"
#include "xet/lz4_frame.h"

enum { PIECE = 256, PIECES = 8, SAMPLE = PIECE * PIECES };
enum { LOOK_MIN = 1024 }; /* below that, chance looks like a pattern and an attempt costs nothing */
enum { TRIAL = 2048 };
#define BG4_DIVERGENCE 0.02
/* How far the number of pairs of equal bytes may be from chance, either way: counters are more even than that. Four
 * standard deviations of a full sample. */
#define RANDOM_TOLERANCE 0.1

struct look {
    uint16_t count[4][256]; /* byte values by position modulo 4 */
    size_t n;
};

static void look_at(struct slice chunk, struct look *look)
{
    bool whole = chunk.n <= SAMPLE;
    size_t piece = whole ? chunk.n / 4 * 4 : PIECE;
    size_t pieces = whole ? 1 : PIECES;
    size_t step = whole ? 0 : (chunk.n - PIECE) / (PIECES - 1) / 4 * 4; /* keeps the position modulo 4 */

    memset(look->count, 0, sizeof look->count);
    look->n = piece * pieces;
    for (size_t k = 0; k < pieces; k++) {
        const uint8_t *p = (const uint8_t *)chunk.p + k * step;
        for (size_t i = 0; i < piece; i += 4) {
            look->count[0][p[i]]++;
            look->count[1][p[i + 1]]++;
            look->count[2][p[i + 2]]++;
            look->count[3][p[i + 3]]++;
        }
    }
}

static bool looks_random(const struct look *look)
{
    double m = (double)look->n / 4, chance = 4 * m * (m - 1) / 256;
    uint32_t pairs = 0; /* each counted twice; at most 4 * 512 * 511 */

    for (int k = 0; k < 4; k++) {
        for (int v = 0; v < 256; v++)
            pairs += (uint32_t)look->count[k][v] * (look->count[k][v] - 1u);
    }
    return fabs(pairs - chance) < RANDOM_TOLERANCE * chance;
}

/* The largest divergence of a position's one-bits from those of all positions. */
static double divergence(const struct look *look)
{
    static const uint8_t ones[16] = { 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4 };
    unsigned bits[4][9] = { 0 };
    double most = 0, n = (double)look->n;

    for (unsigned v = 0; v < 256; v++) {
        for (int k = 0; k < 4; k++)
            bits[k][ones[v >> 4] + ones[v & 15]] += look->count[k][v];
    }
    for (int k = 0; k < 4; k++) {
        double sum = 0;
        for (int i = 0; i < 9; i++) {
            double p = bits[k][i] / (n / 4), q = (bits[0][i] + bits[1][i] + bits[2][i] + bits[3][i]) / n;
            if (p > 0)
                sum += p * log(p / q);
        }
        most = sum > most ? sum : most;
    }
    return most;
}

/* Both ways on a piece from the middle. A piece is too short for LZ4 to find much in grouped exponents, so BG4 is taken
 * unless LZ4 alone is better. */
static enum xorb_scheme try_both(struct slice chunk)
{
    char grouped[TRIAL], packed[TRIAL];
    size_t n = chunk.n < TRIAL ? chunk.n : TRIAL;
    const char *piece = chunk.p + (chunk.n - n) / 2 / 4 * 4;

    size_t plain = lz4_frame_pack(piece, n, packed, n);
    if (plain == 0)
        return XORB_BG4_LZ4;
    bg4_group((const uint8_t *)piece, n, (uint8_t *)grouped);
    size_t bg4 = lz4_frame_pack(grouped, n, packed, n);
    return bg4 != 0 && bg4 < plain ? XORB_BG4_LZ4 : XORB_LZ4;
}

enum xorb_scheme xorb_guess(struct slice chunk)
{
    struct look look;

    if (chunk.n < LOOK_MIN)
        return XORB_LZ4;
    look_at(chunk, &look);
    if (looks_random(&look))
        return XORB_NONE;
    return divergence(&look) > BG4_DIVERGENCE ? try_both(chunk) : XORB_LZ4;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* crc64.c: CRC-64/NVME (NVM Command Set Specification, "64b CRC Protection Information"; polynomial 0xAD93D23594C93659,
 * reflected, all ones before and after).
 *
 * Three ways to the same number: ISA-L's when it has it (from 2.31 on), else carry-less multiplication where the
 * processor has that, else tables. */
#include "auth/crc64.h"

#include <endian.h>
#include <pthread.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define POLYNOMIAL 0x9A6C9329AC4BC9B5 /* bit 63 is x^0; x^64 is left out */

/* Absent from ISA-L 2.30: NULL then. Takes and gives CRCs as crc64_nvme does. */
extern uint64_t crc64_rocksoft_refl(uint64_t crc, const unsigned char *p, uint64_t n) __attribute__((weak));

static uint64_t (*best)(uint64_t crc, const unsigned char *p, uint64_t n);
static pthread_once_t chosen = PTHREAD_ONCE_INIT;

/* tables[k][b]: the CRC register after byte b and k zero bytes, from 0. Filled once, 32 KiB. */
static uint64_t tables[16][256];

static void make_tables(void)
{
    for (unsigned b = 0; b < 256; b++) {
        uint64_t crc = b;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        tables[0][b] = crc;
    }
    for (int k = 1; k < 16; k++)
        for (unsigned b = 0; b < 256; b++)
            tables[k][b] = tables[k - 1][b] >> 8 ^ tables[0][tables[k - 1][b] & 255];
}

/* Sixteen bytes a step: each is looked up in the table of its distance from the end, the results added up
 * ("slicing-by-16", after Kounavis and Berry, "A Systematic Approach to Building High Performance Software-Based CRC
 * Generators"). Works on the register, without the inversions. */
static uint64_t add_by_tables(uint64_t crc, const unsigned char *p, uint64_t n)
{
    for (; n >= 16; p += 16, n -= 16) {
        uint64_t low, high;
        memcpy(&low, p, 8);
        memcpy(&high, p + 8, 8);
        low = le64toh(low) ^ crc;
        high = le64toh(high);
        crc = 0;
        for (int i = 0; i < 8; i++)
            crc ^= tables[15 - i][low >> 8 * i & 255] ^ tables[7 - i][high >> 8 * i & 255];
    }
    for (; n; p++, n--)
        crc = crc >> 8 ^ tables[0][(crc ^ *p) & 255];
    return crc;
}

static uint64_t by_tables(uint64_t crc, const unsigned char *p, uint64_t n)
{
    return ~add_by_tables(~crc, p, n);
}

#if defined(__x86_64__)

/* Multipliers that move 16 bytes of message 64 or 16 bytes on, modulo the polynomial: x^(8 d + 63) for the first eight
 * bytes, x^(8 d - 1) for the last eight. The 1 less makes up for a product of reflected numbers being one bit off. */
static uint64_t by_64[2], by_16[2];

static uint64_t power_of_x(unsigned n)
{
    uint64_t value = (uint64_t)1 << 63;
    while (n--)
        value = value & 1 ? value >> 1 ^ POLYNOMIAL : value >> 1;
    return value;
}

static void make_multipliers(void)
{
    by_64[0] = power_of_x(8 * 64 + 63);
    by_64[1] = power_of_x(8 * 64 - 1);
    by_16[0] = power_of_x(8 * 16 + 63);
    by_16[1] = power_of_x(8 * 16 - 1);
}

#define CARRYLESS __attribute__((target("pclmul,sse4.1")))

CARRYLESS static inline __m128i move_on(__m128i x, __m128i multipliers, __m128i onto)
{
    __m128i first = _mm_clmulepi64_si128(x, multipliers, 0x00), last = _mm_clmulepi64_si128(x, multipliers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(first, last), onto);
}

CARRYLESS static inline __m128i load(const unsigned char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Four lanes of 16 bytes move along the message ("Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
 * Instruction", Intel, 2009), then fold into one, whose 16 bytes and whatever is left go by the tables. */
CARRYLESS static uint64_t by_carryless(uint64_t crc, const unsigned char *p, uint64_t n)
{
    if (n < 128)
        return by_tables(crc, p, n);
    const __m128i far = _mm_loadu_si128((const __m128i *)(const void *)by_64);
    const __m128i near = _mm_loadu_si128((const __m128i *)(const void *)by_16);
    crc = ~crc;
    __m128i a = _mm_xor_si128(load(p), _mm_cvtsi64_si128((long long)crc));
    __m128i b = load(p + 16), c = load(p + 32), d = load(p + 48);
    for (p += 64, n -= 64; n >= 64; p += 64, n -= 64) {
        a = move_on(a, far, load(p));
        b = move_on(b, far, load(p + 16));
        c = move_on(c, far, load(p + 32));
        d = move_on(d, far, load(p + 48));
    }
    unsigned char folded[16];
    d = move_on(move_on(move_on(a, near, b), near, c), near, d);
    _mm_storeu_si128((__m128i *)(void *)folded, d);
    return ~add_by_tables(add_by_tables(0, folded, sizeof folded), p, n);
}

static bool choose_carryless(void)
{
    if (!__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
        return false;
    make_multipliers();
    best = by_carryless;
    return true;
}

#else

static bool choose_carryless(void)
{
    return false;
}

#endif

static void choose(void)
{
    if (crc64_rocksoft_refl) {
        best = crc64_rocksoft_refl;
        return;
    }
    make_tables();
    if (!choose_carryless())
        best = by_tables;
}

uint64_t crc64_nvme(uint64_t crc, struct slice bytes)
{
    pthread_once(&chosen, choose);
    return best(crc, (const unsigned char *)bytes.p, bytes.n);
}

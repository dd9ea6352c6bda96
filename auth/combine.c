/* SPDX-License-Identifier: Apache-2.0 */
/* combine.c: the CRC of two contents one behind the other, from the CRC of each and the size of the second, without a
 * look at either.
 *
 * A CRC is the content as a polynomial modulo P, over GF(2). Appending n bytes multiplies what came before by x^(8n),
 * and adding is exclusive or; the ones that these CRCs begin and end with cancel out. x^(8n) comes from squaring
 * (Knuth, The Art of Computer Programming, volume 2, section 4.6.3). All three are reflected: the highest bit is x^0.
 */
#include <assert.h>
#include <endian.h>

#include "auth/auth.h"

struct polynomial {
    unsigned width;
    uint64_t terms; /* without x^width */
};

static struct polynomial polynomial_of(enum checksum c)
{
    switch (c) {
    case CHECKSUM_CRC32:
        return (struct polynomial){ 32, 0xEDB88320 };
    case CHECKSUM_CRC32C:
        return (struct polynomial){ 32, 0x82F63B78 };
    case CHECKSUM_CRC64NVME:
        return (struct polynomial){ 64, 0x9A6C9329AC4BC9B5 };
    case CHECKSUM_NONE:
    case CHECKSUM_SHA1:
    case CHECKSUM_SHA256:
        break;
    }
    return (struct polynomial){ 0, 0 };
}

bool checksum_combines(enum checksum c)
{
    return polynomial_of(c).width > 0;
}

static uint64_t one(struct polynomial p)
{
    return (uint64_t)1 << (p.width - 1);
}

static uint64_t times(struct polynomial p, uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    for (uint64_t bit = one(p); bit; bit >>= 1) {
        if (a & bit)
            product ^= b;
        b = b & 1 ? b >> 1 ^ p.terms : b >> 1;
    }
    return product;
}

/* x^(8 n) */
static uint64_t power(struct polynomial p, uint64_t n)
{
    uint64_t result = one(p), base = one(p) >> 8;
    for (; n; n >>= 1) {
        if (n & 1)
            result = times(p, result, base);
        base = times(p, base, base);
    }
    return result;
}

/* Big-endian, as checksum_final gives them. */
static uint64_t load(struct polynomial p, const uint8_t value[CHECKSUM_MAX])
{
    uint64_t big;
    uint32_t small;
    memcpy(&big, value, sizeof big);
    memcpy(&small, value, sizeof small);
    return p.width == 64 ? be64toh(big) : be32toh(small);
}

void checksum_combine(enum checksum c, uint8_t first[CHECKSUM_MAX], const uint8_t second[CHECKSUM_MAX],
                      uint64_t second_size)
{
    struct polynomial p = polynomial_of(c);
    assert(p.width > 0);
    uint64_t whole = times(p, power(p, second_size), load(p, first)) ^ load(p, second);
    uint64_t big = htobe64(whole << (64 - p.width));
    memcpy(first, &big, p.width / 8);
}

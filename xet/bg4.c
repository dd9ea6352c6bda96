/* SPDX-License-Identifier: Apache-2.0 */
/* bg4.c: byte grouping by position modulo 4. Plain loops over four bytes that compilers turn into vector code. */
#include "xet/bg4.h"

/* Where group k begins: every group before it has n / 4 bytes, and one more if the rest reaches it. */
static size_t group_start(size_t n, size_t k)
{
    return k * (n / 4) + (k < n % 4 ? k : n % 4);
}

void bg4_group(const uint8_t *restrict in, size_t n, uint8_t *restrict out)
{
    uint8_t *restrict a = out, *restrict b = out + group_start(n, 1);
    uint8_t *restrict c = out + group_start(n, 2), *restrict d = out + group_start(n, 3);
    size_t whole = n / 4;

    for (size_t i = 0; i < whole; i++) {
        a[i] = in[4 * i];
        b[i] = in[4 * i + 1];
        c[i] = in[4 * i + 2];
        d[i] = in[4 * i + 3];
    }
    for (size_t k = 0; k < n % 4; k++)
        out[group_start(n, k) + whole] = in[4 * whole + k];
}

void bg4_ungroup(const uint8_t *restrict in, size_t n, uint8_t *restrict out)
{
    const uint8_t *restrict a = in, *restrict b = in + group_start(n, 1);
    const uint8_t *restrict c = in + group_start(n, 2), *restrict d = in + group_start(n, 3);
    size_t whole = n / 4;

    for (size_t i = 0; i < whole; i++) {
        out[4 * i] = a[i];
        out[4 * i + 1] = b[i];
        out[4 * i + 2] = c[i];
        out[4 * i + 3] = d[i];
    }
    for (size_t k = 0; k < n % 4; k++)
        out[4 * whole + k] = in[group_start(n, k) + whole];
}

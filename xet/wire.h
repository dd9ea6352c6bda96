/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: little-endian integers at any address, for the Xet formats. memcpy and shifts only: what is read is hostile
 * and never aligned. */
#ifndef HUGS3_XET_WIRE_H
#define HUGS3_XET_WIRE_H

#include <stdint.h>
#include <string.h>

static inline uint32_t wire_get24(const void *at)
{
    const uint8_t *p = at;

    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

static inline uint32_t wire_get32(const void *at)
{
    const uint8_t *p = at;

    return wire_get24(p) | (uint32_t)p[3] << 24;
}

static inline uint64_t wire_get64(const void *at)
{
    const uint8_t *p = at;

    return wire_get32(p) | (uint64_t)wire_get32(p + 4) << 32;
}

static inline void wire_put24(void *at, uint32_t v)
{
    uint8_t *p = at;

    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
}

static inline void wire_put32(void *at, uint32_t v)
{
    uint8_t *p = at;

    wire_put24(p, v);
    p[3] = (uint8_t)(v >> 24);
}

static inline void wire_put64(void *at, uint64_t v)
{
    uint8_t *p = at;

    wire_put32(p, (uint32_t)v);
    wire_put32(p + 4, (uint32_t)(v >> 32));
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* bg4.h: byte grouping, what xorb.c puts before LZ4 for arrays of floats: all bytes 0, 4, 8, …, then all bytes 1, 5,
 * 9, …, then 2, …, then 3, …; when 4 does not divide the length, the first groups are a byte longer. */
#ifndef HUGS3_XET_BG4_H
#define HUGS3_XET_BG4_H

#include <stddef.h>
#include <stdint.h>

/* n bytes each; in and out do not overlap. */
void bg4_group(const uint8_t *in, size_t n, uint8_t *out);
void bg4_ungroup(const uint8_t *in, size_t n, uint8_t *out);

#endif

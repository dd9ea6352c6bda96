/* SPDX-License-Identifier: Apache-2.0 */
/* gear_table.h: what gear_table.c has for chunker.c. */
#ifndef HUGS3_XET_GEAR_TABLE_H
#define HUGS3_XET_GEAR_TABLE_H

#include <stdint.h>

extern const uint64_t gear_table[256];

#endif

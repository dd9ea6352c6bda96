/* SPDX-License-Identifier: Apache-2.0 */
/* crc64.h: CRC-64/NVME, the checksum that S3 calls CRC64NVME. */
#ifndef HUGS3_AUTH_CRC64_H
#define HUGS3_AUTH_CRC64_H

#include "common/buf.h"

/* The CRC of what came before (0: nothing) and `bytes` together. Any thread. */
uint64_t crc64_nvme(uint64_t crc, struct slice bytes);

#endif

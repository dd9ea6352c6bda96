/* SPDX-License-Identifier: Apache-2.0 */
/* lz4_frame.h: a chunk as one LZ4 frame ("LZ4 Frame Format Description" of the LZ4 project), for xorb.c. */
#ifndef HUGS3_XET_LZ4_FRAME_H
#define HUGS3_XET_LZ4_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* Compresses n bytes, 1 to XET_CHUNK_MAX, into a frame at `out`. Returns its size; 0: it needs more than `room`. */
size_t lz4_frame_pack(const char *in, size_t n, char *out, size_t room);

/* `in` has to be one whole frame of exactly `size` bytes of content. On failure *out has any content. */
MUST_USE bool lz4_frame_unpack(const char *in, size_t n, char *out, size_t size);

#endif

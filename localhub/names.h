/* SPDX-License-Identifier: Apache-2.0 */
/* names.h: what a file in a bucket, a bucket and a namespace may be called. Pure functions. */
#ifndef HUGS3_LOCALHUB_NAMES_H
#define HUGS3_LOCALHUB_NAMES_H

#include "common/buf.h"

enum { PATH_BYTES_MAX = 4096, NAME_BYTES_MAX = 96 };

/* NULL: fine. Else what is wrong with it, in words for the client. */
const char *path_problem(struct slice path);
/* Letters, digits, '-', '_', '.'; never "--" or ".."; no '-' or '.' at either end. */
bool name_ok(struct slice name);

#endif

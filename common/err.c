/* SPDX-License-Identifier: Apache-2.0 */
/* err.c: the error table of err.h, read by column. */
#include "common/err.h"

#include <stddef.h>

struct row {
    const char *name, *s3_code, *text;
    int status;
};

static const struct row rows[ERR_COUNT] = { [OK] = { "OK", "OK", "OK", 200 },
#define X(name, code, status, text) [name] = { #name, code, text, status },
                                            ERR_TABLE(X)
#undef X
};

/* A value outside of the table is our own bug, but the log line about it should still come out. */
static const struct row *row_of(enum err e)
{
    return (unsigned)e < ERR_COUNT ? &rows[e] : &rows[ERR_INTERNAL];
}

const char *err_name(enum err e)
{
    return row_of(e)->name;
}

const char *err_s3_code(enum err e)
{
    return row_of(e)->s3_code;
}

int err_http_status(enum err e)
{
    return row_of(e)->status;
}

const char *err_text(enum err e)
{
    return row_of(e)->text;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* args.h: options and places out of the command line, by a table. Pure; argv is put into another order, not copied.
 * Options may stand before, between and behind places; `--` ends them; a lone `-` is a place. */
#ifndef HUGS3_CLI_ARGS_H
#define HUGS3_CLI_ARGS_H

#include "common/buf.h"

enum { ARGS_OPTIONS_MAX = 16, ARGS_WHY = 256 };

/* A table ends with a row without a name. */
struct args_option {
    const char *name;
    char letter;       /* 0: none */
    const char *value; /* what it takes, for the help; NULL: a switch */
    const char *help;
};
/* What every command takes; the last rows of each table. */
#define ARGS_COMMON                                                                                                    \
    { "json", 0, NULL, "one JSON object a line" }, { "help", 0, NULL, "this" },                                        \
    {                                                                                                                  \
        NULL, 0, NULL, NULL                                                                                            \
    }

struct args {
    const struct args_option *options;
    const char *given[ARGS_OPTIONS_MAX]; /* in the table's order: the value, "" of a switch, NULL when not given */
    char **place;
    int n; /* of places */
};

/* false: `why` says what is wrong, in words for whoever typed it, and *out is untouched. */
MUST_USE bool args_parse(const struct args_option *options, int argc, char **argv, struct args *out,
                         char why[ARGS_WHY]);
/* NULL: not given, or the command has no such option. */
const char *args_value(const struct args *a, const char *name);
static inline bool args_has(const struct args *a, const char *name)
{
    return args_value(a, name) != NULL;
}

#endif

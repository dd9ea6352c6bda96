/* SPDX-License-Identifier: Apache-2.0 */
/* args.c: see args.h. One pass over argv: an option's value goes into `given`, a place to the front of argv. */
#include "cli/args.h"

#include <assert.h>
#include <stdio.h>

struct parse {
    struct args args;
    int argc, at;
    char **argv;
    char *why;
};

static int find(const struct args_option *options, struct slice name, char letter)
{
    for (int i = 0; options[i].name; i++) {
        assert(i < ARGS_OPTIONS_MAX);
        if (letter ? options[i].letter == letter : slice_is(name, options[i].name))
            return i;
    }
    return -1;
}

/* `value`: what stood behind the option in its own argument, NULL: nothing. */
static bool take(struct parse *p, int option, const char *value)
{
    const struct args_option *o = &p->args.options[option];
    if (o->value && !value && p->at + 1 < p->argc)
        value = p->argv[++p->at];
    if (o->value && !value) {
        snprintf(p->why, ARGS_WHY, "--%s needs a value: %s", o->name, o->value);
        return false;
    }
    if (!o->value && value) {
        snprintf(p->why, ARGS_WHY, "--%s takes no value", o->name);
        return false;
    }
    p->args.given[option] = value ? value : "";
    return true;
}

static bool take_long(struct parse *p, const char *text)
{
    const char *equals = strchr(text, '=');
    struct slice name = slice_of(text, equals ? (size_t)(equals - text) : strlen(text));
    int option = find(p->args.options, name, 0);
    if (option < 0) {
        snprintf(p->why, ARGS_WHY, "there is no option --%.*s", (int)(name.n < 100 ? name.n : 100), name.p);
        return false;
    }
    return take(p, option, equals ? equals + 1 : NULL);
}

/* "-Rh" is -R -h; "-tTEXT" is -t TEXT. */
static bool take_letters(struct parse *p, const char *letters)
{
    for (; *letters; letters++) {
        int option = find(p->args.options, SLICE_NONE, *letters);
        if (option < 0) {
            snprintf(p->why, ARGS_WHY, "there is no option -%c", *letters);
            return false;
        }
        bool value = p->args.options[option].value != NULL;
        if (!take(p, option, value && letters[1] ? letters + 1 : NULL))
            return false;
        if (value)
            return true;
    }
    return true;
}

bool args_parse(const struct args_option *options, int argc, char **argv, struct args *out, char why[ARGS_WHY])
{
    struct parse p = { .args = { .options = options, .place = argv }, .argc = argc, .argv = argv, .why = why };
    bool only_places = false;
    for (p.at = 0; p.at < argc; p.at++) {
        char *text = argv[p.at];
        if (only_places || text[0] != '-' || text[1] == 0)
            argv[p.args.n++] = text;
        else if (strcmp(text, "--") == 0)
            only_places = true;
        else if (text[1] == '-' ? !take_long(&p, text + 2) : !take_letters(&p, text + 1))
            return false;
    }
    *out = p.args;
    return true;
}

const char *args_value(const struct args *a, const char *name)
{
    int option = find(a->options, slice_str(name), 0);
    return option < 0 ? NULL : a->given[option];
}

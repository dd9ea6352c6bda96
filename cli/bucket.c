/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.c: `hugs3 bucket`: the table of commands, their options and help. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/session.h"

static const struct args_option create_options[] = {
    { "public", 0, NULL, "everybody may read it" },
    { "private", 0, NULL, "only its owners may (neither: the namespace's default)" },
    { "exist-ok", 0, NULL, "fine when it exists already" },
    { "region", 0, "us|eu", "where its content is stored" },
    ARGS_COMMON,
};
static const struct args_option rm_bucket_options[] = {
    { "missing-ok", 0, NULL, "fine when there is none" },
    { "yes", 'y', NULL, "do not ask" },
    ARGS_COMMON,
};
static const struct args_option list_options[] = {
    { "search", 0, "TEXT", "only those whose name has this" },
    ARGS_COMMON,
};
static const struct args_option no_options[] = { ARGS_COMMON };
static const struct args_option ls_options[] = {
    { "recursive", 'R', NULL, "all files below, not only this level" },
    { "human", 'h', NULL, "sizes in KiB, MiB and so on" },
    ARGS_COMMON,
};
static const struct args_option put_options[] = {
    { "content-type", 't', "TYPE", "instead of what the name's ending says" },
    ARGS_COMMON,
};
static const struct args_option rm_options[] = {
    { "recursive", 'R', NULL, "everything below this place" },
    { "dry-run", 'n', NULL, "only say what would be deleted" },
    ARGS_COMMON,
};
static const struct args_option cp_options[] = {
    { "dry-run", 'n', NULL, "only say what would be copied" },
    ARGS_COMMON,
};
static const struct args_option batch_options[] = {
    { "manifest", 0, "FILE", "operations, one JSON object a line; - is stdin" },
    ARGS_COMMON,
};
static const struct args_option sync_options[] = {
    { "delete", 0, NULL, "delete at the target what the source does not have" },
    { "dry-run", 'n', NULL, "only say what would be done" },
    ARGS_COMMON,
};

static const struct command {
    const char *name;
    const char *places;
    const char *help;
    int min, max; /* places */
    const struct args_option *options;
    session_command *run;
} commands[] = {
    { "create", "BUCKET", "make a bucket", 1, 1, create_options, cmd_create },
    { "rm-bucket", "BUCKET", "delete a bucket and everything in it", 1, 1, rm_bucket_options, cmd_rm_bucket },
    { "info", "BUCKET", "size, files, visibility, dates", 1, 1, no_options, cmd_info },
    { "list", "[NAMESPACE]", "the buckets of a namespace", 0, 1, list_options, cmd_list },
    { "mv", "BUCKET BUCKET", "rename, or give to another namespace", 2, 2, no_options, cmd_mv },
    { "ls", "PLACE", "what is there (also: tree)", 1, 1, ls_options, cmd_ls },
    { "tree", "PLACE", NULL, 1, 1, ls_options, cmd_ls },
    { "get", "PLACE [LOCAL]", "a file or all below a place; LOCAL - is stdout", 1, 2, no_options, cmd_get },
    { "put", "LOCAL PLACE", "a file, a folder's content, or - for stdin", 2, 2, put_options, cmd_put },
    { "rm", "PLACE", "delete a file; -R: all below", 1, 1, rm_options, cmd_rm },
    { "cp", "PLACE PLACE", "copy a file or tree on the Hub; moves no data", 2, 2, cp_options, cmd_cp },
    { "batch", "BUCKET [OP]...", "adds, copies, deletes in one operation", 1, 3000, batch_options, cmd_batch },
    { "sync", "FROM TO", "make a folder and a place the same", 2, 2, sync_options, cmd_sync },
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static int usage(FILE *to, int status)
{
    fprintf(to, "usage: hugs3 bucket COMMAND [options] PLACE...\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        if (commands[i].help)
            fprintf(to, "  %-10s %-15s %s\n", commands[i].name, commands[i].places, commands[i].help);
    fprintf(to, "\nA PLACE is hf://buckets/NAMESPACE/NAME/PATH; a BUCKET is one without PATH, or NAME alone.\n"
                "HF_TOKEN is the token, HF_ENDPOINT the Hub [https://huggingface.co].\n"
                "Exit status: 0 done, 1 failed, 2 wrong usage, 3 not found.\n"
                "hugs3 bucket COMMAND --help lists its options.\n");
    return status;
}

static int command_usage(const struct command *c, FILE *to, int status)
{
    fprintf(to, "usage: hugs3 bucket %s [options] %s\n\n", c->name, c->places);
    for (const struct args_option *o = c->options; o->name; o++) {
        char letter[4] = { o->letter ? '-' : ' ', o->letter ? o->letter : ' ', o->letter ? ',' : ' ', 0 };
        char name[64];
        snprintf(name, sizeof name, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
        fprintf(to, "  %s %-20s %s\n", letter, name, o->help);
    }
    if (c->run == cmd_batch)
        fprintf(to, "\nAn OP is `add LOCAL PATH`, `copy PLACE PATH` or `delete PATH`; in a manifest, a line is\n"
                    "{\"op\":\"add\",\"from\":LOCAL,\"path\":PATH,\"content_type\":TYPE?},\n"
                    "{\"op\":\"copy\",\"from\":PLACE,\"path\":PATH} or {\"op\":\"delete\",\"path\":PATH}.\n");
    return status;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int run(const struct command *c, const struct args *a)
{
    struct session s;
    session_open(&s, args_has(a, "json"));
    int status = c->run(&s, a);
    if (output_flush(&s.out) && !status)
        status = CLI_FAILED;
    session_close(&s);
    return status;
}

int command_bucket(int argc, char **argv)
{
    struct args args;
    char why[ARGS_WHY];
    if (argc < 1)
        return usage(stderr, CLI_USAGE);
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "help") == 0)
        return usage(stdout, CLI_DONE);
    const struct command *c = find(argv[0]);
    if (!c) {
        fprintf(stderr, "hugs3: there is no command `bucket %s`\n", argv[0]);
        return usage(stderr, CLI_USAGE);
    }
    if (!args_parse(c->options, argc - 1, argv + 1, &args, why)) {
        fprintf(stderr, "hugs3: %s\n", why);
        return command_usage(c, stderr, CLI_USAGE);
    }
    if (args_has(&args, "help"))
        return command_usage(c, stdout, CLI_DONE);
    if (args.n < c->min || args.n > c->max)
        return command_usage(c, stderr, CLI_USAGE);
    return run(c, &args);
}

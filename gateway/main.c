/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: the command line: which command, and what every command needs of its process. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/cli.h"
#include "gateway/commands.h"
#include "gateway/config.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "serve", command_serve, "the S3 gateway" },
    { "hub", command_hub, "the embedded Hub alone" },
    { "bucket", command_bucket, "buckets and their files, from here" },
    { "import", command_import, "a folder as a repository of the embedded Hub" },
    { "version", command_version, "which hugs3 this is" },
};

int command_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("hugs3 " HUGS3_VERSION "\n");
    return 0;
}

static int usage(FILE *to, int status)
{
    fprintf(to, "hugs3: S3 for Hugging Face Storage Buckets\n\nusage: hugs3 COMMAND [settings]\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
    fprintf(to, "\nhugs3 COMMAND --help lists its settings.\n");
    return status;
}

static void prepare_process(void)
{
    /* Secrets are in memory: no core files. */
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGPIPE, SIG_IGN);
    /* Many threads, few arenas: what one thread frees another can use, and idle memory stays small. */
    mallopt(M_ARENA_MAX, 4);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, 2);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
        return usage(stdout, 0);
    if (!strcmp(argv[1], "--version"))
        return command_version(0, NULL);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            prepare_process();
            return commands[i].run(argc - 2, argv + 2);
        }
    }
    fprintf(stderr, "hugs3: there is no command `%s`\n", argv[1]);
    return usage(stderr, 2);
}

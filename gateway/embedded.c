/* SPDX-License-Identifier: Apache-2.0 */
/* embedded.c: see embedded.h, and the command `hub`. */
#include "gateway/embedded.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/arena.h"
#include "common/log.h"
#include "gateway/commands.h"
#include "gateway/log_level.h"

enum { ORGS_MAX = 32 };

/* TOKEN=NAME[:ORG,…] */
static bool parse_user(const char *text, struct arena *arena, struct localhub_user *out)
{
    struct slice orgs = slice_str(text), token = slice_cut(&orgs, '='), name = slice_cut(&orgs, ':');
    if (token.n == 0 || name.n == 0) {
        /* The text holds a token: it is not repeated. */
        fprintf(stderr, "hugs3: user: not of the form TOKEN=NAME[:ORG,...]\n");
        return false;
    }
    const char **list = (const char **)arena_alloc(arena, ORGS_MAX * sizeof *list);
    *out = (struct localhub_user){ arena_strdup(arena, token), arena_strdup(arena, name), list, 0 };
    while (orgs.p && out->n_orgs < ORGS_MAX) {
        struct slice org = slice_cut(&orgs, ',');
        if (org.n > 0)
            list[out->n_orgs++] = arena_strdup(arena, org);
    }
    return true;
}

struct localhub *embedded_start(const struct config *config, const char *dir, const char *listen)
{
    struct arena *arena = arena_new();
    struct localhub_user users[CONFIG_LIST_MAX];
    struct localhub *hub = NULL;
    char why[256] = "";
    bool ok = true;
    for (size_t i = 0; ok && i < config->user.n; i++)
        ok = parse_user(config->user.item[i], arena, &users[i]);
    if (ok && localhub_start(
                  &(struct localhub_config){ .dir = dir, .listen = listen, .users = users, .n_users = config->user.n },
                  why, &hub) != OK)
        fprintf(stderr, "hugs3: embedded Hub: %s\n", why);
    arena_free(arena);
    return hub;
}

static int run_hub(const struct config *config)
{
    if (!config->dir) {
        fprintf(stderr, "hugs3: hub: --dir says where it keeps its files\n");
        return 2;
    }
    if (!log_level_apply(config->log_level))
        return 2;
    if (config->check_only)
        return 0;
    stop_signals_block();
    struct localhub *hub = embedded_start(config, config->dir, config->listen.item[0]);
    if (!hub)
        return 1;
    printf("ready %s\n", localhub_url(hub));
    fflush(stdout);
    stop_signals_wait(NULL, NULL);
    localhub_stop(hub, (unsigned)config->drain_ms);
    localhub_free(hub);
    return 0;
}

int command_hub(int argc, char **argv)
{
    struct config config;
    if (command_wants_help(argc, argv)) {
        printf("usage: hugs3 hub --dir DIR [settings]\n\n");
        config_help(COMMAND_HUB);
        return 0;
    }
    if (!config_load(COMMAND_HUB, argc, argv, &config))
        return 2;
    int status = run_hub(&config);
    config_done(&config);
    return status;
}

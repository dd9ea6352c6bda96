/* SPDX-License-Identifier: Apache-2.0 */
/* signals.c: waiting for the word to stop. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "gateway/commands.h"

enum { TICK_S = 5 };

static void stop_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

void stop_signals_block(void)
{
    sigset_t set;
    stop_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *second_signal(void *unused)
{
    sigset_t set;
    int which;
    (void)unused;
    stop_set(&set);
    sigwait(&set, &which);
    _exit(1);
}

void stop_signals_wait(void (*tick)(void *ctx), void *ctx)
{
    sigset_t set;
    int which;
    stop_set(&set);
    while ((which = sigtimedwait(&set, NULL, &(struct timespec){ TICK_S, 0 })) < 0)
        if (tick)
            tick(ctx);
    log_say(LOG_INFO, "gateway", "%s: stopping; a second signal ends at once", strsignal(which));
    pthread_t thread;
    if (pthread_create(&thread, NULL, second_signal, NULL) == 0)
        pthread_detach(thread);
}

bool command_wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return false;
}

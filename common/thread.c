/* SPDX-License-Identifier: Apache-2.0 */
/* thread.c: pthread_create with a name, and with every signal blocked from the first instruction on. */
#include "common/thread.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pthread_t thread_start(const char *name, void *(*run)(void *), void *arg)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        fprintf(stderr, "no thread for %s: %s\n", name, strerror(failed));
        abort();
    }
    pthread_setname_np(thread, name);
    return thread;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* thread.h: starting a thread that has a name and takes no signals: those are the main thread's. */
#ifndef HUGS3_COMMON_THREAD_H
#define HUGS3_COMMON_THREAD_H

#include <pthread.h>

/* Aborts when the system gives no more threads, like mem_*: only called while starting. name: at most 15 bytes. */
pthread_t thread_start(const char *name, void *(*run)(void *), void *arg);

#endif

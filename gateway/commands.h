/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h: the commands of the one binary. Each gets the arguments behind its name and returns the exit status:
 * 0 fine, 1 could not be done, 2 wrong usage. */
#ifndef HUGS3_GATEWAY_COMMANDS_H
#define HUGS3_GATEWAY_COMMANDS_H

#include <stdbool.h>

int command_serve(int argc, char **argv);
int command_hub(int argc, char **argv);
int command_import(int argc, char **argv);
int command_version(int argc, char **argv);

/* Is --help among the arguments? */
bool command_wants_help(int argc, char **argv);

/* Shared by commands that serve: signals are blocked in every thread (call before any is started) and waited for here.
 * Returns at the first SIGTERM or SIGINT; a second one ends the process at once. `tick` (NULL: none) is called every
 * few seconds until then: what a daemon does beside serving. */
void stop_signals_block(void);
void stop_signals_wait(void (*tick)(void *ctx), void *ctx);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h: `hugs3 bucket …`: the Hub's buckets from the command line, through the same hub/ and xet/ as the daemon's.
 * What S3 has no word for, and what needs no gateway.
 *
 *   bucket.c   which command; its arguments (args.h) and places (place.h) are read
 *   session.h  the Hub at HF_ENDPOINT with HF_TOKEN, made for one command
 *   cmd_*.c    the commands: remote.h lists, transfer.h moves content, lines.h makes it visible, local.h is our side
 *   output.h   what is said: text or JSON, progress, and the exit status
 */
#ifndef HUGS3_CLI_CLI_H
#define HUGS3_CLI_CLI_H

enum cli_status { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_NOT_FOUND = 3 };

/* The arguments behind `bucket`; returns an enum cli_status. */
int command_bucket(int argc, char **argv);

#endif

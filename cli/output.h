/* SPDX-License-Identifier: Apache-2.0 */
/* output.h: what a command says. Results go to stdout, as text or as one JSON object a line; what went wrong goes to
 * stderr, and is remembered as the exit status; progress is a line on stderr while that is a terminal. Any thread.
 *
 * Names come from others: on a terminal, control characters in them are shown as `?`. */
#ifndef HUGS3_CLI_OUTPUT_H
#define HUGS3_CLI_OUTPUT_H

#include <pthread.h>

#include "hub/hub.h"

struct output {
    bool json;
    bool stdout_tty, stderr_tty;
    pthread_mutex_t lock; /* guards what follows, and the order of lines */
    int status;           /* enum cli_status: of the first that failed */
    uint64_t bytes, files;
    int64_t began_ms, drawn_ms;
    bool drawn;
};
void output_init(struct output *o, bool json);
void output_done(struct output *o);

/* Each is one line of the result. ERR_CLIENT_GONE: nobody reads it any more. */
void output_bucket(struct output *o, const struct hub_bucket_info *info, bool details);
void output_bucket_id(struct output *o, const char *action, struct slice id);
void output_entry(struct output *o, const struct hub_file *f, bool human);
/* A file that was put, got, copied, deleted, or would be. */
enum output_tense { OUTPUT_DID, OUTPUT_WOULD };
void output_file(struct output *o, enum output_tense tense, const char *action, struct slice path, uint64_t size,
                 const char *xet_hash);
struct output_summary {
    uint64_t transferred, same, deleted;
};
void output_summary(struct output *o, const struct output_summary *s);
MUST_USE enum err output_flush(struct output *o);

/* ---- what went wrong ---- */

/* `detail`: the Hub's words, or NULL. ERR_STORE is about this machine's files: errno says why. */
void output_error(struct output *o, struct slice what, enum err e, const char *detail);
/* Words of our own; returns the command's status, which is `status` when nothing failed before. */
int output_fail(struct output *o, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* No failure: worth saying all the same. */
void output_note(struct output *o, struct slice what, const char *words);
int output_status(struct output *o);

/* ---- progress ---- */

void output_progress(struct output *o, uint64_t bytes, unsigned files);

#define OUTPUT_SIZE 32
void output_human(uint64_t bytes, char out[OUTPUT_SIZE]); /* "1.5 GiB" */

#endif

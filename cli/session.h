/* SPDX-License-Identifier: Apache-2.0 */
/* session.h: what one command works with: the Hub at HF_ENDPOINT as the owner of HF_TOKEN, the Xet client, the output.
 */
#ifndef HUGS3_CLI_SESSION_H
#define HUGS3_CLI_SESSION_H

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/place.h"
#include "hub/hub.h"
#include "xet/xet.h"

struct session {
    struct http *http;
    struct hub *hub;
    struct xet *xet;
    struct output out;
};
void session_open(struct session *s, bool json);
void session_close(struct session *s);

/* A bucket in use: its files and its content. */
struct session_bucket {
    struct hub_bucket *hub;
    struct xet_space *space;
};
void session_bucket_open(struct session *s, struct slice id, struct session_bucket *out);
void session_bucket_close(struct session_bucket *b); /* a zeroed one is fine */

/* The place `text` names; false: what is wrong has been said, and is the command's status. */
MUST_USE bool session_place(struct session *s, const char *text, struct place *out);
MUST_USE bool session_bucket_place(struct session *s, const char *text, struct place *out);
/* A bucket as a whole: no path. A name alone is one of the token's own namespace; `id` then lives in the arena. */
MUST_USE bool session_bucket_id(struct session *s, const char *text, struct arena *arena, struct slice *id);

/* ---- the commands: each returns its status, which is the output's unless it is a usage error ---- */

typedef int session_command(struct session *s, const struct args *a);
session_command cmd_create, cmd_rm_bucket, cmd_info, cmd_list, cmd_mv; /* cmd_manage.c */
session_command cmd_ls, cmd_get, cmd_put, cmd_rm, cmd_cp, cmd_batch, cmd_sync;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* state_dir.h: the directory of the gateway's own state: made when missing (mode 0700), held by one process. */
#ifndef HUGS3_GATEWAY_STATE_DIR_H
#define HUGS3_GATEWAY_STATE_DIR_H

#include "common/buf.h"

struct state_dir {
    char *path;
    int lock; /* held open and locked; -1: none */
};

/* Under $XDG_DATA_HOME/hugs3, else ~/.local/share/hugs3; NULL: there is no home. To be freed. */
char *state_dir_default(void);
/* false: said on stderr. */
MUST_USE bool state_dir_open(const char *path, struct state_dir *out);
void state_dir_close(struct state_dir *d);
/* path/name, to be freed. */
char *state_dir_file(const struct state_dir *d, const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* state_dir.c: see state_dir.h. */
#include "gateway/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char *join(const char *dir, const char *name)
{
    struct buf path;
    buf_init(&path, 8192);
    buf_addf(&path, "%s/%s", dir, name);
    return buf_take(&path);
}

char *state_dir_default(void)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (data && data[0] == '/')
        return join(data, "hugs3");
    return home && home[0] ? join(home, ".local/share/hugs3") : NULL;
}

/* Makes every directory of the path that is missing. */
static bool make_path(const char *path)
{
    AUTO_FREE char *copy = mem_strdup(path);
    for (char *at = copy + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = 0;
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            return false;
        *at = '/';
    }
    return mkdir(copy, 0700) == 0 || errno == EEXIST;
}

bool state_dir_open(const char *path, struct state_dir *out)
{
    struct state_dir d = { mem_strdup(path), -1 };
    if (!make_path(path)) {
        fprintf(stderr, "hugs3: %s: cannot be made: %s\n", path, strerror(errno));
        state_dir_close(&d);
        return false;
    }
    AUTO_FREE char *lock = join(path, "lock");
    d.lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (d.lock < 0 || flock(d.lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            fprintf(stderr, "hugs3: %s: is in use by another hugs3\n", path);
        else
            fprintf(stderr, "hugs3: %s: cannot be written: %s\n", lock, strerror(errno));
        state_dir_close(&d);
        return false;
    }
    *out = d;
    return true;
}

void state_dir_close(struct state_dir *d)
{
    if (d->lock >= 0)
        close(d->lock);
    free(d->path);
    *d = (struct state_dir){ NULL, -1 };
}

char *state_dir_file(const struct state_dir *d, const char *name)
{
    return join(d->path, name);
}

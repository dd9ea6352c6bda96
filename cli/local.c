/* SPDX-License-Identifier: Apache-2.0 */
/* local.c: opening, making, deleting below a root: see local.h. */
#include "cli/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/place.h"

/* For clean-ups on the way out: the reason for leaving is the one to tell. */
static void close_quietly(int fd)
{
    int error = errno;
    close(fd);
    errno = error;
}

static enum err make_parents(const char *path)
{
    AUTO_FREE char *copy = mem_strdup(path);
    for (char *at = strchr(copy + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = 0;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            return ERR_STORE;
        *at = '/';
    }
    return mkdir(copy, 0777) != 0 && errno != EEXIST ? ERR_STORE : OK;
}

enum err local_root(const char *path, enum local_root how, int *root)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && how == LOCAL_MAKE) {
        enum err e = make_parents(path);
        if (e)
            return e;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd < 0)
        return ERR_STORE;
    *root = fd;
    return OK;
}

/* One directory further down; takes `dir`. */
static int step(int dir, const char *name, enum local_root how)
{
    if (how == LOCAL_MAKE && mkdirat(dir, name, 0777) != 0 && errno != EEXIST) {
        close_quietly(dir);
        return -1;
    }
    int next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    close_quietly(dir);
    return next;
}

/* The open directory that `path` lies in, and its last segment. */
static enum err enter(int root, struct slice path, enum local_root how, int *dir, char **name)
{
    struct slice rest = path;
    if (!place_path_valid(path))
        return ERR_BAD_REQUEST;
    int at = fcntl(root, F_DUPFD_CLOEXEC, 0);
    struct slice segment = slice_cut(&rest, '/');
    while (at >= 0 && rest.p) {
        AUTO_FREE char *text = mem_dup(segment);
        at = step(at, text, how);
        segment = slice_cut(&rest, '/');
    }
    if (at < 0)
        return ERR_STORE;
    *dir = at;
    *name = mem_dup(segment);
    return OK;
}

enum err local_open(int root, struct slice path, enum local_link links, int *fd, struct stat *st)
{
    struct stat found;
    AUTO_FREE char *name = NULL;
    int dir;
    enum err e = enter(root, path, LOCAL_THERE, &dir, &name);
    if (e)
        return e;
    /* Not to be kept waiting by a pipe that nobody writes to. */
    int opened = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (links == LOCAL_FOLLOW ? 0 : O_NOFOLLOW));
    close_quietly(dir);
    if (opened < 0)
        return ERR_STORE;
    if (fstat(opened, &found) != 0 || !S_ISREG(found.st_mode)) {
        close(opened);
        errno = EINVAL;
        return ERR_STORE;
    }
    *fd = opened;
    *st = found;
    return OK;
}

/* What is there may be replaced when it is a file or a link, never a device or a directory. */
static bool replaceable(int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT;
    errno = S_ISDIR(st.st_mode) ? EISDIR : EEXIST;
    return S_ISREG(st.st_mode) || S_ISLNK(st.st_mode);
}

enum err local_create(int root, struct slice path, struct local_file *out)
{
    static _Atomic unsigned number;
    struct local_file f = { 0 };
    enum err e = enter(root, path, LOCAL_MAKE, &f.dir, &f.name);
    if (e)
        return e;
    /* A short name of its own: with the file's name in it, it could be too long. */
    snprintf(f.temporary, sizeof f.temporary, ".hugs3-%ld-%u.part", (long)getpid(), atomic_fetch_add(&number, 1));
    f.fd = replaceable(f.dir, f.name) ? openat(f.dir, f.temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
    if (f.fd < 0) {
        close_quietly(f.dir);
        free(f.name);
        return ERR_STORE;
    }
    *out = f;
    return OK;
}

enum err local_commit(struct local_file *f, int64_t mtime_ms)
{
    struct timespec times[2] = { { 0, UTIME_OMIT }, { mtime_ms / 1000, mtime_ms % 1000 * 1000000 } };
    if ((mtime_ms > 0 && futimens(f->fd, times) != 0) || renameat(f->dir, f->temporary, f->dir, f->name) != 0) {
        local_abandon(f);
        return ERR_STORE;
    }
    f->temporary[0] = 0;
    local_abandon(f);
    return OK;
}

void local_abandon(struct local_file *f)
{
    int error = errno;
    if (f->temporary[0])
        unlinkat(f->dir, f->temporary, 0);
    close(f->fd);
    close(f->dir);
    free(f->name);
    *f = (struct local_file){ .fd = -1, .dir = -1 };
    errno = error;
}

enum err local_remove(int root, struct slice path)
{
    AUTO_FREE char *name = NULL;
    int dir;
    enum err e = enter(root, path, LOCAL_THERE, &dir, &name);
    if (e)
        return e;
    e = unlinkat(dir, name, 0) == 0 || errno == ENOENT ? OK : ERR_STORE;
    close_quietly(dir);
    return e;
}

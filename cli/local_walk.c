/* SPDX-License-Identifier: Apache-2.0 */
/* local_walk.c: reading what is here: every file below a root, and a file's Xet hash. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/local.h"

/* An open directory for each level. */
enum { DEPTH_MAX = 128, PATH_BYTES_MAX = 16384, READ_BYTES = 1 << 20 };

static enum err walk_directory(int dir, unsigned depth, const struct local_walk *w, struct buf *path);

static enum err visit(int dir, const char *name, unsigned depth, const struct local_walk *w, struct buf *path)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? OK : ERR_STORE; /* gone since it was listed */
    if (S_ISDIR(st.st_mode)) {
        int next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return next < 0 ? ERR_STORE : walk_directory(next, depth + 1, w, path);
    }
    if (S_ISLNK(st.st_mode) && w->links == LOCAL_FOLLOW && fstatat(dir, name, &st, 0) != 0)
        st.st_mode = S_IFLNK; /* to nothing */
    if (S_ISREG(st.st_mode))
        return w->file(w->ctx, buf_slice(path), (uint64_t)st.st_size);
    w->skipped(w->ctx, buf_slice(path), S_ISDIR(st.st_mode) ? "skipped: a link to a directory" : "skipped: no file");
    return OK;
}

static enum err walk_names(DIR *names, unsigned depth, const struct local_walk *w, struct buf *path)
{
    size_t base = path->n;
    enum err e = OK;
    while (!e) {
        errno = 0;
        struct dirent *entry = readdir(names); /* NOLINT(concurrency-mt-unsafe): the stream is ours alone */
        if (!entry)
            return errno ? ERR_STORE : OK;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        buf_add_str(path, base ? "/" : "");
        buf_add_str(path, entry->d_name);
        errno = ENAMETOOLONG;
        e = path->failed ? ERR_STORE : visit(dirfd(names), entry->d_name, depth, w, path);
        path->n = base;
    }
    return e;
}

/* Takes `dir`. */
static enum err walk_directory(int dir, unsigned depth, const struct local_walk *w, struct buf *path)
{
    DIR *names = depth < DEPTH_MAX ? fdopendir(dir) : NULL;
    if (!names) {
        errno = depth < DEPTH_MAX ? errno : ELOOP;
        close(dir);
        return ERR_STORE;
    }
    enum err e = walk_names(names, depth, w, path);
    int error = errno;
    closedir(names);
    errno = error;
    return e;
}

enum err local_walk(int root, const struct local_walk *walk)
{
    AUTO_BUF struct buf path = { 0 };
    int dir = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* not root itself: its position is shared */
    buf_init(&path, PATH_BYTES_MAX);
    return dir < 0 ? ERR_STORE : walk_directory(dir, 0, walk, &path);
}

/* ---- hashing ---- */

struct hashing {
    struct xet_chunker chunker;
    struct xet_tree tree;
    char *bytes;
    size_t scanned, n; /* of bytes: the open chunk's, and all */
};

static void add_chunk(struct xet_tree *tree, struct slice chunk)
{
    struct xet_hash hash;
    xet_chunk_hash(chunk, &hash);
    xet_tree_add(tree, &hash, chunk.n);
}

/* Cuts what is there; the open chunk stays, at the front. */
static void cut_chunks(struct hashing *h)
{
    size_t start = 0;
    while (h->scanned < h->n) {
        bool cut;
        h->scanned += xet_chunker_scan(&h->chunker, slice_of(h->bytes + h->scanned, h->n - h->scanned), &cut);
        if (cut) {
            add_chunk(&h->tree, slice_of(h->bytes + start, h->scanned - start));
            start = h->scanned;
        }
    }
    h->n -= start;
    h->scanned = h->n;
    memmove(h->bytes, h->bytes + start, h->n);
}

enum err local_hash(int fd, char out[XET_HASH_TEXT])
{
    struct hashing h = { .bytes = mem_alloc(READ_BYTES) };
    struct xet_hash hash = xet_hash_zero;
    ssize_t got;
    xet_chunker_init(&h.chunker);
    xet_tree_init(&h.tree);
    while ((got = read(fd, h.bytes + h.n, READ_BYTES - h.n)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        h.n += (size_t)got;
        cut_chunks(&h);
    }
    if (h.n)
        add_chunk(&h.tree, slice_of(h.bytes, h.n));
    free(h.bytes);
    if (got < 0)
        return ERR_STORE;
    if (h.tree.size) {
        xet_tree_root(&h.tree, &hash);
        xet_file_hash(&hash, &hash);
    }
    xet_hash_text(&hash, out);
    return OK;
}

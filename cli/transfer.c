/* SPDX-License-Identifier: Apache-2.0 */
/* transfer.c: see transfer.h. */
#include "cli/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_BYTES = 256 << 10 };

static enum err read_some(int fd, char *bytes, size_t *n)
{
    ssize_t got;
    do
        got = read(fd, bytes, READ_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return ERR_STORE;
    *n = (size_t)got;
    return OK;
}

static enum err pump_up(struct session *s, struct xet_put *put, int fd, uint64_t *total)
{
    AUTO_FREE char *bytes = mem_alloc(READ_BYTES);
    for (;;) {
        size_t n;
        enum err e = read_some(fd, bytes, &n);
        if (e || n == 0)
            return e;
        e = xet_put_write(put, slice_of(bytes, n));
        if (e)
            return e;
        *total += n;
        output_progress(&s->out, n, 0);
    }
}

enum err transfer_up(struct session *s, struct xet_space *space, int fd, uint64_t size, struct xet_file *out)
{
    struct xet_put *put = xet_put_new(space, size);
    struct xet_file file = { 0 };
    uint64_t total = 0;
    enum err e = pump_up(s, put, fd, &total);
    if (!e && total > 0)
        e = xet_put_finish(put, &file, NULL);
    int error = errno;
    xet_put_free(put);
    errno = error;
    if (e)
        return e;
    output_progress(&s->out, 0, 1);
    *out = file;
    return OK;
}

static enum err write_all(int fd, struct slice bytes)
{
    while (bytes.n) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR)
            return ERR_STORE;
        bytes = slice_from(bytes, n < 0 ? 0 : (size_t)n);
    }
    return OK;
}

static enum err pump_down(struct session *s, struct xet_get *get, int fd)
{
    for (;;) {
        struct slice bytes;
        enum err e = xet_get_read(get, &bytes);
        if (e || bytes.n == 0)
            return e;
        e = write_all(fd, bytes);
        if (e)
            return e;
        output_progress(&s->out, bytes.n, 0);
    }
}

enum err transfer_down(struct session *s, struct xet_space *space, uint64_t size, const char *xet_hash, int fd)
{
    struct xet_file file = { .size = size };
    struct xet_get *get;
    if (size > 0) {
        if (!xet_hash_parse(slice_str(xet_hash), &file.hash))
            return ERR_UPSTREAM_MISSING; /* not in Xet */
        enum err e = xet_get_open(space, &file, 0, size, &get);
        if (e)
            return e;
        e = pump_down(s, get, fd);
        int error = errno;
        xet_get_free(get);
        errno = error;
        if (e)
            return e;
    }
    output_progress(&s->out, 0, 1);
    return OK;
}

struct hub_line transfer_line(struct slice path, const struct xet_file *file, int64_t mtime_ms,
                              struct slice content_type)
{
    struct hub_line line = { .op = HUB_ADD, .path = path, .mtime_ms = mtime_ms, .content_type = content_type };
    xet_hash_text(&file->hash, line.xet_hash);
    return line;
}

struct slice transfer_content_type(struct slice path)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        { ".txt", "text/plain" },
        { ".md", "text/markdown" },
        { ".html", "text/html" },
        { ".htm", "text/html" },
        { ".css", "text/css" },
        { ".csv", "text/csv" },
        { ".tsv", "text/tab-separated-values" },
        { ".js", "text/javascript" },
        { ".json", "application/json" },
        { ".jsonl", "application/jsonl" },
        { ".xml", "application/xml" },
        { ".yaml", "application/yaml" },
        { ".yml", "application/yaml" },
        { ".pdf", "application/pdf" },
        { ".zip", "application/zip" },
        { ".gz", "application/gzip" },
        { ".tar", "application/x-tar" },
        { ".zst", "application/zstd" },
        { ".parquet", "application/vnd.apache.parquet" },
        { ".wasm", "application/wasm" },
        { ".png", "image/png" },
        { ".jpg", "image/jpeg" },
        { ".jpeg", "image/jpeg" },
        { ".gif", "image/gif" },
        { ".webp", "image/webp" },
        { ".svg", "image/svg+xml" },
        { ".mp3", "audio/mpeg" },
        { ".wav", "audio/wav" },
        { ".flac", "audio/flac" },
        { ".mp4", "video/mp4" },
        { ".webm", "video/webm" },
        { ".py", "text/x-python" },
    };
    struct slice name = place_basename(path);
    const char *dot = name.n ? memrchr(name.p, '.', name.n) : NULL;
    struct slice ending = dot ? slice_from(name, (size_t)(dot - name.p)) : SLICE_NONE;
    for (size_t i = 0; ending.n && i < sizeof types / sizeof *types; i++)
        if (slice_eq_nocase(ending, slice_str(types[i].ending)))
            return slice_str(types[i].type);
    return SLICE_NONE;
}

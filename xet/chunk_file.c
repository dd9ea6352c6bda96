/* SPDX-License-Identifier: Apache-2.0 */
/* chunk_file.c: see chunk_file.h. Entries pass through a small buffer, a few hundred at a time. */
#include "xet/chunk_file.h"

#include <blake3.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xet/wire.h"

enum { VERSION = 1, HEAD = 24, ENTRY = 72, HASH = 32, BATCH = 512 };
enum { AT_VERSION = 8, AT_ENTRIES = 12, AT_SETS = 16 };
enum { AT_XORB = 32, AT_CAS = 64, AT_INDEX = 68 };

static const char tag[8] = { 'h', 'u', 'g', 's', '3', 'c', 'h', 'k' };

struct stream {
    FILE *f;
    blake3_hasher hasher; /* over what went through */
};

static void close_file(FILE **f)
{
    if (*f)
        fclose(*f);
}
#define AUTO_FILE __attribute__((cleanup(close_file)))

/* ---- reading ---- */

static bool read_some(struct stream *c, void *p, size_t n)
{
    if (fread(p, 1, n, c->f) != n)
        return false;
    blake3_hasher_update(&c->hasher, p, n);
    return true;
}

/* What an index of ours cannot hold is not believed, whatever the hash says. */
static bool decode(const char *p, struct chunk_entry *out)
{
    memcpy(out->chunk.b, p, HASH);
    memcpy(out->xorb.b, p + AT_XORB, HASH);
    out->cas = wire_get32(p + AT_CAS);
    out->index = wire_get32(p + AT_INDEX);
    return out->cas != 0 && out->index < XORB_MAX_CHUNKS;
}

static bool read_entries(struct stream *c, struct chunk_entry *out, size_t n)
{
    char bytes[BATCH * ENTRY];

    while (n > 0) {
        size_t some = n < BATCH ? n : BATCH;
        if (!read_some(c, bytes, some * ENTRY))
            return false;
        for (size_t i = 0; i < some; i++) {
            if (!decode(bytes + i * ENTRY, out++))
                return false;
        }
        n -= some;
    }
    return true;
}

static bool hash_follows(struct stream *c)
{
    uint8_t want[HASH], is[HASH];

    blake3_hasher_finalize(&c->hasher, want, sizeof want);
    return fread(is, 1, sizeof is, c->f) == sizeof is && memcmp(is, want, sizeof is) == 0;
}

/* The file's length says how many entries there can be: nothing is allocated for more. */
static bool read_head(struct stream *c, size_t max_entries, struct chunk_file *out)
{
    char head[HEAD];
    struct stat st;

    if (fstat(fileno(c->f), &st) != 0 || !read_some(c, head, sizeof head) || memcmp(head, tag, sizeof tag) != 0 ||
        wire_get32(head + AT_VERSION) != VERSION)
        return false;
    out->n = wire_get32(head + AT_ENTRIES);
    out->sets = wire_get32(head + AT_SETS);
    return out->n <= max_entries && (uint64_t)st.st_size == HEAD + (uint64_t)out->n * ENTRY + HASH;
}

enum err chunk_file_read(const char *path, size_t max_entries, struct chunk_file *out)
{
    AUTO_FILE FILE *f = fopen(path, "rbe");
    struct stream c = { .f = f };
    struct chunk_file file;

    if (!f)
        return ERR_STORE;
    blake3_hasher_init(&c.hasher);
    if (!read_head(&c, max_entries, &file))
        return ERR_CORRUPT;
    file.entries = mem_alloc((file.n + 1) * sizeof *file.entries);
    if (!read_entries(&c, file.entries, file.n) || !hash_follows(&c)) {
        free(file.entries);
        return ERR_CORRUPT;
    }
    *out = file;
    return OK;
}

/* ---- writing ---- */

static bool write_some(struct stream *c, const void *p, size_t n)
{
    blake3_hasher_update(&c->hasher, p, n);
    return fwrite(p, 1, n, c->f) == n;
}

static bool write_entries(struct stream *c, const struct chunk_entry *e, size_t n)
{
    char bytes[BATCH * ENTRY];

    while (n > 0) {
        size_t some = n < BATCH ? n : BATCH;
        for (size_t i = 0; i < some; i++, e++) {
            char *p = bytes + i * ENTRY;
            memcpy(p, e->chunk.b, HASH);
            memcpy(p + AT_XORB, e->xorb.b, HASH);
            wire_put32(p + AT_CAS, e->cas);
            wire_put32(p + AT_INDEX, e->index);
        }
        if (!write_some(c, bytes, some * ENTRY))
            return false;
        n -= some;
    }
    return true;
}

static bool write_all(FILE *f, const struct chunk_file *file)
{
    struct stream c = { .f = f };
    char head[HEAD] = { 0 };
    uint8_t hash[HASH];

    blake3_hasher_init(&c.hasher);
    memcpy(head, tag, sizeof tag);
    wire_put32(head + AT_VERSION, VERSION);
    wire_put32(head + AT_ENTRIES, (uint32_t)file->n);
    wire_put32(head + AT_SETS, (uint32_t)file->sets);
    if (!write_some(&c, head, sizeof head) || !write_entries(&c, file->entries, file->n))
        return false;
    blake3_hasher_finalize(&c.hasher, hash, sizeof hash);
    return fwrite(hash, 1, sizeof hash, f) == sizeof hash && fflush(f) == 0;
}

enum err chunk_file_write(const char *path, const struct chunk_file *file)
{
    AUTO_BUF struct buf next;

    buf_init(&next, 8192);
    buf_addf(&next, "%s.new", path);
    if (next.failed)
        return ERR_STORE;
    int fd = open(buf_str(&next), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!f) {
        if (fd >= 0)
            close(fd);
        return ERR_STORE;
    }
    bool written = write_all(f, file);
    if (fclose(f) != 0 || !written || rename(buf_str(&next), path) != 0) {
        unlink(buf_str(&next));
        return ERR_STORE;
    }
    return OK;
}

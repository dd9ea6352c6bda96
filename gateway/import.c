/* SPDX-License-Identifier: Apache-2.0 */
/* import.c: the command `import`: a folder as a model, dataset or Space of an embedded Hub that is not running.
 *
 *   folder ─► files: large or binary ones into Xet, as any client does it; small ones as blobs ─► one commit
 *
 * The embedded Hub is started for as long as it takes, on a port of its own. */
#include <fcntl.h>
#include <fts.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/codec.h"
#include "gateway/commands.h"
#include "localhub/localhub.h"
#include "xet/xet.h"

enum { XET_FROM = 10 << 20, PIECE = 1 << 20 };

struct import {
    const char *dir, *folder;
    struct localhub_import what;
    struct localhub *hub;
    struct http *http;
    struct xet *xet;
    struct xet_space *space;
    struct localhub_file *files;
    size_t n, cap;
};

static bool say(const char *what, const char *why)
{
    fprintf(stderr, "hugs3: import: %s: %s\n", what, why);
    return false;
}

/* ---- one file ---- */

/* What the Hub's own list of patterns for new repositories sends to large-file storage, by its common part. */
static bool is_binary(struct slice path)
{
    static const char *const endings[] = { ".safetensors", ".bin", ".parquet", ".arrow", ".gguf",  ".onnx", ".pt",
                                           ".pth",         ".npy", ".npz",     ".h5",    ".pkl",   ".zip",  ".gz",
                                           ".zst",         ".xz",  ".bz2",     ".tar",   ".png",   ".jpg",  ".jpeg",
                                           ".webp",        ".mp3", ".wav",     ".mp4",   ".model", ".ckpt" };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = strlen(endings[i]);
        if (path.n > n && strcasecmp(path.p + path.n - n, endings[i]) == 0)
            return true;
    }
    return false;
}

static enum err token(void *ctx, bool write, const char *refused, struct xet_token *out)
{
    struct localhub *hub = (struct localhub *)ctx;
    (void)write;
    (void)refused;
    snprintf(out->cas_url, sizeof out->cas_url, "%s/cas", localhub_url(hub));
    localhub_write_token(hub, out->access_token);
    return OK;
}

/* The whole of fd to Xet, and its SHA-256, which is what Git LFS names it by. */
static enum err send(int fd, struct xet_put *put, EVP_MD_CTX *sha256)
{
    AUTO_FREE char *piece = mem_alloc(PIECE);
    for (;;) {
        ssize_t n = read(fd, piece, PIECE);
        if (n < 0)
            return ERR_STORE;
        if (n == 0)
            return OK;
        if (EVP_DigestUpdate(sha256, piece, (size_t)n) != 1)
            return ERR_INTERNAL;
        enum err e = xet_put_write(put, slice_of(piece, (size_t)n));
        if (e)
            return e;
    }
}

static enum err to_xet(struct import *in, int fd, struct localhub_file *f)
{
    uint8_t digest[32];
    struct xet_file file;
    EVP_MD_CTX *sha256 = EVP_MD_CTX_new();
    struct xet_put *put = xet_put_new(in->space, f->size);
    enum err e = sha256 && EVP_DigestInit_ex(sha256, EVP_sha256(), NULL) == 1 ? OK : ERR_INTERNAL;
    if (!e)
        e = send(fd, put, sha256);
    if (!e)
        e = xet_put_finish(put, &file, NULL);
    if (!e && EVP_DigestFinal_ex(sha256, digest, NULL) != 1)
        e = ERR_INTERNAL;
    xet_put_free(put);
    EVP_MD_CTX_free(sha256);
    if (e)
        return e;
    f->size = file.size;
    xet_hash_text(&file.hash, f->xet_hash);
    hex_encode(digest, sizeof digest, f->sha256);
    localhub_pointer_oid(f->sha256, f->size, f->oid);
    return OK;
}

static enum err to_blob(struct import *in, int fd, struct localhub_file *f)
{
    AUTO_FREE char *content = mem_alloc(f->size + 1);
    size_t n = 0;
    while (n < f->size) {
        ssize_t got = read(fd, content + n, f->size - n);
        if (got < 0)
            return ERR_STORE;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    f->size = n;
    return localhub_import_blob(in->hub, slice_of(content, n), f->oid);
}

static struct localhub_file *next_file(struct import *in)
{
    if (in->n == in->cap) {
        in->cap = in->cap ? 2 * in->cap : 64;
        in->files = mem_realloc(in->files, in->cap * sizeof *in->files);
    }
    struct localhub_file *f = &in->files[in->n];
    *f = (struct localhub_file){ 0 };
    return f;
}

static bool take(struct import *in, const char *path, const char *name)
{
    struct stat st;
    struct localhub_file *f = next_file(in);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0)
            close(fd);
        return say(path, "cannot be read");
    }
    f->size = (uint64_t)st.st_size;
    bool in_xet = f->size >= XET_FROM || (f->size > 0 && is_binary(slice_str(name)));
    enum err e = in_xet ? to_xet(in, fd, f) : to_blob(in, fd, f);
    close(fd);
    if (e)
        return say(path, err_name(e));
    f->path = slice_str(mem_strdup(name));
    in->n++;
    return true;
}

/* ---- the folder ---- */

static bool take_all(struct import *in)
{
    char *const roots[] = { (char *)in->folder, NULL };
    FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    bool ok = tree != NULL;
    FTSENT *entry = NULL;
    while (ok && (entry = fts_read(tree)) != NULL) {
        if (entry->fts_info == FTS_D && strcmp(entry->fts_name, ".git") == 0)
            fts_set(tree, entry, FTS_SKIP);
        if (entry->fts_info == FTS_F && entry->fts_level > 0)
            ok = take(in, entry->fts_path, entry->fts_path + strlen(in->folder) + 1);
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
            ok = say(entry->fts_path, "cannot be read");
    }
    if (tree)
        fts_close(tree);
    return ok;
}

static bool start(struct import *in)
{
    char why[256] = "";
    const struct localhub_config config = { .dir = in->dir, .listen = "127.0.0.1:0" };
    if (localhub_start(&config, why, &in->hub) != OK)
        return say(in->dir, why);
    in->http = http_new(&(struct http_config){ .user_agent = "hugs3/" HUGS3_VERSION });
    in->xet = xet_new(&(struct xet_config){ .http = in->http });
    in->space = xet_space_new(in->xet, &(struct xet_access){ token, in->hub });
    return true;
}

static bool commit(struct import *in)
{
    char why[256], sha[41];
    in->what.files = in->files;
    in->what.n_files = in->n;
    if (localhub_import_commit(in->hub, &in->what, why, sha))
        return say(in->what.id, why);
    printf("%s/%s@%s %s: %zu files\n", in->what.type, in->what.id, in->what.revision, sha, in->n);
    return true;
}

static void end(struct import *in)
{
    for (size_t i = 0; i < in->n; i++)
        free((char *)in->files[i].path.p);
    free(in->files);
    xet_space_free(in->space);
    xet_free(in->xet);
    if (in->http)
        http_stop(in->http);
    http_free(in->http);
    if (in->hub)
        localhub_stop(in->hub, 0);
    localhub_free(in->hub);
}

/* ---- the command ---- */

static int usage(FILE *to, int status)
{
    fprintf(to,
            "usage: hugs3 import --dir DIR TYPE NAMESPACE/NAME FOLDER [--revision NAME]\n\n"
            "Makes a repository of the embedded Hub in DIR, or a new commit of one that is there, out of a folder.\n"
            "The Hub must not be running. S3 clients read it as the bucket TYPE--NAMESPACE--NAME.\n\n"
            "  TYPE             models, datasets or spaces\n"
            "  --dir DIR        the embedded Hub's directory; of `serve --local DIR` it is DIR/hub\n"
            "  --revision NAME  the branch that shows the commit [main]\n");
    return status;
}

/* false: not what the command takes. */
static bool read_arguments(int argc, char **argv, struct import *in)
{
    const char **plain[] = { &in->what.type, &in->what.id, &in->folder };
    size_t n = 0;
    for (int i = 0; i < argc; i++) {
        bool is_dir = strcmp(argv[i], "--dir") == 0, is_revision = strcmp(argv[i], "--revision") == 0;
        if ((is_dir || is_revision) && i + 1 < argc)
            *(is_dir ? &in->dir : &in->what.revision) = argv[++i];
        else if (argv[i][0] != '-' && n < sizeof plain / sizeof *plain)
            *plain[n++] = argv[i];
        else
            return false;
    }
    return in->dir && n == sizeof plain / sizeof *plain;
}

int command_import(int argc, char **argv)
{
    struct import in = { .what.revision = "main" };
    if (command_wants_help(argc, argv))
        return usage(stdout, 0);
    if (!read_arguments(argc, argv, &in))
        return usage(stderr, 2);
    AUTO_FREE char *folder = mem_strdup(in.folder);
    for (size_t n = strlen(folder); n > 1 && folder[n - 1] == '/'; n--)
        folder[n - 1] = 0;
    in.folder = folder;
    bool ok = start(&in) && take_all(&in) && commit(&in);
    end(&in);
    return ok ? 0 : 1;
}

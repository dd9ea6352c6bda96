/* SPDX-License-Identifier: Apache-2.0 */
/* secret_file.c: see secret_file.h. */
#include "gateway/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SECRET_FILE_MAX = 4096 };

void secret_wipe(char *secret)
{
    if (secret)
        OPENSSL_cleanse(secret, strlen(secret));
    free(secret);
}

/* NULL: no such directory. */
static char *credential_path(const char *name)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    if (!dir || !dir[0])
        return NULL;
    struct buf path;
    buf_init(&path, 8192);
    buf_addf(&path, "%s/%s", dir, name);
    return buf_take(&path);
}

static bool is_blank(char c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

static bool read_path(const char *path, char **out)
{
    char text[SECRET_FILE_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    int why = errno;
    if (fd >= 0)
        close(fd);
    size_t from = 0, to = n > 0 ? (size_t)n : 0;
    while (to > 0 && is_blank(text[to - 1]))
        to--;
    while (from < to && is_blank(text[from]))
        from++;
    bool ok = to > from && to < sizeof text && !memchr(text + from, 0, to - from);
    if (ok)
        *out = mem_dup(slice_of(text + from, to - from));
    else
        fprintf(stderr, "hugs3: %s: %s\n", path, n < 0 ? strerror(why) : "holds no secret");
    OPENSSL_cleanse(text, sizeof text);
    return ok;
}

bool secret_file_read(const char *name, char **out)
{
    AUTO_FREE char *path = strchr(name, '/') ? NULL : credential_path(name);
    return read_path(path ? path : name, out);
}

bool secret_file_credential(const char *name, char **out)
{
    AUTO_FREE char *path = credential_path(name);
    return !path || access(path, F_OK) != 0 || read_path(path, out);
}

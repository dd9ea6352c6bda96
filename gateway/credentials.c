/* SPDX-License-Identifier: Apache-2.0 */
/* credentials.c: see credentials.h. The file has the form of AWS's own shared credentials file, so that
 * AWS_SHARED_CREDENTIALS_FILE can point at it. */
#include "gateway/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum { ID_CHARS = 20, SECRET_CHARS = 40 };

static bool random_text(char *out, size_t n, const char *prefix)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t bytes[64];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return false;
    size_t at = strlen(prefix);
    memcpy(out, prefix, at);
    for (; at < n; at++)
        out[at] = alphabet[bytes[at] % 32];
    out[n] = 0;
    OPENSSL_cleanse(bytes, sizeof bytes);
    return true;
}

static bool write_file(const struct credentials *c)
{
    int fd = open(c->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    char text[512];
    int n = snprintf(text, sizeof text, "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
                     c->pair.access_key_id, c->pair.secret);
    bool ok = write(fd, text, (size_t)n) == n && fsync(fd) == 0;
    OPENSSL_cleanse(text, sizeof text);
    return close(fd) == 0 && ok;
}

static int on_key(void *ctx, const char *section, const char *name, const char *value)
{
    struct auth_key *pair = (struct auth_key *)ctx;
    (void)section;
    if (strcmp(name, "aws_access_key_id") == 0 && strlen(value) < sizeof pair->access_key_id)
        strcpy(pair->access_key_id, value);
    if (strcmp(name, "aws_secret_access_key") == 0 && strlen(value) < sizeof pair->secret)
        strcpy(pair->secret, value);
    return 1;
}

static bool load_or_make(struct credentials *c)
{
    if (ini_parse(c->path, on_key, &c->pair) >= 0) {
        if (c->pair.access_key_id[0] && c->pair.secret[0])
            return true;
        fprintf(stderr, "hugs3: %s: holds no key pair; remove it to have a new one made\n", c->path);
        return false;
    }
    if (errno == ENOENT && random_text(c->pair.access_key_id, ID_CHARS, "HUGS") &&
        random_text(c->pair.secret, SECRET_CHARS, "") && write_file(c))
        return true;
    fprintf(stderr, "hugs3: %s: cannot be %s: %s\n", c->path, errno == ENOENT ? "made" : "used", strerror(errno));
    return false;
}

bool credentials_load(const struct config *config, const char *state_dir, struct credentials *out)
{
    struct credentials c = { 0 };
    const char *id = config->access_key_id, *secret = config->secret_access_key;
    if (!id != !secret) {
        fprintf(stderr, "hugs3: access_key_id and secret_access_key come together: %s is missing\n",
                id ? "secret_access_key" : "access_key_id");
        return false;
    }
    if (id && (strlen(id) >= sizeof c.pair.access_key_id || strlen(secret) >= sizeof c.pair.secret)) {
        fprintf(stderr, "hugs3: access_key_id takes 128 characters at most, secret_access_key 256\n");
        return false;
    }
    if (id) {
        strcpy(c.pair.access_key_id, id);
        strcpy(c.pair.secret, secret);
    } else {
        AUTO_BUF struct buf path;
        buf_init(&path, 4096);
        buf_addf(&path, "%s/credentials", state_dir);
        c.path = buf_take(&path);
        if (!load_or_make(&c)) {
            credentials_done(&c);
            return false;
        }
    }
    *out = c;
    auth_key_wipe(&c.pair);
    return true;
}

void credentials_done(struct credentials *c)
{
    auth_key_wipe(&c->pair);
    free(c->path);
    c->path = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c: secrets on disk, and signatures made with them. */
#include "localhub/keys.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/codec.h"

static bool write_all(int fd, struct slice s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n <= 0)
            return false;
        s = slice_from(s, (size_t)n);
    }
    return true;
}

/* A new name each time: what a crash left of an earlier try cannot be in the way. */
static enum err make_secret(int dir_fd, const char *name, struct slice content)
{
    char tmp[64];

    snprintf(tmp, sizeof tmp, "%s.new", name);
    int fd = openat(dir_fd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return ERR_STORE;
    bool ok = fchmod(fd, 0600) == 0 && write_all(fd, content) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    return ok && renameat(dir_fd, tmp, dir_fd, name) == 0 && fsync(dir_fd) == 0 ? OK : ERR_STORE;
}

enum err secret_file(int dir_fd, const char *name, struct slice fresh, char *out, size_t cap, size_t *n)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        if (fresh.n > cap || make_secret(dir_fd, name, fresh) != OK)
            return ERR_STORE;
        memcpy(out, fresh.p, fresh.n);
        *n = fresh.n;
        return OK;
    }
    ssize_t got = read(fd, out, cap);
    close(fd);
    if (got <= 0)
        return ERR_STORE;
    *n = (size_t)got;
    return OK;
}

static void mac(const uint8_t key[32], const char *purpose, struct slice text, uint8_t out[KEYS_MAC])
{
    AUTO_BUF struct buf b = { 0 };
    unsigned n = KEYS_MAC;

    buf_init(&b, SIZE_MAX);
    buf_add(&b, slice_of(purpose, strlen(purpose) + 1));
    buf_add(&b, text);
    HMAC(EVP_sha256(), key, 32, (const unsigned char *)b.p, b.n, out, &n);
}

enum err keys_init(struct keys *k, int dir_fd, char why[256])
{
    uint8_t fresh[32];
    char root[33];
    size_t n = 0;

    if (RAND_bytes(fresh, sizeof fresh) != 1)
        return ERR_INTERNAL;
    enum err e = secret_file(dir_fd, "key", slice_of(fresh, sizeof fresh), root, sizeof root, &n);
    if (e || n != sizeof k->root) {
        snprintf(why, 256, "cannot read or make the file \"key\", which should hold 32 bytes");
        return ERR_STORE;
    }
    memcpy(k->root, root, sizeof k->root);
    OPENSSL_cleanse(root, sizeof root);
    OPENSSL_cleanse(fresh, sizeof fresh);
    mac(k->root, "dedup", SLICE_NONE, k->dedup);
    return OK;
}

void keys_done(struct keys *k)
{
    OPENSSL_cleanse(k, sizeof *k);
}

void keys_sign(const struct keys *k, const char *purpose, struct slice text, char out[KEYS_MAC_HEX])
{
    uint8_t m[KEYS_MAC];

    mac(k->root, purpose, text, m);
    hex_encode(m, sizeof m, out);
}

bool keys_check(const struct keys *k, const char *purpose, struct slice text, struct slice hex)
{
    uint8_t want[KEYS_MAC], got[KEYS_MAC];

    mac(k->root, purpose, text, want);
    return hex_decode(hex, got, sizeof got) && CRYPTO_memcmp(want, got, sizeof want) == 0;
}

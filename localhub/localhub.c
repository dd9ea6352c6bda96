/* SPDX-License-Identifier: Apache-2.0 */
/* localhub.c: starting and stopping the embedded Hub, and its directory:
 *
 *   lock          flock'ed while a process has the directory open
 *   key           the secret behind Xet tokens and signed URLs (keys.h)
 *   token         the token of the user "local", made when no users are configured
 *   hub.sqlite    buckets, files, what is known of content, small xorbs (db_sql.h)
 *   xorbs/        large xorbs (xorb_store.h) */
#include "localhub/localhub.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/codec.h"
#include "localhub/route.h"

enum {
    TOKEN_TTL_S = 3600,
    URL_TTL_S = 900,
    REQUEST_THREADS = 32,
    PIPE_BYTES = 256 << 10,
    LARGE_BODIES = 2,
    TOKEN_RANDOM = 24, /* bytes */
};

/* Every directory of the path, as mkdir -p, mode 0700. */
static bool make_path(const char *dir)
{
    AUTO_FREE char *path = mem_strdup(dir);

    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static enum err open_dir(struct localhub *h, const char *dir, char why[256])
{
    if (!*dir || !make_path(dir)) {
        snprintf(why, 256, "cannot make the directory %.150s: %s", dir, strerror(errno));
        return ERR_STORE;
    }
    h->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (h->dir_fd < 0) {
        snprintf(why, 256, "cannot open the directory %.150s: %s", dir, strerror(errno));
        return ERR_STORE;
    }
    h->lock_fd = openat(h->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (h->lock_fd < 0) {
        snprintf(why, 256, "cannot write to the directory %.150s: %s", dir, strerror(errno));
        return ERR_STORE;
    }
    if (flock(h->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        snprintf(why, 256, "another process is using the directory %.150s", dir);
        return ERR_STORE;
    }
    return OK;
}

/* The one user there is when none is configured. *token is the caller's to wipe and free. */
static enum err local_token(int dir_fd, char why[256], char **token)
{
    uint8_t random[TOKEN_RANDOM];
    char fresh[3 + 2 * TOKEN_RANDOM + 2] = "hf_", text[256];
    size_t n = 0;

    if (RAND_bytes(random, sizeof random) != 1)
        return ERR_INTERNAL;
    hex_encode(random, sizeof random, fresh + 3);
    strcat(fresh, "\n");
    enum err e = secret_file(dir_fd, "token", slice_str(fresh), text, sizeof text, &n);
    OPENSSL_cleanse(fresh, sizeof fresh);
    while (!e && n > 0 && (unsigned char)text[n - 1] <= ' ')
        n--;
    if (e || n == 0) {
        snprintf(why, 256, "cannot read or make the file \"token\"");
        return ERR_STORE;
    }
    *token = mem_dup(slice_of(text, n));
    OPENSSL_cleanse(text, sizeof text);
    return OK;
}

static enum err make_people(struct localhub *h, const struct localhub_config *config, char why[256])
{
    struct localhub_user local = { .name = "local" };

    if (config->n_users > 0) {
        h->token = mem_strdup(config->users[0].token ? config->users[0].token : "");
        return people_new(config->users, config->n_users, why, &h->people);
    }
    enum err e = local_token(h->dir_fd, why, &h->token);
    local.token = h->token;
    return e ? e : people_new(&local, 1, why, &h->people);
}

static enum err open_storage(struct localhub *h, const char *dir, char why[256])
{
    AUTO_BUF struct buf path = { 0 };

    buf_init(&path, PATH_MAX);
    buf_addf(&path, "%s/hub.sqlite", dir);
    if (path.failed) {
        snprintf(why, 256, "the directory's name is too long");
        return ERR_STORE;
    }
    mode_t before = umask(0077);
    enum err e = db_open(buf_str(&path), why, &h->db);
    umask(before);
    if (e)
        return e;
    return xorb_store_new(h->db, h->dir_fd, why, &h->xorbs);
}

static enum err listen_on(struct localhub *h, const char *listen, char why[256])
{
    AUTO_BUF struct buf url = { 0 };
    const struct httpd_config config = {
        .name = "hub",
        .listen = &listen,
        .n_listen = 1,
        .request_threads = REQUEST_THREADS,
        .pipe_bytes = PIPE_BYTES,
        .handler = route_request,
        .refused = route_refused,
        .ctx = h,
    };

    enum err e = httpd_new(&config, why, &h->httpd);
    if (e)
        return e;
    buf_init(&url, 512);
    buf_addf(&url, "http://%s", httpd_address(h->httpd, 0));
    h->url = buf_take(&url);
    return OK;
}

static enum err start(struct localhub *h, const struct localhub_config *config, char why[256])
{
    enum err e = open_dir(h, config->dir, why);

    if (!e)
        e = keys_init(&h->keys, h->dir_fd, why);
    if (!e)
        e = make_people(h, config, why);
    if (!e)
        e = open_storage(h, config->dir, why);
    if (e)
        return e;
    h->sweep = sweep_start(h->db);
    return listen_on(h, config->listen, why);
}

enum err localhub_start(const struct localhub_config *config, char why[256], struct localhub **out)
{
    struct localhub *h = (struct localhub *)mem_zalloc(sizeof *h);

    h->dir_fd = h->lock_fd = -1;
    h->token_ttl_s = config->token_ttl_s ? config->token_ttl_s : TOKEN_TTL_S;
    h->url_ttl_s = config->url_ttl_s ? config->url_ttl_s : URL_TTL_S;
    sem_init(&h->large_bodies, 0, LARGE_BODIES);
    why[0] = '\0';
    enum err e = start(h, config, why);
    if (e) {
        localhub_free(h);
        return e;
    }
    *out = h;
    return OK;
}

const char *localhub_url(const struct localhub *h)
{
    return h->url;
}

const char *localhub_token(const struct localhub *h)
{
    return h->token;
}

void localhub_stop(struct localhub *h, unsigned drain_ms)
{
    httpd_stop(h->httpd, drain_ms);
}

void localhub_free(struct localhub *h)
{
    if (!h)
        return;
    httpd_free(h->httpd);
    sweep_stop(h->sweep);
    xorb_store_free(h->xorbs);
    db_close(h->db);
    people_free(h->people);
    if (h->token)
        OPENSSL_cleanse(h->token, strlen(h->token));
    free(h->token);
    free(h->url);
    keys_done(&h->keys);
    sem_destroy(&h->large_bodies);
    if (h->lock_fd >= 0)
        close(h->lock_fd); /* last: the next process may open the directory now */
    if (h->dir_fd >= 0)
        close(h->dir_fd);
    free(h);
}

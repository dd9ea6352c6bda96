/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c: the daemon: builds its parts in the order of their dependence, serves, and takes them down in reverse.
 *
 *   state directory → embedded Hub (local) → store → HTTP client → xet → identities (hub, s3) → HTTP servers (S3,
 * admin)
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "gateway/admin.h"
#include "gateway/commands.h"
#include "gateway/config.h"
#include "gateway/credentials.h"
#include "gateway/dispatch.h"
#include "gateway/embedded.h"
#include "gateway/log_level.h"
#include "gateway/state_dir.h"

struct daemon {
    const struct config *config;
    struct state_dir state;
    struct credentials credentials;
    struct localhub *local;
    struct http *http;
    struct xet *xet;
    struct store *store;
    struct identities *identities;
    struct guests *guests;
    struct auth_cache *signing_keys;
    struct dispatch dispatch;
    struct httpd *server;
    struct httpd *admin;
    /* housekeeping, main thread */
    uint64_t requests_seen;
    bool trimmed;
    int64_t expired_ms, saved_ms;
};

enum { EXPIRE_EVERY_MS = 3600 * 1000, SAVE_EVERY_MS = 300 * 1000 };

static bool say(const char *what, const char *why)
{
    fprintf(stderr, "hugs3: %s: %s\n", what, why);
    return false;
}

/* Where state is, and where the embedded Hub is when there is to be one. */
static bool open_state(struct daemon *d)
{
    const struct config *c = d->config;
    AUTO_FREE char *fallback = state_dir_default();
    const char *path = c->state_dir ? c->state_dir : c->local ? c->local : fallback;
    if (!path)
        return say("state_dir", "is not set, and there is no home directory to keep state in");
    return state_dir_open(path, &d->state);
}

static bool start_local(struct daemon *d)
{
    const struct config *c = d->config;
    if (!c->local && c->hf_token)
        return true;
    struct buf path;
    buf_init(&path, 8192);
    buf_addf(&path, "%s/hub", c->local ? c->local : d->state.path);
    AUTO_FREE char *dir = buf_take(&path);
    d->local = embedded_start(c, dir, c->hub_listen ? c->hub_listen : "127.0.0.1:0");
    if (d->local)
        log_say(LOG_INFO, "gateway", "embedded Hub at %s, files in %s", localhub_url(d->local), dir);
    return d->local != NULL;
}

static enum hub_visibility visibility(const char *name)
{
    return strcmp(name, "private") == 0 ? HUB_PRIVATE : strcmp(name, "public") == 0 ? HUB_PUBLIC : HUB_DEFAULT;
}

static bool open_store(struct daemon *d)
{
    char why[256] = "";
    AUTO_FREE char *path = state_dir_file(&d->state, "gateway.sqlite");
    d->expired_ms = clock_mono_ms() - EXPIRE_EVERY_MS; /* at the first tick */
    return store_open(path, why, &d->store) ? say(path, why) : true;
}

static bool open_hub(struct daemon *d)
{
    const struct config *c = d->config;
    d->http = http_new(&(struct http_config){ .user_agent = "hugs3/" HUGS3_VERSION });
    AUTO_FREE char *index = state_dir_file(&d->state, "chunks.idx");
    d->xet = xet_new(&(struct xet_config){
        .http = d->http, .memory = (size_t)c->memory, .index_path = index, .cas_name = d->local ? "embedded" : NULL });
    struct account_ground ground = { .http = d->http,
                                     .xet = d->xet,
                                     .store = d->store,
                                     .endpoint = d->local ? localhub_url(d->local) : c->hf_endpoint,
                                     .region = c->region,
                                     .bucket_visibility = visibility(c->bucket_visibility),
                                     .keep_checksums = c->keep_checksums };
    if (c->token_passthrough)
        d->guests = guests_new(&ground);
    return identities_new(c, &d->credentials.pair, d->local ? localhub_token(d->local) : c->hf_token, &ground,
                          &d->identities);
}

static bool start_servers(struct daemon *d)
{
    const struct config *c = d->config;
    char why[256] = "";
    d->signing_keys = auth_cache_new();
    d->dispatch = (struct dispatch){ .admission = { .identities = d->identities,
                                                    .guests = d->guests,
                                                    .keys = { identities_find_key, d->identities, d->signing_keys },
                                                    .rules = { .sigv2_presigned = c->sigv2_presigned,
                                                               .anonymous = c->anonymous } },
                                     .addressing = { (const char *const *)c->domain.item, c->namespace_in_path },
                                     .cors = { (const char *const *)c->cors_origin.item } };
    struct httpd_config s3 = { .name = "s3",
                               .listen = (const char *const *)c->listen.item,
                               .n_listen = c->listen.n,
                               .request_threads = (unsigned)c->request_threads,
                               .handler = dispatch_handle,
                               .refused = dispatch_refused,
                               .ctx = &d->dispatch };
    if (httpd_new(&s3, why, &d->server))
        return say("listen", why);
    if (c->admin_listen && !(d->admin = admin_start(c->admin_listen, why)))
        return say("admin_listen", why);
    return true;
}

static bool start(struct daemon *d)
{
    return open_state(d) && credentials_load(d->config, d->state.path, &d->credentials) && start_local(d) &&
           open_store(d) && open_hub(d) && start_servers(d);
}

/* Requests that wait for the Hub when the drain is over are told that it is: a thread beside httpd_stop. */
struct cutter {
    struct daemon *daemon;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool drained; /* under lock */
};

static void *cut_after_drain(void *ctx)
{
    struct cutter *c = (struct cutter *)ctx;
    int64_t until_ms = clock_mono_ms() + (int64_t)c->daemon->config->drain_ms;
    struct timespec until = { until_ms / 1000, until_ms % 1000 * 1000000 };
    pthread_mutex_lock(&c->lock);
    while (!c->drained && pthread_cond_clockwait(&c->wake, &c->lock, CLOCK_MONOTONIC, &until) == 0)
        ;
    pthread_mutex_unlock(&c->lock);
    identities_stop(c->daemon->identities);
    guests_stop(c->daemon->guests);
    http_stop(c->daemon->http);
    return NULL;
}

static void drain(struct daemon *d)
{
    struct cutter c = { .daemon = d, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };
    bool cutting = pthread_create(&c.thread, NULL, cut_after_drain, &c) == 0;
    httpd_stop(d->server, (unsigned)d->config->drain_ms);
    if (!cutting)
        return;
    pthread_mutex_lock(&c.lock);
    c.drained = true;
    pthread_cond_signal(&c.wake);
    pthread_mutex_unlock(&c.lock);
    pthread_join(c.thread, NULL);
}

/* Requests end first, then what they stand on. */
static void stop(struct daemon *d)
{
    if (d->admin)
        httpd_stop(d->admin, 0);
    if (d->server)
        drain(d);
    httpd_free(d->admin);
    httpd_free(d->server);
    auth_cache_free(d->signing_keys);
    guests_free(d->guests);
    identities_free(d->identities);
    store_close(d->store);
    xet_free(d->xet);
    if (d->http)
        http_stop(d->http);
    http_free(d->http);
    if (d->local)
        localhub_stop(d->local, 1000);
    localhub_free(d->local);
    credentials_done(&d->credentials);
    state_dir_close(&d->state);
}

static void announce(const struct daemon *d)
{
    for (size_t i = 1; httpd_address(d->server, i)[0]; i++)
        log_say(LOG_INFO, "gateway", "also at http://%s", httpd_address(d->server, i));
    if (d->credentials.path)
        log_say(LOG_INFO, "gateway", "S3 keys are in %s", d->credentials.path);
    if (d->local)
        printf("hub http://%s\n", localhub_url(d->local) + strlen("http://"));
    printf("ready http://%s\n", httpd_address(d->server, 0));
    fflush(stdout);
}

/* What the storage is known to have: a cache, so that a crash costs a few minutes' worth of it. */
static void save_index(struct daemon *d, int64_t now)
{
    if (now - d->saved_ms < SAVE_EVERY_MS)
        return;
    d->saved_ms = now;
    if (xet_save(d->xet))
        log_say(LOG_WARN, "gateway", "chunks.idx in the state directory cannot be written");
}

/* Beside serving: abandoned uploads are forgotten, and memory that a burst has left behind goes back to the system once
 * nobody asks for anything. On the main thread. */
static void housekeep(void *ctx)
{
    struct daemon *d = (struct daemon *)ctx;
    struct httpd_stats stats;
    uint64_t expired;
    int64_t now = clock_mono_ms();
    httpd_stats(d->server, &stats);
    bool quiet = stats.requests == d->requests_seen && stats.running == 0;
    guests_tick(d->guests);
    if (quiet && !d->trimmed)
        malloc_trim(0);
    d->trimmed = quiet;
    d->requests_seen = stats.requests;
    save_index(d, now);
    if (now - d->expired_ms < EXPIRE_EVERY_MS)
        return;
    d->expired_ms = now;
    if (s3_expire_uploads(identities_first(d->identities)->s3, (int64_t)d->config->multipart_expiry_ms, &expired) ==
            OK &&
        expired > 0)
        log_say(LOG_INFO, "gateway", "forgot %llu abandoned multipart uploads", (unsigned long long)expired);
}

static bool check(const struct config *c)
{
    const char *v = c->bucket_visibility;
    if (!log_level_apply(c->log_level))
        return false;
    if (!v || (strcmp(v, "private") != 0 && strcmp(v, "public") != 0 && strcmp(v, "default") != 0)) {
        fprintf(stderr, "hugs3: bucket_visibility = %s: is none of private, public, default\n", v ? v : "");
        return false;
    }
    return true;
}

int command_serve(int argc, char **argv)
{
    struct config config;
    if (command_wants_help(argc, argv)) {
        printf("usage: hugs3 serve [settings]\n\n");
        config_help(COMMAND_SERVE);
        return 0;
    }
    if (!config_load(COMMAND_SERVE, argc, argv, &config))
        return 2;
    if (!check(&config) || config.check_only) {
        int status = config.check_only && check(&config) ? 0 : 2;
        config_done(&config);
        return status;
    }
    stop_signals_block();
    struct daemon d = { .config = &config, .state = { NULL, -1 } };
    bool ok = start(&d);
    if (ok) {
        announce(&d);
        stop_signals_wait(housekeep, &d);
    }
    stop(&d);
    config_done(&config);
    return ok ? 0 : 1;
}

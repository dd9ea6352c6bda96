/* SPDX-License-Identifier: Apache-2.0 */
/* http.c: the client itself: what it takes from its configuration and the environment, its I/O threads, and its end. */
#include "common/http.h"

#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "common/http_internal.h"

#define HOST_CONNS_DEFAULT      64
#define CONNECT_TIMEOUT_DEFAULT 10000

struct http {
    struct http_settings settings;
    pthread_mutex_t lock; /* leaf; guards `stopped` */
    pthread_cond_t stop;  /* on the monotonic clock */
    bool stopped;
    unsigned n_io;
    struct io *io[];
};

static void init_curl(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
}

/* What curl's tool would not go to a proxy for, and this machine. CURLOPT_NOPROXY replaces the variable. */
static char *make_no_proxy(void)
{
    AUTO_BUF struct buf hosts = { .max = SIZE_MAX };
    const char *given = getenv("no_proxy");
    if (given == NULL)
        given = getenv("NO_PROXY");
    if (given && strcmp(given, "*") == 0)
        return mem_strdup(given); /* alone it means all; in a list it does not */
    if (given && *given)
        buf_addf(&hosts, "%s,", given);
    buf_add_str(&hosts, "localhost,127.0.0.0/8,::1");
    return buf_take(&hosts);
}

/* curl's tool, not its library, looks at these. */
static void find_ca(struct http_settings *s)
{
    const char *bundle = getenv("CURL_CA_BUNDLE"), *file = getenv("SSL_CERT_FILE"), *dir = getenv("SSL_CERT_DIR");
    if (bundle && *bundle) {
        s->ca_file = mem_strdup(bundle);
        return;
    }
    if (file && *file)
        s->ca_file = mem_strdup(file);
    if (dir && *dir)
        s->ca_dir = mem_strdup(dir);
}

static void settings_init(struct http_settings *s, const struct http_config *config, unsigned n_io)
{
    unsigned conns = config->max_host_conns ? config->max_host_conns : HOST_CONNS_DEFAULT;
    s->host_places = (conns + n_io - 1) / n_io;
    s->connect_timeout_ms = config->connect_timeout_ms ? config->connect_timeout_ms : CONNECT_TIMEOUT_DEFAULT;
    s->user_agent = config->user_agent ? mem_strdup(config->user_agent) : NULL;
    s->no_proxy = make_no_proxy();
    find_ca(s);
}

static void settings_done(struct http_settings *s)
{
    free(s->user_agent);
    free(s->no_proxy);
    free(s->ca_file);
    free(s->ca_dir);
}

struct http *http_new(const struct http_config *config)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);

    unsigned n_io = config->io_threads ? config->io_threads : 1;
    struct http *h = mem_zalloc(sizeof *h + n_io * sizeof h->io[0]);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&h->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&h->lock, NULL);
    settings_init(&h->settings, config, n_io);
    for (h->n_io = 0; h->n_io < n_io; h->n_io++)
        h->io[h->n_io] = io_new(&h->settings);
    return h;
}

void http_stop(struct http *h)
{
    pthread_mutex_lock(&h->lock);
    h->stopped = true;
    pthread_cond_broadcast(&h->stop);
    pthread_mutex_unlock(&h->lock);
    for (unsigned i = 0; i < h->n_io; i++)
        io_stop(h->io[i]);
}

void http_free(struct http *h)
{
    if (h == NULL)
        return;
    for (unsigned i = 0; i < h->n_io; i++)
        io_free(h->io[i]);
    settings_done(&h->settings);
    pthread_cond_destroy(&h->stop);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* The one with the least to do; among equals the first, so that a quiet client keeps few connections. */
struct io *http_pick_io(struct http *h)
{
    struct io *best = h->io[0];
    unsigned least = io_load(best);
    for (unsigned i = 1; i < h->n_io && least > 0; i++) {
        unsigned load = io_load(h->io[i]);
        if (load < least) {
            least = load;
            best = h->io[i];
        }
    }
    return best;
}

bool http_sleep(struct http *h, int64_t ms)
{
    int64_t until_us = clock_mono_us() + ms * 1000;
    struct timespec until = { .tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000 };
    int timed_out = 0;
    pthread_mutex_lock(&h->lock);
    while (!h->stopped && !timed_out)
        timed_out = pthread_cond_timedwait(&h->stop, &h->lock, &until);
    bool stopped = h->stopped;
    pthread_mutex_unlock(&h->lock);
    return !stopped;
}

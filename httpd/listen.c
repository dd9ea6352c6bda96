/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c: the listening sockets, and the one thread that accepts on all of them and deals connections out to the
 * loops. Left to themselves, epoll threads that share a listening socket get loads as uneven as 22 to 78. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/thread.h"
#include "httpd/server.h"

#define LISTENERS_MAX 64
#define ADDRESS_TEXT  64
#define ACCEPTS_MAX   64 /* from one socket before the others are looked at */
#define BACK_OFF_MS   100

struct listener {
    struct httpd *httpd;
    size_t n;
    int fds[LISTENERS_MAX];
    char addresses[LISTENERS_MAX][ADDRESS_TEXT];
    pthread_t thread;
    bool started;
    int wake_fd;
    _Atomic bool stopping, full;
    unsigned turn; /* accept thread: which loop is next */
};

/* Addresses */

/* "host:port", "[v6]:port", ":port". Host may be empty. */
static bool split(struct slice address, char host[256], char port[8])
{
    size_t colon = address.n;
    while (colon > 0 && address.p[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return false;
    struct slice h = slice_of(address.p, colon - 1), p = slice_from(address, colon);
    uint64_t number;
    if (!slice_u64(p, &number) || number > 65535 || p.n > 5)
        return false;
    if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = slice_of(h.p + 1, h.n - 2);
    else if (memchr(h.p, ':', h.n) != NULL)
        return false;
    if (h.n > 255)
        return false;
    snprintf(host, 256, "%.*s", (int)h.n, h.p);
    snprintf(port, 8, "%u", (unsigned)number);
    return true;
}

static int try_listen(const struct addrinfo *at)
{
    int one = 1, zero = 0;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (at->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero); /* ":9000" is IPv4 too */
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* All addresses: IPv6 with IPv4 in it where the system has IPv6, else IPv4. */
static int listen_on(const char *host, const char *port, const char **why)
{
    struct addrinfo *found = NULL;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    hints.ai_family = host[0] ? AF_UNSPEC : AF_INET6;
    int failed = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
    if (failed) {
        *why = gai_strerror(failed);
        return -1;
    }
    int fd = -1;
    for (struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next)
        fd = try_listen(at);
    *why = strerror(errno);
    freeaddrinfo(found);
    if (fd >= 0 || host[0] || errno != EAFNOSUPPORT)
        return fd;
    return listen_on("0.0.0.0", port, why);
}

static void address_of(int fd, char out[ADDRESS_TEXT])
{
    struct sockaddr_storage a = { 0 };
    socklen_t n = sizeof a;
    char host[INET6_ADDRSTRLEN] = "";
    getsockname(fd, (struct sockaddr *)&a, &n);
    if (a.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT, "[%s]:%u", host, ntohs(v6->sin6_port));
    } else {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT, "%s:%u", host, ntohs(v4->sin_port));
    }
}

static enum err add(struct listener *l, const char *address, char why[256])
{
    char host[256], port[8];
    const char *reason = "";
    if (l->n == LISTENERS_MAX) {
        snprintf(why, 256, "more than %d addresses to listen on", LISTENERS_MAX);
        return ERR_INVALID_ARGUMENT;
    }
    if (!split(slice_str(address), host, port)) {
        snprintf(why, 256, "%.128s is no address to listen on: it should look like 127.0.0.1:9000, [::1]:9000 or :9000",
                 address);
        return ERR_INVALID_ARGUMENT;
    }
    int fd = listen_on(host, port, &reason);
    if (fd < 0) {
        snprintf(why, 256, "cannot listen on %.128s: %s", address, reason);
        return ERR_INTERNAL;
    }
    address_of(fd, l->addresses[l->n]);
    l->fds[l->n++] = fd;
    return OK;
}

const char *listener_address(const struct listener *l, size_t i)
{
    return i < l->n ? l->addresses[i] : "";
}

/* Accepting */

/* Round about, but never to a loop that has more to do than the next one. */
static struct loop *choose(struct listener *l)
{
    struct httpd *h = l->httpd;
    struct loop *best = NULL;
    for (unsigned i = 0; i < h->n_loops; i++) {
        struct loop *loop = &h->loops[(l->turn + i) % h->n_loops];
        if (best == NULL || atomic_load(&loop->connections) < atomic_load(&best->connections))
            best = loop;
    }
    assert(best != NULL);
    l->turn = (unsigned)(best - h->loops) + 1;
    return best;
}

static bool is_full(struct listener *l)
{
    unsigned n = 0;
    for (unsigned i = 0; i < l->httpd->n_loops; i++)
        n += atomic_load(&l->httpd->loops[i].connections);
    return n >= l->httpd->config.max_connections;
}

/* false: the system has no more of something; not now. */
static bool accept_some(struct listener *l, int fd)
{
    for (int i = 0; i < ACCEPTS_MAX && !is_full(l); i++) {
        struct sockaddr_storage from;
        socklen_t n = sizeof from;
        int conn = accept4(fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (conn < 0)
            return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
        struct loop *loop = choose(l);
        /* Counted here, not when the loop gets to it: else a burst would all go to the same loop. */
        atomic_fetch_add(&loop->connections, 1);
        atomic_fetch_add(&loop->arriving, 1);
        if (MHD_add_connection(loop->daemon, conn, (struct sockaddr *)&from, n) == MHD_YES)
            continue;
        atomic_fetch_sub(&loop->connections, 1);
        atomic_fetch_sub(&loop->arriving, 1);
    }
    return true;
}

static void wait_ms(struct listener *l, int timeout_ms)
{
    struct pollfd wake = { .fd = l->wake_fd, .events = POLLIN };
    poll(&wake, 1, timeout_ms);
}

static void clear_wake(struct listener *l)
{
    uint64_t count;
    ssize_t got = read(l->wake_fd, &count, sizeof count);
    (void)got;
}

/* Says `full` before the last look: whoever closes a connection after that sees it, and wakes us. */
static bool must_pause(struct listener *l)
{
    atomic_store(&l->full, true);
    if (is_full(l))
        return true;
    atomic_store(&l->full, false);
    return false;
}

static void *accept_main(void *arg)
{
    struct listener *l = arg;
    struct pollfd fds[LISTENERS_MAX];
    for (size_t i = 0; i < l->n; i++)
        fds[i] = (struct pollfd){ .fd = l->fds[i], .events = POLLIN };
    fds[l->n] = (struct pollfd){ .fd = l->wake_fd, .events = POLLIN };
    bool complained = false;
    while (!atomic_load(&l->stopping)) {
        if (must_pause(l)) {
            wait_ms(l, -1);
            clear_wake(l);
            continue;
        }
        if (poll(fds, l->n + 1, -1) < 0)
            continue;
        clear_wake(l);
        bool ok = true;
        for (size_t i = 0; i < l->n; i++)
            ok = (!fds[i].revents || accept_some(l, fds[i].fd)) && ok;
        if (!ok && !complained)
            log_say(LOG_WARN, "httpd", "%s: cannot accept connections: %s", l->httpd->name, strerror(errno));
        if (!ok)
            wait_ms(l, BACK_OFF_MS);
        complained = !ok;
    }
    return NULL;
}

/* Life and death */

enum err listener_new(struct httpd *h, const char *const *addresses, size_t n, char why[256], struct listener **out)
{
    struct listener *l = mem_zalloc(sizeof *l);
    l->httpd = h;
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum err e = OK;
    for (size_t i = 0; i < n && !e; i++)
        e = add(l, addresses[i], why);
    if (!e && l->wake_fd < 0) {
        snprintf(why, 256, "no event descriptor: %s", strerror(errno));
        e = ERR_INTERNAL;
    }
    if (e) {
        listener_stop(l);
        listener_free(l);
        return e;
    }
    *out = l;
    return OK;
}

void listener_start(struct listener *l)
{
    l->started = true;
    l->thread = thread_start("httpd-accept", accept_main, l);
}

static void signal_wake(struct listener *l)
{
    uint64_t one = 1;
    ssize_t written = write(l->wake_fd, &one, sizeof one);
    (void)written;
}

void listener_wake(struct listener *l)
{
    if (atomic_load(&l->full) && atomic_exchange(&l->full, false))
        signal_wake(l);
}

void listener_stop(struct listener *l)
{
    if (l->started) {
        atomic_store(&l->stopping, true);
        signal_wake(l);
        pthread_join(l->thread, NULL);
        l->started = false;
    }
    for (size_t i = 0; i < l->n; i++)
        if (l->fds[i] >= 0)
            close(l->fds[i]);
    for (size_t i = 0; i < l->n; i++)
        l->fds[i] = -1;
}

void listener_free(struct listener *l)
{
    if (l == NULL)
        return;
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    free(l);
}

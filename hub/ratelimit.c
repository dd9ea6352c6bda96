/* SPDX-License-Identifier: Apache-2.0 */
/* ratelimit.c: the parser of the RateLimit headers, the table of classes, and the two ways to wait. */
#include "hub/ratelimit.h"

#include <errno.h>

#include "common/clock.h"

#define RESET_MAX_S     3600 /* a window is 300 s; whatever an answer says, nobody is held up for longer than this */
#define QUOTA_MAX       1000000000
#define SAME_WINDOW_MS  2000 /* t= is in whole seconds and answers overtake each other */
#define LOW_SHARE       10   /* low: less than 1/10 of the quota */
#define LOW_UNKNOWN     100  /* the same, when the quota was not told */
#define PACE_MAX_MS     1000
#define RETRY_UNTOLD_MS 1000

void hub_ratelimit_init(struct ratelimit *rl)
{
    pthread_condattr_t monotonic;
    *rl = (struct ratelimit){ 0 };
    pthread_mutex_init(&rl->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&rl->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void hub_ratelimit_done(struct ratelimit *rl)
{
    pthread_cond_destroy(&rl->changed);
    pthread_mutex_destroy(&rl->lock);
}

void hub_ratelimit_stop(struct ratelimit *rl)
{
    pthread_mutex_lock(&rl->lock);
    rl->stopped = true;
    pthread_cond_broadcast(&rl->changed);
    pthread_mutex_unlock(&rl->lock);
}

/* ---- reading the headers ---- */

static bool class_named(struct slice text, enum limit_class *out)
{
    static const char *const names[LIMIT_CLASSES] = { "\"api\"", "\"resolvers\"", "\"pages\"" };
    for (size_t i = 0; i < LIMIT_CLASSES; i++) {
        if (slice_is(text, names[i])) {
            *out = (enum limit_class)i;
            return true;
        }
    }
    return false;
}

static uint64_t bounded(struct slice digits, uint64_t max)
{
    uint64_t value = max;
    if (!slice_u64(slice_trim(digits), &value) || value > max)
        return max;
    return value;
}

/* One item of the list, `"api";r=12;t=34`. Only what it tells is set. */
struct item {
    bool has_class, has_r, has_t, has_q;
    bool has_other; /* a name that is no class we know; in a policy there is one beside the class */
    enum limit_class class;
    uint64_t r, t, q;
};

static struct item item_read(struct slice text)
{
    struct item item = { 0 };
    while (text.p != NULL) {
        struct slice value = slice_trim(slice_cut(&text, ';'));
        enum limit_class class;
        if (class_named(value, &class)) {
            item.has_class = true;
            item.class = class;
        } else if (slice_starts(value, SLICE("\""))) {
            item.has_other = true;
        } else if (slice_starts(value, SLICE("r="))) {
            item.has_r = true;
            item.r = bounded(slice_from(value, 2), QUOTA_MAX);
        } else if (slice_starts(value, SLICE("t="))) {
            item.has_t = true;
            item.t = bounded(slice_from(value, 2), RESET_MAX_S);
        } else if (slice_starts(value, SLICE("q="))) {
            item.has_q = true;
            item.q = bounded(slice_from(value, 2), QUOTA_MAX);
        }
    }
    return item;
}

/* Answers of calls made at the same time come in any order: within a window, the least that was ever told is true. */
static void limit_update(struct limit *limit, uint64_t remaining, int64_t now, int64_t reset_ms)
{
    bool same_window = limit->told && now < limit->reset_ms && reset_ms <= limit->reset_ms + SAME_WINDOW_MS;
    if (same_window && remaining >= limit->remaining)
        return;
    limit->told = true;
    limit->remaining = remaining;
    limit->reset_ms = reset_ms;
}

static bool note_limits(struct ratelimit *rl, enum limit_class class, struct slice field, int64_t now)
{
    bool told = false;
    while (field.p != NULL) {
        struct item item = item_read(slice_cut(&field, ','));
        if (!item.has_r || !item.has_t || (item.has_other && !item.has_class))
            continue;
        enum limit_class of = item.has_class ? item.class : class;
        limit_update(&rl->limits[of], item.r, now, now + (int64_t)item.t * 1000);
        told = told || of == class;
    }
    return told;
}

static void note_quotas(struct ratelimit *rl, struct slice field)
{
    while (field.p != NULL) {
        struct item item = item_read(slice_cut(&field, ','));
        if (item.has_class && item.has_q)
            rl->limits[item.class].quota = item.q;
    }
}

static int64_t retry_after_ms(const struct http_response *r)
{
    uint64_t seconds;
    if (!slice_u64(http_response_header(r, "Retry-After"), &seconds))
        return RETRY_UNTOLD_MS;
    return (int64_t)(seconds < RESET_MAX_S ? seconds : RESET_MAX_S) * 1000;
}

void hub_ratelimit_note(struct ratelimit *rl, enum limit_class class, const struct http_response *r)
{
    int64_t now = clock_mono_ms();
    pthread_mutex_lock(&rl->lock);
    bool told = note_limits(rl, class, http_response_header(r, "RateLimit"), now);
    note_quotas(rl, http_response_header(r, "RateLimit-Policy"));
    if (r->status == 429 && !(told && rl->limits[class].remaining == 0))
        limit_update(&rl->limits[class], 0, now, now + retry_after_ms(r));
    pthread_mutex_unlock(&rl->lock);
}

/* ---- waiting ---- */

/* Under the lock. */
static void wait_until(struct ratelimit *rl, int64_t mono_ms)
{
    struct timespec at = { .tv_sec = mono_ms / 1000, .tv_nsec = mono_ms % 1000 * 1000000 };
    int rc = pthread_cond_timedwait(&rl->changed, &rl->lock, &at);
    (void)rc; /* time out or not: whoever waits looks at the clock again */
}

static bool is_spent(const struct limit *limit, int64_t now)
{
    return limit->told && limit->remaining == 0 && now < limit->reset_ms;
}

bool hub_ratelimit_spent(struct ratelimit *rl, enum limit_class class)
{
    pthread_mutex_lock(&rl->lock);
    bool spent = is_spent(&rl->limits[class], clock_mono_ms());
    pthread_mutex_unlock(&rl->lock);
    return spent;
}

enum err hub_ratelimit_gate(struct ratelimit *rl, enum limit_class class, int64_t deadline_ms)
{
    enum err e = OK;
    pthread_mutex_lock(&rl->lock);
    for (;;) {
        const struct limit *limit = &rl->limits[class];
        int64_t now = clock_mono_ms();
        if (rl->stopped)
            e = ERR_STOPPING;
        else if (!is_spent(limit, now))
            e = OK;
        else if (now >= deadline_ms)
            e = ERR_SLOW_DOWN;
        else {
            wait_until(rl, limit->reset_ms < deadline_ms ? limit->reset_ms : deadline_ms);
            continue;
        }
        break;
    }
    pthread_mutex_unlock(&rl->lock);
    return e;
}

/* How far apart calls should be now; 0: no need. */
static int64_t pace_ms(const struct limit *limit, int64_t now)
{
    uint64_t low = limit->quota ? limit->quota / LOW_SHARE : LOW_UNKNOWN;
    if (!limit->told || now >= limit->reset_ms || limit->remaining >= low)
        return 0;
    int64_t apart = (limit->reset_ms - now) / ((int64_t)limit->remaining + 1);
    return apart < PACE_MAX_MS ? apart : PACE_MAX_MS;
}

void hub_ratelimit_pace(struct ratelimit *rl)
{
    pthread_mutex_lock(&rl->lock);
    int64_t now = clock_mono_ms(), slot = rl->next_slot_ms;
    int64_t apart = pace_ms(&rl->limits[LIMIT_API], now);
    if (slot < now || apart == 0)
        slot = now;
    else if (slot > now + PACE_MAX_MS)
        slot = now + PACE_MAX_MS;
    rl->next_slot_ms = slot + apart;
    while (clock_mono_ms() < slot && !rl->stopped)
        wait_until(rl, slot);
    pthread_mutex_unlock(&rl->lock);
}

bool hub_ratelimit_budget(struct ratelimit *rl, struct hub_budget *out)
{
    pthread_mutex_lock(&rl->lock);
    struct limit limit = rl->limits[LIMIT_API];
    pthread_mutex_unlock(&rl->lock);
    if (!limit.told)
        return false;
    int64_t left = limit.reset_ms - clock_mono_ms();
    *out = (struct hub_budget){ .remaining = limit.remaining, .quota = limit.quota };
    if (left > 0)
        out->reset_s = (unsigned)((left + 999) / 1000);
    else if (limit.quota)
        out->remaining = limit.quota; /* a new window has begun, of which nothing was told yet */
    return true;
}

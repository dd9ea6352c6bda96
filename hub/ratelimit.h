/* SPDX-License-Identifier: Apache-2.0 */
/* ratelimit.h: what the Hub said about its rate limit, and holding calls back so as to live within it.
 *
 *   answers ── hub_ratelimit_note ──▶ remaining, quota, reset of each class
 *   calls   ◀── hub_ratelimit_gate ── held while the class is spent
 *   shared  ◀── hub_ratelimit_pace ── when little is left: spread out, so that each takes more callers along
 *
 * Hub API, rate limits: fixed windows of 5 minutes per user, in three classes; answers carry
 *   RateLimit: "api";r=REMAINING;t=SECONDS_TO_RESET
 *   RateLimit-Policy: "fixed window";"api";q=QUOTA;w=300
 * Any thread. */
#ifndef HUGS3_HUB_RATELIMIT_H
#define HUGS3_HUB_RATELIMIT_H

#include <pthread.h>

#include "common/http.h"
#include "hub/hub.h"

enum limit_class { LIMIT_API, LIMIT_RESOLVERS, LIMIT_PAGES, LIMIT_CLASSES };

struct limit {
    bool told;
    uint64_t remaining, quota; /* quota 0: not told */
    int64_t reset_ms;          /* on the monotonic clock */
};

struct ratelimit {
    pthread_mutex_t lock; /* leaf */
    pthread_cond_t changed;
    bool stopped;
    struct limit limits[LIMIT_CLASSES];
    int64_t next_slot_ms; /* monotonic: when the next paced call may go */
};

void hub_ratelimit_init(struct ratelimit *rl);
void hub_ratelimit_done(struct ratelimit *rl);
void hub_ratelimit_stop(struct ratelimit *rl); /* whoever waits, now or later, gets ERR_STOPPING */

/* From an answer's headers. A 429 without them closes the class for Retry-After, or a second. */
void hub_ratelimit_note(struct ratelimit *rl, enum limit_class class, const struct http_response *r);
bool hub_ratelimit_spent(struct ratelimit *rl, enum limit_class class); /* a call made now would wait */
/* Waits while the class is spent. ERR_SLOW_DOWN: still spent at the deadline (monotonic). */
MUST_USE enum err hub_ratelimit_gate(struct ratelimit *rl, enum limit_class class, int64_t deadline_ms);
/* Less than a tenth of the API quota left: waits for a slot, so that what is left lasts until the reset, but at most a
 * second. Else returns at once. */
void hub_ratelimit_pace(struct ratelimit *rl);
bool hub_ratelimit_budget(struct ratelimit *rl, struct hub_budget *out);

#endif

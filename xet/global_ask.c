/* SPDX-License-Identifier: Apache-2.0 */
/* global_ask.c: a question to the CAS where a chunk lies, under way while the upload goes on. A CAS that does not
 * answer well is left alone for a while, so that it costs one upload a moment, not each of them. */
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "xet/cas.h"
#include "xet/global_dedup.h"

enum { ANSWER_MAX = 4 << 20 }; /* a shard with 80,000 chunks */
enum { WAIT_MS = 1000 };       /* for an answer; also without a byte of it */
enum { QUIET_MS = 60000 };     /* after a failure */

struct global_question {
    struct xet_space *space;
    int64_t until_ms; /* monotonic: not waited for any longer */
    struct cas_chunk call;
};

struct global_question *global_ask(struct xet_space *s, const struct xet_hash *chunk)
{
    if (clock_mono_ms() < atomic_load(&s->global_quiet_ms))
        return NULL;
    struct global_question *q = mem_alloc(sizeof *q);
    q->space = s;
    if (cas_chunk_start(&q->call, s, chunk, ANSWER_MAX, WAIT_MS)) {
        free(q);
        return NULL;
    }
    q->until_ms = clock_mono_ms() + WAIT_MS;
    return q;
}

bool global_answered(const struct global_question *q)
{
    return http_ready(q->call.pending) || clock_mono_ms() >= q->until_ms;
}

/* Looks now and then: what would tell of the answer is bound to wait for it to the end. */
void global_wait(const struct global_question *q)
{
    while (!global_answered(q))
        nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
}

bool global_is_late(const struct global_question *q)
{
    return !http_ready(q->call.pending) && clock_mono_ms() >= q->until_ms;
}

void global_end(struct global_question *q)
{
    AUTO_RESPONSE struct http_response response = { 0 };

    if (!q)
        return;
    struct xet_space *s = q->space;
    bool late = global_is_late(q);
    enum err e = cas_chunk_finish(&q->call, &response);
    if (!e)
        e = global_dedup_add(s->xet->global, atomic_load(&s->cas), buf_slice(&response.body));
    if (late || (e && e != ERR_UPSTREAM_MISSING))
        atomic_store(&s->global_quiet_ms, clock_mono_ms() + QUIET_MS);
    free(q);
}

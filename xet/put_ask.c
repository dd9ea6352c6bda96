/* SPDX-License-Identifier: Apache-2.0 */
/* put_ask.c: when an upload asks whether others have its content. The rules are those of "Global deduplication" of the
 * Xet specification: the file's first chunk and those whose hash is eligible, since the CAS answers for no others, and
 * at most one in ASK_EVERY bytes; and only what is not known here. Small content never asks: the question would cost
 * more than the bytes.
 *
 * One question at a time, asked when the oldest job is done; that job waits for the answer, the workers go on with
 * those behind it. A question that had its time is left behind, and is the upload's last. */
#include "xet/global_dedup.h"
#include "xet/put.h"

enum { ASK_LEAST = 1 << 20, ASK_EVERY = 4 << 20 };

static bool worth_asking(const struct xet_put *p)
{
    return p->large && !p->question && (p->size_hint >= ASK_LEAST || p->stats.received >= ASK_LEAST);
}

static void look(struct xet_put *p, struct put_job *j)
{
    for (unsigned i = 0; i < j->n; i++) {
        const struct put_chunk *c = &j->chunks[i];
        uint64_t at = p->looked;
        p->looked += c->size;
        if (c->known || at < p->ask_from || !(at == 0 || xet_hash_dedup_eligible(&c->hash)) || !worth_asking(p))
            continue;
        p->question = global_ask(p->space, &c->hash);
        p->ask_from = at + ASK_EVERY;
    }
}

static void ask_once(struct xet_put *p, struct put_job *j)
{
    if (j->asked)
        return;
    j->asked = true;
    put_job_look_again(j);
    look(p, j);
}

bool put_ask(struct xet_put *p, struct put_job *j)
{
    ask_once(p, j);
    return !p->question || global_answered(p->question);
}

void put_ask_wait(struct xet_put *p, struct put_job *j)
{
    ask_once(p, j);
    if (!p->question)
        return;
    global_wait(p->question);
    if (global_is_late(p->question))
        return;
    global_end(p->question);
    p->question = NULL;
    put_job_look_again(j);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* guests.c: see guests.h. A list of few, in no order; under the lock for a look, while calls to the Hub and the making
 * and closing of accounts happen outside of it. Two requests that bring a new token at once may both ask the Hub who it
 * is; the one that comes second with the answer takes the other's account. */
#include "gateway/guests.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/clock.h"

struct guest {
    uint8_t hash[32]; /* SHA-256 of the token */
    struct account account;
    unsigned inside;
    int64_t left_ms;
};

struct guests {
    struct account_ground ground;
    pthread_mutex_t lock;
    struct guest *list[GUESTS_MAX]; /* under lock, as all of a guest but the account */
    size_t n;
    bool stopping;
};

struct guests *guests_new(const struct account_ground *ground)
{
    struct guests *p = (struct guests *)mem_zalloc(sizeof *p);
    p->ground = *ground;
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

static void guest_free(struct guest *who)
{
    if (!who)
        return;
    account_close(&who->account);
    OPENSSL_cleanse(who->hash, sizeof who->hash);
    free(who);
}

/* ---- under lock ---- */

static struct guest *find(struct guests *p, const uint8_t hash[32])
{
    for (size_t i = 0; i < p->n; i++)
        if (CRYPTO_memcmp(p->list[i]->hash, hash, 32) == 0)
            return p->list[i];
    return NULL;
}

/* Takes out the one that left first and before `before_ms`; NULL: nobody. */
static struct guest *take_idle(struct guests *p, int64_t before_ms)
{
    size_t at = p->n;
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i]->inside == 0 && p->list[i]->left_ms < before_ms &&
            (at == p->n || p->list[i]->left_ms < p->list[at]->left_ms))
            at = i;
    if (at == p->n)
        return NULL;
    struct guest *idle = p->list[at];
    p->list[at] = p->list[--p->n];
    return idle;
}

/* ---- coming and going ---- */

static struct guest *enter_known(struct guests *p, const uint8_t hash[32])
{
    pthread_mutex_lock(&p->lock);
    struct guest *who = find(p, hash);
    if (who)
        who->inside++;
    pthread_mutex_unlock(&p->lock);
    return who;
}

/* `made` is taken. */
static enum err enter_new(struct guests *p, struct guest *made, struct guest **out)
{
    struct guest *spare = NULL;
    enum err e = OK;
    pthread_mutex_lock(&p->lock);
    struct guest *who = find(p, made->hash);
    if (who) {
        spare = made;
    } else {
        if (p->n == GUESTS_MAX)
            spare = take_idle(p, INT64_MAX);
        if (p->n < GUESTS_MAX && !p->stopping)
            p->list[p->n++] = who = made;
    }
    if (who)
        who->inside++;
    else
        e = p->stopping ? ERR_STOPPING : ERR_SLOW_DOWN;
    pthread_mutex_unlock(&p->lock);
    guest_free(spare);
    if (e)
        guest_free(made);
    else
        *out = who;
    return e;
}

enum err guests_enter(struct guests *p, struct slice token, struct guest **out)
{
    uint8_t hash[32];
    if (!EVP_Digest(token.p, token.n, hash, NULL, EVP_sha256(), NULL))
        return ERR_INTERNAL;
    struct guest *who = enter_known(p, hash);
    if (who) {
        *out = who;
        return OK;
    }
    AUTO_FREE char *text = mem_dup(token);
    who = (struct guest *)mem_zalloc(sizeof *who);
    memcpy(who->hash, hash, sizeof hash);
    enum err e = account_open(&p->ground, text, NULL, &who->account);
    OPENSSL_cleanse(text, token.n);
    if (e) {
        guest_free(who);
        return e;
    }
    return enter_new(p, who, out);
}

const struct account *guest_account(const struct guest *who)
{
    return &who->account;
}

void guests_leave(struct guests *p, struct guest *who)
{
    pthread_mutex_lock(&p->lock);
    who->inside--;
    who->left_ms = clock_mono_ms();
    pthread_mutex_unlock(&p->lock);
}

void guests_tick(struct guests *p)
{
    struct guest *idle = NULL;
    do {
        guest_free(idle);
        idle = NULL;
        if (!p)
            return;
        pthread_mutex_lock(&p->lock);
        idle = take_idle(p, clock_mono_ms() - GUESTS_IDLE_MS);
        pthread_mutex_unlock(&p->lock);
    } while (idle);
}

void guests_stop(struct guests *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    for (size_t i = 0; i < p->n; i++)
        account_stop(&p->list[i]->account);
    pthread_mutex_unlock(&p->lock);
}

void guests_free(struct guests *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n; i++)
        guest_free(p->list[i]);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

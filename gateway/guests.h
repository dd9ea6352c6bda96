/* SPDX-License-Identifier: Apache-2.0 */
/* guests.h: users of the Hub who bring their own token along, as the session token of their requests. Each has an
 * account while it is in use and for a while after; there are at most GUESTS_MAX. Any thread. */
#ifndef HUGS3_GATEWAY_GUESTS_H
#define HUGS3_GATEWAY_GUESTS_H

#include "gateway/account.h"

#define GUESTS_MAX     64
#define GUESTS_IDLE_MS 900000 /* 15 minutes */

struct guests;
struct guest;

struct guests *guests_new(const struct account_ground *ground); /* copies *ground */
/* Remembers the token as its hash and within the account. ERR_UPSTREAM_TOKEN: the Hub does not know it.
 * ERR_SLOW_DOWN: all places are taken by running requests. */
MUST_USE enum err guests_enter(struct guests *p, struct slice token, struct guest **out);
const struct account *guest_account(const struct guest *p); /* until guests_leave */
void guests_leave(struct guests *p, struct guest *who);
void guests_tick(struct guests *p); /* lets go of the idle; NULL is fine */
void guests_stop(struct guests *p); /* calls that wait for the Hub end; NULL is fine */
void guests_free(struct guests *p); /* nobody may be inside; NULL is fine */

#endif

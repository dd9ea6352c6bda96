/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.h: buckets in use: the Hub's side and the Xet side of one bucket, shared by the calls that work on it.
 *
 * A bucket's gate keeps its writers and its deletion apart: writers pass together, DeleteBucket alone, so that nothing
 * can be written between its look whether the bucket is empty and the Hub's delete, which takes everything. */
#ifndef HUGS3_TRANSLATE_BUCKET_H
#define HUGS3_TRANSLATE_BUCKET_H

#include <pthread.h>
#include <stdatomic.h>

#include "hub/hub.h"
#include "xet/xet.h"

struct bucket_table;

struct bucket {
    struct hub_bucket *hub;
    struct xet_space *space;
    pthread_rwlock_t gate; /* read: writers; write: DeleteBucket */
    /* meta.c only: when it was looked last whether there are companions (0: never), and what was seen. */
    _Atomic int64_t companions_looked_ms;
    _Atomic bool companions;
    _Atomic int64_t exists_ms; /* clock_mono_ms when the Hub last said that we own it; 0: never */
    /* bucket.c only, under the table's lock */
    struct bucket *next;
    unsigned users;
    bool forgotten;
    int64_t last_used_ms;
};

struct bucket_table *bucket_table_new(struct hub *hub, struct xet *xet);
void bucket_table_free(struct bucket_table *t); /* no bucket may be in use; NULL is fine */

/* The bucket with this id ("ns/name"), made when it is not in the table; at most some thousand idle ones are kept. Any
 * thread, no call to the Hub. Never NULL. */
struct bucket *bucket_get(struct bucket_table *t, struct slice id);
void bucket_release(struct bucket_table *t, struct bucket *b);
/* The bucket is gone on the Hub: its tokens and what was known of it must not serve one made later under its name. The
 * caller still holds b. */
void bucket_forget(struct bucket_table *t, struct bucket *b);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* xet.c: the client as a whole, what all transfers share, and the corners of the CAS it works in. */
#include "xet/xet.h"

#include <stdlib.h>

#include "xet/client.h"
#include "xet/commit.h"
#include "xet/global_dedup.h"

enum { DEFAULT_MEMORY = 256 << 20, MIN_MEMORY = 16 << 20 };
enum { INDEX_BYTES = 32 << 20 }; /* chunks of about 30 GB of content */

struct xet *xet_new(const struct xet_config *config)
{
    struct xet *x = mem_zalloc(sizeof *x);
    struct xet_hash hash;
    size_t memory = config->memory ? config->memory : DEFAULT_MEMORY;

    if (memory < MIN_MEMORY)
        memory = MIN_MEMORY;
    /* BLAKE3 looks at the processor when it is first used, without a lock: let that be now. */
    xet_chunk_hash(SLICE("x"), &hash);
    x->http = config->http;
    x->cas_name = config->cas_name ? mem_strdup(config->cas_name) : NULL;
    x->workers = workers_new(config->workers);
    x->up = budget_new(memory / 8 * 5);
    x->down = budget_new(memory / 8 * 3);
    segments_init(&x->segments, x->up);
    x->index = chunk_index_new(INDEX_BYTES, config->index_path);
    x->global = global_dedup_new();
    return x;
}

enum err xet_save(struct xet *x)
{
    return chunk_index_save(x->index);
}

void xet_free(struct xet *x)
{
    if (!x)
        return;
    workers_free(x->workers);
    segments_done(&x->segments);
    if (chunk_index_save(x->index)) {
        /* It is a cache: the next start finds the one before. */
    }
    chunk_index_free(x->index);
    global_dedup_free(x->global);
    budget_free(x->up);
    budget_free(x->down);
    free(x->cas_name);
    free(x);
}

void xet_stats(struct xet *x, struct xet_stats *out)
{
    *out = (struct xet_stats){
        .received = atomic_load(&x->received),
        .deduplicated = atomic_load(&x->deduplicated),
        .sent = atomic_load(&x->sent),
        .fetched = atomic_load(&x->fetched),
        .upload_memory = budget_used(x->up),
        .download_memory = budget_used(x->down),
    };
}

struct xet_space *xet_space_new(struct xet *x, const struct xet_access *access)
{
    struct xet_space *s = mem_zalloc(sizeof *s);

    s->xet = x;
    s->access = *access;
    commit_init(&s->commits, s);
    return s;
}

void xet_space_free(struct xet_space *s)
{
    if (!s)
        return;
    combine_done(&s->commits);
    free(s);
}

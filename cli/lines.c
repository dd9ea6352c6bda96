/* SPDX-License-Identifier: Apache-2.0 */
/* lines.c: see lines.h. */
#include "cli/lines.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/clock.h"

enum { LINES_MAX = 1000, WAIT_MS = 10000 };

struct lines {
    struct output *out;
    struct hub_bucket *bucket;
    pthread_mutex_t lock; /* guards what follows; held while a batch is sent, so that batches keep their order */
    struct arena *arena;  /* of the lines that wait */
    size_t n;
    uint64_t done;
    int64_t first_ms;
    uint64_t size[LINES_MAX];
    struct hub_line line[LINES_MAX];
};

struct lines *lines_new(struct output *o, struct hub_bucket *b)
{
    struct lines *l = (struct lines *)mem_zalloc(sizeof *l);
    l->out = o;
    l->bucket = b;
    l->arena = arena_new();
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

static void send(struct lines *l)
{
    static const char *const actions[] = { [HUB_ADD] = "put", [HUB_COPY] = "copy", [HUB_DELETE] = "delete" };
    enum err e = l->n ? hub_batch(l->bucket, l->line, l->n, l->arena) : OK;
    for (size_t i = 0; i < l->n; i++) {
        const struct hub_line *line = &l->line[i];
        if (e || line->result) {
            output_error(l->out, line->path, line->result ? line->result : e, line->error);
            continue;
        }
        l->done++;
        output_file(l->out, OUTPUT_DID, actions[line->op], line->path, l->size[i],
                    line->op == HUB_DELETE ? NULL : line->xet_hash);
    }
    arena_free(l->arena);
    l->arena = arena_new();
    l->n = 0;
}

void lines_add(struct lines *l, const struct hub_line *line, uint64_t size)
{
    int64_t now = clock_mono_ms();
    pthread_mutex_lock(&l->lock);
    if (l->n == 0)
        l->first_ms = now;
    struct hub_line *copy = &l->line[l->n];
    *copy = *line;
    copy->path = arena_copy(l->arena, line->path);
    copy->content_type = arena_copy(l->arena, line->content_type);
    copy->source_id = arena_copy(l->arena, line->source_id);
    l->size[l->n++] = size;
    if (l->n == LINES_MAX || now - l->first_ms > WAIT_MS)
        send(l);
    pthread_mutex_unlock(&l->lock);
}

void lines_finish(struct lines *l, uint64_t *done)
{
    send(l);
    if (done)
        *done = l->done;
    arena_free(l->arena);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* join.c: parts become one file by naming their chunks in order. Nothing is moved: the CAS has the xorbs, each part's
 * own shard has registered them, and the joined file is one shard of terms.
 *
 * Terms that go on where the one before them ended, in the same xorb, become one. Only the open term's chunk hashes
 * are kept, for its verification hash. */
#include <stdlib.h>

#include "xet/commit.h"
#include "xet/recipe.h"

struct xet_join {
    struct xet_space *space;
    struct shard_term *terms;
    size_t n, room;
    struct xet_hash *open;    /* chunks of the last term, whose verification hash is not made yet */
    size_t n_open, open_room; /* at most XORB_MAX_CHUNKS */
    struct xet_tree tree;     /* last: large, and need not be zeroed */
};

struct xet_join *xet_join_new(struct xet_space *s)
{
    struct xet_join *j = mem_alloc(sizeof *j);

    memset(j, 0, offsetof(struct xet_join, tree));
    j->space = s;
    xet_tree_init(&j->tree);
    return j;
}

static void close_term(struct xet_join *j)
{
    if (j->n_open > 0)
        xet_range_hash(j->open, j->n_open, &j->terms[j->n - 1].verification);
    j->n_open = 0;
}

static void begin_term(struct xet_join *j, const struct recipe_term *t)
{
    struct shard_term *last = j->n ? &j->terms[j->n - 1] : NULL;

    if (last && xet_hash_eq(&last->xorb, &t->xorb) && last->end == t->start) {
        last->end = t->end;
        return;
    }
    close_term(j);
    if (j->n == j->room) {
        j->room = j->room ? j->room * 2 : 64;
        j->terms = mem_realloc(j->terms, j->room * sizeof *j->terms);
    }
    j->terms[j->n++] = (struct shard_term){ .xorb = t->xorb, .start = t->start, .end = t->end };
}

static void add_chunk(struct xet_join *j, const struct xet_hash *hash, uint32_t size)
{
    if (j->n_open == j->open_room) {
        j->open_room = j->open_room ? j->open_room * 2 : 64;
        j->open = mem_realloc(j->open, j->open_room * sizeof *j->open);
    }
    j->open[j->n_open++] = *hash;
    j->terms[j->n - 1].size += size;
    xet_tree_add(&j->tree, hash, size);
}

enum err xet_join_add(struct xet_join *j, struct slice recipe)
{
    struct recipe r;
    size_t chunk = 0;

    enum err e = recipe_read(recipe, &r);
    if (e)
        return e;
    for (size_t i = 0; i < r.n_terms; i++) {
        struct recipe_term t = recipe_term(&r, i);
        begin_term(j, &t);
        for (size_t end = chunk + (t.end - t.start); chunk < end; chunk++) {
            struct xet_hash hash;
            uint32_t size = recipe_chunk(&r, chunk, &hash);
            add_chunk(j, &hash, size);
        }
    }
    return OK;
}

enum err xet_join_finish(struct xet_join *j, struct xet_file *out)
{
    struct commit c = { .terms = j->terms, .n_terms = j->n };

    close_term(j);
    if (j->n > 0) {
        xet_tree_root(&j->tree, &c.file);
        xet_file_hash(&c.file, &c.file);
        enum err e = commit_run(j->space, &c);
        if (e)
            return e == ERR_BAD_REQUEST ? ERR_UPSTREAM_ANSWER : e;
    }
    *out = (struct xet_file){ .hash = c.file, .size = j->tree.size };
    return OK;
}

void xet_join_free(struct xet_join *j)
{
    if (!j)
        return;
    free(j->terms);
    free(j->open);
    free(j);
}

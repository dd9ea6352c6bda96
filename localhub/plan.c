/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c: a range of a file as terms, the outer ones cut to the chunks that the range touches. */
#include "localhub/plan.h"

#include <assert.h>

void plan_done(struct plan *p)
{
    file_info_done(&p->file);
}

void plan_term(const struct plan *p, size_t i, struct file_term *out)
{
    assert(i < p->n);
    if (i == 0)
        *out = p->head;
    else if (i == p->n - 1)
        *out = p->tail;
    else
        file_term_at(&p->file, p->first + i, out);
}

/* Drops the chunks of `t` that end at or before its first `before` bytes, and those that begin at or behind its first
 * `until` bytes; *skip: bytes of the first chunk kept that are before `before`. before < until <= t->size. */
static enum err cut(struct db_conn *c, struct file_term *t, uint32_t before, uint32_t until, uint32_t *skip)
{
    AUTO_XORB_INFO struct xorb_info x = { 0 };

    *skip = 0;
    if (before == 0 && until == t->size)
        return OK;
    enum err e = xorb_info_find(c, &t->xorb, &x);
    if (e)
        return e == ERR_NO_SUCH_KEY ? ERR_CORRUPT : e;
    if (t->end > x.n || t->start >= t->end)
        return ERR_CORRUPT;
    uint32_t base = xorb_size_end(&x, t->start), first = t->start, last = t->start;
    while (first < t->end && xorb_size_end(&x, first + 1) - base <= before)
        first++;
    while (last < t->end && xorb_size_end(&x, last) - base < until)
        last++;
    if (first >= last)
        return ERR_CORRUPT;
    *skip = before - (xorb_size_end(&x, first) - base);
    t->start = first;
    t->end = last;
    t->size = xorb_size_end(&x, last) - xorb_size_end(&x, first);
    t->packed_from = xorb_packed_end(&x, first);
    t->packed_to = xorb_packed_end(&x, last);
    return OK;
}

/* Finds the terms that hold `from` and `to`, and where in them these are. */
static enum err locate(struct plan *p, uint64_t from, uint64_t to, uint32_t *before, uint32_t *until)
{
    uint64_t at = 0;
    bool found = false;

    for (size_t i = 0; i < p->file.n; i++) {
        struct file_term t;
        file_term_at(&p->file, i, &t);
        if (!found && from < at + t.size) {
            found = true;
            p->first = i;
            p->head = t;
            *before = (uint32_t)(from - at);
        }
        if (found && to < at + t.size) {
            p->n = i - p->first + 1;
            p->tail = t;
            *until = (uint32_t)(to - at + 1);
            return OK;
        }
        at += t.size;
    }
    return ERR_CORRUPT;
}

static enum err make(struct db_conn *c, struct plan *p, uint64_t from, uint64_t to)
{
    uint32_t before = 0, until = 0, none;

    enum err e = locate(p, from, to, &before, &until);
    if (e)
        return e;
    e = cut(c, &p->head, before, p->n == 1 ? until : p->head.size, &p->skip);
    if (e)
        return e;
    if (p->n > 1)
        return cut(c, &p->tail, 0, until, &none);
    p->tail = p->head;
    return OK;
}

enum err plan_make(struct db_conn *c, struct file_info *file, uint64_t from, uint64_t to, struct plan *out)
{
    AUTO_PLAN struct plan p = { .file = *file };

    *file = (struct file_info){ 0 };
    enum err e = p.file.n ? make(c, &p, from, to) : OK;
    if (e)
        return e;
    *out = p;
    p.file = (struct file_info){ 0 };
    return OK;
}

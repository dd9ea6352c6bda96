/* SPDX-License-Identifier: Apache-2.0 */
/* What is shared between threads: group commit, workers, budget. Run these under ThreadSanitizer too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/budget.h"
#include "common/combine.h"
#include "common/workers.h"

#define THREADS 32
#define ROUNDS  500

/* ---- group commit ---- */

struct add {
    struct combine_item item;
    unsigned thread, round;
    unsigned result;
};

/* fn's side: checks what it is given, and can be held at a gate. */
struct adder {
    struct combine combine;
    _Atomic unsigned calls, items, running, most_running, largest;
    _Atomic bool broken;
    unsigned last_round[THREADS];
    sem_t *entered, *gate; /* NULL: fn runs through */
    char order[64];        /* of the items' letters, when gated */
};

static void note_most(_Atomic unsigned *most, unsigned value)
{
    unsigned seen = atomic_load(most);
    while (value > seen && !atomic_compare_exchange_weak(most, &seen, value))
        ;
}

static void add_all(void *ctx, struct combine_item *first)
{
    struct adder *a = ctx;
    unsigned n = 0;
    size_t weight = 0;
    note_most(&a->most_running, atomic_fetch_add(&a->running, 1) + 1);
    for (struct combine_item *i = first; i; i = i->next) {
        struct add *add = (struct add *)i;
        weight += i->weight;
        add->result = add->thread * 1000000 + add->round;
        n++;
    }
    if (n > a->combine.max_items || (n > 1 && weight > a->combine.max_weight))
        atomic_store(&a->broken, true);
    note_most(&a->largest, n);
    atomic_fetch_add(&a->items, n);
    atomic_fetch_add(&a->calls, 1);
    atomic_fetch_sub(&a->running, 1);
}

struct adding_thread {
    struct adder *adder;
    unsigned thread;
    pthread_t id;
};

static void *add_many(void *arg)
{
    struct adding_thread *t = arg;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct add add = { .item.weight = 1 + (t->thread + round) % 7, .thread = t->thread, .round = round };
        combine_run(&t->adder->combine, &add.item);
        if (add.result != t->thread * 1000000 + round)
            atomic_store(&t->adder->broken, true);
    }
    return NULL;
}

static const struct {
    const char *name;
    unsigned in_flight;
    size_t items, weight;
} shapes[] = {
    { "one at a time, everything together", 1, 1000, 1000000 },
    { "one at a time, few together", 1, 4, 1000000 },
    { "one at a time, light ones together", 1, 1000, 10 },
    { "one at a time, alone", 1, 1, 1 },
    { "three at a time", 3, 5, 20 },
    { "more at a time than threads", 64, 8, 100 },
};

static void every_item_is_dealt_with_once_in_calls_within_their_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct adder a = { 0 };
        struct adding_thread threads[THREADS];
        combine_init(&a.combine, add_all, &a, shapes[i].in_flight, shapes[i].items, shapes[i].weight);
        for (unsigned t = 0; t < THREADS; t++) {
            threads[t] = (struct adding_thread){ .adder = &a, .thread = t };
            pthread_create(&threads[t].id, NULL, add_many, &threads[t]);
        }
        for (unsigned t = 0; t < THREADS; t++)
            pthread_join(threads[t].id, NULL);
        if (a.broken || a.items != THREADS * ROUNDS || a.most_running > shapes[i].in_flight)
            fail_msg("%s: %u items, %u at once", shapes[i].name, a.items, a.most_running);
        combine_done(&a.combine);
    }
}

static void gated_note_order(void *ctx, struct combine_item *first)
{
    struct adder *a = ctx;
    size_t n = strlen(a->order);
    for (struct combine_item *i = first; i; i = i->next)
        a->order[n++] = (char)((struct add *)i)->thread;
    a->order[n++] = ' ';
    a->order[n] = '\0';
    sem_post(a->entered);
    while (sem_wait(a->gate) != 0)
        ;
}

static void *add_one(void *arg)
{
    struct adding_thread *t = arg;
    struct add add = { .item.weight = t->thread == 'H' ? 100 : 1, .thread = t->thread };
    combine_run(&t->adder->combine, &add.item);
    return NULL;
}

/* Waits until `thread` is the last in line: there is no event for that. */
static void wait_in_line(struct combine *c, unsigned thread)
{
    for (;;) {
        pthread_mutex_lock(&c->lock);
        bool there = c->tail && ((struct add *)c->tail)->thread == thread;
        pthread_mutex_unlock(&c->lock);
        if (there)
            return;
        usleep(200);
    }
}

/* A is held in its call while the others come, in this order; H is too heavy to go with anybody. */
static void what_comes_while_a_call_is_in_flight_goes_with_the_next_one_in_order(void **state)
{
    (void)state;
    const char *names = "ABCDHEFGIJK";
    sem_t entered, gate;
    struct adder a = { .entered = &entered, .gate = &gate };
    struct adding_thread threads[16];
    sem_init(&entered, 0, 0);
    sem_init(&gate, 0, 0);
    combine_init(&a.combine, gated_note_order, &a, 1, 4, 10);
    for (unsigned i = 0; names[i]; i++) {
        threads[i] = (struct adding_thread){ .adder = &a, .thread = (unsigned)names[i] };
        pthread_create(&threads[i].id, NULL, add_one, &threads[i]);
        if (i == 0)
            sem_wait(&entered);
        else
            wait_in_line(&a.combine, threads[i].thread);
    }
    for (unsigned i = 0; i < 16; i++)
        sem_post(&gate);
    for (unsigned i = 0; names[i]; i++)
        pthread_join(threads[i].id, NULL);
    assert_string_equal(a.order, "A BCD H EFGI JK ");
    combine_done(&a.combine);
}

static void nothing_waits_when_nothing_is_in_flight(void **state)
{
    (void)state;
    struct adder a = { 0 };
    combine_init(&a.combine, add_all, &a, 1, 100, 100);
    for (unsigned i = 0; i < 100; i++) {
        struct add add = { .item.weight = 500, .round = i };
        combine_run(&a.combine, &add.item);
        assert_int_equal(add.result, i);
    }
    assert_int_equal(a.calls, 100);
    combine_done(&a.combine);
}

/* ---- workers ---- */

struct counting_job {
    struct job job;
    _Atomic unsigned *done;
    unsigned runs; /* checked after workers_free has joined */
};

static void count(struct job *j)
{
    struct counting_job *c = (struct counting_job *)j;
    c->runs++;
    atomic_fetch_add(c->done, 1);
}

struct submitter {
    struct workers *workers;
    struct counting_job jobs[ROUNDS];
    pthread_t id;
};

static void *submit_all(void *arg)
{
    struct submitter *s = arg;
    for (unsigned i = 0; i < ROUNDS; i++)
        workers_submit(s->workers, &s->jobs[i].job);
    return NULL;
}

static void every_job_runs_once_and_freeing_waits_for_what_is_queued(void **state)
{
    (void)state;
    static struct submitter submitters[8];
    _Atomic unsigned done = 0;
    struct workers *w = workers_new(3);
    assert_int_equal(workers_count(w), 3);
    for (unsigned s = 0; s < 8; s++) {
        submitters[s].workers = w;
        for (unsigned i = 0; i < ROUNDS; i++)
            submitters[s].jobs[i] = (struct counting_job){ .job.run = count, .done = &done };
        pthread_create(&submitters[s].id, NULL, submit_all, &submitters[s]);
    }
    for (unsigned s = 0; s < 8; s++)
        pthread_join(submitters[s].id, NULL);
    workers_free(w);
    assert_int_equal(done, 8 * ROUNDS);
    for (unsigned s = 0; s < 8; s++)
        for (unsigned i = 0; i < ROUNDS; i++)
            assert_int_equal(submitters[s].jobs[i].runs, 1);
}

struct meeting_job {
    struct job job;
    pthread_barrier_t *all;
};

static void meet(struct job *j)
{
    pthread_barrier_wait(((struct meeting_job *)j)->all);
}

static void as_many_jobs_run_at_once_as_there_are_workers(void **state)
{
    (void)state;
    pthread_barrier_t all;
    struct meeting_job jobs[4];
    pthread_barrier_init(&all, NULL, 5);
    struct workers *w = workers_new(4);
    for (unsigned i = 0; i < 4; i++) {
        jobs[i] = (struct meeting_job){ .job.run = meet, .all = &all };
        workers_submit(w, &jobs[i].job);
    }
    pthread_barrier_wait(&all); /* hangs unless all four are in their job */
    workers_free(w);
    pthread_barrier_destroy(&all);
    workers_free(NULL);
}

/* ---- budget ---- */

static void a_budget_gives_no_more_than_it_has(void **state)
{
    (void)state;
    struct budget *b = budget_new(100);
    assert_true(budget_try(b, 60));
    assert_false(budget_try(b, 41));
    assert_true(budget_try(b, 40));
    assert_false(budget_try(b, 1));
    assert_true(budget_try(b, 0));
    assert_int_equal(budget_used(b), 100);
    budget_give(b, 100);
    assert_int_equal(budget_used(b), 0);
    assert_false(budget_try(b, SIZE_MAX));
    budget_wait(b, 1000); /* cut to 100 */
    assert_int_equal(budget_used(b), 100);
    budget_give(b, 1000);
    assert_int_equal(budget_used(b), 0);
    budget_free(b);
    budget_free(NULL);
}

static void a_share_leaves_room_for_one_more_member(void **state)
{
    (void)state;
    struct budget *b = budget_new(120);
    assert_int_equal(budget_share(b), 120);
    budget_join(b);
    assert_int_equal(budget_share(b), 60);
    budget_join(b);
    budget_join(b);
    assert_int_equal(budget_share(b), 30);
    budget_leave(b);
    budget_leave(b);
    budget_leave(b);
    assert_int_equal(budget_share(b), 120);
    budget_free(b);
}

struct budget_thread {
    struct budget *budget;
    size_t n;
    unsigned index;
    _Atomic unsigned *turn;
    unsigned got; /* its place among all */
    pthread_t id;
};

static void *wait_in_turn(void *arg)
{
    struct budget_thread *t = arg;
    budget_wait(t->budget, t->n);
    t->got = atomic_fetch_add(t->turn, 1);
    budget_give(t->budget, t->n);
    return NULL;
}

/* All of the budget is held. The first in line wants much, those behind it little; none may overtake it. */
static void waiters_are_served_in_order_and_nobody_overtakes_them(void **state)
{
    (void)state;
    struct budget *b = budget_new(100);
    struct budget_thread threads[4];
    _Atomic unsigned turn = 0;
    budget_wait(b, 100);
    for (unsigned i = 0; i < 4; i++) {
        /* Each wants all, so that each has had its turn before the next one's begins. */
        threads[i] = (struct budget_thread){ .budget = b, .n = 100, .index = i, .turn = &turn };
        pthread_create(&threads[i].id, NULL, wait_in_turn, &threads[i]);
        usleep(20000); /* in line: nothing outside of the budget can see that */
    }
    budget_give(b, 50);
    assert_false(budget_try(b, 1)); /* 50 are free, but somebody waits */
    assert_int_equal(turn, 0);
    budget_give(b, 50);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i].id, NULL);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(threads[i].got, i);
    assert_int_equal(budget_used(b), 0);
    budget_free(b);
}

static void *wait_and_give_often(void *arg)
{
    struct budget_thread *t = arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t n = 1 + (t->index * 13 + i * 7) % 90;
        budget_join(t->budget);
        budget_wait(t->budget, n);
        if (budget_used(t->budget) > 100)
            atomic_store(t->turn, 1);
        size_t more = budget_try(t->budget, 5) ? 5 : 0;
        budget_give(t->budget, more);
        budget_give(t->budget, n);
        budget_leave(t->budget);
    }
    return NULL;
}

static void many_threads_never_hold_too_much_and_none_is_forgotten(void **state)
{
    (void)state;
    struct budget *b = budget_new(100);
    struct budget_thread threads[THREADS];
    _Atomic unsigned broken = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = (struct budget_thread){ .budget = b, .index = i, .turn = &broken };
        pthread_create(&threads[i].id, NULL, wait_and_give_often, &threads[i]);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i].id, NULL);
    assert_int_equal(broken, 0);
    assert_int_equal(budget_used(b), 0);
    assert_int_equal(budget_share(b), 100);
    budget_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_dealt_with_once_in_calls_within_their_bounds),
        cmocka_unit_test(what_comes_while_a_call_is_in_flight_goes_with_the_next_one_in_order),
        cmocka_unit_test(nothing_waits_when_nothing_is_in_flight),
        cmocka_unit_test(every_job_runs_once_and_freeing_waits_for_what_is_queued),
        cmocka_unit_test(as_many_jobs_run_at_once_as_there_are_workers),
        cmocka_unit_test(a_budget_gives_no_more_than_it_has),
        cmocka_unit_test(a_share_leaves_room_for_one_more_member),
        cmocka_unit_test(waiters_are_served_in_order_and_nobody_overtakes_them),
        cmocka_unit_test(many_threads_never_hold_too_much_and_none_is_forgotten),
    };
    alarm(300); /* a wakeup that is lost should fail, not hang */
    return cmocka_run_group_tests(tests, NULL, NULL);
}

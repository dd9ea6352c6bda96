/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of httpd/ that stand alone: the ring of a pipe, the shelf of rings, the request threads. */
#include "httpd_client.h"

#include <sched.h>

#include "httpd/pipe.h"
#include "httpd/threads.h"

/* The pipe */

static size_t fill(struct pipe *p, size_t n, uint64_t at)
{
    size_t done = 0, run;
    char *room;
    while (done < n && (room = pipe_room(p, &run), run > 0)) {
        run = run < n - done ? run : n - done;
        pattern_fill(room, run, at + done);
        pipe_filled(p, run);
        done += run;
    }
    return done;
}

static size_t drain(struct pipe *p, size_t n, uint64_t at)
{
    size_t done = 0;
    struct slice data;
    while (done < n && (data = pipe_data(p)).n > 0) {
        data.n = data.n < n - done ? data.n : n - done;
        assert_true(pattern_matches(data.p, data.n, at + done));
        pipe_drained(p, data.n);
        done += data.n;
    }
    return done;
}

static void test_bytes_leave_a_pipe_as_they_came_wherever_it_wraps(void **state)
{
    (void)state;
    struct shelf shelf;
    struct pipe p = { 0 };
    uint64_t in = 0, out = 0;
    shelf_init(&shelf, 4096);
    pipe_open(&p, &shelf, UINT64_MAX);
    assert_int_equal(p.cap, 4096);
    for (size_t i = 0; i < 20000; i++) {
        in += fill(&p, (i * 7919) % 5000, in);
        assert_true(in - out <= p.cap);
        out += drain(&p, (i * 104729) % 5000, out);
        assert_int_equal(p.used, in - out);
    }
    assert_true(in > 10 << 20);
    pipe_close(&p, &shelf);
    shelf_done(&shelf);
}

static void test_a_full_pipe_has_no_room_and_an_empty_one_nothing_to_read(void **state)
{
    (void)state;
    struct shelf shelf;
    struct pipe p = { 0 };
    size_t run;
    shelf_init(&shelf, 1 << 20);
    pipe_open(&p, &shelf, 100);
    assert_int_equal(p.cap, 100); /* small bodies get what they need */
    assert_int_equal(pipe_data(&p).n, 0);
    assert_int_equal(fill(&p, 200, 0), 100);
    pipe_room(&p, &run);
    assert_int_equal(run, 0);
    assert_int_equal(drain(&p, 40, 0), 40);
    assert_int_equal(fill(&p, 200, 100), 40);
    assert_int_equal(drain(&p, 200, 40), 100);
    pipe_close(&p, &shelf);
    pipe_close(&p, &shelf);
    shelf_done(&shelf);
}

static void test_big_rings_are_used_again_and_trimmed(void **state)
{
    (void)state;
    struct shelf shelf;
    struct pipe pipes[SHELF_SLOTS + 4] = { { 0 } };
    shelf_init(&shelf, 1 << 20);
    for (size_t i = 0; i < SHELF_SLOTS + 4; i++)
        pipe_open(&pipes[i], &shelf, UINT64_MAX);
    for (size_t i = SHELF_SLOTS + 4; i-- > 0;)
        pipe_close(&pipes[i], &shelf);
    assert_int_equal(shelf.n, SHELF_SLOTS);
    shelf_trim(&shelf, 2);
    assert_int_equal(shelf.n, 2);
    pipe_open(&pipes[0], &shelf, 1 << 20);
    assert_int_equal(shelf.n, 1);
    assert_non_null(pipes[0].mem);
    pipe_close(&pipes[0], &shelf);
    shelf_done(&shelf);
}

/* The threads */

struct work {
    struct task task; /* first */
    struct gate *begun, *doors;
    unsigned *order;
    unsigned number;
};

static pthread_mutex_t order_lock = PTHREAD_MUTEX_INITIALIZER;

static void do_work(struct task *t)
{
    struct work *w = (struct work *)(void *)t;
    pthread_mutex_lock(&order_lock);
    w->number = (*w->order)++;
    pthread_mutex_unlock(&order_lock);
    gate_open(w->begun);
    gate_pass(w->doors, 1);
}

static void work_init(struct work *w, struct gate *begun, struct gate *doors, unsigned *order)
{
    *w = (struct work){ .task.run = do_work, .begun = begun, .doors = doors, .order = order };
}

static void test_the_line_is_first_come_first_served_and_bounded(void **state)
{
    (void)state;
    struct gate begun, doors;
    struct work works[12];
    unsigned order = 0;
    gate_init(&begun);
    gate_init(&doors);
    struct threads *t = threads_new("test", 1, 10);
    for (unsigned i = 0; i < 12; i++) {
        work_init(&works[i], &begun, &doors, &order);
        assert_int_equal(threads_submit(t, &works[i].task), i < 11);
    }
    gate_pass(&begun, 1);
    struct threads_count count = threads_count(t);
    assert_int_equal(count.threads, 1);
    assert_int_equal(count.running, 1);
    assert_int_equal(count.waiting, 10);
    gate_open(&doors);
    threads_stop(t);
    for (unsigned i = 0; i < 11; i++)
        assert_int_equal(works[i].number, i);
    threads_free(t);
}

static void test_threads_are_started_only_when_none_is_idle(void **state)
{
    (void)state;
    struct gate doors;
    unsigned order = 0;
    struct threads *t = threads_new("test", 64, 10);
    struct threads_count count;
    gate_init(&doors);
    gate_open(&doors);
    for (int i = 0; i < 1000; i++) {
        struct gate begun;
        struct work w;
        gate_init(&begun);
        work_init(&w, &begun, &doors, &order);
        assert_true(threads_submit(t, &w.task));
        do {
            count = threads_count(t);
        } while (count.running > 0);
        gate_pass(&begun, 1);
    }
    assert_int_equal(count.threads, 1);
    threads_stop(t);
    threads_free(t);
}

struct together {
    struct threads *t;
    struct gate *begun, *doors;
    unsigned *order;
};

static void *submit_many(void *arg)
{
    struct together *g = arg;
    struct work *works = mem_alloc(500 * sizeof *works);
    for (int i = 0; i < 500; i++) {
        work_init(&works[i], g->begun, g->doors, g->order);
        while (!threads_submit(g->t, &works[i].task))
            sched_yield();
    }
    return works;
}

static void test_everything_submitted_from_everywhere_is_run_once(void **state)
{
    (void)state;
    struct gate begun, doors;
    unsigned order = 0;
    pthread_t submitters[4];
    void *works[4];
    gate_init(&begun);
    gate_init(&doors);
    gate_open(&doors);
    struct together g = { threads_new("test", 8, 50), &begun, &doors, &order };
    for (int i = 0; i < 4; i++)
        pthread_create(&submitters[i], NULL, submit_many, &g);
    for (int i = 0; i < 4; i++)
        pthread_join(submitters[i], &works[i]);
    assert_true(threads_count(g.t).threads <= 8);
    threads_stop(g.t);
    assert_int_equal(order, 2000);
    threads_free(g.t);
    for (int i = 0; i < 4; i++)
        free(works[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_leave_a_pipe_as_they_came_wherever_it_wraps),
        cmocka_unit_test(test_a_full_pipe_has_no_room_and_an_empty_one_nothing_to_read),
        cmocka_unit_test(test_big_rings_are_used_again_and_trimmed),
        cmocka_unit_test(test_the_line_is_first_come_first_served_and_bounded),
        cmocka_unit_test(test_threads_are_started_only_when_none_is_idle),
        cmocka_unit_test(test_everything_submitted_from_everywhere_is_run_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

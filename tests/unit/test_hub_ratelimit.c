/* SPDX-License-Identifier: Apache-2.0 */
/* test_hub_ratelimit.c: what the headers say, and how long one is held up for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "hub/ratelimit.h"

static void note(struct ratelimit *rl, int status, const char *limit, const char *policy)
{
    struct header list[] = { { SLICE("RateLimit"), slice_str(limit) },
                             { SLICE("ratelimit-policy"), slice_str(policy) } };
    struct http_response r = { .status = status, .headers = list, .n_headers = 2 };
    hub_ratelimit_note(rl, LIMIT_API, &r);
}

#define UNTOLD ((uint64_t)-1)

static const struct {
    const char *name;
    int status;
    const char *limit, *policy;
    uint64_t remaining, quota;
    unsigned reset_s;
} headers[] = {
    { "as documented", 200, "\"api\";r=12;t=34", "\"fixed window\";\"api\";q=1000;w=300", 12, 1000, 34 },
    { "with blanks", 200, "\"api\" ; r=12 ; t=34", "", 12, 0, 34 },
    { "without a class: the one asked", 200, "r=12;t=34", "", 12, 0, 34 },
    { "another class", 200, "\"pages\";r=12;t=34", "", UNTOLD, 0, 0 },
    { "a list", 200, "\"pages\";r=1;t=2, \"api\";r=3;t=4", "", 3, 0, 4 },
    { "a class of the future", 200, "\"web\";r=5;t=6", "", UNTOLD, 0, 0 },
    { "no time", 200, "\"api\";r=12", "", UNTOLD, 0, 0 },
    { "nothing", 200, "", "", UNTOLD, 0, 0 },
    { "a time beyond belief", 200, "\"api\";r=0;t=99999999999999999999", "", 0, 0, 3600 },
    { "a negative rest", 200, "\"api\";r=-1;t=5", "", 1000000000, 0, 5 },
    { "429 without headers closes for a second", 429, "", "", 0, 0, 1 },
    { "429 whose header says there is some left", 429, "\"api\";r=5;t=300", "", 0, 0, 1 },
    { "429 with its header", 429, "\"api\";r=0;t=77", "", 0, 0, 77 },
};

static void what_is_told_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct ratelimit rl;
        struct hub_budget budget = { 0 };
        print_message("  %s\n", headers[i].name);
        hub_ratelimit_init(&rl);
        note(&rl, headers[i].status, headers[i].limit, headers[i].policy);
        bool told = hub_ratelimit_budget(&rl, &budget);
        assert_int_equal(told, headers[i].remaining != UNTOLD);
        if (told) {
            assert_int_equal(budget.remaining, headers[i].remaining);
            assert_int_equal(budget.quota, headers[i].quota);
            assert_int_equal(budget.reset_s, headers[i].reset_s);
        }
        hub_ratelimit_done(&rl);
    }
}

static void within_a_window_the_least_counts(void **state)
{
    (void)state;
    struct ratelimit rl;
    struct hub_budget budget;
    hub_ratelimit_init(&rl);
    note(&rl, 200, "\"api\";r=10;t=100", "");
    note(&rl, 200, "\"api\";r=11;t=100", ""); /* came late */
    assert_true(hub_ratelimit_budget(&rl, &budget));
    assert_int_equal(budget.remaining, 10);
    note(&rl, 200, "\"api\";r=999;t=300", ""); /* a new window */
    assert_true(hub_ratelimit_budget(&rl, &budget));
    assert_int_equal(budget.remaining, 999);
    hub_ratelimit_done(&rl);
}

static void a_spent_class_holds_its_calls_and_no_others(void **state)
{
    (void)state;
    struct ratelimit rl;
    hub_ratelimit_init(&rl);
    int64_t now = clock_mono_ms();
    assert_int_equal(hub_ratelimit_gate(&rl, LIMIT_API, now), OK);
    note(&rl, 200, "\"api\";r=0;t=100", "");
    assert_int_equal(hub_ratelimit_gate(&rl, LIMIT_API, now + 30), ERR_SLOW_DOWN);
    assert_true(clock_mono_ms() >= now + 30);
    assert_int_equal(hub_ratelimit_gate(&rl, LIMIT_RESOLVERS, now), OK);
    hub_ratelimit_stop(&rl);
    assert_int_equal(hub_ratelimit_gate(&rl, LIMIT_API, now + 100000), ERR_STOPPING);
    hub_ratelimit_done(&rl);
}

static void the_gate_opens_at_the_reset(void **state)
{
    (void)state;
    struct ratelimit rl;
    hub_ratelimit_init(&rl);
    int64_t now = clock_mono_ms();
    note(&rl, 200, "\"api\";r=0;t=1", "");
    assert_int_equal(hub_ratelimit_gate(&rl, LIMIT_API, now + 20000), OK);
    assert_in_range(clock_mono_ms() - now, 1000, 15000);
    hub_ratelimit_done(&rl);
}

static void shared_calls_spread_out_only_when_little_is_left(void **state)
{
    (void)state;
    struct ratelimit rl;
    hub_ratelimit_init(&rl);
    note(&rl, 200, "\"api\";r=200;t=10", "\"fixed window\";\"api\";q=1000;w=300");
    int64_t began = clock_mono_ms();
    for (int i = 0; i < 1000; i++)
        hub_ratelimit_pace(&rl);
    assert_true(clock_mono_ms() - began < 1000);
    note(&rl, 200, "\"api\";r=99;t=10", ""); /* 10 s for 100 calls: one in 100 ms */
    began = clock_mono_ms();
    hub_ratelimit_pace(&rl);
    assert_true(clock_mono_ms() - began < 90); /* nothing waits when nothing went before */
    hub_ratelimit_pace(&rl);
    hub_ratelimit_pace(&rl);
    assert_true(clock_mono_ms() - began >= 190);
    hub_ratelimit_stop(&rl);
    hub_ratelimit_done(&rl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_is_known),
        cmocka_unit_test(within_a_window_the_least_counts),
        cmocka_unit_test(a_spent_class_holds_its_calls_and_no_others),
        cmocka_unit_test(the_gate_opens_at_the_reset),
        cmocka_unit_test(shared_calls_spread_out_only_when_little_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

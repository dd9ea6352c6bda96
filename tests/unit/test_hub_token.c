/* SPDX-License-Identifier: Apache-2.0 */
/* test_hub_token.c: Xet tokens: both forms, the cache, refusals, and what must not be believed. */
#include "fake_hub.h"

#include <sched.h>

#include "hub/internal.h"

#define DATE    "Date: Mon, 23 Nov 2026 19:00:00 GMT\r\n"
#define DATE_S  1795460400
#define THREADS 16

static enum err get(struct rig *r, bool write, const char *refused, char token[64])
{
    char url[64];
    return hub_xet_token(r->bucket, write, refused, url, sizeof url, token, 64);
}

static const struct {
    const char *name;
    struct canned_reply reply;
    enum err want;
} answers[] = {
    { "JSON alone", { 200, "", "{\"casUrl\":\"http://c/cas\",\"accessToken\":\"T\",\"exp\":9999999999}" }, OK },
    { "headers alone",
      { 200, "X-Xet-Cas-Url: http://c/cas\r\nX-Xet-Access-Token: T\r\nX-Xet-Token-Expiration: 9999999999\r\n", "" },
      OK },
    { "headers, and JSON about something else",
      { 200, "x-xet-cas-url: http://c/cas/\r\nx-xet-access-token: T\r\nx-xet-token-expiration: 9999999999\r\n", "{}" },
      OK },
    { "a slash at the end",
      { 200, "", "{\"casUrl\":\"http://c/cas//\",\"accessToken\":\"T\",\"exp\":9999999999}" },
      OK },
    { "neither", { 200, "", "{}" }, ERR_UPSTREAM_ANSWER },
    { "not JSON", { 200, "", "x" }, ERR_UPSTREAM_ANSWER },
    { "no token", { 200, "", "{\"casUrl\":\"http://c/cas\",\"exp\":9999999999}" }, ERR_UPSTREAM_ANSWER },
    { "an empty token",
      { 200, "", "{\"casUrl\":\"http://c/cas\",\"accessToken\":\"\",\"exp\":9999999999}" },
      ERR_UPSTREAM_ANSWER },
    { "a token with a line end",
      { 200, "", "{\"casUrl\":\"http://c/cas\",\"accessToken\":\"T\\r\\nX: y\",\"exp\":9999999999}" },
      ERR_UPSTREAM_ANSWER },
    { "a URL of another kind",
      { 200, "", "{\"casUrl\":\"file:///etc\",\"accessToken\":\"T\",\"exp\":9999999999}" },
      ERR_UPSTREAM_ANSWER },
    { "no host",
      { 200, "", "{\"casUrl\":\"http://\",\"accessToken\":\"T\",\"exp\":9999999999}" },
      ERR_UPSTREAM_ANSWER },
    { "negative exp",
      { 200, "", "{\"casUrl\":\"http://c/cas\",\"accessToken\":\"T\",\"exp\":-1}" },
      ERR_UPSTREAM_ANSWER },
    { "no bucket", { 404, "X-Error-Code: RepoNotFound\r\n", "{}" }, ERR_NO_SUCH_BUCKET },
    { "may not", { 403, "", "{}" }, ERR_UPSTREAM_REFUSED },
};

static void a_token_is_read_in_both_forms_and_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct canned canned = { .list = &answers[i].reply, .n = 1 };
        char url[64] = "untouched", token[64] = "untouched";
        struct rig r;
        print_message("  %s\n", answers[i].name);
        rig_start(&r, canned_answer, &canned, 50);
        assert_int_equal(hub_xet_token(r.bucket, true, NULL, url, sizeof url, token, sizeof token), answers[i].want);
        assert_string_equal(url, answers[i].want ? "untouched" : "http://c/cas");
        assert_string_equal(token, answers[i].want ? "untouched" : "T");
        assert_string_equal(canned.target, "/api/buckets/me/b/xet-write-token");
        rig_stop(&r);
        canned_free(&canned);
    }
}

static void what_does_not_fit_is_an_error(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = {
        { 200, "", "{\"casUrl\":\"http://c/cas\",\"accessToken\":\"four\",\"exp\":9999999999}" },
    };
    struct canned canned = CANNED(replies);
    char url[64], token[5];
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(hub_xet_token(r.bucket, false, NULL, url, sizeof url, token, 4), ERR_UPSTREAM_ANSWER);
    assert_int_equal(hub_xet_token(r.bucket, false, NULL, url, 12, token, 5), ERR_UPSTREAM_ANSWER);
    assert_int_equal(hub_xet_token(r.bucket, false, NULL, url, 13, token, 5), OK);
    assert_int_equal(r.fake->calls, 1);
    rig_stop(&r);
    canned_free(&canned);
}

/* Tokens t0, t1, … that live `life_s` by the Hub's clock, which is not ours. */
struct issuer {
    int life_s;
    unsigned issued;
    struct rig rig;
    size_t hold; /* the first call waits for so many in line */
};

static void issue(void *ctx, const struct fake_request *request, struct buf *reply)
{
    struct issuer *issuer = ctx;
    char body[256];
    bool write = slice_ends(request->target, SLICE("xet-write-token"));
    struct combine *line = &issuer->rig.bucket->refreshes[write ? XET_WRITE : XET_READ];
    for (size_t n = 0; n < issuer->hold;) {
        n = 0;
        pthread_mutex_lock(&line->lock);
        for (struct combine_item *item = line->head; item; item = item->next)
            n++;
        pthread_mutex_unlock(&line->lock);
        sched_yield();
    }
    issuer->hold = 0;
    snprintf(body, sizeof body, "{\"casUrl\":\"http://c\",\"accessToken\":\"%c%u\",\"exp\":%d}", write ? 'w' : 'r',
             issuer->issued++, DATE_S + issuer->life_s);
    fake_reply(reply, 200, DATE, body);
}

static void a_token_is_kept_and_a_write_token_reads(void **state)
{
    (void)state;
    struct issuer issuer = { .life_s = 3600 };
    char token[64];
    rig_start(&issuer.rig, issue, &issuer, 50);
    assert_int_equal(get(&issuer.rig, false, NULL, token), OK);
    assert_string_equal(token, "r0");
    assert_int_equal(get(&issuer.rig, false, NULL, token), OK);
    assert_string_equal(token, "r0");
    assert_int_equal(get(&issuer.rig, true, NULL, token), OK);
    assert_string_equal(token, "w1");
    assert_int_equal(get(&issuer.rig, false, "r0", token), OK);
    assert_string_equal(token, "w1");
    assert_int_equal(issuer.issued, 2);
    rig_stop(&issuer.rig);
}

static void a_refused_token_is_replaced_once(void **state)
{
    (void)state;
    struct issuer issuer = { .life_s = 3600 };
    char token[64];
    rig_start(&issuer.rig, issue, &issuer, 50);
    assert_int_equal(get(&issuer.rig, true, NULL, token), OK);
    assert_string_equal(token, "w0");
    assert_int_equal(get(&issuer.rig, true, "w0", token), OK);
    assert_string_equal(token, "w1");
    assert_int_equal(get(&issuer.rig, true, "w0", token), OK);
    assert_string_equal(token, "w1");
    assert_int_equal(get(&issuer.rig, true, NULL, token), OK);
    assert_string_equal(token, "w1");
    assert_int_equal(issuer.issued, 2);
    rig_stop(&issuer.rig);
}

static void a_token_about_to_expire_is_given_once_and_not_kept(void **state)
{
    (void)state;
    struct issuer issuer = { .life_s = 0 };
    char token[64];
    rig_start(&issuer.rig, issue, &issuer, 50);
    assert_int_equal(get(&issuer.rig, true, NULL, token), OK);
    assert_string_equal(token, "w0");
    assert_int_equal(get(&issuer.rig, true, NULL, token), OK);
    assert_string_equal(token, "w1");
    rig_stop(&issuer.rig);
}

static void an_error_is_not_kept(void **state)
{
    (void)state;
    static const struct canned_reply replies[] = {
        { 403, "", "{}" },
        { 200, "", "{\"casUrl\":\"http://c\",\"accessToken\":\"T\",\"exp\":9999999999}" },
    };
    struct canned canned = CANNED(replies);
    char token[64];
    struct rig r;
    rig_start(&r, canned_answer, &canned, 50);
    assert_int_equal(get(&r, true, NULL, token), ERR_UPSTREAM_REFUSED);
    assert_int_equal(get(&r, true, NULL, token), OK);
    rig_stop(&r);
    canned_free(&canned);
}

struct getter {
    pthread_t thread;
    struct rig *rig;
    char token[64];
    enum err e;
};

static void *get_it(void *arg)
{
    struct getter *g = arg;
    g->e = get(g->rig, true, NULL, g->token);
    return NULL;
}

static void all_who_wait_get_the_same_refresh(void **state)
{
    (void)state;
    struct issuer issuer = { .life_s = 3600, .hold = THREADS - 1 };
    struct getter getters[THREADS];
    rig_start(&issuer.rig, issue, &issuer, 50);
    for (int i = 0; i < THREADS; i++) {
        getters[i].rig = &issuer.rig;
        pthread_create(&getters[i].thread, NULL, get_it, &getters[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(getters[i].thread, NULL);
        assert_int_equal(getters[i].e, OK);
        assert_string_equal(getters[i].token, "w0");
    }
    assert_int_equal(issuer.issued, 1);
    rig_stop(&issuer.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_read_in_both_forms_and_checked),
        cmocka_unit_test(what_does_not_fit_is_an_error),
        cmocka_unit_test(a_token_is_kept_and_a_write_token_reads),
        cmocka_unit_test(a_refused_token_is_replaced_once),
        cmocka_unit_test(a_token_about_to_expire_is_given_once_and_not_kept),
        cmocka_unit_test(an_error_is_not_kept),
        cmocka_unit_test(all_who_wait_get_the_same_refresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

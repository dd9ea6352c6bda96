/* SPDX-License-Identifier: Apache-2.0 */
/* test_hub_fields.c: the Hub's JSON, as it should be and as it should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "hub/fields.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *name, *json;
    enum err e;
    bool known;
} entries[] = {
    { "all there", "{\"type\":\"file\",\"path\":\"a\",\"size\":5,\"xetHash\":\"" HASH "\"}", OK, true },
    { "unknown fields", "{\"type\":\"file\",\"path\":\"a\",\"size\":5,\"x\":{\"y\":[]}}", OK, true },
    { "no hash", "{\"type\":\"file\",\"path\":\"a\",\"size\":5}", OK, true },
    { "a null hash", "{\"type\":\"file\",\"path\":\"a\",\"size\":5,\"xetHash\":null}", OK, true },
    { "a directory", "{\"type\":\"directory\",\"path\":\"a\"}", OK, true },
    { "a type of the future", "{\"type\":\"symlink\",\"path\":\"a\"}", OK, false },
    { "no size", "{\"type\":\"file\",\"path\":\"a\"}", ERR_UPSTREAM_ANSWER, true },
    { "a negative size", "{\"type\":\"file\",\"path\":\"a\",\"size\":-1}", ERR_UPSTREAM_ANSWER, true },
    { "a size with a point", "{\"type\":\"file\",\"path\":\"a\",\"size\":1.5}", ERR_UPSTREAM_ANSWER, true },
    { "a size as text", "{\"type\":\"file\",\"path\":\"a\",\"size\":\"5\"}", ERR_UPSTREAM_ANSWER, true },
    { "a short hash", "{\"type\":\"file\",\"path\":\"a\",\"size\":5,\"xetHash\":\"abc\"}", ERR_UPSTREAM_ANSWER, true },
    { "a hash of other letters",
      "{\"type\":\"file\",\"path\":\"a\",\"size\":5,\"xetHash\":"
      "\"z123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}",
      ERR_UPSTREAM_ANSWER, true },
    { "no path", "{\"type\":\"file\",\"size\":5}", ERR_UPSTREAM_ANSWER, true },
    { "an empty path", "{\"type\":\"file\",\"path\":\"\",\"size\":5}", ERR_UPSTREAM_ANSWER, true },
    { "no type", "{\"path\":\"a\",\"size\":5}", ERR_UPSTREAM_ANSWER, true },
    { "not an object", "[1]", ERR_UPSTREAM_ANSWER, true },
};

static void an_entry_is_whole_or_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        AUTO_JSON json_t *json = json_loads(entries[i].json, 0, NULL);
        struct arena *arena = arena_new();
        struct hub_file file = { .size = 77 };
        bool known = true;
        print_message("  %s\n", entries[i].name);
        assert_non_null(json);
        assert_int_equal(field_entry(json, arena, &file, &known), entries[i].e);
        assert_int_equal(known, entries[i].known);
        if (entries[i].e || !known)
            assert_int_equal(file.size, 77);
        arena_free(arena);
    }
}

static void an_entry_keeps_what_it_was_told(void **state)
{
    (void)state;
    AUTO_JSON json_t *json = json_loads(
        "{\"type\":\"file\",\"path\":\"d/\\u00e9\",\"size\":9007199254740993,\"xetHash\":"
        "\"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\",\"mtime\":\"2026-11-23T19:19:36.123Z\","
        "\"uploadedAt\":1795461576999,\"contentType\":\"text/plain; charset=utf-8\"}",
        0, NULL);
    struct arena *arena = arena_new();
    struct hub_file file;
    bool known;
    assert_int_equal(field_entry(json, arena, &file, &known), OK);
    assert_true(slice_is(file.path, "d/\xC3\xA9"));
    assert_int_equal(file.size, 9007199254740993);
    assert_string_equal(file.xet_hash, HASH);
    assert_int_equal(file.mtime_ms % 1000, 123);
    assert_int_equal(file.uploaded_ms, 1795461576999);
    assert_int_equal(hub_file_modified(&file), 1795461576999);
    assert_true(slice_is(file.content_type, "text/plain; charset=utf-8"));
    arena_free(arena);
}

static const struct {
    const char *name, *json;
} untold[] = {
    { "a time before the epoch", "{\"mtime\":-1}" },
    { "a time after the year 9999", "{\"mtime\":253402300800000}" },
    { "a time that is none", "{\"mtime\":\"yesterday\"}" },
    { "a time with a point", "{\"mtime\":1.5}" },
    { "no time", "{}" },
};

static void a_time_out_of_bounds_is_not_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof untold / sizeof *untold; i++) {
        AUTO_JSON json_t *json = json_loads(untold[i].json, 0, NULL);
        int64_t ms = 5;
        print_message("  %s\n", untold[i].name);
        assert_false(field_time(json, "mtime", &ms));
        assert_int_equal(ms, 5);
    }
}

static void a_content_type_that_could_split_a_header_is_not_told(void **state)
{
    (void)state;
    AUTO_JSON json_t *json =
        json_loads("{\"type\":\"file\",\"path\":\"a\",\"size\":1,\"contentType\":\"a\\r\\nX: y\"}", 0, NULL);
    struct arena *arena = arena_new();
    struct hub_file file;
    bool known;
    assert_int_equal(field_entry(json, arena, &file, &known), OK);
    assert_int_equal(file.content_type.n, 0);
    arena_free(arena);
}

static void words_are_cut_between_characters(void **state)
{
    (void)state;
    char text[600];
    memset(text, 'a', sizeof text);
    memcpy(text + 511, "\xC3\xA9", 2);
    assert_int_equal(field_words(slice_of(text, sizeof text)).n, 511);
    assert_int_equal(field_words(slice_of(text, 513)).n, 511);
    assert_int_equal(field_words(slice_of(text, 510)).n, 510);
    assert_int_equal(field_words(SLICE("a\xFF")).n, 0);
}

static const struct {
    const char *name, *json;
    int elements; /* -1: refused */
} lists[] = {
    { "empty", "[]", 0 },
    { "blanks", " [ 1 ,\n2\t, {\"a\":[3,4]} ] \r\n", 3 },
    { "one", "[\"x]\"]", 1 },
    { "nothing at all", "", -1 },
    { "an object", "{}", -1 },
    { "never closed", "[1", -1 },
    { "a comma at the end", "[1,]", -1 },
    { "a comma at the beginning", "[,1]", -1 },
    { "no comma", "[1 2]", -1 },
    { "something behind it", "[1] 2", -1 },
    { "not JSON inside", "[1,x]", -1 },
    { "an element cut short", "[1,{\"a\":", -1 },
};

static void a_list_is_read_element_by_element(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        /* Nothing behind it, so that reading on would be noticed. */
        char *text = mem_alloc(strlen(lists[i].json) ? strlen(lists[i].json) : 1);
        struct field_list list = { .rest = slice_of(text, strlen(lists[i].json)) };
        memcpy(text, lists[i].json, list.rest.n);
        int n = 0;
        print_message("  %s\n", lists[i].name);
        for (;;) {
            AUTO_JSON json_t *element = NULL;
            enum err e = field_next(&list, &element);
            if (e)
                n = -1;
            if (element == NULL)
                break;
            n++;
        }
        assert_int_equal(n, lists[i].elements);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_whole_or_an_error),
        cmocka_unit_test(an_entry_keeps_what_it_was_told),
        cmocka_unit_test(a_time_out_of_bounds_is_not_told),
        cmocka_unit_test(a_content_type_that_could_split_a_header_is_not_told),
        cmocka_unit_test(a_list_is_read_element_by_element),
        cmocka_unit_test(words_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* multipart/form-data, cut at every place where it can be cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "translate/form.h"

#define TYPE       "multipart/form-data; boundary=B"
#define PART(name) "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_PART  "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"

/* Gives the text in pieces of `step` bytes. */
struct feed {
    struct slice left;
    size_t step;
};

static enum err next(void *ctx, struct slice *out)
{
    struct feed *f = (struct feed *)ctx;
    size_t n = f->left.n < f->step ? f->left.n : f->step;
    *out = slice_of(f->left.p, n);
    f->left = slice_from(f->left, n);
    return OK;
}

static const struct {
    const char *name, *type, *body;
    enum err want;
    const char *fields; /* "name=value;" … */
    const char *filename, *content;
} cases[] = {
    { "one field and a file", TYPE, PART("a") "1\r\n" FILE_PART "x\r\n--B--\r\n", OK, "a=1;", "f", "x" },
    { "an empty file", TYPE, FILE_PART "\r\n--B--\r\n", OK, "", "f", "" },
    { "an empty field", TYPE, PART("a") "\r\n" FILE_PART "x\r\n--B--", OK, "a=;", "f", "x" },
    { "a preamble", TYPE, "hello\r\n" FILE_PART "x\r\n--B--", OK, "", "f", "x" },
    { "nearly a boundary", TYPE, FILE_PART "\r\n--\r\n-\r\n--A\r\r\n--B--", OK, "", "f", "\r\n--\r\n-\r\n--A\r" },
    { "fields behind the file are not looked at", TYPE, FILE_PART "x\r\n" PART("a") "1\r\n--B--", OK, "", "f", "x" },
    { "a quoted boundary", "Multipart/Form-Data; x=\";boundary=C\"; boundary=\"B\"", FILE_PART "x\r\n--B", OK, "", "f",
      "x" },
    { "names without quotes, headers in any case and number", TYPE,
      "--B\r\nX: y\r\ncontent-DISPOSITION:form-data;name=a\r\nContent-Type: t\r\n\r\n1\r\n" FILE_PART "x\r\n--B--", OK,
      "a=1;", "f", "x" },
    { "a filename with a quote and a semicolon", TYPE,
      "--B\r\nContent-Disposition: form-data; filename=\"a;\\\"b\"; name=\"file\"\r\n\r\nx\r\n--B--", OK, "", "a;\\\"b",
      "x" },
    { "another type", "text/plain; boundary=B", "", ERR_PRECONDITION, "", "", "" },
    { "no boundary", "multipart/form-data", "", ERR_PRECONDITION, "", "", "" },
    { "an empty boundary", "multipart/form-data; boundary=", "", ERR_PRECONDITION, "", "", "" },
    { "no file", TYPE, PART("a") "1\r\n--B--\r\n", ERR_BAD_REQUEST, "", "", "" },
    { "a file without end", TYPE, FILE_PART "x", ERR_BAD_REQUEST, "", "f", "" },
    { "a name twice", TYPE, PART("a") "1\r\n" PART("A") "2\r\n" FILE_PART "x\r\n--B--", ERR_BAD_REQUEST, "", "", "" },
    { "a part without headers", TYPE, "--B\r\n\r\n1\r\n--B--", ERR_BAD_REQUEST, "", "", "" },
    { "a part without name", TYPE, "--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--", ERR_BAD_REQUEST, "", "",
      "" },
    { "nothing", TYPE, "", ERR_BAD_REQUEST, "", "", "" },
};

/* Reads all of a form; what the file holds is put into `content`. */
static enum err read_form(const char *type, struct feed *feed, struct arena *arena, struct buf *fields,
                          struct slice *filename, struct buf *content)
{
    struct form *f = NULL;
    struct policy_field *list;
    size_t n;
    enum err e = form_new(slice_str(type), next, feed, &f);
    if (!e)
        e = form_read_fields(f, arena, &list, &n, filename);
    for (size_t i = 0; !e && i < n; i++)
        buf_addf(fields, "%.*s=%.*s;", (int)list[i].name.n, list[i].name.p, (int)list[i].value.n,
                 list[i].value.n ? list[i].value.p : "");
    while (!e) {
        struct slice piece;
        e = form_read_file(f, &piece);
        if (e || piece.n == 0)
            break;
        buf_add(content, piece);
    }
    form_free(f);
    return e;
}

static void a_form_is_read_the_same_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].name);
        for (size_t step = 1; step <= strlen(cases[i].body) + 1; step++) {
            AUTO_BUF struct buf fields, content;
            struct slice filename = SLICE("");
            struct arena *arena = arena_new();
            buf_init(&fields, 4096);
            buf_init(&content, 4096);
            struct feed feed = { slice_str(cases[i].body), step };
            assert_int_equal(read_form(cases[i].type, &feed, arena, &fields, &filename, &content), cases[i].want);
            if (cases[i].want == OK) {
                assert_string_equal(buf_str(&fields), cases[i].fields);
                assert_true(slice_is(filename, cases[i].filename));
                assert_true(slice_is(buf_slice(&content), cases[i].content));
            }
            arena_free(arena);
        }
    }
}

static void fields_are_bounded(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    AUTO_BUF struct buf body, fields, content;
    struct slice filename;
    buf_init(&fields, 4096);
    buf_init(&content, 4096);
    buf_init(&body, 1 << 20);
    buf_add_str(&body, PART("a"));
    for (size_t i = 0; i < 200000; i++)
        buf_add_char(&body, 'x');
    struct feed feed = { buf_slice(&body), 1 << 20 };
    assert_int_equal(read_form(TYPE, &feed, arena, &fields, &filename, &content), ERR_MESSAGE_TOO_LONG);
    buf_clear(&body);
    for (size_t i = 0; i <= FORM_FIELDS_MAX; i++)
        buf_addf(&body, "--B\r\nContent-Disposition: form-data; name=\"n%zu\"\r\n\r\n\r\n", i);
    buf_add_str(&body, FILE_PART "\r\n--B--");
    feed = (struct feed){ buf_slice(&body), 1 << 20 };
    assert_int_equal(read_form(TYPE, &feed, arena, &fields, &filename, &content), ERR_MESSAGE_TOO_LONG);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_read_the_same_however_it_is_cut),
        cmocka_unit_test(fields_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

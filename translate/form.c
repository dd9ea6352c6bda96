/* SPDX-License-Identifier: Apache-2.0 */
/* form.c: see form.h. All of the parsing is done in one window of bytes: it grows over the fields, up to a limit, and
 * slides over the file, where all but what may be the beginning of a boundary can be given on.
 *
 *   "--" boundary CRLF  headers CRLF CRLF  content  CRLF "--" boundary CRLF …  CRLF "--" boundary "--" */
#include "translate/form.h"

#include <stdlib.h>

enum {
    BOUNDARY_MAX = 70,          /* RFC 2046 */
    FIELDS_MAX = 48 * 1024,     /* of the window before the file: fields of 20 KB, their headers, some of the file */
    STEP = 64 * 1024,           /* most taken from the source at once */
    PART_HEADERS_MAX = 8 * 1024 /* of one part */
};

struct form {
    form_source *source;
    void *ctx;
    char mark[4 + BOUNDARY_MAX]; /* CRLF "--" boundary */
    size_t mark_n;
    struct slice source_left; /* of what the source gave last */
    char *window;             /* FIELDS_MAX + STEP bytes */
    size_t from, to;          /* what of it is not done with */
    bool file_done;
};

/* The value of `name` among the parameters behind the first ';' (RFC 9110 section 5.6.6; RFC 7578 section 4.2: `\"`
 * inside quotes, as old browsers send it, ends nothing). p == NULL: none. */
static struct slice parameter(struct slice text, const char *name)
{
    size_t i = 0;
    while (i < text.n && text.p[i] != ';')
        i++;
    while (i < text.n) {
        for (i++; i < text.n && (text.p[i] == ' ' || text.p[i] == '\t'); i++)
            ;
        size_t start = i;
        while (i < text.n && text.p[i] != '=' && text.p[i] != ';')
            i++;
        struct slice key = slice_trim(slice_of(text.p + start, i - start));
        if (i == text.n || text.p[i] == ';')
            continue;
        bool quoted = ++i < text.n && text.p[i] == '"';
        size_t value = quoted ? ++i : i;
        while (i < text.n && (quoted ? text.p[i] != '"' : text.p[i] != ';'))
            i += quoted && text.p[i] == '\\' && i + 1 < text.n ? 2 : 1;
        size_t end = i < text.n ? i : text.n;
        while (i < text.n && text.p[i] != ';')
            i++;
        if (slice_eq_nocase(key, slice_str(name)))
            return quoted ? slice_of(text.p + value, end - value) : slice_trim(slice_of(text.p + value, end - value));
    }
    return SLICE_NONE;
}

enum err form_new(struct slice content_type, form_source *source, void *ctx, struct form **out)
{
    struct slice rest = content_type, type = slice_trim(slice_cut(&rest, ';'));
    struct slice boundary = parameter(content_type, "boundary");
    if (!slice_eq_nocase(type, SLICE("multipart/form-data")) || boundary.n == 0 || boundary.n > BOUNDARY_MAX)
        return ERR_PRECONDITION;
    struct form *f = (struct form *)mem_zalloc(sizeof *f);
    f->source = source;
    f->ctx = ctx;
    memcpy(f->mark, "\r\n--", 4);
    memcpy(f->mark + 4, boundary.p, boundary.n);
    f->mark_n = 4 + boundary.n;
    f->window = (char *)mem_alloc(FIELDS_MAX + STEP);
    memcpy(f->window, "\r\n", 2); /* so that the first boundary looks like the others */
    f->to = 2;
    *out = f;
    return OK;
}

void form_free(struct form *f)
{
    if (!f)
        return;
    free(f->window);
    free(f);
}

/* More into the window, whose content may move. ERR_BAD_REQUEST: there is no more. */
static enum err fill(struct form *f)
{
    if (f->source_left.n == 0) {
        enum err e = f->source(f->ctx, &f->source_left);
        if (e)
            return e;
        if (f->source_left.n == 0)
            return ERR_BAD_REQUEST;
    }
    memmove(f->window, f->window + f->from, f->to - f->from);
    f->to -= f->from;
    f->from = 0;
    size_t room = FIELDS_MAX + STEP - f->to, n = f->source_left.n;
    n = n < room ? n : room;
    n = n < STEP ? n : STEP;
    memcpy(f->window + f->to, f->source_left.p, n);
    f->to += n;
    f->source_left = slice_from(f->source_left, n);
    return OK;
}

static const char *search(const struct form *f, const char *what, size_t n)
{
    return (const char *)memmem(f->window + f->from, f->to - f->from, what, n);
}

/* Everything up to `what`, which is passed over too; valid until the next fill. ERR_MESSAGE_TOO_LONG: it does not come
 * within `max` bytes. */
static enum err read_until(struct form *f, const char *what, size_t n, size_t max, struct slice *out)
{
    const char *at;
    while (!(at = search(f, what, n))) {
        if (f->to - f->from > max)
            return ERR_MESSAGE_TOO_LONG;
        enum err e = fill(f);
        if (e)
            return e;
    }
    *out = slice_of(f->window + f->from, (size_t)(at - f->window) - f->from);
    f->from += out->n + n;
    return OK;
}

/* A part's headers: its names, and which is the file. */
struct part {
    struct slice name, filename; /* in the arena */
};

static enum err read_part(struct form *f, struct arena *arena, struct part *out)
{
    struct slice headers, line;
    enum err e = read_until(f, "\r\n", 2, PART_HEADERS_MAX, &line);
    if (e)
        return e;
    if (slice_trim(line).n > 0) /* "--": the last boundary */
        return ERR_BAD_REQUEST;
    f->from -= 2; /* headers may be none: then CRLF CRLF is right here */
    e = read_until(f, "\r\n\r\n", 4, PART_HEADERS_MAX, &headers);
    while (!e && headers.p && headers.n > 0) {
        line = slice_cut(&headers, '\n');
        struct slice value = slice_of(line.p, line.n && line.p[line.n - 1] == '\r' ? line.n - 1 : line.n);
        struct slice name = slice_cut(&value, ':');
        if (!value.p || !slice_eq_nocase(slice_trim(name), SLICE("content-disposition")))
            continue;
        out->name = arena_copy(arena, parameter(value, "name"));
        out->filename = arena_copy(arena, parameter(value, "filename"));
    }
    return e ? e : out->name.n > 0 ? OK : ERR_BAD_REQUEST;
}

static bool is_there(const struct policy_field *list, size_t n, struct slice name)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq_nocase(list[i].name, name))
            return true;
    return false;
}

enum err form_read_fields(struct form *f, struct arena *arena, struct policy_field **fields, size_t *n,
                          struct slice *filename)
{
    struct policy_field *list = (struct policy_field *)arena_alloc(arena, FORM_FIELDS_MAX * sizeof *list);
    size_t count = 0, bytes = 0;
    struct slice content;
    enum err e = read_until(f, f->mark, f->mark_n, PART_HEADERS_MAX, &content); /* the preamble */
    while (!e) {
        struct part part = { 0 };
        e = read_part(f, arena, &part);
        if (e)
            return e;
        if (slice_eq_nocase(part.name, SLICE("file"))) {
            *fields = list;
            *n = count;
            *filename = part.filename;
            return OK;
        }
        if (is_there(list, count, part.name))
            return ERR_BAD_REQUEST;
        e = read_until(f, f->mark, f->mark_n, FIELDS_MAX - PART_HEADERS_MAX, &content);
        bytes += e ? 0 : part.name.n + content.n;
        if (!e && (count == FORM_FIELDS_MAX || bytes > FIELDS_MAX))
            e = ERR_MESSAGE_TOO_LONG;
        if (!e)
            list[count++] = (struct policy_field){ part.name, arena_copy(arena, content) };
    }
    return e;
}

enum err form_read_file(struct form *f, struct slice *out)
{
    *out = SLICE("");
    while (!f->file_done) {
        const char *at = search(f, f->mark, f->mark_n);
        size_t have = f->to - f->from;
        size_t n = at ? (size_t)(at - f->window) - f->from : have < f->mark_n ? 0 : have - f->mark_n + 1;
        f->file_done = at != NULL;
        if (n > 0) {
            *out = slice_of(f->window + f->from, n);
            f->from += n;
            return OK;
        }
        enum err e = at ? OK : fill(f);
        if (e)
            return e;
    }
    return OK;
}

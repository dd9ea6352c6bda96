/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_batch.c: `batch`: adds, copies and deletes in one operation of the Hub, out of arguments or a manifest.
 *
 *   operations ─► all read and checked ─► content sent, sources looked up ─► one batch, in their order
 *
 * Nothing becomes visible before everything is known to be fine. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/copy.h"
#include "cli/transfer.h"

/* One operation is kept until all are known. */
enum { OPERATIONS_MAX = 100000, LINE_MAX_BYTES = 64 << 10 };

struct operation {
    enum hub_op op;
    const char *from; /* add: a file here, copy: a place; in the arena, as the others */
    const char *path;
    const char *content_type; /* NULL: by the name */
};

struct batch {
    struct session *s;
    struct session_bucket bucket;
    struct arena *arena;
    struct operation *ops;
    size_t n, room;
    struct hub_line *lines; /* one an operation */
    uint64_t *sizes;
};

/* ---- reading ---- */

static bool op_of(const char *word, enum hub_op *out)
{
    static const char *const words[] = { [HUB_ADD] = "add", [HUB_COPY] = "copy", [HUB_DELETE] = "delete" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], word) == 0) {
            *out = (enum hub_op)i;
            return true;
        }
    }
    return false;
}

static bool add_operation(struct batch *b, const char *word, const char *from, const char *path, const char *type)
{
    struct operation o = { .path = path, .from = from, .content_type = type };
    if (!op_of(word, &o.op))
        output_fail(&b->s->out, CLI_USAGE, "%s: is none of add, copy, delete", word);
    else if (!path || !place_path_valid(slice_str(path)))
        output_fail(&b->s->out, CLI_USAGE, "%s %s: this is no path within a bucket", word, path ? path : "");
    else if (o.op != HUB_DELETE && !from)
        output_fail(&b->s->out, CLI_USAGE, "%s %s: from where?", word, path);
    else if (b->n == OPERATIONS_MAX)
        output_fail(&b->s->out, CLI_USAGE, "more than %d operations", OPERATIONS_MAX);
    else {
        if (b->n == b->room) {
            b->room = b->room ? 2 * b->room : 64;
            b->ops = mem_realloc(b->ops, b->room * sizeof *b->ops);
        }
        b->ops[b->n++] = o;
        return true;
    }
    return false;
}

static bool read_arguments(struct batch *b, char **word, int n)
{
    for (int i = 0; i < n;) {
        int takes = strcmp(word[i], "delete") == 0 ? 1 : 2;
        if (i + takes >= n) {
            output_fail(&b->s->out, CLI_USAGE,
                        "%s: what is to be done is `add LOCAL PATH`, `copy PLACE PATH` or "
                        "`delete PATH`",
                        word[i]);
            return false;
        }
        if (!add_operation(b, word[i], takes == 2 ? word[i + 1] : NULL, word[i + takes], NULL))
            return false;
        i += 1 + takes;
    }
    return true;
}

static const char *text_of(struct batch *b, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? arena_strdup(b->arena, slice_str(text)) : NULL;
}

static bool read_line(struct batch *b, struct slice line, const char *file, unsigned long number)
{
    json_t *object = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
    const char *word = json_is_object(object) ? text_of(b, object, "op") : NULL;
    bool ok = word && add_operation(b, word, text_of(b, object, "from"), text_of(b, object, "path"),
                                    text_of(b, object, "content_type"));
    if (!ok)
        output_fail(&b->s->out, CLI_USAGE, "%s:%lu: is not an operation; --help shows one", file, number);
    json_decref(object);
    return ok;
}

static bool read_lines(struct batch *b, FILE *in, const char *file)
{
    AUTO_FREE char *line = mem_alloc(LINE_MAX_BYTES);
    for (unsigned long number = 1; fgets(line, LINE_MAX_BYTES, in); number++) {
        struct slice text = slice_str(line);
        while (text.n && strchr(" \t\r\n", text.p[text.n - 1]))
            text.n--;
        if (text.n && !read_line(b, text, file, number))
            return false;
    }
    return true;
}

static bool read_manifest(struct batch *b, const char *file)
{
    FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    bool ok = in && read_lines(b, in, file);
    if (!in || ferror(in)) {
        output_error(&b->s->out, slice_str(file), ERR_STORE, NULL);
        ok = false;
    }
    if (in && in != stdin)
        fclose(in);
    return ok;
}

/* ---- preparing ---- */

static enum err prepare_add(struct batch *b, const struct operation *o, struct hub_line *line, uint64_t *size)
{
    struct slice path = slice_str(o->path);
    struct xet_file file;
    struct stat st;
    int fd = open(o->from, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_STORE;
    enum err e = fstat(fd, &st) == 0 ? OK : ERR_STORE;
    if (!e)
        e = transfer_up(b->s, b->bucket.space, fd, (uint64_t)st.st_size, &file);
    int error = errno;
    close(fd);
    errno = error;
    if (e)
        return e;
    *line = transfer_line(path, &file, (int64_t)st.st_mtim.tv_sec * 1000,
                          o->content_type ? slice_str(o->content_type) : transfer_content_type(path));
    *size = file.size;
    return OK;
}

static enum err prepare_copy(struct batch *b, const struct operation *o, struct hub_line *line, uint64_t *size)
{
    struct place from;
    struct hub_file file;
    if (place_parse(o->from, &from) || from.kind == PLACE_LOCAL || from.path.n == 0)
        return ERR_COPY_SOURCE;
    struct hub_bucket *source = copy_source(b->s->hub, &from);
    enum err e = hub_lookup(source, from.path, b->arena, &file);
    if (!e)
        e = copy_line(&from, &file, slice_str(o->path), line);
    if (!e)
        *size = file.size;
    hub_bucket_free(source);
    return e;
}

static bool prepare(struct batch *b)
{
    b->lines = mem_zalloc((b->n + 1) * sizeof *b->lines);
    b->sizes = mem_zalloc((b->n + 1) * sizeof *b->sizes);
    for (size_t i = 0; i < b->n; i++) {
        const struct operation *o = &b->ops[i];
        struct hub_line *line = &b->lines[i];
        *line = (struct hub_line){ .op = HUB_DELETE, .path = slice_str(o->path) };
        enum err e = o->op == HUB_ADD    ? prepare_add(b, o, line, &b->sizes[i])
                     : o->op == HUB_COPY ? prepare_copy(b, o, line, &b->sizes[i])
                                         : OK;
        if (e) {
            output_error(&b->s->out, slice_str(o->from), e, e == ERR_COPY_SOURCE ? "is no file on the Hub" : NULL);
            return false;
        }
    }
    return true;
}

/* ---- doing ---- */

static void apply(struct batch *b)
{
    static const char *const actions[] = { [HUB_ADD] = "put", [HUB_COPY] = "copy", [HUB_DELETE] = "delete" };
    enum err e = b->n ? hub_batch(b->bucket.hub, b->lines, b->n, b->arena) : OK;
    for (size_t i = 0; i < b->n; i++) {
        const struct hub_line *line = &b->lines[i];
        if (e || line->result)
            output_error(&b->s->out, line->path, line->result ? line->result : e, line->error);
        else
            output_file(&b->s->out, OUTPUT_DID, actions[line->op], line->path, b->sizes[i],
                        line->op == HUB_DELETE ? NULL : line->xet_hash);
    }
}

static bool read_all(struct batch *b, const struct args *a)
{
    const char *manifest = args_value(a, "manifest");
    if (!manifest && a->n == 1) {
        output_fail(&b->s->out, CLI_USAGE, "nothing to do: operations, or --manifest");
        return false;
    }
    return read_arguments(b, a->place + 1, a->n - 1) && (!manifest || read_manifest(b, manifest));
}

int cmd_batch(struct session *s, const struct args *a)
{
    struct batch b = { .s = s, .arena = arena_new() };
    struct slice id;
    if (session_bucket_id(s, a->place[0], b.arena, &id) && read_all(&b, a)) {
        session_bucket_open(s, id, &b.bucket);
        if (prepare(&b))
            apply(&b);
        session_bucket_close(&b.bucket);
    }
    free(b.ops);
    free(b.lines);
    free(b.sizes);
    arena_free(b.arena);
    return output_status(&s->out);
}

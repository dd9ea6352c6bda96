/* SPDX-License-Identifier: Apache-2.0 */
/* output.c: see output.h. */
#include "cli/output.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "common/clock.h"

enum { DRAW_EVERY_MS = 100 };

void output_init(struct output *o, bool json)
{
    *o = (struct output){ .json = json, .stdout_tty = isatty(1), .stderr_tty = isatty(2), .began_ms = clock_mono_ms() };
    pthread_mutex_init(&o->lock, NULL);
}

/* Under lock: the next line begins at the left of an empty one. */
static void clear_progress(struct output *o)
{
    if (o->drawn)
        fputs("\r\033[K", stderr);
    o->drawn = false;
}

void output_done(struct output *o)
{
    clear_progress(o);
    pthread_mutex_destroy(&o->lock);
}

void output_human(uint64_t bytes, char out[OUTPUT_SIZE])
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    double n = (double)bytes;
    size_t unit = 0;
    /* What would be printed as 1024.0 is the next unit's 1.0. */
    for (; n >= 1023.95 && unit + 1 < sizeof units / sizeof *units; unit++)
        n /= 1024;
    snprintf(out, OUTPUT_SIZE, unit ? "%.1f %s" : "%.0f %s", n, units[unit]);
}

/* ---- lines ---- */

static void write_name(FILE *to, struct slice name, bool tty)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        /* C1 controls are U+0080 to U+009F: 0xC2 and one of these in UTF-8. */
        bool c1 = i > 0 && (unsigned char)name.p[i - 1] == 0xC2 && c < 0xA0;
        putc(tty && (c < 0x20 || c == 0x7F || c1) ? '?' : c, to);
    }
}

/* Takes `object`. A name that is not UTF-8 was left out of it by jansson. */
static void write_json(struct output *o, json_t *object)
{
    pthread_mutex_lock(&o->lock);
    json_dumpf(object, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    putchar('\n');
    pthread_mutex_unlock(&o->lock);
    json_decref(object);
}

static void set_text(json_t *object, const char *name, struct slice text)
{
    json_object_set_new(object, name, json_stringn(text.p ? text.p : "", text.n));
}

static void set_time(json_t *object, const char *name, int64_t ms)
{
    char text[CLOCK_TEXT];
    if (ms == 0)
        return;
    clock_iso8601(ms, text);
    json_object_set_new(object, name, json_string(text));
}

static void set_count(json_t *object, const char *name, uint64_t n)
{
    json_object_set_new(object, name, json_integer((json_int_t)n));
}

static void bucket_json(struct output *o, const struct hub_bucket_info *info)
{
    json_t *object = json_object();
    set_text(object, "id", info->id);
    json_object_set_new(object, "private", json_boolean(info->is_private));
    set_count(object, "size", info->size);
    set_count(object, "files", info->files);
    set_time(object, "created", info->created_ms);
    set_time(object, "updated", info->updated_ms);
    write_json(o, object);
}

static void bucket_details(const struct hub_bucket_info *info, const char *human)
{
    char created[CLOCK_TEXT] = "-", updated[CLOCK_TEXT] = "-";
    if (info->created_ms)
        clock_iso8601(info->created_ms, created);
    if (info->updated_ms)
        clock_iso8601(info->updated_ms, updated);
    printf("visibility  %s\nfiles       %llu\nsize        %llu (%s)\ncreated     %s\nupdated     %s\n",
           info->is_private ? "private" : "public", (unsigned long long)info->files, (unsigned long long)info->size,
           human, created, updated);
}

void output_bucket(struct output *o, const struct hub_bucket_info *info, bool details)
{
    char human[OUTPUT_SIZE];
    if (o->json) {
        bucket_json(o, info);
        return;
    }
    output_human(info->size, human);
    pthread_mutex_lock(&o->lock);
    if (!details)
        printf("%-8s %10s %8llu  ", info->is_private ? "private" : "public", human, (unsigned long long)info->files);
    fputs(details ? "bucket      hf://buckets/" : "hf://buckets/", stdout);
    write_name(stdout, info->id, o->stdout_tty);
    putchar('\n');
    if (details)
        bucket_details(info, human);
    pthread_mutex_unlock(&o->lock);
}

void output_bucket_id(struct output *o, const char *action, struct slice id)
{
    if (o->json) {
        json_t *object = json_object();
        json_object_set_new(object, "action", json_string(action));
        set_text(object, "id", id);
        write_json(o, object);
        return;
    }
    printf("%s hf://buckets/%.*s\n", action, (int)id.n, id.p);
}

static void entry_json(struct output *o, const struct hub_file *f)
{
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string(f->is_directory ? "directory" : "file"));
    set_text(object, "path", f->path);
    if (!f->is_directory) {
        set_count(object, "size", f->size);
        if (f->xet_hash[0])
            json_object_set_new(object, "xet_hash", json_string(f->xet_hash));
        if (f->content_type.n)
            set_text(object, "content_type", f->content_type);
        set_time(object, "mtime", f->mtime_ms);
    }
    set_time(object, "uploaded", f->uploaded_ms);
    write_json(o, object);
}

void output_entry(struct output *o, const struct hub_file *f, bool human)
{
    char size[OUTPUT_SIZE] = "-", date[CLOCK_TEXT] = "-";
    if (o->json) {
        entry_json(o, f);
        return;
    }
    if (human && !f->is_directory)
        output_human(f->size, size);
    else if (!f->is_directory)
        snprintf(size, sizeof size, "%llu", (unsigned long long)f->size);
    if (hub_file_modified(f))
        clock_iso8601(hub_file_modified(f), date);
    pthread_mutex_lock(&o->lock);
    printf("%*s  %-24s  ", human ? 10 : 14, size, date);
    write_name(stdout, f->path, o->stdout_tty);
    fputs(f->is_directory ? "/\n" : "\n", stdout);
    pthread_mutex_unlock(&o->lock);
}

void output_file(struct output *o, enum output_tense tense, const char *action, struct slice path, uint64_t size,
                 const char *xet_hash)
{
    if (o->json) {
        json_t *object = json_object();
        json_object_set_new(object, "action", json_string(action));
        set_text(object, "path", path);
        if (xet_hash && xet_hash[0]) {
            set_count(object, "size", size);
            json_object_set_new(object, "xet_hash", json_string(xet_hash));
        }
        if (tense == OUTPUT_WOULD)
            json_object_set_new(object, "dry_run", json_true());
        write_json(o, object);
        return;
    }
    pthread_mutex_lock(&o->lock);
    clear_progress(o);
    printf("%s%s ", tense == OUTPUT_WOULD ? "would " : "", action);
    write_name(stdout, path, o->stdout_tty);
    putchar('\n');
    pthread_mutex_unlock(&o->lock);
}

void output_summary(struct output *o, const struct output_summary *s)
{
    if (o->json) {
        json_t *object = json_object();
        json_object_set_new(object, "action", json_string("summary"));
        set_count(object, "transferred", s->transferred);
        set_count(object, "same", s->same);
        set_count(object, "deleted", s->deleted);
        write_json(o, object);
        return;
    }
    pthread_mutex_lock(&o->lock);
    clear_progress(o);
    printf("%llu transferred, %llu the same, %llu deleted\n", (unsigned long long)s->transferred,
           (unsigned long long)s->same, (unsigned long long)s->deleted);
    pthread_mutex_unlock(&o->lock);
}

enum err output_flush(struct output *o)
{
    pthread_mutex_lock(&o->lock);
    bool gone = fflush(stdout) != 0 || ferror(stdout);
    if (gone && !o->status)
        o->status = CLI_FAILED;
    pthread_mutex_unlock(&o->lock);
    return gone ? ERR_CLIENT_GONE : OK;
}

/* ---- what went wrong ---- */

static const char *words(enum err e, int error)
{
    switch (e) {
    case ERR_NO_SUCH_BUCKET:
        return "there is no such bucket or repository, or HF_TOKEN may not see it";
    case ERR_NO_SUCH_KEY:
        return "there is no such file or directory";
    case ERR_UPSTREAM_REFUSED:
        return "HF_TOKEN may not do this";
    case ERR_UPSTREAM_TOKEN:
        return "the Hub does not know HF_TOKEN, or needs one for this";
    case ERR_UPSTREAM_EXISTS:
        return "exists already";
    case ERR_UPSTREAM_ANSWER:
        return "the Hub or its storage gave an answer that makes no sense: is HF_ENDPOINT right?";
    case ERR_UPSTREAM:
        return "the Hub or its storage cannot be reached: is HF_ENDPOINT right?";
    case ERR_SLOW_DOWN:
        return "the Hub's rate limit is spent: try again in some minutes";
    case ERR_INVALID_ARGUMENT:
        return "the Hub does not take this name";
    case ERR_BAD_REQUEST:
        return "`..`, a backslash or an empty part: no name for a file on both sides";
    case ERR_STORE:
        return strerror(error); /* NOLINT(concurrency-mt-unsafe): glibc's is per thread for known numbers */
    default:
        return err_text(e);
    }
}

static void remember(struct output *o, int status)
{
    if (!o->status)
        o->status = status;
}

static int status_of(enum err e, int error)
{
    bool missing = e == ERR_NO_SUCH_BUCKET || e == ERR_NO_SUCH_KEY || (e == ERR_STORE && error == ENOENT);
    return missing ? CLI_NOT_FOUND : CLI_FAILED;
}

void output_error(struct output *o, struct slice what, enum err e, const char *detail)
{
    int error = errno;
    pthread_mutex_lock(&o->lock);
    clear_progress(o);
    if (e != ERR_CLIENT_GONE) {
        fputs("hugs3: ", stderr);
        write_name(stderr, what, o->stderr_tty);
        fputs(": ", stderr);
        write_name(stderr, slice_str(detail ? detail : words(e, error)), o->stderr_tty);
        putc('\n', stderr);
    }
    remember(o, status_of(e, error));
    pthread_mutex_unlock(&o->lock);
}

int output_fail(struct output *o, int status, const char *fmt, ...)
{
    va_list ap;
    char text[4096];
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&o->lock);
    clear_progress(o);
    fputs("hugs3: ", stderr);
    write_name(stderr, slice_str(text), o->stderr_tty);
    putc('\n', stderr);
    remember(o, status);
    status = o->status;
    pthread_mutex_unlock(&o->lock);
    return status;
}

void output_note(struct output *o, struct slice what, const char *text)
{
    pthread_mutex_lock(&o->lock);
    clear_progress(o);
    fputs("hugs3: ", stderr);
    write_name(stderr, what, o->stderr_tty);
    fprintf(stderr, ": %s\n", text);
    pthread_mutex_unlock(&o->lock);
}

int output_status(struct output *o)
{
    pthread_mutex_lock(&o->lock);
    int status = o->status;
    pthread_mutex_unlock(&o->lock);
    return status;
}

/* ---- progress ---- */

void output_progress(struct output *o, uint64_t bytes, unsigned files)
{
    char sum[OUTPUT_SIZE], rate[OUTPUT_SIZE];
    if (!o->stderr_tty)
        return;
    pthread_mutex_lock(&o->lock);
    int64_t now = clock_mono_ms();
    o->bytes += bytes;
    o->files += files;
    if (now - o->drawn_ms >= DRAW_EVERY_MS) {
        int64_t took_ms = now > o->began_ms ? now - o->began_ms : 1;
        output_human(o->bytes, sum);
        output_human((uint64_t)((double)o->bytes * 1000 / (double)took_ms), rate);
        fprintf(stderr, "\r\033[K%llu files, %s, %s/s", (unsigned long long)o->files, sum, rate);
        o->drawn_ms = now;
        o->drawn = true;
    }
    pthread_mutex_unlock(&o->lock);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: a line is put together in the caller's buffer and leaves by one write. A line of a level that is not wanted
 * stays empty: its fields add nothing, its end writes nothing. */
#include "common/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/clock.h"

#define LINE_MAX_BYTES 4096
#define TEXT_MAX       1024

static _Atomic enum log_level wanted = LOG_INFO;

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&wanted, level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
    return level <= atomic_load_explicit(&wanted, memory_order_relaxed);
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = { "error", "warn", "info", "debug" };
    return names[level];
}

/* Outside of quotes nothing may look like the end of the value, or confuse a terminal. */
static bool is_plain(struct slice value)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if (c <= ' ' || c >= 0x7F || c == '"' || c == '\\' || c == '=')
            return false;
    }
    return value.n > 0;
}

static void add_escaped(struct buf *line, struct slice value)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if (c == '"' || c == '\\')
            buf_addf(line, "\\%c", c);
        else if (c == '\n')
            buf_add(line, SLICE("\\n"));
        else if (c < ' ' || c >= 0x7F)
            buf_addf(line, "\\x%02x", c);
        else
            buf_add_char(line, (char)c);
    }
}

void log_begin(struct buf *line, enum log_level level, const char *module, const char *msg)
{
    char now[CLOCK_TEXT];
    buf_clear(line);
    if (!log_enabled(level))
        return;
    clock_iso8601(clock_now_ms(), now);
    buf_addf(line, "time=%s level=%s module=%s msg=\"", now, level_name(level), module);
    add_escaped(line, slice_str(msg));
    buf_add_char(line, '"');
}

static bool add_name(struct buf *line, const char *name)
{
    if (line->n == 0)
        return false;
    buf_addf(line, " %s=", name);
    return true;
}

void log_field(struct buf *line, const char *name, struct slice value)
{
    if (!add_name(line, name))
        return;
    if (is_plain(value)) {
        buf_add(line, value);
        return;
    }
    buf_add_char(line, '"');
    add_escaped(line, value);
    buf_add_char(line, '"');
}

void log_field_int(struct buf *line, const char *name, int64_t value)
{
    if (add_name(line, name))
        buf_addf(line, "%lld", (long long)value);
}

/* A line that was cut by the buffer's ceiling is written as far as it goes. Nothing can be done about a failing
 * stderr, and a daemon must not die of it. */
void log_end(struct buf *line)
{
    if (line->n == 0)
        return;
    struct iovec parts[] = { { line->p, line->n }, { (char[]){ '\n' }, 1 } };
    ssize_t written = writev(STDERR_FILENO, parts, 2);
    (void)written;
    buf_clear(line);
}

void log_say(enum log_level level, const char *module, const char *fmt, ...)
{
    AUTO_BUF struct buf line = { .max = LINE_MAX_BYTES };
    char text[TEXT_MAX];
    va_list args;
    if (!log_enabled(level))
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    log_begin(&line, level, module, text);
    log_end(&line);
}

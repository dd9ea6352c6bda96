/* SPDX-License-Identifier: Apache-2.0 */
/* json_out.c: JSON, written straight into a buf (RFC 8259). */
#include "localhub/json_out.h"

#include <inttypes.h>

#include "common/clock.h"

static void value_begins(struct json_out *j)
{
    if (j->comma)
        buf_add_char(j->out, ',');
    j->comma = true;
}

void json_open(struct json_out *j, char bracket)
{
    value_begins(j);
    buf_add_char(j->out, bracket);
    j->comma = false;
}

void json_close(struct json_out *j, char bracket)
{
    buf_add_char(j->out, bracket);
    j->comma = true;
}

/* RFC 8259 section 7: quote, backslash and everything below the blank must be escaped. */
static void add_quoted(struct buf *out, struct slice s)
{
    size_t from = 0;

    buf_add_char(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(out, slice_of(s.p + from, i - from));
        if (c < 0x20)
            buf_addf(out, "\\u%04x", c);
        else
            buf_addf(out, "\\%c", c);
        from = i + 1;
    }
    buf_add(out, slice_from(s, from));
    buf_add_char(out, '"');
}

void json_key(struct json_out *j, const char *name)
{
    value_begins(j);
    add_quoted(j->out, slice_str(name));
    buf_add_char(j->out, ':');
    j->comma = false;
}

void json_slice(struct json_out *j, struct slice s)
{
    value_begins(j);
    add_quoted(j->out, s);
}

void json_str(struct json_out *j, const char *s)
{
    json_slice(j, slice_str(s));
}

void json_u64(struct json_out *j, uint64_t n)
{
    value_begins(j);
    buf_addf(j->out, "%" PRIu64, n);
}

void json_bool(struct json_out *j, bool b)
{
    value_begins(j);
    buf_add_str(j->out, b ? "true" : "false");
}

void json_time(struct json_out *j, int64_t ms)
{
    char text[CLOCK_TEXT];

    clock_iso8601(ms, text);
    json_str(j, text);
}

void json_hash(struct json_out *j, const struct xet_hash *h)
{
    char text[XET_HASH_TEXT];

    xet_hash_text(h, text);
    json_str(j, text);
}

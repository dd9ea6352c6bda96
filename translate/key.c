/* SPDX-License-Identifier: Apache-2.0 */
/* key.c: see key.h for the escapes and why they are what they are. */
#include "translate/key.h"

#include "common/codec.h"

static bool is_control(unsigned char c)
{
    return c < 0x20;
}

static int hex_upper(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that "!XX" at s stands for, or -1: not an escape. */
static int escaped_byte(struct slice s)
{
    if (s.n < 3 || s.p[0] != '!')
        return -1;
    int high = hex_upper(s.p[1]), low = hex_upper(s.p[2]);
    if (high < 0 || low < 0)
        return -1;
    int c = high * 16 + low;
    return c == '.' || c == '\\' || c == 0x7f || c == '~' || c == '!' ? c : -1;
}

/* The control character that " !XX" at s stands for, or -1. */
static int escaped_control(struct slice s)
{
    if (s.n < 4 || s.p[0] != ' ' || s.p[1] != '!')
        return -1;
    int high = hex_upper(s.p[2]), low = hex_upper(s.p[3]);
    int c = high < 0 || low < 0 ? -1 : high * 16 + low;
    return c >= 0 && is_control((unsigned char)c) ? c : -1;
}

/* Would this '!' at s be read as an escape? `alone`: it is its whole segment. */
static bool ambiguous(struct slice s, bool alone, bool after_blank)
{
    if (alone || escaped_byte(s) >= 0)
        return true;
    return after_blank && escaped_control(slice_of(s.p - 1, s.n + 1)) >= 0;
}

static void escape_segment(struct slice s, struct buf *out)
{
    if (s.n == 0) {
        buf_add_char(out, '!');
        return;
    }
    bool dots = slice_is(s, ".") || slice_is(s, "..");
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (is_control(c))
            buf_addf(out, " !%02X", c);
        else if (c == '\\' || c == 0x7f || (dots && i == 0) ||
                 (c == '!' && ambiguous(slice_from(s, i), s.n == 1, i > 0 && s.p[i - 1] == ' ')))
            buf_addf(out, "!%02X", c);
        else
            buf_add_char(out, (char)c);
    }
}

/* `reserved`: the key begins with the gateway's own folder, so its '~' is escaped. */
static void escape(struct slice key, bool reserved, struct buf *out)
{
    if (reserved)
        buf_add_str(out, "!7E");
    struct slice rest = reserved ? slice_from(key, 1) : key;
    while (rest.p) {
        escape_segment(slice_cut(&rest, '/'), out);
        if (rest.p)
            buf_add_char(out, '/');
    }
}

bool key_path_internal(struct slice path)
{
    return slice_starts(path, SLICE(KEY_INTERNAL)) || slice_is(path, "~hugs3");
}

enum err key_to_path(struct slice key, struct arena *arena, struct slice *out)
{
    if (key.n > KEY_MAX)
        return ERR_KEY_TOO_LONG;
    if (key.n == 0 || !utf8_valid(key))
        return ERR_INVALID_URI;
    AUTO_BUF struct buf path;
    buf_init(&path, KEY_MAX * 4);
    escape(key, key_path_internal(key), &path);
    *out = arena_copy(arena, buf_slice(&path));
    return OK;
}

static void unescape_segment(struct slice s, struct buf *out)
{
    if (slice_is(s, "!"))
        return;
    for (size_t i = 0; i < s.n;) {
        struct slice here = slice_from(s, i);
        int control = escaped_control(here), byte = escaped_byte(here);
        if (control >= 0) {
            buf_add_char(out, (char)control);
            i += 4;
        } else if (byte >= 0) {
            buf_add_char(out, (char)byte);
            i += 3;
        } else {
            buf_add_char(out, s.p[i++]);
        }
    }
}

struct slice key_of_path(struct slice path, struct arena *arena)
{
    if (!memchr(path.p, '!', path.n))
        return arena_copy(arena, path);
    AUTO_BUF struct buf key;
    buf_init(&key, path.n + 1);
    struct slice rest = path;
    while (rest.p) {
        unescape_segment(slice_cut(&rest, '/'), &key);
        if (rest.p)
            buf_add_char(&key, '/');
    }
    return arena_copy(arena, buf_slice(&key));
}

/* How much of a key's last, unfinished segment is stored as it is named whatever follows. */
static size_t settled(struct slice s)
{
    if (slice_is(s, ".") || slice_is(s, ".."))
        return 0; /* may become "." or ".." or ".x" */
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (is_control(c) || c == '\\' || c == 0x7f)
            return i;
        if (c == '!')
            return i > 0 && s.p[i - 1] == ' ' ? i - 1 : i;
    }
    return s.n;
}

struct slice key_prefix_to_path(struct slice prefix, struct arena *arena)
{
    AUTO_BUF struct buf path;
    buf_init(&path, KEY_MAX * 4 + 16);
    const char *last = prefix.n ? (const char *)memrchr(prefix.p, '/', prefix.n) : NULL;
    size_t whole = last ? (size_t)(last - prefix.p) + 1 : 0;
    struct slice tail = slice_from(prefix, whole);
    if (whole) {
        /* Every segment before the last '/' is finished: "a/" asks for what is below the escaped "a". */
        escape(slice_of(prefix.p, whole - 1), slice_starts(prefix, SLICE(KEY_INTERNAL)), &path);
        buf_add_char(&path, '/');
        buf_add(&path, slice_of(tail.p, settled(tail)));
    } else if (!slice_starts(SLICE(KEY_INTERNAL), tail)) {
        buf_add(&path, slice_of(tail.p, settled(tail)));
    } /* else "~", "~h" …: a key may go on as "~hugs3/", stored as "!7Ehugs3/" */
    if (path.failed)
        return SLICE("");
    return arena_copy(arena, buf_slice(&path));
}

size_t key_floor(struct slice path)
{
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] == '!')
            return i + 1; /* "x!21" is behind "x!1", its key "x!" is before */
        if (path.p[i] != ' ')
            continue;
        bool begins = i == 0 || path.p[i - 1] == '/';           /* "dir/!" is behind "dir/ x", its key is before */
        bool doubled = i + 1 == path.n || path.p[i + 1] <= '!'; /* "x !09" is behind "x  y", its key is before */
        if (begins || doubled)
            return i;
    }
    return path.n;
}

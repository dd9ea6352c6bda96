/* SPDX-License-Identifier: Apache-2.0 */
/* codec.c: hex, base64, percent-encoding and UTF-8, both ways where there are two. */
#include "common/codec.h"

static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";
static const char base64_set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_encode(const void *in, size_t n, char *out)
{
    const unsigned char *bytes = in;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = hex_lower[bytes[i] >> 4];
        out[2 * i + 1] = hex_lower[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(struct slice in, void *out, size_t n)
{
    unsigned char *bytes = out;
    if (in.n / 2 != n || in.n % 2)
        return false;
    for (size_t i = 0; i < in.n; i++)
        if (hex_value(in.p[i]) < 0)
            return false;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(hex_value(in.p[2 * i]) << 4 | hex_value(in.p[2 * i + 1]));
    return true;
}

void base64_encode(struct slice in, struct buf *out)
{
    const unsigned char *b = (const unsigned char *)in.p;
    char *to = buf_room(out, (in.n + 2) / 3 * 4);
    if (to == NULL)
        return;
    size_t whole = in.n / 3 * 3;
    for (size_t i = 0; i < whole; i += 3, to += 4) {
        to[0] = base64_set[b[i] >> 2];
        to[1] = base64_set[(b[i] & 3) << 4 | b[i + 1] >> 4];
        to[2] = base64_set[(b[i + 1] & 15) << 2 | b[i + 2] >> 6];
        to[3] = base64_set[b[i + 2] & 63];
    }
    if (in.n > whole) {
        unsigned second = in.n - whole == 2 ? b[whole + 1] : 0;
        to[0] = base64_set[b[whole] >> 2];
        to[1] = base64_set[(b[whole] & 3) << 4 | second >> 4];
        to[2] = in.n - whole == 2 ? base64_set[(second & 15) << 2] : '=';
        to[3] = '=';
    }
    buf_grew(out, (in.n + 2) / 3 * 4);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Whether `in` is what base64_encode makes of `*n` bytes. Bits that padding leaves unused must be zero (RFC 4648
 * section 3.5), so that every value has exactly one spelling. */
static bool base64_check(struct slice in, size_t *n)
{
    size_t pad = 0;
    if (in.n % 4)
        return false;
    while (pad < 2 && pad < in.n && in.p[in.n - 1 - pad] == '=')
        pad++;
    for (size_t i = 0; i < in.n - pad; i++)
        if (base64_value(in.p[i]) < 0)
            return false;
    if (pad && base64_value(in.p[in.n - 1 - pad]) & (pad == 1 ? 3 : 15))
        return false;
    *n = in.n / 4 * 3 - pad;
    return true;
}

bool base64_decode(struct slice in, void *out, size_t cap, size_t *n)
{
    unsigned char *to = out;
    size_t size, made = 0;
    if (!base64_check(in, &size) || size > cap)
        return false;
    for (size_t i = 0; i < in.n; i += 4) {
        uint32_t group = 0;
        for (size_t j = 0; j < 4; j++)
            group = group << 6 | (in.p[i + j] == '=' ? 0 : (uint32_t)base64_value(in.p[i + j]));
        for (int shift = 16; shift >= 0 && made < size; shift -= 8)
            to[made++] = (unsigned char)(group >> shift);
    }
    *n = size;
    return true;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void percent_encode(struct slice in, enum percent_set set, struct buf *out)
{
    size_t from = 0; /* what is not yet copied and needs no coding */
    for (size_t i = 0; i < in.n; i++) {
        if (is_unreserved(in.p[i]) || (set == PERCENT_PATH && in.p[i] == '/'))
            continue;
        unsigned char c = (unsigned char)in.p[i];
        char coded[3] = { '%', hex_upper[c >> 4], hex_upper[c & 15] };
        buf_add(out, slice_of(in.p + from, i - from));
        buf_add(out, slice_of(coded, sizeof coded));
        from = i + 1;
    }
    buf_add(out, slice_from(in, from));
}

bool percent_decode(struct slice in, bool plus_is_space, struct buf *out)
{
    size_t from = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        size_t length = c == '%' ? 3 : 1;
        if (c == '%') {
            int high = i + 2 < in.n ? hex_value(in.p[i + 1]) : -1;
            int low = i + 2 < in.n ? hex_value(in.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        } else {
            continue;
        }
        buf_add(out, slice_of(in.p + from, i - from));
        buf_add_char(out, c);
        i += length - 1;
        from = i + 1;
    }
    buf_add(out, slice_from(in, from));
    return true;
}

/* How many bytes the character at p takes, 0: none that RFC 3629 section 4 allows. Its table, row by row: the lead
 * byte gives the length and the range of the second byte. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t length;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        length = 2;
    } else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        length = 3;
        low = p[0] == 0xE0 ? 0xA0 : low;   /* else overlong */
        high = p[0] == 0xED ? 0x9F : high; /* else a surrogate */
    } else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        length = 4;
        low = p[0] == 0xF0 ? 0x90 : low;
        high = p[0] == 0xF4 ? 0x8F : high; /* else above U+10FFFF */
    } else {
        return 0;
    }
    if (length > n || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
    return length;
}

bool utf8_valid(struct slice s)
{
    for (size_t i = 0, length; i < s.n; i += length) {
        length = utf8_length((const unsigned char *)s.p + i, s.n - i);
        if (length == 0)
            return false;
    }
    return true;
}

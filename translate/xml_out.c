/* SPDX-License-Identifier: Apache-2.0 */
/* xml_out.c: see xml_out.h. libxml2's writer can only fail for want of memory, which is not survived (buf.h). */
#include "translate/xml_out.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/codec.h"

static void check(int written)
{
    if (written < 0)
        abort();
}

void xml_begin(struct xml_out *x, const char *root, const char *ns)
{
    x->buffer = xmlBufferCreate();
    x->writer = x->buffer ? xmlNewTextWriterMemory(x->buffer, 0) : NULL;
    if (!x->writer)
        abort();
    check(xmlTextWriterStartDocument(x->writer, NULL, "UTF-8", NULL));
    check(xmlTextWriterStartElement(x->writer, (const xmlChar *)root));
    if (ns)
        check(xmlTextWriterWriteAttribute(x->writer, (const xmlChar *)"xmlns", (const xmlChar *)ns));
}

void xml_open(struct xml_out *x, const char *name)
{
    check(xmlTextWriterStartElement(x->writer, (const xmlChar *)name));
}

void xml_close(struct xml_out *x)
{
    check(xmlTextWriterFullEndElement(x->writer));
}

void xml_attribute(struct xml_out *x, const char *name, const char *value)
{
    check(xmlTextWriterWriteAttribute(x->writer, (const xmlChar *)name, (const xmlChar *)value));
}

/* XML 1.0 section 2.2 leaves out most control characters, and parsers turn a bare CR into LF. */
static bool needs_reference(unsigned char c)
{
    return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
}

static void write_string(struct xml_out *x, struct slice s)
{
    AUTO_BUF struct buf coded;
    AUTO_BUF struct buf part;
    buf_init(&coded, 3 * s.n + 1);
    buf_init(&part, 3 * s.n + 1);
    if (!utf8_valid(s)) { /* what a client sent and is told was wrong: XML cannot hold it as it is */
        percent_encode(s, PERCENT_PATH, &coded);
        s = buf_slice(&coded);
    }
    for (size_t at = 0; at < s.n;) {
        size_t end = at;
        while (end < s.n && !needs_reference((unsigned char)s.p[end]))
            end++;
        if (end > at) {
            buf_clear(&part);
            buf_add(&part, slice_of(s.p + at, end - at));
            check(xmlTextWriterWriteString(x->writer, (const xmlChar *)buf_str(&part)));
        }
        if (end < s.n) {
            char reference[8];
            snprintf(reference, sizeof reference, "&#x%X;", (unsigned char)s.p[end]);
            check(xmlTextWriterWriteRaw(x->writer, (const xmlChar *)reference));
            end++;
        }
        at = end;
    }
}

void xml_text(struct xml_out *x, const char *name, struct slice value)
{
    xml_open(x, name);
    write_string(x, value);
    xml_close(x);
}

void xml_str(struct xml_out *x, const char *name, const char *value)
{
    xml_text(x, name, slice_str(value));
}

void xml_uint(struct xml_out *x, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    xml_str(x, name, text);
}

void xml_time(struct xml_out *x, const char *name, int64_t ms)
{
    char text[CLOCK_TEXT];
    clock_iso8601(ms, text);
    xml_str(x, name, text);
}

void xml_name_text(struct xml_out *x, const char *name, struct slice value)
{
    if (!x->url) {
        xml_text(x, name, value);
        return;
    }
    AUTO_BUF struct buf encoded;
    buf_init(&encoded, value.n * 3 + 1);
    percent_encode(value, PERCENT_PATH, &encoded);
    xml_text(x, name, buf_slice(&encoded));
}

struct slice xml_end(struct xml_out *x)
{
    check(xmlTextWriterEndDocument(x->writer));
    check(xmlTextWriterFlush(x->writer));
    return slice_of(xmlBufferContent(x->buffer), (size_t)xmlBufferLength(x->buffer));
}

void xml_done(struct xml_out *x)
{
    if (x->writer)
        xmlFreeTextWriter(x->writer);
    if (x->buffer)
        xmlBufferFree(x->buffer);
    *x = (struct xml_out){ 0 };
}

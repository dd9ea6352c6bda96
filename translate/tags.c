/* SPDX-License-Identifier: Apache-2.0 */
/* tags.c: see tags.h. The companion has them the way the header does. */
#include "translate/tags.h"

#include <ctype.h>

#include "common/codec.h"
#include "translate/xml_in.h"

static size_t characters(struct slice utf8)
{
    size_t n = 0;
    for (size_t i = 0; i < utf8.n; i++)
        n += ((unsigned char)utf8.p[i] & 0xC0) != 0x80;
    return n;
}

/* Letters, digits and blanks of any script, and + - = . _ : / @. */
static bool has_only_allowed(struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char ch = (unsigned char)text.p[i];
        if (ch < 0x80 && !isalnum(ch) && !strchr(" +-=._:/@", ch))
            return false;
        if (ch == 0)
            return false;
    }
    return utf8_valid(text);
}

static enum err add(struct s3_call *c, struct tags *t, struct slice key, struct slice value)
{
    if (t->n == TAGS_MAX)
        return ERR_TOO_MANY_TAGS;
    if (key.n == 0 || characters(key) > TAG_KEY_MAX || !has_only_allowed(key))
        return call_refuse(c, ERR_INVALID_TAG, "The TagKey you have provided is invalid");
    if (characters(value) > TAG_VALUE_MAX || !has_only_allowed(value))
        return call_refuse(c, ERR_INVALID_TAG, "The TagValue you have provided is invalid");
    if (slice_starts(key, SLICE("aws:")))
        return call_refuse(c, ERR_INVALID_TAG, "System tags cannot be added/updated by requester");
    for (size_t i = 0; i < t->n; i++)
        if (slice_eq(t->list[i].key, key))
            return call_refuse(c, ERR_INVALID_TAG, "Cannot provide multiple Tags with the same key");
    t->list[t->n++] = (struct tag){ key, value };
    return OK;
}

static bool decode(struct slice text, struct arena *arena, struct slice *out)
{
    AUTO_BUF struct buf decoded;
    buf_init(&decoded, text.n + 1);
    if (!percent_decode(text, true, &decoded))
        return false;
    *out = arena_copy(arena, buf_slice(&decoded));
    return true;
}

enum err tags_of_request(struct s3_call *c, struct tags *out)
{
    struct slice rest = call_header(c, "x-amz-tagging");
    *out = (struct tags){ 0 };
    while (rest.p) {
        struct slice value = slice_cut(&rest, '&'), key;
        if (value.n == 0)
            continue;
        key = slice_cut(&value, '=');
        if (!value.p)
            value = SLICE("");
        if (!decode(key, c->arena, &key) || !decode(value, c->arena, &value))
            return call_refuse(c, ERR_INVALID_ARGUMENT,
                               "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query "
                               "parameters without tag name duplicates.");
        enum err e = add(c, out, key, value);
        if (e)
            return e;
    }
    return OK;
}

enum err tags_of_document(struct s3_call *c, struct slice text, struct tags *out)
{
    AUTO_XML_IN struct xml_in x = { 0 };
    *out = (struct tags){ 0 };
    enum err e = xml_parse(text, "Tagging", &x);
    if (e)
        return e;
    const xmlNode *set = xml_child(xml_root(&x), "TagSet");
    if (!set)
        return ERR_MALFORMED_XML;
    for (const xmlNode *node = xml_child(set, NULL); !e && node; node = xml_next(node, NULL)) {
        const xmlNode *key = xml_child(node, "Key"), *value = xml_child(node, "Value");
        if (!xml_is(node, "Tag") || !key || !value)
            return ERR_MALFORMED_XML;
        e = add(c, out, xml_content(key, c->arena), xml_content(value, c->arena));
    }
    return e;
}

void tags_write(const struct tags *t, struct xml_out *x)
{
    xml_open(x, "TagSet");
    for (size_t i = 0; i < t->n; i++) {
        xml_open(x, "Tag");
        xml_text(x, "Key", t->list[i].key);
        xml_text(x, "Value", t->list[i].value);
        xml_close(x);
    }
    xml_close(x);
}

void tags_to_meta(const struct tags *t, struct arena *arena, struct meta *m)
{
    AUTO_BUF struct buf text;
    buf_init(&text, TAGS_MAX * 4 * 3 * (TAG_KEY_MAX + TAG_VALUE_MAX + 2));
    for (size_t i = 0; i < t->n; i++) {
        buf_add_str(&text, i ? "&" : "");
        percent_encode(t->list[i].key, PERCENT_ALL, &text);
        buf_add_char(&text, '=');
        percent_encode(t->list[i].value, PERCENT_ALL, &text);
    }
    meta_set(m, META_TAGS, t->n ? arena_copy(arena, buf_slice(&text)) : SLICE_NONE);
}

void tags_of_meta(const struct meta *m, struct arena *arena, struct tags *out)
{
    struct slice rest = meta_find(m, META_TAGS);
    *out = (struct tags){ 0 };
    while (rest.p && out->n < TAGS_MAX) {
        struct slice value = slice_cut(&rest, '&'), key = slice_cut(&value, '=');
        if (value.p && decode(key, arena, &key) && decode(value, arena, &value) && utf8_valid(key) && utf8_valid(value))
            out->list[out->n++] = (struct tag){ key, value };
    }
}

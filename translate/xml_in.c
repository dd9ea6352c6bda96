/* SPDX-License-Identifier: Apache-2.0 */
/* xml_in.c: see xml_in.h. The caller bounds the text's size; libxml2 itself bounds depth. */
#include "translate/xml_in.h"

#include <libxml/parser.h>

MUST_USE enum err xml_parse(struct slice text, const char *root, struct xml_in *out)
{
    if (text.n > INT32_MAX)
        return ERR_MALFORMED_XML;
    /* No XML_PARSE_NOENT: entities stay unexpanded, so neither bombs nor external files are ever read. */
    xmlDocPtr doc = xmlReadMemory(text.p, (int)text.n, NULL, NULL,
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
    if (!doc)
        return ERR_MALFORMED_XML;
    const xmlNode *top = xmlDocGetRootElement(doc);
    if (doc->intSubset || doc->extSubset || !top || !xml_is(top, root)) {
        xmlFreeDoc(doc);
        return ERR_MALFORMED_XML;
    }
    out->doc = doc;
    return OK;
}

void xml_in_done(struct xml_in *x)
{
    if (x->doc)
        xmlFreeDoc(x->doc);
    x->doc = NULL;
}

const xmlNode *xml_root(const struct xml_in *x)
{
    return xmlDocGetRootElement(x->doc);
}

bool xml_is(const xmlNode *node, const char *name)
{
    return strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *first_element(const xmlNode *node, const char *name)
{
    while (node && !(node->type == XML_ELEMENT_NODE && (!name || xml_is(node, name))))
        node = node->next;
    return node;
}

const xmlNode *xml_child(const xmlNode *parent, const char *name)
{
    return parent ? first_element(parent->children, name) : NULL;
}

const xmlNode *xml_next(const xmlNode *node, const char *name)
{
    return first_element(node->next, name);
}

struct slice xml_content(const xmlNode *node, struct arena *arena)
{
    if (!node)
        return SLICE_NONE;
    xmlChar *text = xmlNodeGetContent(node);
    struct slice copy = arena_copy(arena, slice_str((const char *)text));
    xmlFree(text);
    return copy;
}

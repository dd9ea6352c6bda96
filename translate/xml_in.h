/* SPDX-License-Identifier: Apache-2.0 */
/* xml_in.h: documents that clients send, parsed with libxml2 without network, entities or DTDs. Names are compared
 * without their namespace: S3 takes both http://s3.amazonaws.com/doc/2006-03-01/ and none. */
#ifndef HUGS3_TRANSLATE_XML_IN_H
#define HUGS3_TRANSLATE_XML_IN_H

#include <libxml/tree.h>

#include "common/arena.h"

struct xml_in {
    xmlDocPtr doc;
};

/* ERR_MALFORMED_XML: not well-formed, has a DOCTYPE, or the root has another name. */
MUST_USE enum err xml_parse(struct slice text, const char *root, struct xml_in *out);
void xml_in_done(struct xml_in *x); /* a zeroed one is fine */
#define AUTO_XML_IN __attribute__((cleanup(xml_in_done)))

/* Elements only. NULL: no more. `name` NULL: any. */
const xmlNode *xml_root(const struct xml_in *x);
const xmlNode *xml_child(const xmlNode *parent, const char *name);
const xmlNode *xml_next(const xmlNode *node, const char *name);
bool xml_is(const xmlNode *node, const char *name);
/* The text inside, copied to the arena. A missing node (NULL) gives p == NULL. */
struct slice xml_content(const xmlNode *node, struct arena *arena);

#endif

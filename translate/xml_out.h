/* SPDX-License-Identifier: Apache-2.0 */
/* xml_out.h: S3's answers as XML, written straight down. A thin layer over libxml2's text writer that latches errors
 * and writes the characters that XML 1.0 has no place for as numeric references, which is what S3 does. */
#ifndef HUGS3_TRANSLATE_XML_OUT_H
#define HUGS3_TRANSLATE_XML_OUT_H

#include <libxml/xmlwriter.h>

#include "common/buf.h"

struct xml_out {
    xmlBufferPtr buffer;
    xmlTextWriterPtr writer;
    bool url; /* encoding-type=url: what xml_name_text writes is percent-encoded */
};

#define XML_S3_NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"

void xml_begin(struct xml_out *x, const char *root, const char *ns); /* ns NULL: none */
void xml_open(struct xml_out *x, const char *name);
void xml_close(struct xml_out *x);
void xml_attribute(struct xml_out *x, const char *name, const char *value); /* of the element just opened */
void xml_text(struct xml_out *x, const char *name, struct slice value);
void xml_str(struct xml_out *x, const char *name, const char *value);
void xml_uint(struct xml_out *x, const char *name, uint64_t value);
void xml_time(struct xml_out *x, const char *name, int64_t ms);
/* Keys, prefixes, delimiters and markers: percent-encoded when the client asked for encoding-type=url. */
void xml_name_text(struct xml_out *x, const char *name, struct slice value);
/* Ends the document; valid until xml_done. */
struct slice xml_end(struct xml_out *x);
void xml_done(struct xml_out *x); /* a zeroed one is fine */
#define AUTO_XML __attribute__((cleanup(xml_done)))

#endif

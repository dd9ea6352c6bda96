/* SPDX-License-Identifier: Apache-2.0 */
/* attributes.c: GetObjectAttributes: those asked for, as far as they are known. An object is one part: how it was
 * uploaded is not kept. Amazon S3 API Reference, GetObjectAttributes. */
#include "common/clock.h"
#include "translate/object.h"

enum attribute { ETAG = 1, CHECKSUM = 2, OBJECT_PARTS = 4, STORAGE_CLASS = 8, OBJECT_SIZE = 16 };

static int attribute_named(struct slice name)
{
    static const struct {
        const char *name;
        enum attribute attribute;
    } names[] = { { "ETag", ETAG },
                  { "Checksum", CHECKSUM },
                  { "ObjectParts", OBJECT_PARTS },
                  { "StorageClass", STORAGE_CLASS },
                  { "ObjectSize", OBJECT_SIZE } };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_is(name, names[i].name))
            return names[i].attribute;
    return 0;
}

/* A list separated by commas, in one header or several. */
static enum err read_wanted(struct s3_call *c, int *out)
{
    struct headers headers = httpd_headers(c->http);
    int wanted = 0;
    for (size_t i = 0; i < headers.n; i++) {
        struct slice rest = headers.list[i].value;
        while (rest.p && slice_eq_nocase(headers.list[i].name, SLICE("x-amz-object-attributes"))) {
            int one = attribute_named(slice_trim(slice_cut(&rest, ',')));
            if (!one)
                return call_refuse(c, ERR_INVALID_ARGUMENT, "Invalid attribute name specified.");
            wanted |= one;
        }
    }
    if (!wanted)
        return call_refuse(c, ERR_BAD_REQUEST, "The x-amz-object-attributes header is required.");
    *out = wanted;
    return OK;
}

static void answer(struct s3_call *c, const struct object *o, int wanted)
{
    char date[CLOCK_TEXT];
    AUTO_XML struct xml_out x = { 0 };
    clock_http_date(o->modified_ms, date);
    httpd_add_header_str(c->http, "Last-Modified", date);
    xml_begin(&x, "GetObjectAttributesResponse", XML_S3_NAMESPACE);
    if (wanted & ETAG) /* without its quotes, here alone */
        xml_text(&x, "ETag", slice_of(o->etag + 1, strlen(o->etag) - 2));
    if (wanted & CHECKSUM)
        meta_write_checksum(&o->meta, "Checksum", &x);
    if (wanted & STORAGE_CLASS)
        xml_str(&x, "StorageClass", "STANDARD");
    if (wanted & OBJECT_SIZE)
        xml_uint(&x, "ObjectSize", o->file.size);
    call_reply_xml(c, 200, &x);
}

enum err s3_get_object_attributes(struct s3_call *c)
{
    struct bucket *b;
    struct slice path;
    struct object o;
    int wanted = 0;
    enum err e = read_wanted(c, &wanted);
    if (!e)
        e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    e = object_find(c, b, path, &o);
    if (!e)
        e = condition_read(c, &(struct condition_object){ o.etag, o.modified_ms });
    if (!e)
        answer(c, &o, wanted);
    bucket_release(c->s3->buckets, b);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* post_object.c: PostObject: an upload by an HTML form. The fields come first, and say who asks and what is allowed;
 * then the file streams into Xet as any body does. "POST Object", Amazon S3 API Reference. */
#include "common/codec.h"
#include "translate/form.h"
#include "translate/write.h"

static enum err next_bytes(void *ctx, struct slice *out)
{
    return httpd_read((struct httpd_request *)ctx, out);
}

/* One form upload under way. */
struct upload {
    struct form *form;
    struct policy_form fields;
    struct policy_range range;
};

static enum err explain(struct s3_call *c, enum err e)
{
    if (e == ERR_PRECONDITION)
        c->detail = "Bucket POST must be of the enclosure-type multipart/form-data";
    else if (e == ERR_BAD_REQUEST)
        c->detail = "The body of your POST request is not well-formed multipart/form-data.";
    else if (e == ERR_MESSAGE_TOO_LONG)
        c->detail = "Your POST request fields preceding the upload file were too large.";
    return e;
}

/* Browsers of old send the path of the file as well. */
static struct slice base_name(struct slice filename)
{
    size_t at = filename.n;
    while (at > 0 && filename.p[at - 1] != '/' && filename.p[at - 1] != '\\')
        at--;
    return slice_from(filename, at);
}

static struct slice with_filename(struct slice key, struct slice filename, struct arena *arena)
{
    static const char variable[] = "${filename}";
    AUTO_BUF struct buf out;
    buf_init(&out, 64 * 1024); /* longer ones are no keys anyway */
    while (key.n > 0) {
        const char *at = (const char *)memmem(key.p, key.n, variable, sizeof variable - 1);
        size_t n = at ? (size_t)(at - key.p) : key.n;
        buf_add(&out, slice_of(key.p, n));
        if (at)
            buf_add(&out, filename);
        key = slice_from(key, n + (at ? sizeof variable - 1 : 0));
    }
    return arena_copy(arena, buf_slice(&out));
}

static enum err read_fields(struct s3_call *c, struct upload *u)
{
    struct policy_field *fields;
    struct slice filename;
    enum err e = form_new(call_header(c, "Content-Type"), next_bytes, c->http, &u->form);
    if (!e)
        e = form_read_fields(u->form, c->arena, &fields, &u->fields.n, &filename);
    if (e)
        return explain(c, e);
    u->fields.fields = fields;
    u->fields.bucket = c->bucket;
    for (size_t i = 0; i < u->fields.n; i++)
        if (slice_eq_nocase(fields[i].name, SLICE("key")))
            u->fields.key = with_filename(fields[i].value, base_name(filename), c->arena);
    c->key = u->fields.key;
    if (c->key.n == 0)
        return call_refuse(
            c, ERR_INVALID_ARGUMENT,
            "Bucket POST must contain a field named 'key'. If it is specified, please check the order of "
            "the fields.");
    return OK;
}

/* What the fields ask for beyond the object, as headers do elsewhere: the default is taken, the rest refused. */
static enum err check_promises(struct s3_call *c, const struct policy_form *form)
{
    static const struct {
        const char *name, *accepted;
    } known[] = { { "acl", "private" },
                  { "x-amz-storage-class", "STANDARD" },
                  { "x-amz-server-side-encryption", "AES256" },
                  { "tagging", "" },
                  { "x-amz-website-redirect-location", "" },
                  { "x-amz-server-side-encryption-customer-algorithm", "" },
                  { "x-amz-object-lock-mode", "" } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct slice value = policy_field(form, known[i].name);
        if (value.n > 0 && !slice_is(value, known[i].accepted))
            return call_refuse(c, ERR_NOT_IMPLEMENTED,
                               "The form's field %s asks for something that the Hub cannot keep", known[i].name);
    }
    return OK;
}

/* Metadata by field, in the form in which multipart uploads keep theirs. */
static enum err read_meta(struct s3_call *c, const struct policy_form *form, struct meta *out)
{
    AUTO_BUF struct buf text;
    size_t user = 0;
    buf_init(&text, 256 * 1024);
    for (size_t i = 0; i < form->n; i++) {
        struct slice name = form->fields[i].name, value = form->fields[i].value;
        if (memchr(name.p, '\n', name.n) || (value.n > 0 && strpbrk(arena_strdup(c->arena, value), "\r\n")) ||
            slice_eq_nocase(name, SLICE("x-amz-tagging")))
            continue;
        if (slice_eq_nocase(slice_of(name.p, name.n < 11 ? name.n : 11), SLICE("x-amz-meta-")))
            user += name.n - 11 + value.n;
        for (size_t k = 0; k < name.n; k++)
            buf_add_char(&text, name.p[k] >= 'A' && name.p[k] <= 'Z' ? (char)(name.p[k] | 0x20) : name.p[k]);
        buf_add_str(&text, ": ");
        buf_add(&text, value);
        buf_add_char(&text, '\n');
    }
    if (user > META_USER_MAX)
        return ERR_METADATA_TOO_LARGE;
    if (!utf8_valid(buf_slice(&text)))
        return call_refuse(c, ERR_INVALID_ARGUMENT, "The form's fields are not UTF-8.");
    meta_of_text(arena_copy(c->arena, buf_slice(&text)), c->arena, out);
    return OK;
}

static enum err pump(struct upload *u, struct xet_put *put)
{
    uint64_t total = 0, max = u->range.max < S3_OBJECT_MAX ? u->range.max : S3_OBJECT_MAX;
    for (;;) {
        struct slice content;
        enum err e = form_read_file(u->form, &content);
        total += e ? 0 : content.n;
        if (!e && content.n == 0)
            return total < u->range.min ? ERR_TOO_SMALL : OK;
        if (!e && total > max)
            e = ERR_TOO_LARGE;
        if (!e)
            e = xet_put_write(put, content);
        if (e)
            return e;
    }
}

static enum err file_to_xet(struct s3_call *c, struct bucket *b, struct upload *u, struct body_in *out)
{
    struct xet_token token;
    enum err e = hub_xet_token(b->hub, true, NULL, token.cas_url, sizeof token.cas_url, token.access_token,
                               sizeof token.access_token);
    if (e)
        return e;
    uint64_t length = httpd_content_length(c->http);
    struct xet_put *put = xet_put_new(b->space, length == HTTPD_LENGTH_UNKNOWN ? 0 : length);
    e = pump(u, put);
    if (e == ERR_BAD_REQUEST)
        e = explain(c, e);
    if (!e)
        e = xet_put_finish(put, &out->file, NULL);
    if (!e)
        xet_put_stats(put, &out->stats);
    xet_put_free(put);
    return e;
}

/* ---- the answer ---- */

static const char *coded(struct s3_call *c, struct slice text, enum percent_set set)
{
    AUTO_BUF struct buf out;
    buf_init(&out, 3 * text.n + 1);
    percent_encode(text, set, &out);
    return arena_strdup(c->arena, buf_slice(&out));
}

/* Where a browser is sent on: the page with bucket, key and ETag as arguments. What is no web address is ignored, as
 * S3 has it. */
static bool redirect(struct s3_call *c, const struct policy_form *form, const char *etag)
{
    struct slice to = policy_field(form, "success_action_redirect");
    if (!to.p)
        to = policy_field(form, "redirect");
    if (!slice_starts(to, SLICE("http://")) && !slice_starts(to, SLICE("https://")))
        return false;
    char before = memchr(to.p, '?', to.n) ? '&' : '?';
    httpd_add_header_str(c->http, "Location",
                         arena_printf(c->arena, "%.*s%cbucket=%s&key=%s&etag=%s", (int)to.n, to.p, before,
                                      coded(c, c->bucket, PERCENT_ALL), coded(c, c->key, PERCENT_ALL),
                                      coded(c, slice_str(etag), PERCENT_ALL)));
    call_reply_empty(c, 303);
    return true;
}

static void reply(struct s3_call *c, const struct policy_form *form, const struct body_in *in)
{
    char hash[XET_HASH_TEXT], etag[ETAG_TEXT];
    struct slice status = policy_field(form, "success_action_status");
    xet_hash_text(&in->file.hash, hash);
    etag_text(hash, etag);
    write_add_etag(c, &in->file);
    call_add_upload_stats(c, &in->stats);
    if (redirect(c, form, etag))
        return;
    const char *location =
        arena_printf(c->arena, "http://%.*s/%s/%s", (int)call_header(c, "Host").n, call_header(c, "Host").p,
                     coded(c, c->bucket, PERCENT_ALL), coded(c, c->key, PERCENT_PATH));
    httpd_add_header_str(c->http, "Location", location);
    if (!slice_is(status, "201")) {
        call_reply_empty(c, slice_is(status, "200") ? 200 : 204);
        return;
    }
    AUTO_XML struct xml_out x = { 0 };
    xml_begin(&x, "PostResponse", NULL);
    xml_str(&x, "Location", location);
    xml_text(&x, "Bucket", c->bucket);
    xml_text(&x, "Key", c->key);
    xml_str(&x, "ETag", etag);
    call_reply_xml(c, 201, &x);
}

static enum err upload(struct s3_call *c, struct upload *u)
{
    struct bucket *b;
    struct slice path;
    struct meta meta;
    struct body_in in = { 0 };
    enum err e = read_fields(c, u);
    if (!e)
        e = c->admit_form(c->admit_form_ctx, c, &u->fields, &u->range);
    if (!e)
        e = check_promises(c, &u->fields);
    if (!e)
        e = read_meta(c, &u->fields, &meta);
    if (!e)
        e = call_path(c, &path);
    if (!e)
        e = call_bucket(c, &b);
    if (e)
        return e;
    e = file_to_xet(c, b, u, &in);
    if (!e)
        e = write_add(c, b, path, &in.file, policy_field(&u->fields, "Content-Type"), &meta);
    if (!e)
        reply(c, &u->fields, &in);
    bucket_release(c->s3->buckets, b);
    return e;
}

enum err s3_post_object(struct s3_call *c)
{
    struct upload u = { 0 };
    enum err e = upload(c, &u);
    form_free(u.form);
    return e;
}

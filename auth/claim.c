/* SPDX-License-Identifier: Apache-2.0 */
/* claim.c: parsing credentials. The two places they come from differ in names and in the code of errors:
 *
 *   Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…   with x-amz-date or Date
 *   ?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=…&X-Amz-Date=…&X-Amz-Expires=…&X-Amz-SignedHeaders=…&…
 *
 * Sources: "Using the Authorization Header" and "Using Query Parameters", Amazon S3 API Reference. The sentences are
 * those S3 answers with: some clients look at them, and they can be searched for. */
#include "auth/claim.h"

#include "common/clock.h"

#define ALGORITHM   "AWS4-HMAC-SHA256"
#define EXPIRES_MAX 604800 /* a week */
#define SCOPE_TAIL  "/s3/aws4_request"
/* What fits into struct auth's scope with date, slash, tail and NUL. */
#define REGION_MAX (sizeof(((struct auth *)0)->scope) - 8 - 1 - sizeof(SCOPE_TAIL))

static enum err refuse(enum err e, const char **detail, const char *sentence)
{
    *detail = sentence;
    return e;
}

/* Where the claim comes from: decides code and beginning of what is said about a bad credential. */
struct place {
    enum err err;
    const char *about;
};
static const struct place in_header = { ERR_AUTH_HEADER, "The authorization header is malformed;" };
static const struct place in_query = { ERR_AUTH_QUERY, "Error parsing the X-Amz-Credential parameter;" };

/* `value` is the client's: only short and printable ones are repeated to it. */
static enum err refuse_value(const struct place *place, struct arena *arena, const char **detail, const char *before,
                             struct slice value, const char *after)
{
    bool plain = value.n <= 64;
    for (size_t i = 0; i < value.n && plain; i++)
        plain = value.p[i] > 0x20 && value.p[i] < 0x7f;
    *detail = arena_printf(arena, "%s %s%.*s%s", place->about, before, plain ? (int)value.n : 3,
                           plain ? value.p : "...", after);
    return place->err;
}

static struct slice cut_last(struct slice *rest, char sep)
{
    size_t at = rest->n;
    while (at && rest->p[at - 1] != sep)
        at--;
    struct slice last = slice_from(*rest, at);
    *rest = at ? slice_of(rest->p, at - 1) : SLICE_NONE;
    return last;
}

static bool is_date(struct slice s)
{
    uint64_t number;
    return s.n == 8 && slice_u64(s, &number);
}

/* <key id>/<yyyymmdd>/<region>/s3/aws4_request, taken apart from its end: a key id may hold slashes. */
static enum err parse_credential(struct slice credential, const struct place *place, const struct auth_rules *rules,
                                 struct arena *arena, struct claim *c, const char **detail)
{
    struct slice rest = credential;
    struct slice terminator = cut_last(&rest, '/');
    struct slice service = cut_last(&rest, '/');
    c->region = cut_last(&rest, '/');
    c->date = cut_last(&rest, '/');
    c->access_key_id = rest;
    if (rest.n == 0 || c->region.n == 0 || c->region.n > REGION_MAX) {
        *detail = arena_printf(arena,
                               "%s the Credential is mal-formed; expecting "
                               "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
                               place->about);
        return place->err;
    }
    if (!slice_is(terminator, "aws4_request"))
        return refuse_value(place, arena, detail, "incorrect terminal \"", terminator,
                            "\". This endpoint uses \"aws4_request\".");
    if (!slice_is(service, "s3"))
        return refuse_value(place, arena, detail, "incorrect service \"", service,
                            "\". This endpoint belongs to \"s3\".");
    if (!is_date(c->date))
        return refuse_value(place, arena, detail, "incorrect date format \"", c->date,
                            "\". This date in the credential must be in the format \"yyyyMMdd\".");
    if (rules->region && !slice_is(c->region, rules->region))
        return refuse_value(place, arena, detail, "the region '", c->region,
                            arena_printf(arena, "' is wrong; expecting '%s'", rules->region));
    return OK;
}

enum err claim_credential(struct slice credential, const struct auth_rules *rules, struct arena *arena,
                          struct claim *out, const char **detail)
{
    return parse_credential(credential, &in_query, rules, arena, out, detail);
}

/* Names in lower case, divided by ';', with "host": else a signed request could be sent to another server. */
static enum err check_signed_headers(struct slice names, const struct place *place, const char **detail)
{
    bool host = false;
    for (struct slice rest = names; rest.p;) {
        struct slice name = slice_cut(&rest, ';');
        for (size_t i = 0; i < name.n; i++)
            if (name.p[i] <= 0x20 || name.p[i] >= 0x7f || (name.p[i] >= 'A' && name.p[i] <= 'Z'))
                return refuse(place->err, detail, "SignedHeaders must be names in lower case, divided by ';'.");
        host |= slice_is(name, "host");
    }
    return host ? OK
                : refuse(ERR_ACCESS_DENIED, detail,
                         "There were headers present in the request which were not signed: host");
}

static enum err check_scope_date(const struct claim *c, const struct place *place, struct arena *arena,
                                 const char **detail)
{
    if (memcmp(c->date.p, c->amz_date, 8) == 0)
        return OK;
    *detail =
        arena_printf(arena, "Invalid credential date \"%.8s\". This date is not the same as X-Amz-Date: \"%.8s\".",
                     c->date.p, c->amz_date);
    return place->err;
}

/* One of the header's three components; what is not "name=value" or comes twice is refused. */
static bool take_component(struct slice part, const char *name, struct slice *value)
{
    struct slice rest = slice_trim(part);
    if (!slice_is(slice_cut(&rest, '='), name) || rest.p == NULL || value->p)
        return false;
    *value = rest;
    return true;
}

static enum err parse_components(struct slice list, struct slice *credential, struct claim *c, const char **detail)
{
    while (list.p) {
        struct slice part = slice_cut(&list, ',');
        if (!take_component(part, "Credential", credential) &&
            !take_component(part, "SignedHeaders", &c->signed_headers) &&
            !take_component(part, "Signature", &c->signature))
            return refuse(ERR_AUTH_HEADER, detail,
                          "The authorization header is malformed; a component is unknown, "
                          "comes twice or is no name=value.");
    }
    if (!credential->n || !c->signed_headers.n || !c->signature.n)
        return refuse(ERR_AUTH_HEADER, detail,
                      "The authorization header is malformed; the authorization header "
                      "requires three components: Credential, SignedHeaders, and Signature.");
    return OK;
}

static bool take_amz_date(struct slice text, struct claim *c)
{
    if (!clock_parse_amz(text, &c->signed_ms))
        return false;
    memcpy(c->amz_date, text.p, 16); /* what clock_parse_amz takes has 16 characters */
    c->amz_date[16] = '\0';
    return true;
}

static bool take_http_date(struct slice text, struct claim *c)
{
    char iso[CLOCK_TEXT];
    size_t n = 0;
    if (!clock_parse_http_date(text, &c->signed_ms))
        return false;
    clock_iso8601(c->signed_ms, iso); /* 2013-05-24T00:00:00.000Z */
    for (const char *p = iso; *p != '.'; p++)
        if (*p != '-' && *p != ':')
            c->amz_date[n++] = *p;
    memcpy(c->amz_date + n, "Z", 2);
    return true;
}

/* x-amz-date, else Date in its usual form or in that of x-amz-date. */
static enum err parse_header_date(struct headers headers, struct claim *c, const char **detail)
{
    struct slice amz = headers_find(headers, "x-amz-date");
    struct slice date = headers_find(headers, "date");
    if (amz.p ? take_amz_date(amz, c) : take_amz_date(date, c) || take_http_date(date, c))
        return OK;
    return refuse(ERR_ACCESS_DENIED, detail, "AWS authentication requires a valid Date or x-amz-date header.");
}

/* Schemes that are not ours, by name, so that the answer says what to change. */
static enum err refuse_scheme(struct slice scheme, const char **detail)
{
    if (slice_is(scheme, "AWS"))
        return refuse(ERR_AUTH_VERSION, detail, "This request is signed with Signature Version 2.");
    if (slice_is(scheme, "AWS4-ECDSA-P256-SHA256"))
        return refuse(ERR_NOT_IMPLEMENTED, detail,
                      "Signature Version 4A (AWS4-ECDSA-P256-SHA256) is not supported. Please use AWS4-HMAC-SHA256.");
    return refuse(ERR_INVALID_ARGUMENT, detail, "Unsupported Authorization Type");
}

static enum err parse_header(const struct auth_head *head, struct slice authorization, const struct auth_rules *rules,
                             struct arena *arena, struct claim *c, const char **detail)
{
    struct slice credential = SLICE_NONE, list = authorization;
    struct slice scheme = slice_cut(&list, ' ');
    if (!slice_is(scheme, ALGORITHM))
        return refuse_scheme(scheme, detail);
    enum err e = parse_components(list, &credential, c, detail);
    if (!e)
        e = parse_credential(credential, &in_header, rules, arena, c, detail);
    if (!e)
        e = check_signed_headers(c->signed_headers, &in_header, detail);
    if (!e)
        e = parse_header_date(head->headers, c, detail);
    if (!e)
        e = check_scope_date(c, &in_header, arena, detail);
    return e;
}

static enum err parse_expires(struct slice text, struct claim *c, const char **detail)
{
    uint64_t seconds;
    if (slice_starts(text, SLICE("-")))
        return refuse(ERR_AUTH_QUERY, detail, "X-Amz-Expires must be non-negative");
    if (!slice_u64(text, &seconds))
        return refuse(ERR_AUTH_QUERY, detail, "X-Amz-Expires should be a number");
    if (seconds == 0 || seconds > EXPIRES_MAX)
        return refuse(ERR_AUTH_QUERY, detail,
                      "X-Amz-Expires must be less than a week (in seconds) and more than 0; "
                      "that is, from 1 to 604800 seconds");
    c->expires_s = (uint32_t)seconds;
    return OK;
}

static enum err parse_query(const struct query *query, const struct auth_rules *rules, struct arena *arena,
                            struct claim *c, const char **detail)
{
    static const char *const names[] = { "X-Amz-Algorithm", "X-Amz-Credential",    "X-Amz-Signature",
                                         "X-Amz-Date",      "X-Amz-SignedHeaders", "X-Amz-Expires" };
    struct slice value[6];
    for (size_t i = 0; i < 6; i++) {
        const struct query_arg *arg = query_find(query, names[i]);
        if (arg == NULL || query_count(query, names[i]) > 1)
            return refuse(ERR_AUTH_QUERY, detail,
                          "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                          "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters, each once.");
        value[i] = arg->value;
    }
    if (!slice_is(value[0], ALGORITHM))
        return slice_is(value[0], "AWS4-ECDSA-P256-SHA256")
                   ? refuse_scheme(value[0], detail)
                   : refuse(ERR_AUTH_QUERY, detail, "X-Amz-Algorithm only supports \"" ALGORITHM "\"");
    c->signature = value[2];
    c->signed_headers = value[4];
    if (!take_amz_date(value[3], c))
        return refuse(ERR_AUTH_QUERY, detail, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
    enum err e = parse_expires(value[5], c, detail);
    if (!e)
        e = parse_credential(value[1], &in_query, rules, arena, c, detail);
    if (!e)
        e = check_signed_headers(c->signed_headers, &in_query, detail);
    if (!e)
        e = check_scope_date(c, &in_query, arena, detail);
    return e;
}

static enum err parse_v2(const struct auth_head *head, const struct query *query, const struct auth_rules *rules,
                         struct claim *c, const char **detail)
{
    if (!rules->sigv2_presigned)
        return refuse(ERR_AUTH_VERSION, detail,
                      "This URL is presigned with Signature Version 2; with boto3, ask for "
                      "Config(signature_version='s3v4').");
    if (!slice_is(head->method, "GET") && !slice_is(head->method, "HEAD"))
        return refuse(ERR_AUTH_VERSION, detail,
                      "Signature Version 2 is taken for presigned GET and HEAD only. Please use AWS4-HMAC-SHA256; with "
                      "boto3, ask for Config(signature_version='s3v4').");
    return sigv2_parse(query, &c->v2, detail);
}

enum err claim_parse(const struct auth_head *head, const struct query *query, const struct auth_rules *rules,
                     struct arena *arena, struct claim *out, const char **detail)
{
    struct claim c = { .how = AUTH_ANONYMOUS };
    enum err e = OK;
    struct slice authorization = headers_find(head->headers, "authorization");
    bool v4 = query_find(query, "X-Amz-Algorithm") || query_find(query, "X-Amz-Signature") ||
              query_find(query, "X-Amz-Credential");
    bool v2 = query_find(query, "AWSAccessKeyId") && query_find(query, "Signature");
    if ((authorization.n && (v4 || v2)) || headers_count(head->headers, "authorization") > 1)
        return refuse(ERR_INVALID_ARGUMENT, detail,
                      "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query "
                      "string parameter or the Authorization header should be specified");
    if (authorization.n) {
        c.how = AUTH_HEADER;
        e = parse_header(head, authorization, rules, arena, &c, detail);
    } else if (v4) {
        c.how = AUTH_QUERY;
        e = parse_query(query, rules, arena, &c, detail);
    } else if (v2) {
        c.how = AUTH_QUERY;
        c.is_v2 = true;
        e = parse_v2(head, query, rules, &c, detail);
    }
    if (!e)
        *out = c;
    return e;
}

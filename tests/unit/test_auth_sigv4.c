/* SPDX-License-Identifier: Apache-2.0 */
/* test_auth_sigv4.c: the signatures that AWS publishes as examples, those of botocore, and all the ways to be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "auth/canonical.h"
#include "auth/digest.h"
#include "auth_request.h"
#include "common/clock.h"
#include "common/codec.h"

#define T0         1369353600000LL /* 2013-05-24T00:00:00Z, when AWS signs its examples */
#define SCOPE      "20130524/us-east-1/s3/aws4_request"
#define HOST       "Host: examplebucket.s3.amazonaws.com\n"
#define DATE       "x-amz-date: 20130524T000000Z\n"
#define EMPTY      "x-amz-content-sha256: " EMPTY_SHA256 "\n"
#define CREDENTIAL "AWS4-HMAC-SHA256 Credential=" EXAMPLE_KEY "/" SCOPE
#define BASIC      ",SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature="
#define STREAM                                                                                                         \
    "Host: s3.amazonaws.com\nx-amz-storage-class: REDUCED_REDUNDANCY\nContent-Encoding: aws-chunked\n"                 \
    "x-amz-decoded-content-length: 66560\nContent-Length: 66824\n" DATE

struct verdict {
    enum err err;
    struct auth auth;
    char detail[512];
};

static struct verdict verify_with(const char *text, const struct auth_rules *rules, int64_t now,
                                  struct auth_cache *cache)
{
    struct verdict v = { 0 };
    struct request r;
    struct slice rest = slice_str(text);
    struct auth_keys keys = { .find = example_find, .cache = cache };
    struct arena *arena = arena_new();
    const char *detail = "untouched";
    request_parse(&r, &rest);
    v.err = auth_verify(&r.head, &keys, rules, now, arena, &v.auth, &detail);
    snprintf(v.detail, sizeof v.detail, "%s", detail ? detail : "");
    arena_free(arena);
    return v;
}

static struct verdict verify(const char *text)
{
    struct auth_rules rules = { 0 };
    return verify_with(text, &rules, T0, NULL);
}

static const struct {
    const char *name, *request;
    enum auth_how how;
    enum auth_payload payload;
} examples[] = {
    { "GET object with a range",
      "GET /test.txt\n" HOST "Range: bytes=0-9\n" EMPTY DATE "Authorization: " CREDENTIAL
      ",SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41\n",
      AUTH_HEADER, AUTH_PAYLOAD_SHA256 },
    { "PUT object, '$' not escaped",
      "PUT /test$file.text\n" HOST "Date: Fri, 24 May 2013 00:00:00 GMT\n" DATE
      "x-amz-storage-class: REDUCED_REDUNDANCY\n"
      "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\n"
      "Authorization: " CREDENTIAL ",SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,"
      "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd\n",
      AUTH_HEADER, AUTH_PAYLOAD_SHA256 },
    { "PUT object, '$' escaped",
      "PUT /test%24file.text\n" HOST "Date: Fri, 24 May 2013 00:00:00 GMT\n" DATE
      "x-amz-storage-class: REDUCED_REDUNDANCY\n"
      "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\n"
      "Authorization: " CREDENTIAL ", SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, "
      "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd\n",
      AUTH_HEADER, AUTH_PAYLOAD_SHA256 },
    { "GET lifecycle, an argument without value",
      "GET /?lifecycle\n" HOST EMPTY DATE "Authorization: " CREDENTIAL BASIC
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543\n",
      AUTH_HEADER, AUTH_PAYLOAD_SHA256 },
    { "list objects",
      "GET /?max-keys=2&prefix=J\n" HOST EMPTY DATE "Authorization: " CREDENTIAL BASIC
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7\n",
      AUTH_HEADER, AUTH_PAYLOAD_SHA256 },
    { "list objects, arguments in another order and an empty one",
      "GET /?prefix=J&&max-keys=2&\n" HOST EMPTY DATE "Authorization: " CREDENTIAL BASIC
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7\n",
      AUTH_HEADER, AUTH_PAYLOAD_SHA256 },
    { "presigned GET",
      "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" EXAMPLE_KEY
      "%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders="
      "host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404\n" HOST,
      AUTH_QUERY, AUTH_PAYLOAD_UNSIGNED },
    { "chunked upload, the seed",
      "PUT /examplebucket/chunkObject.txt\n" STREAM "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\n"
      "Authorization: " CREDENTIAL
      ",SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
      "x-amz-decoded-content-length;x-amz-storage-class,"
      "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9\n",
      AUTH_HEADER, AUTH_PAYLOAD_CHUNKED_SIGNED },
    { "chunked upload with a trailer, the seed",
      "PUT /examplebucket/chunkObject.txt\n" STREAM "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER\n"
      "x-amz-trailer: x-amz-checksum-crc32c\nAuthorization: " CREDENTIAL
      ",SignedHeaders=content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
      "x-amz-storage-class;x-amz-trailer,"
      "Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e\n",
      AUTH_HEADER, AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER },
    /* From here on not AWS's own, but signed by the same rules with another program. */
    { "Date in the place of x-amz-date",
      "GET /\n" HOST "Date: Fri, 24 May 2013 00:00:00 GMT\n" EMPTY "Authorization: " CREDENTIAL
      ",SignedHeaders=date;host;x-amz-content-sha256,"
      "Signature=3c01d29e0c0ecfa73607a2777dd84be8e48d26086e352908db1fc74d07b967fa\n",
      AUTH_HEADER, AUTH_PAYLOAD_SHA256 },
    { "Date in the form of x-amz-date",
      "GET /\n" HOST "Date: 20130524T000000Z\n" EMPTY "Authorization: " CREDENTIAL
      ",SignedHeaders=date;host;x-amz-content-sha256,"
      "Signature=e4b80e5c3d50abbaf39dc0c48cbc7e67895496e612b7901c289ad534249cfd56\n",
      AUTH_HEADER, AUTH_PAYLOAD_SHA256 },
    { "a signature in capitals",
      "GET /\n" HOST "Date: 20130524T000000Z\n" EMPTY "Authorization: " CREDENTIAL
      ",SignedHeaders=date;host;x-amz-content-sha256,"
      "Signature=E4B80E5C3D50ABBAF39DC0C48CBC7E67895496E612B7901C289AD534249CFD56\n",
      AUTH_HEADER, AUTH_PAYLOAD_SHA256 },
};
#define N(table) (sizeof(table) / sizeof(table)[0])

static void the_examples_of_aws_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(examples); i++) {
        struct verdict v = verify(examples[i].request);
        if (v.err)
            fail_msg("%s: %s %s", examples[i].name, err_name(v.err), v.detail);
        assert_int_equal(v.auth.how, examples[i].how);
        assert_int_equal(v.auth.payload, examples[i].payload);
        assert_string_equal(v.auth.access_key_id, EXAMPLE_KEY);
        assert_false(v.auth.has_security_token);
        assert_string_equal(v.auth.amz_date, "20130524T000000Z");
        assert_string_equal(v.auth.scope, SCOPE);
        assert_int_equal(strlen(v.auth.seed_signature), 64);
    }
}

/* In these three, all is signed or says who signs. */
static void an_example_with_any_byte_changed_is_refused(void **state)
{
    (void)state;
    static const size_t wholly_signed[] = { 0, 4, 6 };
    for (size_t i = 0; i < N(wholly_signed); i++) {
        const char *request = examples[wholly_signed[i]].request;
        for (size_t at = 0; request[at + 1]; at++) {
            AUTO_FREE char *changed = mem_strdup(request);
            changed[at] ^= 1;
            if (verify(changed).err == OK)
                fail_msg("%s: byte %zu ('%c') changed and accepted", examples[wholly_signed[i]].name, at, request[at]);
        }
    }
}

#define GOOD CREDENTIAL BASIC "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7\n"
#define LIST "GET /?max-keys=2&prefix=J\n" HOST EMPTY DATE
#define AUTHORIZED(credential)                                                                                         \
    "GET /\n" HOST EMPTY DATE "Authorization: AWS4-HMAC-SHA256 Credential=" credential BASIC "00\n"
#define PRESIGNED(algorithm, credential, date, expires, names)                                                         \
    "GET /test.txt?X-Amz-Algorithm=" algorithm "&X-Amz-Credential=" credential "&X-Amz-Date=" date                     \
    "&X-Amz-Expires=" expires "&X-Amz-SignedHeaders=" names "&X-Amz-Signature=" EMPTY_SHA256 "\n" HOST
#define ALGORITHM        "AWS4-HMAC-SHA256"
#define QUERY_CREDENTIAL EXAMPLE_KEY "/" SCOPE

static const struct {
    const char *name, *request;
    enum err err;
    const char *says; /* part of the detail; NULL: none at all */
} refused[] = {
    { "nobody", "GET /\n" HOST, ERR_ACCESS_DENIED, NULL },
    { "an empty Authorization", "GET /\n" HOST "Authorization:  \n", ERR_ACCESS_DENIED, NULL },
    { "wrong signature", LIST "Authorization: " CREDENTIAL BASIC EMPTY_SHA256 "\n", ERR_SIGNATURE, NULL },
    { "a signature that is too short", LIST "Authorization: " CREDENTIAL BASIC "34b4\n", ERR_SIGNATURE, NULL },
    { "another method", "PUT /?max-keys=2&prefix=J\n" HOST EMPTY DATE "Authorization: " GOOD, ERR_SIGNATURE, NULL },
    { "another host", "GET /?max-keys=2&prefix=J\nHost: example.com\n" EMPTY DATE "Authorization: " GOOD, ERR_SIGNATURE,
      NULL },
    { "one more argument", "GET /?max-keys=2&prefix=J&acl\n" HOST EMPTY DATE "Authorization: " GOOD, ERR_SIGNATURE,
      NULL },
    { "a broken escape in the path", "GET /%zz?max-keys=2&prefix=J\n" HOST EMPTY DATE "Authorization: " GOOD,
      ERR_INVALID_URI, NULL },
    { "a broken escape in the query", "GET /?max-keys=2&prefix=%J\n" HOST EMPTY DATE "Authorization: " GOOD,
      ERR_INVALID_URI, NULL },
    { "an unknown key", AUTHORIZED("AKIAUNKNOWN/" SCOPE), ERR_UNKNOWN_ACCESS_KEY, NULL },
    { "a key id that is far too long", AUTHORIZED(EMPTY_SHA256 EMPTY_SHA256 EMPTY_SHA256 "/" SCOPE),
      ERR_UNKNOWN_ACCESS_KEY, NULL },
    { "a credential of four parts", AUTHORIZED(EXAMPLE_KEY "/20130524/s3/aws4_request"), ERR_AUTH_HEADER,
      "mal-formed" },
    { "a credential without key", AUTHORIZED("/" SCOPE), ERR_AUTH_HEADER, "mal-formed" },
    { "a scope's date of seven digits", AUTHORIZED(EXAMPLE_KEY "/2013052/us-east-1/s3/aws4_request"), ERR_AUTH_HEADER,
      "incorrect date format \"2013052\"" },
    { "another service", AUTHORIZED(EXAMPLE_KEY "/20130524/us-east-1/ec2/aws4_request"), ERR_AUTH_HEADER,
      "incorrect service \"ec2\". This endpoint belongs to \"s3\"." },
    { "another terminator", AUTHORIZED(EXAMPLE_KEY "/20130524/us-east-1/s3/aws4_reques"), ERR_AUTH_HEADER,
      "incorrect terminal \"aws4_reques\"" },
    { "a scope of another day", AUTHORIZED(EXAMPLE_KEY "/20130523/us-east-1/s3/aws4_request"), ERR_AUTH_HEADER,
      "Invalid credential date \"20130523\"" },
    { "a region without end",
      AUTHORIZED(EXAMPLE_KEY "/20130524/" EMPTY_SHA256 EMPTY_SHA256 EMPTY_SHA256 "/s3/aws4_request"), ERR_AUTH_HEADER,
      "mal-formed" },
    { "no Credential", LIST "Authorization: AWS4-HMAC-SHA256 SignedHeaders=host,Signature=00\n", ERR_AUTH_HEADER,
      "requires three components" },
    { "no SignedHeaders", LIST "Authorization: " CREDENTIAL ",Signature=00\n", ERR_AUTH_HEADER,
      "requires three components" },
    { "no Signature", LIST "Authorization: " CREDENTIAL ",SignedHeaders=host\n", ERR_AUTH_HEADER,
      "requires three components" },
    { "a component twice", LIST "Authorization: " CREDENTIAL ",Signature=00,Signature=01,SignedHeaders=host\n",
      ERR_AUTH_HEADER, "comes twice" },
    { "nothing but the algorithm", LIST "Authorization: AWS4-HMAC-SHA256\n", ERR_AUTH_HEADER,
      "requires three components" },
    { "host not signed", LIST "Authorization: " CREDENTIAL ",SignedHeaders=x-amz-date,Signature=00\n",
      ERR_ACCESS_DENIED, "not signed: host" },
    { "an x-amz header not signed", LIST "x-amz-acl: private\nAuthorization: " GOOD, ERR_ACCESS_DENIED,
      "not signed: x-amz-acl" },
    { "x-amz-date not signed", LIST "Authorization: " CREDENTIAL ",SignedHeaders=host,Signature=00\n",
      ERR_ACCESS_DENIED, "not signed: x-amz-date" },
    { "signed headers in capitals", LIST "Authorization: " CREDENTIAL ",SignedHeaders=Host,Signature=00\n",
      ERR_AUTH_HEADER, "lower case" },
    { "no date", "GET /?max-keys=2&prefix=J\n" HOST EMPTY "Authorization: " GOOD, ERR_ACCESS_DENIED, "valid Date" },
    { "a date of another form",
      "GET /?max-keys=2&prefix=J\n" HOST EMPTY "x-amz-date: 2013-05-24T00:00:00Z\nAuthorization: " GOOD,
      ERR_ACCESS_DENIED, "valid Date" },
    { "no x-amz-content-sha256", "GET /?max-keys=2&prefix=J\n" HOST DATE "Authorization: " GOOD, ERR_BAD_REQUEST,
      "x-amz-content-sha256" },
    { "a hash that is none", "GET /\n" HOST DATE "x-amz-content-sha256: abc\nAuthorization: " GOOD,
      ERR_INVALID_ARGUMENT, "valid sha256" },
    { "two hashes", LIST EMPTY "Authorization: " GOOD, ERR_INVALID_ARGUMENT, "once" },
    { "ECDSA chunks",
      "GET /\n" HOST DATE "x-amz-content-sha256: STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD\nAuthorization: " GOOD,
      ERR_NOT_IMPLEMENTED, "chunk encoding" },
    { "Signature Version 2", LIST "Authorization: AWS " EXAMPLE_KEY ":frJIUN8DYpKDtOLCwo//yllqDzg=\n", ERR_AUTH_VERSION,
      "Version 2" },
    { "Signature Version 2 in the query", "GET /?AWSAccessKeyId=a&Signature=b&Expires=1\n" HOST, ERR_AUTH_VERSION,
      "s3v4" },
    { "Signature Version 4A", LIST "Authorization: AWS4-ECDSA-P256-SHA256 Credential=a\n", ERR_NOT_IMPLEMENTED, "4A" },
    { "a bearer token", LIST "Authorization: Bearer hf_x\n", ERR_INVALID_ARGUMENT, "Unsupported Authorization Type" },
    { "header and query at once", "GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256\n" HOST EMPTY DATE "Authorization: " GOOD,
      ERR_INVALID_ARGUMENT, "Only one auth mechanism allowed" },
    { "two Authorization headers", LIST "Authorization: " GOOD "Authorization: " GOOD, ERR_INVALID_ARGUMENT,
      "Only one auth mechanism allowed" },
    { "presigned, wrong signature", PRESIGNED(ALGORITHM, QUERY_CREDENTIAL, "20130524T000000Z", "86400", "host"),
      ERR_SIGNATURE, NULL },
    { "presigned, unknown key", PRESIGNED(ALGORITHM, "AKIAUNKNOWN/" SCOPE, "20130524T000000Z", "86400", "host"),
      ERR_UNKNOWN_ACCESS_KEY, NULL },
    { "presigned, another algorithm",
      PRESIGNED("AWS4-HMAC-SHA1", QUERY_CREDENTIAL, "20130524T000000Z", "86400", "host"), ERR_AUTH_QUERY,
      "only supports" },
    { "presigned with 4A", PRESIGNED("AWS4-ECDSA-P256-SHA256", QUERY_CREDENTIAL, "20130524T000000Z", "86400", "host"),
      ERR_NOT_IMPLEMENTED, "4A" },
    { "presigned, a bad date", PRESIGNED(ALGORITHM, QUERY_CREDENTIAL, "2013-05-24", "86400", "host"), ERR_AUTH_QUERY,
      "ISO8601" },
    { "presigned, another day", PRESIGNED(ALGORITHM, QUERY_CREDENTIAL, "20130525T000000Z", "86400", "host"),
      ERR_AUTH_QUERY, "Invalid credential date" },
    { "presigned for no time", PRESIGNED(ALGORITHM, QUERY_CREDENTIAL, "20130524T000000Z", "0", "host"), ERR_AUTH_QUERY,
      "604800" },
    { "presigned for a week and a second", PRESIGNED(ALGORITHM, QUERY_CREDENTIAL, "20130524T000000Z", "604801", "host"),
      ERR_AUTH_QUERY, "604800" },
    { "presigned for less than no time", PRESIGNED(ALGORITHM, QUERY_CREDENTIAL, "20130524T000000Z", "-1", "host"),
      ERR_AUTH_QUERY, "non-negative" },
    { "presigned for an hour in words", PRESIGNED(ALGORITHM, QUERY_CREDENTIAL, "20130524T000000Z", "1h", "host"),
      ERR_AUTH_QUERY, "number" },
    { "presigned for another service",
      PRESIGNED(ALGORITHM, EXAMPLE_KEY "/20130524/us-east-1/ec2/aws4_request", "20130524T000000Z", "1", "host"),
      ERR_AUTH_QUERY, "incorrect service" },
    { "presigned, host not signed", PRESIGNED(ALGORITHM, QUERY_CREDENTIAL, "20130524T000000Z", "86400", "range"),
      ERR_ACCESS_DENIED, "not signed: host" },
    { "presigned, an x-amz header not signed",
      PRESIGNED(ALGORITHM, QUERY_CREDENTIAL, "20130524T000000Z", "86400", "host") "x-amz-copy-source: b/k\n",
      ERR_ACCESS_DENIED, "not signed: x-amz-copy-source" },
    { "presigned with two dates",
      "GET /?X-Amz-Date=20130524T000000Z&"
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" QUERY_CREDENTIAL
      "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=00\n" HOST,
      ERR_AUTH_QUERY, "each once" },
    { "presigned without signature",
      "GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" QUERY_CREDENTIAL
      "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=1&X-Amz-SignedHeaders=host\n" HOST,
      ERR_AUTH_QUERY, "requires" },
};

static void what_is_wrong_is_refused_with_the_code_and_words_of_s3(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(refused); i++) {
        struct verdict v = verify(refused[i].request);
        if (v.err != refused[i].err)
            fail_msg("%s: %s (%s), not %s", refused[i].name, err_name(v.err), v.detail, err_name(refused[i].err));
        if (refused[i].says ? strstr(v.detail, refused[i].says) == NULL : v.detail[0] != '\0')
            fail_msg("%s: says \"%s\"", refused[i].name, v.detail);
        assert_int_equal(v.auth.access_key_id[0], 0); /* out is left alone */
    }
}

static const struct {
    const char *name;
    size_t example;
    int64_t now;
    enum err err;
} times[] = {
    { "in time", 4, T0, OK },
    { "15 minutes old", 4, T0 + 900000, OK },
    { "15 minutes early", 4, T0 - 900000, OK },
    { "too old", 4, T0 + 900001, ERR_SKEWED },
    { "too early", 4, T0 - 900001, ERR_SKEWED },
    { "a URL on its last millisecond", 6, T0 + 86400000, OK },
    { "a URL past its time", 6, T0 + 86400001, ERR_EXPIRED },
    { "a URL from a clock that is 15 minutes ahead", 6, T0 - 900000, OK },
    { "a URL of the future", 6, T0 - 900001, ERR_ACCESS_DENIED },
};

static void a_signature_holds_only_in_its_time(void **state)
{
    (void)state;
    struct auth_rules rules = { 0 };
    for (size_t i = 0; i < N(times); i++) {
        struct verdict v = verify_with(examples[times[i].example].request, &rules, times[i].now, NULL);
        if (v.err != times[i].err)
            fail_msg("%s: %s", times[i].name, err_name(v.err));
    }
}

static void the_region_counts_only_when_the_rules_name_one(void **state)
{
    (void)state;
    struct auth_rules here = { .region = "us-east-1" }, there = { .region = "eu-west-1" };
    assert_int_equal(verify_with(examples[0].request, &here, T0, NULL).err, OK);
    struct verdict v = verify_with(examples[0].request, &there, T0, NULL);
    assert_int_equal(v.err, ERR_AUTH_HEADER);
    assert_string_equal(
        v.detail, "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'");
    assert_int_equal(verify_with(examples[6].request, &there, T0, NULL).err, ERR_AUTH_QUERY);
}

static const struct {
    const char *name, *fields;
    enum err err;
    enum auth_payload payload;
} anonymous[] = {
    { "a GET", "", OK, AUTH_PAYLOAD_UNSIGNED },
    { "with a hash", EMPTY, OK, AUTH_PAYLOAD_SHA256 },
    { "framed", "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\n", OK,
      AUTH_PAYLOAD_CHUNKED_UNSIGNED_TRAILER },
    { "framed by Content-Encoding alone", "Content-Encoding: gzip, AWS-chunked\nx-amz-decoded-content-length: 5\n", OK,
      AUTH_PAYLOAD_CHUNKED_UNSIGNED_TRAILER },
    { "aws-chunked as a mere word", "Content-Encoding: aws-chunked\n", OK, AUTH_PAYLOAD_UNSIGNED },
    { "signed chunks of nobody", "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\n", ERR_BAD_REQUEST, 0 },
};

static void anonymous_requests_pass_when_the_rules_say_so(void **state)
{
    (void)state;
    struct auth_rules rules = { .anonymous = true };
    for (size_t i = 0; i < N(anonymous); i++) {
        char text[512];
        snprintf(text, sizeof text, "PUT /\n" HOST "%s", anonymous[i].fields);
        struct verdict v = verify_with(text, &rules, T0, NULL);
        if (v.err != anonymous[i].err || v.auth.payload != anonymous[i].payload)
            fail_msg("%s: %s, payload %d", anonymous[i].name, err_name(v.err), v.auth.payload);
        assert_int_equal(v.auth.how, AUTH_ANONYMOUS);
        assert_int_equal(verify(text).err, ERR_ACCESS_DENIED);
    }
}

static void a_presigned_url_may_sign_a_hash_and_any_region(void **state)
{
    (void)state;
#define HASHED(hash, more)                                                                                             \
    "PUT /k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=" hash "&X-Amz-Credential=" EXAMPLE_KEY              \
    "%2F20130524%2Fauto%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host"     \
    "&X-Amz-Signature=f715149fa96394c8a6f46a9ab5f052bb6a51d856df78336e8ebae5731e4a29f7\n" HOST more
    struct verdict v = verify(HASHED(EMPTY_SHA256, ""));
    assert_int_equal(v.err, OK);
    assert_int_equal(v.auth.payload, AUTH_PAYLOAD_SHA256);
    assert_string_equal(v.auth.scope, "20130524/auto/s3/aws4_request");
    assert_int_equal(verify(HASHED(EMPTY_SHA256, EMPTY)).err, OK);
    assert_int_equal(verify(HASHED(EMPTY_SHA256, "x-amz-content-sha256: UNSIGNED-PAYLOAD\n")).err,
                     ERR_INVALID_ARGUMENT);
    assert_int_equal(verify(HASHED("UNSIGNED-PAYLOAD", "")).err, ERR_SIGNATURE);
}

struct rotating {
    const char *secret;
    unsigned asked;
};

static bool rotating_find(void *ctx, struct slice id, struct auth_key *out)
{
    struct rotating *r = ctx;
    (void)id;
    r->asked++;
    strcpy(out->secret, r->secret);
    return true;
}

#define OTHER_SECRET "xJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" /* as long */

static void a_changed_secret_is_not_masked_by_the_cache(void **state)
{
    (void)state;
    struct rotating r = { .secret = EXAMPLE_SECRET };
    struct auth_cache *cache = auth_cache_new();
    struct auth_keys keys = { .find = rotating_find, .ctx = &r, .cache = cache };
    struct auth_rules rules = { 0 };
    static const struct {
        const char *secret;
        enum err err;
    } steps[] = { { EXAMPLE_SECRET, OK },
                  { EXAMPLE_SECRET, OK },
                  { "other", ERR_SIGNATURE },
                  { OTHER_SECRET, ERR_SIGNATURE },
                  { EXAMPLE_SECRET, OK } };
    for (size_t i = 0; i < N(steps); i++) {
        struct arena *arena = arena_new();
        struct request request;
        struct slice rest = slice_str(examples[0].request);
        struct auth a;
        const char *detail;
        request_parse(&request, &rest);
        r.secret = steps[i].secret;
        assert_int_equal(auth_verify(&request.head, &keys, &rules, T0, arena, &a, &detail), steps[i].err);
        arena_free(arena);
    }
    assert_int_equal(r.asked, N(steps));
    auth_cache_free(cache);
    auth_cache_free(NULL);
}

/* Reads tests/vectors/sigv4.txt; each request is verified and its body read. */
struct vectors {
    struct slice rest;
    struct slice name, body_hex;
    struct request request;
};

static bool vectors_next(struct vectors *v)
{
    struct slice line = slice_cut(&v->rest, '\n');
    if (!slice_starts(line, SLICE("= ")))
        return false;
    v->name = slice_from(line, 2);
    request_parse(&v->request, &v->rest);
    v->body_hex = slice_cut(&v->rest, '\n');
    return true;
}

static char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    struct buf b;
    buf_init(&b, 16 << 20);
    assert_non_null(f);
    for (char *room; (room = buf_room(&b, 65536)) != NULL;) {
        size_t got = fread(room, 1, 65536, f);
        buf_grew(&b, got);
        if (got == 0)
            break;
    }
    fclose(f);
    *n = b.n;
    return buf_take(&b);
}

static void check_body(const struct vectors *v, const struct auth *a)
{
    size_t n = v->body_hex.n / 2;
    AUTO_FREE char *bytes = mem_alloc(n);
    struct slice raw = slice_of(bytes, n), content;
    struct auth_body *body;
    uint64_t length, got = 0;
    assert_true(hex_decode(v->body_hex, bytes, n));
    assert_int_equal(auth_body_new(a, v->request.head.headers, CHECKSUM_NONE, &body), OK);
    while (raw.n) {
        assert_int_equal(auth_body_feed(body, &raw, &content), OK);
        got += content.n;
    }
    enum err e = auth_body_finish(body);
    if (e)
        fail_msg("%.*s: body: %s %s", (int)v->name.n, v->name.p, err_name(e), auth_body_detail(body));
    if (auth_body_length(body, &length))
        assert_int_equal(length, got);
    auth_body_free(body);
}

static void requests_of_botocore_are_accepted_with_their_bodies(void **state)
{
    (void)state;
    int64_t now;
    size_t n, count = 0;
    AUTO_FREE char *text = read_file(VECTORS "/sigv4.txt", &n);
    struct vectors v = { .rest = slice_of(text, n) };
    struct auth_cache *cache = auth_cache_new();
    struct auth_keys keys = { .find = example_find, .cache = cache };
    struct auth_rules rules = { .region = "us-east-1" };
    assert_true(clock_parse_iso8601(SLICE("2026-11-23T19:19:36Z"), &now));
    for (; vectors_next(&v); count++) {
        struct arena *arena = arena_new();
        struct auth a;
        const char *detail;
        enum err e = auth_verify(&v.request.head, &keys, &rules, now, arena, &a, &detail);
        if (e)
            fail_msg("%.*s: %s %s", (int)v.name.n, v.name.p, err_name(e), detail ? detail : "");
        if (slice_is(v.request.head.method, "PUT") || slice_is(v.request.head.method, "POST"))
            check_body(&v, &a);
        arena_free(arena);
    }
    assert_true(count > 100);
    auth_cache_free(cache);
}

/* What is sent, and the canonical request both sides sign for it. */
static const struct {
    const char *name, *path, *query, *field, *want_path, *want_query, *want_field;
} spellings[] = {
    { "nothing", "", "", "", "/", "", "" },
    { "a blank as %20", "/", "prefix=a%20b", "", "/", "prefix=a%20b", "" },
    { "a blank as +", "/", "prefix=a+b", "", "/", "prefix=a%20b", "" },
    { "a plus as %2B", "/", "prefix=a%2Bb", "", "/", "prefix=a%2Bb", "" },
    { "lower case escapes", "/%c3%bc", "prefix=%c3%bc", "", "/%C3%BC", "prefix=%C3%BC", "" },
    { "bytes not escaped", "/\xc3\xbc", "a=\xff", "", "/%C3%BC", "a=%FF", "" },
    { "a slash in a query", "/", "prefix=a/b", "", "/", "prefix=a%2Fb", "" },
    { "no value", "/", "acl&b=", "", "/", "acl=&b=", "" },
    { "'=' in a value", "/", "a=b=c", "", "/", "a=b%3Dc", "" },
    { "'&' escaped", "/", "a=b%26c", "", "/", "a=b%26c", "" },
    { "empty arguments", "/", "&&a&&", "", "/", "a=", "" },
    { "in order of names, not of text", "/", "k-x=2&k=1&k0=4&k.y=3", "", "/", "k=1&k-x=2&k.y=3&k0=4", "" },
    { "in order of values", "/", "a=2&a=1&a=&A=3", "", "/", "A=3&a=&a=1&a=2", "" },
    { "a plus in a path", "/a+b%20c", "", "", "/a%2Bb%20c", "", "" },
    { "dots stay", "/a/../b/./c", "", "", "/a/../b/./c", "", "" },
    { "slashes stay", "//a//b/", "", "", "//a//b/", "", "" },
    { "an escaped slash", "/a%2Fb", "", "", "/a/b", "", "" },
    { "what needs no escape", "/%41%7e-._~", "%41=%7e", "", "/A~-._~", "A=~", "" },
    { "all others", "/!*'();:@&=,$#[]", "", "", "/%21%2A%27%28%29%3B%3A%40%26%3D%2C%24%23%5B%5D", "", "" },
    { "blanks in a field", "/", "", "  a   b \t c  ", "/", "", "a b c" },
    { "one letter", "/", "", " a ", "/", "", "a" },
    { "nothing but blanks", "/", "", "  \t ", "/", "", "" },
};

static void each_spelling_of_a_request_has_its_canonical_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(spellings); i++) {
        struct arena *arena = arena_new();
        struct header fields[] = { { SLICE("HOST"), SLICE(" h ") },
                                   { SLICE("X-Amz-Meta-A"), slice_str(spellings[i].field) },
                                   { SLICE("x-amz-meta-a"), SLICE("second") },
                                   { SLICE("unsigned"), SLICE("u") } };
        struct query query;
        struct canonical c = { .method = SLICE("GET"),
                               .query = &query,
                               .headers = { fields, N(fields) },
                               .signed_headers = SLICE("host;x-amz-meta-a;x-gone"),
                               .payload = SLICE("UNSIGNED-PAYLOAD") };
        uint8_t hash[32], want[32];
        const char *text = arena_printf(arena,
                                        "GET\n%s\n%s\nhost:h\nx-amz-meta-a:%s,second\nx-gone:\n\n"
                                        "host;x-amz-meta-a;x-gone\nUNSIGNED-PAYLOAD",
                                        spellings[i].want_path, spellings[i].want_query, spellings[i].want_field);
        assert_int_equal(query_parse(slice_str(spellings[i].query), arena, &query), OK);
        assert_int_equal(canonical_path(slice_str(spellings[i].path), arena, &c.path), OK);
        assert_int_equal(canonical_hash(&c, hash), OK);
        digest_sha256(slice_str(text), want);
        if (memcmp(hash, want, sizeof want) != 0)
            fail_msg("%s", spellings[i].name);
        arena_free(arena);
    }
}

static void a_list_of_signed_headers_cannot_blow_up_memory(void **state)
{
    (void)state;
    struct buf names;
    AUTO_FREE char *value = mem_zalloc(4000);
    memset(value, 'v', 4000);
    buf_init(&names, 1 << 20);
    for (size_t i = 0; i < 1000; i++)
        buf_add_str(&names, i ? ";host" : "host");
    struct header field = { SLICE("Host"), slice_of(value, 4000) };
    struct query none = { 0 };
    struct canonical c = { .query = &none, .headers = { &field, 1 }, .signed_headers = buf_slice(&names) };
    uint8_t hash[32];
    assert_int_equal(canonical_hash(&c, hash), ERR_MESSAGE_TOO_LONG);
    buf_done(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_aws_are_accepted),
        cmocka_unit_test(an_example_with_any_byte_changed_is_refused),
        cmocka_unit_test(what_is_wrong_is_refused_with_the_code_and_words_of_s3),
        cmocka_unit_test(a_signature_holds_only_in_its_time),
        cmocka_unit_test(the_region_counts_only_when_the_rules_name_one),
        cmocka_unit_test(anonymous_requests_pass_when_the_rules_say_so),
        cmocka_unit_test(a_presigned_url_may_sign_a_hash_and_any_region),
        cmocka_unit_test(a_changed_secret_is_not_masked_by_the_cache),
        cmocka_unit_test(requests_of_botocore_are_accepted_with_their_bodies),
        cmocka_unit_test(each_spelling_of_a_request_has_its_canonical_form),
        cmocka_unit_test(a_list_of_signed_headers_cannot_blow_up_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

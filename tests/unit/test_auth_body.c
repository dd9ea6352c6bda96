/* SPDX-License-Identifier: Apache-2.0 */
/* test_auth_body.c: bodies from wire to content: framing, signatures of chunks, trailers, hashes and checksums, each
 * in pieces of several sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "auth/digest.h"
#include "auth/signing.h"
#include "auth_request.h"
#include "common/codec.h"

#define N(table)     (sizeof(table) / sizeof(table)[0])
#define DATE         "20130524T000000Z"
#define SCOPE        "20130524/us-east-1/s3/aws4_request"
#define SEED         "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
#define SEED_TRAILER "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"

static void make_auth(struct auth *a, enum auth_payload payload, const char *seed)
{
    struct auth_key key;
    example_find(NULL, SLICE(EXAMPLE_KEY), &key);
    *a = (struct auth){ .how = AUTH_HEADER, .payload = payload, .amz_date = DATE, .scope = SCOPE };
    strcpy(a->seed_signature, seed);
    signing_key(NULL, &key, SLICE("20130524"), SLICE("us-east-1"), a->signing_key);
}

struct outcome {
    enum err err;
    const char *detail;
    struct buf content;
    enum checksum checksum;
    uint8_t value[CHECKSUM_MAX];
    bool length_known;
    uint64_t length;
};

/* Feeds `raw` in pieces of `piece` bytes, each from memory of its own, so that a read past its end is seen. */
static enum err pump(struct auth_body *body, struct slice raw, size_t piece, struct buf *content)
{
    while (raw.n) {
        size_t n = raw.n < piece ? raw.n : piece;
        AUTO_FREE char *copy = mem_alloc(n);
        memcpy(copy, raw.p, n);
        raw = slice_from(raw, n);
        for (struct slice part = slice_of(copy, n), found; part.n;) {
            size_t before = part.n;
            enum err e = auth_body_feed(body, &part, &found);
            if (e)
                return e;
            assert_true(part.n < before); /* it always moves on */
            assert_true(found.n == 0 || (found.p >= copy && found.p + found.n <= copy + n));
            buf_add(content, found);
            uint64_t announced;
            if (auth_body_length(body, &announced))
                assert_true(content->n <= announced); /* never more, however it ends */
        }
    }
    return auth_body_finish(body);
}

static struct outcome read_body(const struct auth *a, const char *fields, struct slice raw, size_t piece,
                                enum checksum also)
{
    struct outcome o = { 0 };
    struct request r;
    struct slice rest = slice_str(fields);
    struct auth_body *body = NULL;
    buf_init(&o.content, 1 << 20);
    request_headers(&r, &rest);
    o.err = auth_body_new(a, r.head.headers, also, &body);
    if (o.err) {
        o.detail = auth_body_why(a, r.head.headers);
        return o;
    }
    assert_null(auth_body_why(a, r.head.headers));
    o.length_known = auth_body_length(body, &o.length);
    o.err = pump(body, raw, piece, &o.content);
    o.detail = auth_body_detail(body);
    o.checksum = auth_body_checksum(body, o.value);
    if (o.err) { /* stays so */
        struct slice more = SLICE("x"), content;
        assert_int_equal(auth_body_feed(body, &more, &content), o.err);
        assert_int_equal(auth_body_finish(body), o.err);
        assert_int_equal(o.checksum, CHECKSUM_NONE);
    }
    auth_body_free(body);
    return o;
}

static const size_t pieces[] = { 1, 2, 3, 5, 7, 64, 1000, 1 << 20 };

/* AWS's example: 66,560 times 'a' in chunks of 64 KiB, 1 KiB and 0. */
static struct buf example_body(const char *const signatures[3], const char *end)
{
    struct buf b;
    static const size_t sizes[3] = { 65536, 1024, 0 };
    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < 3; i++) {
        buf_addf(&b, "%zx;chunk-signature=%s\r\n", sizes[i], signatures[i]);
        for (size_t n = 0; n < sizes[i]; n++)
            buf_add_char(&b, 'a');
        if (sizes[i])
            buf_add_str(&b, "\r\n");
    }
    buf_add_str(&b, end);
    return b;
}

static const char *const chunk_signatures[3] = { "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                                                 "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                                                 "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9" };
static const char *const trailer_signatures[3] = { "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                                                   "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                                                   "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992" };
#define CRC32C_LINE    "x-amz-checksum-crc32c:sOO8/Q=="
#define TRAILER_LINE   "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
#define TRAILER_FIELDS "x-amz-decoded-content-length: 66560\nx-amz-trailer: x-amz-checksum-crc32c\n"

static void the_chunked_examples_of_aws_are_accepted(void **state)
{
    (void)state;
    struct auth plain, trailer;
    make_auth(&plain, AUTH_PAYLOAD_CHUNKED_SIGNED, SEED);
    make_auth(&trailer, AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER, SEED_TRAILER);
    struct buf plain_body = example_body(chunk_signatures, "\r\n");
    struct buf trailer_body = example_body(trailer_signatures, CRC32C_LINE "\r\n" TRAILER_LINE "\r\n\r\n");
    assert_int_equal(plain_body.n, 66824); /* as the example's Content-Length */
    for (size_t i = 0; i < N(pieces); i++) {
        struct outcome o = read_body(&plain, "x-amz-decoded-content-length: 66560\n", buf_slice(&plain_body), pieces[i],
                                     CHECKSUM_NONE);
        assert_int_equal(o.err, OK);
        assert_int_equal(o.content.n, 66560);
        assert_true(o.length_known && o.length == 66560);
        assert_int_equal(o.checksum, CHECKSUM_NONE);
        buf_done(&o.content);
        o = read_body(&trailer, TRAILER_FIELDS, buf_slice(&trailer_body), pieces[i], CHECKSUM_NONE);
        assert_int_equal(o.err, OK);
        assert_int_equal(o.content.n, 66560);
        assert_int_equal(o.checksum, CHECKSUM_CRC32C);
        assert_memory_equal(o.value, "\xb0\xe3\xbc\xfd", 4);
        buf_done(&o.content);
    }
    buf_done(&plain_body);
    buf_done(&trailer_body);
}

/* Whatever changes in a signed body, framing or content, is noticed. Not every byte: that would take minutes. */
static void a_signed_body_with_a_byte_changed_is_refused(void **state)
{
    (void)state;
    struct auth a;
    make_auth(&a, AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER, SEED_TRAILER);
    struct buf good = example_body(trailer_signatures, CRC32C_LINE "\r\n" TRAILER_LINE "\r\n\r\n");
    for (size_t at = 0; at<good.n; at += at> 100 && at < 65500 ? 9999 : at > 65800 && at < 66500 ? 333 : 1) {
        if (good.p[at] == '\r' && good.n - at <= 4)
            continue; /* the trailer's last "\r\n\r\n" may be "\n\n" */
        AUTO_FREE char *bad = mem_dup(buf_slice(&good));
        bad[at] ^= 1;
        struct outcome o = read_body(&a, TRAILER_FIELDS, slice_of(bad, good.n), 4096, CHECKSUM_NONE);
        if (o.err == OK)
            fail_msg("byte %zu", at);
        buf_done(&o.content);
    }
    buf_done(&good);
}

static void a_signed_body_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct auth a;
    make_auth(&a, AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER, SEED_TRAILER);
    struct buf good = example_body(trailer_signatures, CRC32C_LINE "\r\n" TRAILER_LINE "\r\n\r\n");
    for (size_t n = 0; n<good.n; n += n> 100 && n < 65500 ? 9999 : n > 65800 && n < 66500 ? 333 : 1) {
        struct outcome o = read_body(&a, TRAILER_FIELDS, slice_of(good.p, n), 4096, CHECKSUM_NONE);
        if (o.err != ERR_INCOMPLETE_BODY)
            fail_msg("cut to %zu: %s", n, err_name(o.err));
        buf_done(&o.content);
    }
    buf_done(&good);
}

#define LENGTH(n)  "x-amz-decoded-content-length: " n "\n"
#define ANNOUNCE   "x-amz-trailer: x-amz-checksum-crc64nvme\n"
#define HELLO_CRC  "x-amz-checksum-crc64nvme:M3eFcAZSQlc="
#define BODY_HELLO "5\r\nhello\r\n0\r\n"

/* STREAMING-UNSIGNED-PAYLOAD-TRAILER. */
static const struct {
    const char *name, *fields, *body;
    enum err err;
    const char *content;
} framed[] = {
    { "a trailer", LENGTH("5") ANNOUNCE, BODY_HELLO HELLO_CRC "\r\n\r\n", OK, "hello" },
    { "a trailer, and its algorithm named", LENGTH("5") ANNOUNCE "x-amz-sdk-checksum-algorithm: crc64nvme\n",
      BODY_HELLO HELLO_CRC "\r\n\r\n", OK, "hello" },
    { "no trailer", LENGTH("5"), BODY_HELLO "\r\n", OK, "hello" },
    { "a checksum in a header instead", LENGTH("5") "x-amz-checksum-crc64nvme: M3eFcAZSQlc=\n", BODY_HELLO "\r\n", OK,
      "hello" },
    { "several chunks, sizes in capitals and with zeros", LENGTH("15"),
      "00A\r\n0123456789\r\n5\r\nabcde\r\n000\r\n\r\n", OK, "0123456789abcde" },
    { "nothing", LENGTH("0"), "0\r\n\r\n", OK, "" },
    { "nothing, with a trailer", LENGTH("0") "x-amz-trailer: x-amz-checksum-crc32\n",
      "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", OK, "" },
    { "a trailer as MinIO's clients end it", LENGTH("5") ANNOUNCE, BODY_HELLO HELLO_CRC "\n\r\n\r\n", OK, "hello" },
    { "a trailer with blanks and capitals", LENGTH("5") ANNOUNCE,
      BODY_HELLO "X-Amz-Checksum-CRC64NVME: M3eFcAZSQlc= \r\n\r\n", OK, "hello" },
    { "with Content-MD5", LENGTH("5") "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==\n", BODY_HELLO "\r\n", OK, "hello" },
    { "content that looks like framing", LENGTH("7"), "7\r\n0\r\n\r\n0\r\r\n0\r\n\r\n", OK, "0\r\n\r\n0\r" },
    { "the trailer announced does not come", LENGTH("5") ANNOUNCE, BODY_HELLO "\r\n", ERR_MALFORMED_TRAILER, NULL },
    { "a trailer without name", LENGTH("5") ANNOUNCE, BODY_HELLO ":M3eFcAZSQlc=\r\n\r\n", ERR_MALFORMED_TRAILER, NULL },
    { "a trailer not announced", LENGTH("5"), BODY_HELLO HELLO_CRC "\r\n\r\n", ERR_MALFORMED_TRAILER, NULL },
    { "another trailer than announced", LENGTH("5") ANNOUNCE, BODY_HELLO "x-amz-checksum-crc32:NhCmhg==\r\n\r\n",
      ERR_MALFORMED_TRAILER, NULL },
    { "an unknown trailer", LENGTH("5") ANNOUNCE, BODY_HELLO "invalid_trailer:M3eFcAZSQlc=\r\n\r\n",
      ERR_MALFORMED_TRAILER, NULL },
    { "a trailer without value", LENGTH("5") ANNOUNCE, BODY_HELLO "x-amz-checksum-crc64nvme:\r\n\r\n",
      ERR_MALFORMED_TRAILER, NULL },
    { "a trailer's signature where nothing is signed", LENGTH("5"), BODY_HELLO "x-amz-trailer-signature:00\r\n\r\n",
      ERR_MALFORMED_TRAILER, NULL },
    { "a trailer that is not base64", LENGTH("5") ANNOUNCE,
      BODY_HELLO "x-amz-checksum-crc64nvme:invalid_checksum\r\n\r\n", ERR_BAD_REQUEST, NULL },
    { "a trailer of the wrong size", LENGTH("5") ANNOUNCE, BODY_HELLO "x-amz-checksum-crc64nvme:NhCmhg==\r\n\r\n",
      ERR_BAD_REQUEST, NULL },
    { "a trailer of other content", LENGTH("5") ANNOUNCE, BODY_HELLO "x-amz-checksum-crc64nvme:QFRKMGE3tuw=\r\n\r\n",
      ERR_BAD_DIGEST, NULL },
    { "two trailers", LENGTH("5") ANNOUNCE, BODY_HELLO HELLO_CRC "\r\n" HELLO_CRC "\r\n\r\n", ERR_INCOMPLETE_BODY,
      NULL },
    { "a trailer without its end", LENGTH("5") ANNOUNCE, BODY_HELLO HELLO_CRC "\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "a trailer line without its end", LENGTH("5") ANNOUNCE, BODY_HELLO HELLO_CRC, ERR_INCOMPLETE_BODY, NULL },
    { "a trailer that is no field", LENGTH("5") ANNOUNCE, BODY_HELLO "garbage\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "a trailer without end of line", LENGTH("5") ANNOUNCE, BODY_HELLO HELLO_CRC "\rx\r\n\r\n", ERR_INCOMPLETE_BODY,
      NULL },
    { "data after the end", LENGTH("5") ANNOUNCE, BODY_HELLO HELLO_CRC "\r\n\r\nmore", ERR_INCOMPLETE_BODY, NULL },
    { "a line after the end", LENGTH("5"), BODY_HELLO "\r\nmore\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "blank lines without end", LENGTH("5"), BODY_HELLO "\r\n\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "no end", LENGTH("5"), BODY_HELLO, ERR_INCOMPLETE_BODY, NULL },
    { "no last chunk", LENGTH("5"), "5\r\nhello\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "no content", LENGTH("5"), "5\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "no body", LENGTH("5"), "", ERR_INCOMPLETE_BODY, NULL },
    { "no body at all for nothing", LENGTH("0"), "", ERR_INCOMPLETE_BODY, NULL },
    { "a size ended by a mere newline", LENGTH("5"), "5\nhello\r\n0\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "content not ended", LENGTH("5"), "5\r\nhello0\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "content longer than its chunk", LENGTH("5"), "4\r\nhello\r\n0\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "content shorter than its chunk", LENGTH("6"), "6\r\nhello\r\n0\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "a line too much", LENGTH("5"), "5\r\nXYZ\r\nhello\r\n0\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "a size that is no number", LENGTH("5"), "J\r\nhello\r\n0\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "a size with a sign", LENGTH("5"), "+5\r\nhello\r\n0\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "a size with a prefix", LENGTH("5"), "0x5\r\nhello\r\n0\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "no size", LENGTH("5"), "\r\nhello\r\n0\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "a size past 64 bits", LENGTH("5"), "10000000000000005\r\nhello\r\n0\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "a size of all 64 bits", LENGTH("5"), "ffffffffffffffff\r\nhello\r\n0\r\n\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "a signature where none belongs", LENGTH("5"), "5;chunk-signature=" SEED "\r\nhello\r\n0\r\n\r\n",
      ERR_INCOMPLETE_BODY, NULL },
    { "more than announced", LENGTH("4"), BODY_HELLO "\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "less than announced", LENGTH("6"), BODY_HELLO "\r\n", ERR_INCOMPLETE_BODY, NULL },
    { "no length announced", "", BODY_HELLO "\r\n", ERR_MISSING_LENGTH, NULL },
    { "a length that is none", LENGTH("12x"), BODY_HELLO "\r\n", ERR_MISSING_LENGTH, NULL },
    { "a negative length", LENGTH("-5"), BODY_HELLO "\r\n", ERR_MISSING_LENGTH, NULL },
    { "two lengths", LENGTH("5") LENGTH("5"), BODY_HELLO "\r\n", ERR_MISSING_LENGTH, NULL },
    { "a trailer nobody knows announced", LENGTH("5") "x-amz-trailer: x-amz-meta-a\n", BODY_HELLO "\r\n",
      ERR_BAD_REQUEST, NULL },
    { "two trailers announced", LENGTH("5") "x-amz-trailer: x-amz-checksum-crc32,x-amz-checksum-sha1\n",
      BODY_HELLO "\r\n", ERR_BAD_REQUEST, NULL },
    { "a checksum in header and trailer", LENGTH("5") ANNOUNCE "x-amz-checksum-crc32: NhCmhg==\n",
      BODY_HELLO HELLO_CRC "\r\n\r\n", ERR_BAD_REQUEST, NULL },
    { "another algorithm named than announced", LENGTH("5") ANNOUNCE "x-amz-sdk-checksum-algorithm: SHA1\n",
      BODY_HELLO HELLO_CRC "\r\n\r\n", ERR_BAD_REQUEST, NULL },
    { "MD5 of other content", LENGTH("5") "Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\n", BODY_HELLO "\r\n", ERR_BAD_DIGEST,
      NULL },
};

static void framed_bodies_are_taken_apart_or_refused_in_pieces_of_any_size(void **state)
{
    (void)state;
    struct auth a = { .payload = AUTH_PAYLOAD_CHUNKED_UNSIGNED_TRAILER };
    for (size_t i = 0; i < N(framed); i++) {
        for (size_t j = 0; j < N(pieces); j++) {
            struct outcome o = read_body(&a, framed[i].fields, slice_str(framed[i].body), pieces[j], CHECKSUM_NONE);
            if (o.err != framed[i].err)
                fail_msg("%s: %s in pieces of %zu", framed[i].name, err_name(o.err), pieces[j]);
            if (o.err == OK && !slice_is(buf_slice(&o.content), framed[i].content))
                fail_msg("%s: content %.*s", framed[i].name, (int)o.content.n, o.content.p);
            buf_done(&o.content);
        }
    }
}

static void a_chunk_line_without_end_is_refused_early(void **state)
{
    (void)state;
    struct auth a = { .payload = AUTH_PAYLOAD_CHUNKED_UNSIGNED_TRAILER };
    char zeros[300];
    memset(zeros, '0', sizeof zeros);
    for (size_t j = 0; j < N(pieces); j++) {
        struct outcome o = read_body(&a, LENGTH("5"), slice_of(zeros, sizeof zeros), pieces[j], CHECKSUM_NONE);
        assert_int_equal(o.err, ERR_INCOMPLETE_BODY);
        buf_done(&o.content);
    }
}

#define HELLO_SHA256 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define NOT_FRAMED   "Content-Length: 5\n"

static const struct {
    const char *name, *fields, *body;
    enum err err;
    const char *says;
} plain[] = {
    { "nothing promised", NOT_FRAMED, "hello", OK, NULL },
    { "MD5", NOT_FRAMED "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==\n", "hello", OK, NULL },
    { "CRC32", NOT_FRAMED "x-amz-checksum-crc32: NhCmhg==\nx-amz-sdk-checksum-algorithm: CRC32\n", "hello", OK, NULL },
    { "CRC32C", NOT_FRAMED "x-amz-checksum-crc32c: mnG7TA==\n", "hello", OK, NULL },
    { "CRC64NVME", NOT_FRAMED "X-Amz-Checksum-Crc64nvme: M3eFcAZSQlc=\n", "hello", OK, NULL },
    { "SHA1", NOT_FRAMED "x-amz-checksum-sha1: qvTGHdzF6KLavt4PO0gs2a6pQ00=\n", "hello", OK, NULL },
    { "SHA256", NOT_FRAMED "x-amz-checksum-sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\n", "hello", OK, NULL },
    { "MD5 and a checksum", NOT_FRAMED "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==\nx-amz-checksum-crc32: NhCmhg==\n",
      "hello", OK, NULL },
    { "no length known", "Transfer-Encoding: chunked\n", "hello", OK, NULL },
    { "neither length nor body", "", "", OK, NULL },
    { "a body of no bytes", "Content-Length: 0\nContent-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\n", "", OK, NULL },
    { "what says of checksums but is none",
      NOT_FRAMED "x-amz-checksum-mode: ENABLED\nx-amz-checksum-type: FULL_OBJECT\nx-amz-checksum-algorithm: SHA1\n",
      "hello", OK, NULL },
    { "MD5 of other content", NOT_FRAMED "Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\n", "hello", ERR_BAD_DIGEST,
      "Content-MD5" },
    { "CRC32 of other content", NOT_FRAMED "x-amz-checksum-crc32: AAAAAA==\n", "hello", ERR_BAD_DIGEST,
      "The CRC32 you" },
    { "SHA256 of other content", NOT_FRAMED "x-amz-checksum-sha256: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
      "hello", ERR_BAD_DIGEST, "The SHA256 you" },
    { "MD5 that is not base64", NOT_FRAMED "Content-MD5: not base64!\n", "hello", ERR_INVALID_DIGEST, NULL },
    { "MD5 of 11 bytes", NOT_FRAMED "Content-MD5: YWJyYWNhZGFicmE=\n", "hello", ERR_INVALID_DIGEST, NULL },
    { "MD5 in hex", NOT_FRAMED "Content-MD5: 5d41402abc4b2a76b9719d911017c592\n", "hello", ERR_INVALID_DIGEST, NULL },
    { "an empty MD5", NOT_FRAMED "Content-MD5: \n", "hello", ERR_INVALID_DIGEST, NULL },
    { "two MD5", NOT_FRAMED "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==\nContent-MD5: XUFAKrxLKna5cZ2REBfFkg==\n", "hello",
      ERR_INVALID_DIGEST, NULL },
    { "a checksum that is not base64", NOT_FRAMED "x-amz-checksum-crc32: zzz\n", "hello", ERR_BAD_REQUEST, "invalid" },
    { "a checksum without padding", NOT_FRAMED "x-amz-checksum-crc32: NhCmhg\n", "hello", ERR_BAD_REQUEST, "invalid" },
    { "a checksum of the wrong size", NOT_FRAMED "x-amz-checksum-sha1: NhCmhg==\n", "hello", ERR_BAD_REQUEST,
      "invalid" },
    { "two checksums", NOT_FRAMED "x-amz-checksum-crc32: NhCmhg==\nx-amz-checksum-sha1: qvTGHdzF6KLavt4PO0gs2a6pQ00=\n",
      "hello", ERR_BAD_REQUEST, "Expecting a single" },
    { "the same checksum twice", NOT_FRAMED "x-amz-checksum-crc32: NhCmhg==\nx-amz-checksum-crc32: NhCmhg==\n", "hello",
      ERR_BAD_REQUEST, "Expecting a single" },
    { "a checksum nobody here knows", NOT_FRAMED "x-amz-checksum-xxhash64: AAAAAAAAAAA=\n", "hello",
      ERR_NOT_IMPLEMENTED, "CRC32" },
    { "an algorithm and no checksum", NOT_FRAMED "x-amz-sdk-checksum-algorithm: CRC32\n", "hello", ERR_BAD_REQUEST,
      "no corresponding" },
    { "an algorithm and another checksum",
      NOT_FRAMED "x-amz-sdk-checksum-algorithm: SHA1\nx-amz-checksum-crc32: NhCmhg==\n", "hello", ERR_BAD_REQUEST,
      "x-amz-sdk-checksum-algorithm" },
    { "a trailer announced and no place for it", NOT_FRAMED "x-amz-trailer: x-amz-checksum-crc32\n", "hello",
      ERR_MALFORMED_TRAILER, NULL },
    { "more than the length", NOT_FRAMED, "hello!", ERR_INCOMPLETE_BODY, NULL },
    { "less than the length", NOT_FRAMED, "hell", ERR_INCOMPLETE_BODY, NULL },
    { "a body that nothing announced", "", "hello", ERR_INCOMPLETE_BODY, NULL },
    { "a length that is none", "Content-Length: five\n", "hello", ERR_MISSING_LENGTH, NULL },
};

static void plain_bodies_are_held_against_what_headers_promise(void **state)
{
    (void)state;
    struct auth a = { .payload = AUTH_PAYLOAD_UNSIGNED };
    for (size_t i = 0; i < N(plain); i++) {
        for (size_t j = 0; j < N(pieces); j++) {
            struct outcome o = read_body(&a, plain[i].fields, slice_str(plain[i].body), pieces[j], CHECKSUM_NONE);
            if (o.err != plain[i].err)
                fail_msg("%s: %s in pieces of %zu", plain[i].name, err_name(o.err), pieces[j]);
            if (o.err == OK && !slice_is(buf_slice(&o.content), plain[i].body))
                fail_msg("%s: content", plain[i].name);
            if (plain[i].says && (o.detail == NULL || strstr(o.detail, plain[i].says) == NULL))
                fail_msg("%s: says %s", plain[i].name, o.detail ? o.detail : "nothing");
            buf_done(&o.content);
        }
    }
}

static void the_signed_hash_is_that_of_the_body(void **state)
{
    (void)state;
    struct auth a = { .payload = AUTH_PAYLOAD_SHA256 };
    assert_true(hex_decode(SLICE(HELLO_SHA256), a.payload_sha256, 32));
    for (size_t j = 0; j < N(pieces); j++) {
        struct outcome o = read_body(&a, NOT_FRAMED, SLICE("hello"), pieces[j], CHECKSUM_NONE);
        assert_int_equal(o.err, OK);
        buf_done(&o.content);
        o = read_body(&a, NOT_FRAMED, SLICE("hellO"), pieces[j], CHECKSUM_NONE);
        assert_int_equal(o.err, ERR_SHA256_MISMATCH);
        buf_done(&o.content);
    }
}

static void the_checksum_of_the_client_comes_before_ours(void **state)
{
    (void)state;
    struct auth a = { .payload = AUTH_PAYLOAD_UNSIGNED };
    struct outcome o = read_body(&a, NOT_FRAMED, SLICE("hello"), 2, CHECKSUM_CRC64NVME);
    assert_int_equal(o.checksum, CHECKSUM_CRC64NVME);
    assert_memory_equal(o.value, "\x33\x77\x85\x70\x06\x52\x42\x57", 8);
    buf_done(&o.content);
    o = read_body(&a, NOT_FRAMED "x-amz-checksum-crc32: NhCmhg==\n", SLICE("hello"), 2, CHECKSUM_CRC64NVME);
    assert_int_equal(o.checksum, CHECKSUM_CRC32);
    assert_memory_equal(o.value, "\x36\x10\xa6\x86", 4);
    buf_done(&o.content);
    o = read_body(&a, NOT_FRAMED, SLICE("hello"), 2, CHECKSUM_NONE);
    assert_int_equal(o.checksum, CHECKSUM_NONE);
    buf_done(&o.content);
}

/* CompleteMultipartUpload's are those of the object. */
static void a_bare_body_leaves_checksums_alone_and_keeps_its_length_and_md5(void **state)
{
    (void)state;
    struct auth a = { .payload = AUTH_PAYLOAD_UNSIGNED };
    struct request r;
    struct slice rest = SLICE(NOT_FRAMED "x-amz-checksum-crc32: AAAAAA==-2\nx-amz-sdk-checksum-algorithm: SHA1\n"
                                         "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==\n");
    static const struct {
        const char *body;
        enum err err;
    } bodies[] = { { "hello", OK }, { "hellO", ERR_BAD_DIGEST }, { "hell", ERR_INCOMPLETE_BODY } };
    request_headers(&r, &rest);
    for (size_t i = 0; i < N(bodies); i++) {
        AUTO_BUF struct buf content;
        struct auth_body *body;
        buf_init(&content, 100);
        assert_int_equal(auth_body_new_bare(&a, r.head.headers, &body), OK);
        assert_int_equal(pump(body, slice_str(bodies[i].body), 2, &content), bodies[i].err);
        auth_body_free(body);
    }
    auth_body_free(NULL);
}

/* Signs chunks as a client does: the same HMACs, put together here anew. */
struct signer {
    struct auth a;
    char previous[65];
};

static void sign(struct signer *s, const char *algorithm, const char *empty, struct slice hashed)
{
    uint8_t hash[32];
    char hex[65], text[600];
    digest_sha256(hashed, hash);
    hex_encode(hash, 32, hex);
    int n = snprintf(text, sizeof text, "%s\n%s\n%s\n%s\n%s%s", algorithm, s->a.amz_date, s->a.scope, s->previous,
                     empty, hex);
    digest_hmac(slice_of(s->a.signing_key, 32), slice_of(text, (size_t)n), hash);
    hex_encode(hash, 32, s->previous);
}

static void sign_chunk(struct signer *s, struct buf *b, struct slice data)
{
    sign(s, "AWS4-HMAC-SHA256-PAYLOAD", EMPTY_SHA256 "\n", data);
    buf_addf(b, "%zx;chunk-signature=%s\r\n", data.n, s->previous);
    buf_add(b, data);
    if (data.n)
        buf_add_str(b, "\r\n");
}

static const struct {
    const char *name, *fields, *before_signature, *signed_trailer, *after_signature;
    enum err err;
} signed_trailers[] = {
    { "as the SDKs send it", LENGTH("5") ANNOUNCE, HELLO_CRC "\r\n", HELLO_CRC "\n", "\r\n\r\n", OK },
    { "as MinIO's clients send it", LENGTH("5") ANNOUNCE, HELLO_CRC "\n\r\n", HELLO_CRC "\n", "\r\n\r\n", OK },
    { "as the documentation shows it", LENGTH("5") ANNOUNCE, "\r\n" HELLO_CRC "\r\n", HELLO_CRC "\n", "\r\n\r\n", OK },
    { "none announced, none sent", LENGTH("5"), "", "", "\r\n\r\n", OK },
    { "signed otherwise", LENGTH("5") ANNOUNCE, HELLO_CRC "\r\n", HELLO_CRC "\r\n", "\r\n\r\n", ERR_SIGNATURE },
    { "signed for another value", LENGTH("5") ANNOUNCE, HELLO_CRC "\r\n", "x-amz-checksum-crc64nvme:QFRKMGE3tuw=\n",
      "\r\n\r\n", ERR_SIGNATURE },
    { "signed and wrong", LENGTH("5") ANNOUNCE, "x-amz-checksum-crc64nvme:QFRKMGE3tuw=\r\n",
      "x-amz-checksum-crc64nvme:QFRKMGE3tuw=\n", "\r\n\r\n", ERR_BAD_DIGEST },
    { "not announced", LENGTH("5"), HELLO_CRC "\r\n", HELLO_CRC "\n", "\r\n\r\n", ERR_MALFORMED_TRAILER },
    { "announced and not sent", LENGTH("5") ANNOUNCE, "", "", "\r\n\r\n", ERR_MALFORMED_TRAILER },
    { "blank lines without end", LENGTH("5") ANNOUNCE, "\r\n\r\n\r\n", "", "\r\n\r\n", ERR_MALFORMED_TRAILER },
    { "three blank lines before it", LENGTH("5") ANNOUNCE, HELLO_CRC "\r\n\r\n\r\n\r\n", HELLO_CRC "\n", "\r\n\r\n",
      ERR_MALFORMED_TRAILER },
    { "another field behind it", LENGTH("5") ANNOUNCE, HELLO_CRC "\r\n", HELLO_CRC "\n", "\r\na:b\r\n\r\n",
      ERR_INCOMPLETE_BODY },
    { "a signature too long", LENGTH("5") ANNOUNCE, HELLO_CRC "\r\n", HELLO_CRC "\n", "0\r\n\r\n",
      ERR_INCOMPLETE_BODY },
    { "a signature without end", LENGTH("5") ANNOUNCE, HELLO_CRC "\r\n", HELLO_CRC "\n", "", ERR_INCOMPLETE_BODY },
    { "no blank line", LENGTH("5") ANNOUNCE, HELLO_CRC "\r\n", HELLO_CRC "\n", "\r\n", ERR_INCOMPLETE_BODY },
};

static void trailers_are_signed_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(signed_trailers); i++) {
        struct signer s;
        AUTO_BUF struct buf b;
        buf_init(&b, 4096);
        make_auth(&s.a, AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER, SEED);
        strcpy(s.previous, SEED);
        sign_chunk(&s, &b, SLICE("hello"));
        sign_chunk(&s, &b, SLICE(""));
        buf_add_str(&b, signed_trailers[i].before_signature);
        sign(&s, "AWS4-HMAC-SHA256-TRAILER", "", slice_str(signed_trailers[i].signed_trailer));
        buf_addf(&b, "x-amz-trailer-signature:%s%s", s.previous, signed_trailers[i].after_signature);
        for (size_t j = 0; j < N(pieces); j++) {
            struct outcome o = read_body(&s.a, signed_trailers[i].fields, buf_slice(&b), pieces[j], CHECKSUM_NONE);
            if (o.err != signed_trailers[i].err)
                fail_msg("%s: %s in pieces of %zu", signed_trailers[i].name, err_name(o.err), pieces[j]);
            buf_done(&o.content);
        }
    }
}

static void a_trailer_without_its_signature_is_refused(void **state)
{
    (void)state;
    struct signer s;
    AUTO_BUF struct buf b;
    buf_init(&b, 4096);
    make_auth(&s.a, AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER, SEED);
    strcpy(s.previous, SEED);
    sign_chunk(&s, &b, SLICE("hello"));
    sign_chunk(&s, &b, SLICE(""));
    buf_add_str(&b, HELLO_CRC "\r\n\r\n");
    struct outcome o = read_body(&s.a, LENGTH("5") ANNOUNCE, buf_slice(&b), 7, CHECKSUM_NONE);
    assert_int_equal(o.err, ERR_MALFORMED_TRAILER);
    buf_done(&o.content);
}

static void chunks_cannot_be_swapped_left_out_or_unsigned(void **state)
{
    (void)state;
    struct signer s;
    struct buf one, two, end;
    make_auth(&s.a, AUTH_PAYLOAD_CHUNKED_SIGNED, SEED);
    strcpy(s.previous, SEED);
    buf_init(&one, 4096);
    buf_init(&two, 4096);
    buf_init(&end, 4096);
    sign_chunk(&s, &one, SLICE("hello"));
    sign_chunk(&s, &two, SLICE("world"));
    sign_chunk(&s, &end, SLICE(""));
    buf_add_str(&end, "\r\n");
    const struct {
        const char *name;
        struct slice first, second;
        enum err err;
    } orders[] = {
        { "in order", buf_slice(&one), buf_slice(&two), OK },
        { "swapped", buf_slice(&two), buf_slice(&one), ERR_SIGNATURE },
        { "one twice", buf_slice(&one), buf_slice(&one), ERR_SIGNATURE },
        { "unsigned", buf_slice(&one), SLICE("5\r\nworld\r\n"), ERR_INCOMPLETE_BODY },
        { "another extension", buf_slice(&one), SLICE("5;chunk-signatur=" SEED "\r\nworld\r\n"), ERR_INCOMPLETE_BODY },
        { "a signature cut short", buf_slice(&one), SLICE("5;chunk-signature=00\r\nworld\r\n"), ERR_INCOMPLETE_BODY },
        { "left out", SLICE(""), buf_slice(&two), ERR_SIGNATURE },
    };
    for (size_t i = 0; i < N(orders); i++) {
        AUTO_BUF struct buf b;
        buf_init(&b, 4096);
        buf_add(&b, orders[i].first);
        buf_add(&b, orders[i].second);
        buf_add(&b, buf_slice(&end));
        struct outcome o = read_body(&s.a, LENGTH("10"), buf_slice(&b), 9, CHECKSUM_NONE);
        if (o.err != orders[i].err)
            fail_msg("%s: %s", orders[i].name, err_name(o.err));
        buf_done(&o.content);
    }
    buf_done(&one);
    buf_done(&two);
    buf_done(&end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chunked_examples_of_aws_are_accepted),
        cmocka_unit_test(a_signed_body_with_a_byte_changed_is_refused),
        cmocka_unit_test(a_signed_body_cut_anywhere_is_refused),
        cmocka_unit_test(framed_bodies_are_taken_apart_or_refused_in_pieces_of_any_size),
        cmocka_unit_test(a_chunk_line_without_end_is_refused_early),
        cmocka_unit_test(plain_bodies_are_held_against_what_headers_promise),
        cmocka_unit_test(the_signed_hash_is_that_of_the_body),
        cmocka_unit_test(the_checksum_of_the_client_comes_before_ours),
        cmocka_unit_test(a_bare_body_leaves_checksums_alone_and_keeps_its_length_and_md5),
        cmocka_unit_test(trailers_are_signed_too),
        cmocka_unit_test(a_trailer_without_its_signature_is_refused),
        cmocka_unit_test(chunks_cannot_be_swapped_left_out_or_unsigned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

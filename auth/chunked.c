/* SPDX-License-Identifier: Apache-2.0 */
/* chunked.c: the state machine of aws-chunked.
 *
 *      ┌──────────────── next chunk ────────────────┐
 *      ▼                                            │
 *    HEADER ── size > 0 ──► DATA ── all of it ──► DATA_END ("\r\n")
 *      │
 *      └─ size 0 ──► TRAILER ── blank line ──► END ── at most one blank line more
 *
 *   header   hex-size [";chunk-signature=" 64 hex] "\r\n"      the signature exactly when chunks are signed
 *   trailer  *( name ":" value ) ["x-amz-trailer-signature:" 64 hex], a line each, then a blank line
 *
 * Sources: "Transferring Payload in Multiple Chunks" and "Including Trailing Headers", Amazon S3 API Reference. What is
 * not said there is as SDKs send it: MinIO's ends the lines of the trailer with "\n", has a blank line before the
 * trailer's signature, and ends an unsigned trailer with two. S3 wants chunks of 8 KiB at least; any size is taken
 * here.
 *
 * A chunk's content is handed out before its signature can be checked, which needs all of it; so content is proved
 * only by chunked_finish. */
#include "auth/chunked.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/digest.h"
#include "auth/signing.h"
#include "common/codec.h"

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define BLANKS_MAX   2 /* blank lines that may come before a trailer's signature */

enum state { HEADER, DATA, DATA_END, TRAILER, END };

struct chunked {
    enum state state;
    enum auth_payload kind;
    uint64_t length; /* announced, of the content */
    uint64_t got;    /* content so far */
    uint64_t left;   /* of this chunk */
    char line[CHUNKED_LINE];
    size_t n_line;
    /* Signatures; unused where nothing is signed. */
    uint8_t key[SIGNING_KEY];
    char amz_date[17];
    char scope[160];
    char previous[SIGNATURE_TEXT];
    char claimed[SIGNATURE_TEXT]; /* by this chunk's header */
    EVP_MD_CTX *hash;             /* of this chunk */
    /* Trailer. */
    char announced[32]; /* "": none */
    char value[CHUNKED_TRAILER];
    size_t n_value; /* 0: has not come */
    bool signature_came;
    unsigned blanks;
};

static bool is_signed(const struct chunked *c)
{
    return c->kind != AUTH_PAYLOAD_CHUNKED_UNSIGNED_TRAILER;
}

struct chunked *chunked_new(const struct auth *a, uint64_t length, const char *trailer)
{
    struct chunked *c = mem_zalloc(sizeof *c);
    c->kind = a->payload;
    c->length = length;
    memcpy(c->key, a->signing_key, sizeof c->key);
    memcpy(c->amz_date, a->amz_date, sizeof c->amz_date);
    memcpy(c->scope, a->scope, sizeof c->scope);
    memcpy(c->previous, a->seed_signature, sizeof c->previous);
    if (is_signed(c))
        c->hash = digest_new(DIGEST_SHA256);
    if (trailer) {
        assert(strlen(trailer) < sizeof c->announced);
        strcpy(c->announced, trailer);
    }
    return c;
}

void chunked_free(struct chunked *c)
{
    if (c == NULL)
        return;
    EVP_MD_CTX_free(c->hash);
    OPENSSL_cleanse(c, sizeof *c);
    free(c);
}

/* Each signature covers the one before it, so that chunks cannot be moved, left out or taken from elsewhere. */
static enum err check_signature(struct chunked *c, const char *algorithm, const char *hashes, struct slice claimed)
{
    char to_sign[64 + sizeof c->amz_date + sizeof c->scope + sizeof c->previous + sizeof EMPTY_SHA256 + SIGNATURE_TEXT];
    int n =
        snprintf(to_sign, sizeof to_sign, "%s\n%s\n%s\n%s\n%s", algorithm, c->amz_date, c->scope, c->previous, hashes);
    assert(n > 0 && (size_t)n < sizeof to_sign);
    signing_sign(c->key, slice_of(to_sign, (size_t)n), c->previous);
    return signing_same(claimed, c->previous) ? OK : ERR_SIGNATURE;
}

static enum err check_chunk(struct chunked *c)
{
    uint8_t hash[32];
    char hashes[sizeof EMPTY_SHA256 + SIGNATURE_TEXT] = EMPTY_SHA256 "\n";
    if (!is_signed(c))
        return OK;
    digest_final(c->hash, hash);
    hex_encode(hash, sizeof hash, hashes + sizeof EMPTY_SHA256);
    return check_signature(c, "AWS4-HMAC-SHA256-PAYLOAD", hashes, slice_of(c->claimed, 64));
}

/* Signed is the trailer in its canonical form: each line "name:value\n". */
static enum err check_trailer_signature(struct chunked *c, struct slice claimed)
{
    uint8_t hash[32];
    char hex[65], canonical[sizeof c->announced + CHUNKED_TRAILER + 2];
    int n =
        c->n_value ? snprintf(canonical, sizeof canonical, "%s:%.*s\n", c->announced, (int)c->n_value, c->value) : 0;
    assert(n >= 0 && (size_t)n < sizeof canonical);
    digest_sha256(slice_of(canonical, (size_t)n), hash);
    hex_encode(hash, sizeof hash, hex);
    c->signature_came = true;
    return check_signature(c, "AWS4-HMAC-SHA256-TRAILER", hex, claimed);
}

static bool parse_size(struct slice hex, uint64_t *out)
{
    char padded[16];
    uint8_t bytes[8];
    if (hex.n == 0 || hex.n > sizeof padded)
        return false;
    memset(padded, '0', sizeof padded);
    memcpy(padded + sizeof padded - hex.n, hex.p, hex.n);
    if (!hex_decode(slice_of(padded, sizeof padded), bytes, sizeof bytes))
        return false;
    *out = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        *out = *out << 8 | bytes[i];
    return true;
}

static enum err on_header(struct chunked *c, struct slice line)
{
    struct slice extension = line;
    struct slice size = slice_cut(&extension, ';');
    if (!parse_size(size, &c->left) || c->left > c->length - c->got)
        return ERR_INCOMPLETE_BODY;
    if (is_signed(c) != (extension.p != NULL))
        return ERR_INCOMPLETE_BODY;
    if (is_signed(c)) {
        struct slice name = slice_cut(&extension, '=');
        uint8_t unused[32];
        if (!slice_is(name, "chunk-signature") || !hex_decode(extension, unused, sizeof unused))
            return ERR_INCOMPLETE_BODY;
        memcpy(c->claimed, extension.p, 64);
    }
    if (c->left) {
        c->state = DATA;
        return OK;
    }
    c->state = TRAILER;
    return c->got == c->length ? check_chunk(c) : ERR_INCOMPLETE_BODY;
}

/* The signature comes last: nothing but the blank line may follow it. */
static enum err on_trailer_signature(struct chunked *c, struct slice value)
{
    uint8_t unused[32];
    if (c->kind != AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER || (c->announced[0] && !c->n_value))
        return ERR_MALFORMED_TRAILER;
    if (!hex_decode(value, unused, sizeof unused))
        return ERR_INCOMPLETE_BODY;
    return check_trailer_signature(c, value);
}

static enum err on_trailer(struct chunked *c, struct slice line)
{
    struct slice value = line;
    struct slice name = slice_trim(slice_cut(&value, ':'));
    if (c->signature_came || value.p == NULL)
        return ERR_INCOMPLETE_BODY;
    value = slice_trim(value);
    if (slice_eq_nocase(name, SLICE("x-amz-trailer-signature")))
        return on_trailer_signature(c, value);
    /* One checksum is all that S3 takes in a trailer; behind it only its signature is left to come. */
    if (c->n_value)
        return ERR_INCOMPLETE_BODY;
    if (c->announced[0] == '\0' || !slice_eq_nocase(name, slice_str(c->announced)) || value.n == 0 ||
        value.n > sizeof c->value)
        return ERR_MALFORMED_TRAILER;
    memcpy(c->value, value.p, value.n);
    c->n_value = value.n;
    return OK;
}

static enum err on_blank(struct chunked *c)
{
    bool signature_to_come = c->kind == AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER && c->announced[0] && !c->signature_came;
    if (signature_to_come)
        return ++c->blanks <= BLANKS_MAX ? OK : ERR_MALFORMED_TRAILER;
    c->state = END;
    c->blanks = 0;
    return c->announced[0] && !c->n_value ? ERR_MALFORMED_TRAILER : OK;
}

/* `line` without its "\n". A "\r" belongs to the end of a line and to nothing else. */
static enum err on_line(struct chunked *c, struct slice line)
{
    bool cr = slice_ends(line, SLICE("\r"));
    line.n -= cr;
    if (line.n && memchr(line.p, '\r', line.n))
        return ERR_INCOMPLETE_BODY;
    switch (c->state) {
    case HEADER:
        return cr ? on_header(c, line) : ERR_INCOMPLETE_BODY;
    case DATA_END:
        c->state = HEADER;
        return cr && line.n == 0 ? check_chunk(c) : ERR_INCOMPLETE_BODY;
    case TRAILER:
        return line.n ? on_trailer(c, line) : on_blank(c);
    case END:
        return line.n == 0 && c->blanks++ == 0 ? OK : ERR_INCOMPLETE_BODY;
    case DATA:
        break;
    }
    assert(!"content is not made of lines");
    return ERR_INTERNAL;
}

/* Takes up to the end of a line. Lines are gathered in c->line, since a piece may end anywhere in them. */
static enum err take_line(struct chunked *c, struct slice *raw)
{
    const char *end = memchr(raw->p, '\n', raw->n);
    size_t n = end ? (size_t)(end - raw->p) : raw->n;
    if (n > sizeof c->line - c->n_line)
        return ERR_INCOMPLETE_BODY;
    memcpy(c->line + c->n_line, raw->p, n);
    c->n_line += n;
    *raw = slice_from(*raw, end ? n + 1 : n);
    if (end == NULL)
        return OK;
    struct slice line = slice_of(c->line, c->n_line);
    c->n_line = 0;
    return on_line(c, line);
}

static void take_data(struct chunked *c, struct slice *raw, struct slice *content)
{
    *content = slice_of(raw->p, raw->n < c->left ? raw->n : (size_t)c->left);
    *raw = slice_from(*raw, content->n);
    c->left -= content->n;
    c->got += content->n;
    if (c->hash)
        digest_update(c->hash, *content);
    if (c->left == 0)
        c->state = DATA_END;
}

enum err chunked_feed(struct chunked *c, struct slice *raw, struct slice *content)
{
    struct slice rest = *raw, found = SLICE_NONE;
    while (rest.n && found.n == 0) {
        if (c->state == DATA) {
            take_data(c, &rest, &found);
            continue;
        }
        enum err e = take_line(c, &rest);
        if (e)
            return e;
    }
    *raw = rest;
    *content = found;
    return OK;
}

enum err chunked_finish(const struct chunked *c)
{
    if (c->state == END && c->n_line == 0)
        return OK;
    /* A trailer that is announced and does not come is another mistake than a body cut short. */
    return c->state == TRAILER && c->blanks ? ERR_MALFORMED_TRAILER : ERR_INCOMPLETE_BODY;
}

struct slice chunked_trailer(const struct chunked *c)
{
    return c->n_value ? slice_of(c->value, c->n_value) : SLICE_NONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* auth.h: who sends a request, and whether its body is what was signed.
 *
 *   auth_verify(head) ── before a byte of the body is read, and before 100 Continue
 *        └► struct auth: the key, and how the body is framed and protected
 *   auth_body_new ── feed raw body bytes, get content bytes; finish checks signatures, hashes and checksums
 *
 * SigV4: "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API Reference: by header, by query
 * (presigned), and chunk by chunk for `aws-chunked` bodies with or without trailer; Signature Version 2 by query, for
 * reading. All functions are pure but for the
 * caller's key lookup; any thread; one struct, one thread. */
#ifndef HUGS3_AUTH_AUTH_H
#define HUGS3_AUTH_AUTH_H

#include "common/arena.h"
#include "common/header.h"

#define AUTH_SECRET_MAX 256

/* A key pair as the configuration has it. */
struct auth_key {
    char access_key_id[129];
    char secret[AUTH_SECRET_MAX + 1]; /* wiped by whoever lets go of the struct: AUTO_AUTH_KEY */
};
void auth_key_wipe(struct auth_key *k);
#define AUTO_AUTH_KEY __attribute__((cleanup(auth_key_wipe)))

/* Remembers signing keys derived from secrets, so that a request costs one HMAC and not five. Any thread. */
struct auth_cache;
struct auth_cache *auth_cache_new(void);
void auth_cache_free(struct auth_cache *c); /* wipes; NULL is fine */

/* Where keys come from. false: no such key. Must not block. */
struct auth_keys {
    bool (*find)(void *ctx, struct slice access_key_id, struct auth_key *out);
    void *ctx;
    struct auth_cache *cache; /* NULL: none, keys are derived each time */
};

/* A request's head, raw: nothing decoded, nothing normalised.
 * What is signed is the decoded path and query. In a query '+' stands for a blank, as S3 has it; in a path it is a
 * plus. Whoever decodes them to act upon them must do the same, or the request done is not the request signed. */
struct auth_head {
    struct slice method;
    struct slice path;  /* before '?', exactly as on the request line (absolute form: without scheme and authority) */
    struct slice query; /* behind '?', raw; empty when there is none */
    struct headers headers;
    struct slice host_bucket; /* of a virtual host, as the Host has it; empty: path style */
};

enum auth_how { AUTH_ANONYMOUS, AUTH_HEADER, AUTH_QUERY };

enum auth_payload {
    AUTH_PAYLOAD_SHA256,         /* x-amz-content-sha256 is the body's hash */
    AUTH_PAYLOAD_UNSIGNED,       /* UNSIGNED-PAYLOAD, presigned without a hash, anonymous */
    AUTH_PAYLOAD_CHUNKED_SIGNED, /* STREAMING-AWS4-HMAC-SHA256-PAYLOAD */
    AUTH_PAYLOAD_CHUNKED_SIGNED_TRAILER,
    AUTH_PAYLOAD_CHUNKED_UNSIGNED_TRAILER, /* STREAMING-UNSIGNED-PAYLOAD-TRAILER */
};

struct auth {
    enum auth_how how;
    char access_key_id[129]; /* "" when anonymous */
    enum auth_payload payload;
    uint8_t payload_sha256[32]; /* with AUTH_PAYLOAD_SHA256 */
    /* For chunk signatures. */
    uint8_t signing_key[32];
    char seed_signature[65];
    char amz_date[17];
    char scope[160]; /* yyyymmdd/region/s3/aws4_request */
    bool has_security_token;
};
void auth_wipe(struct auth *a);
#define AUTO_AUTH __attribute__((cleanup(auth_wipe)))

struct auth_rules {
    const char *region;   /* NULL: any region in the scope is taken */
    bool sigv2_presigned; /* GET and HEAD may be presigned with Signature Version 2 */
    bool anonymous;       /* requests without any credentials pass as AUTH_ANONYMOUS; else ERR_ACCESS_DENIED */
    uint32_t skew_ms;     /* 0: 15 minutes */
};

/* Decides from the head alone. *detail, when an error is returned, may get one sentence more for the error's Message
 * (in `arena`), else NULL. Errors and statuses are AWS's: ERR_UNKNOWN_ACCESS_KEY, ERR_SIGNATURE, ERR_SKEWED,
 * ERR_EXPIRED, ERR_AUTH_HEADER, ERR_AUTH_QUERY, ERR_AUTH_VERSION, ERR_ACCESS_DENIED, ERR_INVALID_ARGUMENT … */
MUST_USE enum err auth_verify(const struct auth_head *head, const struct auth_keys *keys,
                              const struct auth_rules *rules, int64_t now_ms, struct arena *arena, struct auth *out,
                              const char **detail);

/* Checksums of content. */
enum checksum { CHECKSUM_NONE, CHECKSUM_CRC32, CHECKSUM_CRC32C, CHECKSUM_CRC64NVME, CHECKSUM_SHA1, CHECKSUM_SHA256 };
#define CHECKSUM_MAX  32 /* bytes, raw */
#define CHECKSUM_TEXT 48 /* base64 and NUL */

const char *checksum_name(enum checksum c);    /* "CRC32" …, as x-amz-checksum-algorithm spells it */
const char *checksum_header(enum checksum c);  /* "x-amz-checksum-crc32" … */
const char *checksum_element(enum checksum c); /* "ChecksumCRC32" … */
MUST_USE bool checksum_parse(struct slice name, enum checksum *out); /* any case */
size_t checksum_size(enum checksum c);

/* CRCs combine: the checksum of two contents one behind the other, from theirs and the size of the second. */
bool checksum_combines(enum checksum c);
void checksum_combine(enum checksum c, uint8_t first[CHECKSUM_MAX], const uint8_t second[CHECKSUM_MAX],
                      uint64_t second_size); /* into `first` */

struct checksum_state; /* one running checksum */
struct checksum_state *checksum_new(enum checksum c);
void checksum_update(struct checksum_state *s, struct slice bytes);
void checksum_final(struct checksum_state *s, uint8_t out[CHECKSUM_MAX]);
void checksum_free(struct checksum_state *s); /* NULL is fine */

/* A request's body on its way from wire to content. */
struct auth_body;

/* Reads what the head says of the body: framing (x-amz-content-sha256 and aws-chunked), x-amz-decoded-content-length,
 * Content-MD5, x-amz-checksum-*, x-amz-trailer, x-amz-sdk-checksum-algorithm, and refuses what contradicts itself.
 * `also`: a checksum to compute even when the client sent none (CHECKSUM_NONE: no). Copies what it needs of both. */
MUST_USE enum err auth_body_new(const struct auth *a, struct headers headers, enum checksum also,
                                struct auth_body **out);
/* The same for CompleteMultipartUpload, whose x-amz-checksum-* are of the object it makes and not of its body. */
MUST_USE enum err auth_body_new_bare(const struct auth *a, struct headers headers, struct auth_body **out);
/* One sentence more about what auth_body_new refuses in such headers, for the error's Message; NULL: none. */
const char *auth_body_why(const struct auth *a, struct headers headers);
void auth_body_free(struct auth_body *b); /* NULL is fine; wipes */

/* How long the content will be, from Content-Length or x-amz-decoded-content-length; false: not known (chunked transfer
 * without either). */
bool auth_body_length(const struct auth_body *b, uint64_t *out);

/* Takes bytes from the front of *raw (which advances) and gives the content among them: *content points into the bytes
 * taken, may be empty, and has been hashed already. Call until raw is empty. Content handed out is not yet proved:
 * only auth_body_finish says that it was what the client meant. */
MUST_USE enum err auth_body_feed(struct auth_body *b, struct slice *raw, struct slice *content);

/* After the last byte: completeness, last chunk, trailer, signatures, SHA-256, MD5, checksums.
 * ERR_INCOMPLETE_BODY, ERR_SIGNATURE, ERR_SHA256_MISMATCH, ERR_BAD_DIGEST, ERR_MALFORMED_TRAILER … */
MUST_USE enum err auth_body_finish(struct auth_body *b);
/* After feed or finish failed: one sentence more for the error's Message, or NULL. */
const char *auth_body_detail(const struct auth_body *b);

/* After finish: the checksum the client sent and we verified (or `also`), else CHECKSUM_NONE. */
enum checksum auth_body_checksum(const struct auth_body *b, uint8_t out[CHECKSUM_MAX]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* checksum.c: the checksums that S3 knows, one row each, and a running one of them ("Checking object integrity", Amazon
 * S3 User Guide). CRCs are given as big-endian numbers. */
#include <assert.h>
#include <endian.h>
#include <isa-l/crc.h>
#include <stdlib.h>

#include "auth/auth.h"
#include "auth/crc64.h"
#include "auth/digest.h"

static const struct row {
    const char *name, *header, *element;
    size_t size;
} rows[] = {
    [CHECKSUM_NONE] = { "", "", "", 0 },
    [CHECKSUM_CRC32] = { "CRC32", "x-amz-checksum-crc32", "ChecksumCRC32", 4 },
    [CHECKSUM_CRC32C] = { "CRC32C", "x-amz-checksum-crc32c", "ChecksumCRC32C", 4 },
    [CHECKSUM_CRC64NVME] = { "CRC64NVME", "x-amz-checksum-crc64nvme", "ChecksumCRC64NVME", 8 },
    [CHECKSUM_SHA1] = { "SHA1", "x-amz-checksum-sha1", "ChecksumSHA1", 20 },
    [CHECKSUM_SHA256] = { "SHA256", "x-amz-checksum-sha256", "ChecksumSHA256", 32 },
};
#define ROWS (sizeof rows / sizeof rows[0])

static const struct row *row_of(enum checksum c)
{
    assert((size_t)c < ROWS);
    return &rows[c];
}

const char *checksum_name(enum checksum c)
{
    return row_of(c)->name;
}

const char *checksum_header(enum checksum c)
{
    return row_of(c)->header;
}

const char *checksum_element(enum checksum c)
{
    return row_of(c)->element;
}

size_t checksum_size(enum checksum c)
{
    return row_of(c)->size;
}

bool checksum_parse(struct slice name, enum checksum *out)
{
    for (size_t i = CHECKSUM_NONE + 1; i < ROWS; i++) {
        if (slice_eq_nocase(name, slice_str(rows[i].name))) {
            *out = (enum checksum)i;
            return true;
        }
    }
    return false;
}

struct checksum_state {
    enum checksum kind;
    uint32_t crc32; /* CRC32C: the register, not inverted; that is how ISA-L has it */
    uint64_t crc64;
    EVP_MD_CTX *hash; /* SHA1, SHA256 */
};

struct checksum_state *checksum_new(enum checksum c)
{
    struct checksum_state *s = mem_zalloc(sizeof *s);
    s->kind = c;
    if (c == CHECKSUM_CRC32C)
        s->crc32 = UINT32_MAX;
    if (c == CHECKSUM_SHA1 || c == CHECKSUM_SHA256)
        s->hash = digest_new(c == CHECKSUM_SHA1 ? DIGEST_SHA1 : DIGEST_SHA256);
    return s;
}

void checksum_free(struct checksum_state *s)
{
    if (s == NULL)
        return;
    EVP_MD_CTX_free(s->hash);
    free(s);
}

/* ISA-L counts in int here, and does not say const of what it only reads. */
static uint32_t crc32c(uint32_t crc, struct slice bytes)
{
    const size_t most = (size_t)1 << 30;
    for (; bytes.n > most; bytes = slice_from(bytes, most))
        crc = crc32_iscsi((unsigned char *)(uintptr_t)bytes.p, (int)most, crc);
    return crc32_iscsi((unsigned char *)(uintptr_t)bytes.p, (int)bytes.n, crc);
}

void checksum_update(struct checksum_state *s, struct slice bytes)
{
    if (bytes.n == 0)
        return;
    switch (s->kind) {
    case CHECKSUM_NONE:
        break;
    case CHECKSUM_CRC32:
        s->crc32 = crc32_gzip_refl(s->crc32, (const unsigned char *)bytes.p, bytes.n);
        break;
    case CHECKSUM_CRC32C:
        s->crc32 = crc32c(s->crc32, bytes);
        break;
    case CHECKSUM_CRC64NVME:
        s->crc64 = crc64_nvme(s->crc64, bytes);
        break;
    case CHECKSUM_SHA1:
    case CHECKSUM_SHA256:
        digest_update(s->hash, bytes);
        break;
    }
}

void checksum_final(struct checksum_state *s, uint8_t out[CHECKSUM_MAX])
{
    uint32_t big32 = htobe32(s->kind == CHECKSUM_CRC32C ? ~s->crc32 : s->crc32);
    uint64_t big64 = htobe64(s->crc64);
    if (s->hash)
        digest_final(s->hash, out);
    else if (s->kind == CHECKSUM_CRC64NVME)
        memcpy(out, &big64, sizeof big64);
    else if (s->kind != CHECKSUM_NONE)
        memcpy(out, &big32, sizeof big32);
}

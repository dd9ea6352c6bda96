/* SPDX-License-Identifier: Apache-2.0 */
/* test_auth_checksum.c: each checksum against its published check value and, in pieces of all sizes, against itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "auth/auth.h"
#include "common/codec.h"

/* Of "123456789": the catalogue of parametrised CRC algorithms calls this "check"; SHAs by FIPS 180-4. */
static const struct {
    enum checksum kind;
    const char *name, *header, *element, *check, *empty;
} checks[] = {
    { CHECKSUM_CRC32, "CRC32", "x-amz-checksum-crc32", "ChecksumCRC32", "cbf43926", "00000000" },
    { CHECKSUM_CRC32C, "CRC32C", "x-amz-checksum-crc32c", "ChecksumCRC32C", "e3069283", "00000000" },
    { CHECKSUM_CRC64NVME, "CRC64NVME", "x-amz-checksum-crc64nvme", "ChecksumCRC64NVME", "ae8b14860a799888",
      "0000000000000000" },
    { CHECKSUM_SHA1, "SHA1", "x-amz-checksum-sha1", "ChecksumSHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
      "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
    { CHECKSUM_SHA256, "SHA256", "x-amz-checksum-sha256", "ChecksumSHA256",
      "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
};
#define N(table) (sizeof(table) / sizeof(table)[0])

static void sum(enum checksum kind, struct slice bytes, size_t piece, uint8_t out[CHECKSUM_MAX])
{
    struct checksum_state *s = checksum_new(kind);
    for (size_t at = 0; at < bytes.n; at += piece)
        checksum_update(s, slice_of(bytes.p + at, bytes.n - at < piece ? bytes.n - at : piece));
    checksum_update(s, SLICE_NONE);
    checksum_final(s, out);
    checksum_free(s);
}

static void check_values_are_the_published_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(checks); i++) {
        uint8_t out[CHECKSUM_MAX];
        char hex[2 * CHECKSUM_MAX + 1];
        sum(checks[i].kind, SLICE("123456789"), 9, out);
        hex_encode(out, checksum_size(checks[i].kind), hex);
        assert_string_equal(hex, checks[i].check);
        sum(checks[i].kind, SLICE(""), 1, out);
        hex_encode(out, checksum_size(checks[i].kind), hex);
        assert_string_equal(hex, checks[i].empty);
    }
}

static void names_are_those_of_s3_in_any_case(void **state)
{
    (void)state;
    enum checksum found = CHECKSUM_NONE;
    for (size_t i = 0; i < N(checks); i++) {
        assert_string_equal(checksum_name(checks[i].kind), checks[i].name);
        assert_string_equal(checksum_header(checks[i].kind), checks[i].header);
        assert_string_equal(checksum_element(checks[i].kind), checks[i].element);
        assert_true(checksum_parse(slice_str(checks[i].name), &found));
        assert_int_equal(found, checks[i].kind);
    }
    assert_true(checksum_parse(SLICE("crc64Nvme"), &found));
    assert_int_equal(found, CHECKSUM_CRC64NVME);
    found = CHECKSUM_SHA1;
    assert_false(checksum_parse(SLICE("MD4"), &found));
    assert_false(checksum_parse(SLICE(""), &found));
    assert_int_equal(found, CHECKSUM_SHA1);
}

/* Bit by bit, from the definition: nothing in common with the fast ways. */
static uint64_t plain_crc64(struct slice bytes)
{
    uint64_t crc = UINT64_MAX;
    for (size_t i = 0; i < bytes.n; i++) {
        crc ^= (uint8_t)bytes.p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x9A6C9329AC4BC9B5 : crc >> 1;
    }
    return ~crc;
}

static void crcs_of_all_lengths_and_alignments_are_right(void **state)
{
    (void)state;
    char bytes[1100];
    uint64_t x = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)((x = x * 6364136223846793005u + 1442695040888963407u) >> 56);
    for (size_t n = 0; n < 1000; n++) {
        struct slice part = slice_of(bytes + n % 17, n);
        uint8_t out[CHECKSUM_MAX];
        uint64_t crc64 = 0;
        uint32_t crc32_value = 0;
        sum(CHECKSUM_CRC64NVME, part, n + 1, out);
        for (size_t i = 0; i < 8; i++)
            crc64 = crc64 << 8 | out[i];
        assert_true(crc64 == plain_crc64(part));
        sum(CHECKSUM_CRC32, part, n + 1, out);
        for (size_t i = 0; i < 4; i++)
            crc32_value = crc32_value << 8 | out[i];
        assert_int_equal(crc32_value, crc32(0, (const unsigned char *)part.p, (unsigned)n));
    }
}

static void pieces_of_any_size_give_the_same(void **state)
{
    (void)state;
    static const size_t pieces[] = { 1, 7, 64, 127, 128, 129, 1000, 4096 };
    AUTO_FREE char *bytes = mem_alloc(5000);
    for (size_t i = 0; i < 5000; i++)
        bytes[i] = (char)(i * i >> 3);
    for (size_t i = 0; i < N(checks); i++) {
        uint8_t whole[CHECKSUM_MAX], out[CHECKSUM_MAX];
        sum(checks[i].kind, slice_of(bytes, 5000), 5000, whole);
        for (size_t j = 0; j < N(pieces); j++) {
            sum(checks[i].kind, slice_of(bytes, 5000), pieces[j], out);
            assert_memory_equal(out, whole, checksum_size(checks[i].kind));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_values_are_the_published_ones),
        cmocka_unit_test(names_are_those_of_s3_in_any_case),
        cmocka_unit_test(crcs_of_all_lengths_and_alignments_are_right),
        cmocka_unit_test(pieces_of_any_size_give_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* hash.c: the hashes of Xet and their text form. Every one of them is BLAKE3 under a key that says what is hashed; the
 * keys are constants of the Xet specification ("Hashes"). Setting a key up copies 32 bytes, so nothing is kept between
 * calls and every function may be called from any thread. */
#include <assert.h>

#include <blake3.h>

#include "xet/format.h"
#include "xet/wire.h"

static_assert(sizeof(struct xet_hash) == BLAKE3_OUT_LEN && BLAKE3_KEY_LEN == 32, "a hash is what BLAKE3 makes");

const struct xet_hash xet_hash_zero;

static const uint8_t data_key[32] = { 102, 151, 245, 119, 91,  149, 80, 222, 49,  53,  203, 172, 165, 151, 24,  28,
                                      157, 228, 33,  16,  155, 235, 43, 88,  180, 208, 176, 75,  147, 173, 242, 41 };
static const uint8_t verify_key[32] = { 127, 24,  87, 214, 206, 86,  237, 102, 18, 127, 249, 19,  231, 165, 195, 243,
                                        164, 205, 38, 213, 181, 219, 73,  230, 65, 36,  152, 127, 40,  251, 148, 195 };
static const uint8_t file_key[32]; /* zero bytes */

static void keyed(const uint8_t key[32], const void *p, size_t n, struct xet_hash *out)
{
    blake3_hasher hasher;

    blake3_hasher_init_keyed(&hasher, key);
    blake3_hasher_update(&hasher, p, n);
    blake3_hasher_finalize(&hasher, out->b, sizeof out->b);
}

void xet_chunk_hash(struct slice chunk, struct xet_hash *out)
{
    keyed(data_key, chunk.p, chunk.n, out);
}

void xet_file_hash(const struct xet_hash *root, struct xet_hash *out)
{
    if (xet_hash_eq(root, &xet_hash_zero))
        *out = xet_hash_zero;
    else
        keyed(file_key, root->b, sizeof root->b, out);
}

void xet_hmac(const uint8_t key[32], const struct xet_hash *h, struct xet_hash *out)
{
    keyed(key, h->b, sizeof h->b, out);
}

void xet_range_hash(const struct xet_hash *chunks, size_t n, struct xet_hash *out)
{
    keyed(verify_key, chunks, n * sizeof *chunks, out);
}

bool xet_hash_dedup_eligible(const struct xet_hash *h)
{
    return wire_get64(h->b + 24) % 1024 == 0;
}

void xet_hash_text(const struct xet_hash *h, char out[XET_HASH_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    char *p = out;

    for (int word = 0; word < 4; word++) {
        for (int i = 7; i >= 0; i--) {
            uint8_t byte = h->b[word * 8 + i];
            *p++ = digits[byte >> 4];
            *p++ = digits[byte & 15];
        }
    }
    *p = '\0';
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool xet_hash_parse(struct slice text, struct xet_hash *out)
{
    struct xet_hash h;

    if (text.n != XET_HASH_TEXT - 1)
        return false;
    for (size_t i = 0; i < sizeof h.b; i++) {
        const char *pair = text.p + (i / 8 * 8 + 7 - i % 8) * 2; /* the words are little-endian */
        int high = digit(pair[0]), low = digit(pair[1]);
        if (high < 0 || low < 0)
            return false;
        h.b[i] = (uint8_t)(high << 4 | low);
    }
    *out = h;
    return true;
}

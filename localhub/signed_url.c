/* SPDX-License-Identifier: Apache-2.0 */
/* signed_url.c: making and checking the query of a signed URL. */
#include "localhub/signed_url.h"

#include <inttypes.h>

#include "common/codec.h"

static const char *const purpose[] = { [SIGNED_XORB] = "xorb-url", [SIGNED_FILE] = "file-url" };
static const char *const place[] = { [SIGNED_XORB] = "/cas/xorb-data/", [SIGNED_FILE] = "/cas/file-data/" };

static void to_sign(const struct xet_hash *hash, struct slice expires, struct slice scope, struct buf *out)
{
    buf_init(out, SIZE_MAX);
    buf_add(out, slice_of(hash->b, sizeof hash->b));
    buf_add(out, expires);
    buf_add_char(out, '\n'); /* expires has digits only */
    buf_add(out, scope);
}

void signed_url_add(const struct keys *k, enum signed_kind kind, const struct xet_hash *hash, int64_t expires_s,
                    struct slice scope, struct buf *out)
{
    AUTO_BUF struct buf text = { 0 }, expires = { 0 };
    char mac[KEYS_MAC_HEX], hash_text[XET_HASH_TEXT];

    buf_init(&expires, 32);
    buf_addf(&expires, "%" PRId64, expires_s);
    to_sign(hash, buf_slice(&expires), scope, &text);
    keys_sign(k, purpose[kind], buf_slice(&text), mac);
    xet_hash_text(hash, hash_text);
    buf_addf(out, "%s%s?e=%s&r=", place[kind], hash_text, buf_str(&expires));
    percent_encode(scope, PERCENT_ALL, out);
    buf_addf(out, "&s=%s", mac);
}

bool signed_url_ok(const struct keys *k, enum signed_kind kind, const struct xet_hash *hash, struct slice expires,
                   struct slice scope, struct slice signature, int64_t now_s)
{
    AUTO_BUF struct buf text = { 0 };
    uint64_t until;

    if (!slice_u64(expires, &until) || until > INT64_MAX || now_s >= (int64_t)until)
        return false;
    to_sign(hash, expires, scope, &text);
    return keys_check(k, purpose[kind], buf_slice(&text), signature);
}

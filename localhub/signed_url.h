/* SPDX-License-Identifier: Apache-2.0 */
/* signed_url.h: the query of a URL that needs no token: it authorises one thing until a time.
 *
 *   /cas/xorb-data/HASH?e=EXPIRES&r=0-4095,8192-16383&s=SIGNATURE      exactly these byte ranges of a xorb
 *   /cas/file-data/HASH?e=EXPIRES&r=NAME&s=SIGNATURE                   the whole file, under this name
 *
 * Signed are kind, hash, expiry and scope; a change to any of them is 403. */
#ifndef HUGS3_LOCALHUB_SIGNED_URL_H
#define HUGS3_LOCALHUB_SIGNED_URL_H

#include "localhub/keys.h"

enum signed_kind { SIGNED_XORB, SIGNED_FILE };

/* Appends "/cas/…" with everything behind it. */
void signed_url_add(const struct keys *k, enum signed_kind kind, const struct xet_hash *hash, int64_t expires_s,
                    struct slice scope, struct buf *out);
/* Whether these (decoded) parts of a URL belong together and have not expired. */
MUST_USE bool signed_url_ok(const struct keys *k, enum signed_kind kind, const struct xet_hash *hash,
                            struct slice expires, struct slice scope, struct slice signature, int64_t now_s);

#endif

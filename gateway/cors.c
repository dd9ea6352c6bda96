/* SPDX-License-Identifier: Apache-2.0 */
/* cors.c: see cors.h. Credentials of S3 are in the request itself, never in cookies, so that any origin may be allowed
 * without Access-Control-Allow-Credentials. */
#include "gateway/cors.h"

#define METHODS "GET, PUT, POST, DELETE, HEAD"
#define EXPOSED                                                                                                        \
    "ETag, Content-Length, Content-Range, Accept-Ranges, Last-Modified, x-amz-request-id, x-amz-id-2, "                \
    "x-amz-version-id, x-amz-mp-parts-count, x-amz-checksum-crc32, x-amz-checksum-crc32c, "                            \
    "x-amz-checksum-crc64nvme, x-amz-checksum-sha1, x-amz-checksum-sha256, x-amz-checksum-type"

/* `pattern` may hold one `*`, which stands for anything. */
static bool fits(struct slice origin, const char *pattern)
{
    struct slice after = slice_str(pattern), before = slice_cut(&after, '*');
    if (!after.p)
        return slice_eq(origin, before);
    return origin.n >= before.n + after.n && slice_starts(origin, before) && slice_ends(origin, after);
}

static bool is_allowed(const struct cors *cors, struct slice origin)
{
    for (size_t i = 0; origin.n > 0 && cors->origins && cors->origins[i]; i++)
        if (fits(origin, cors->origins[i]))
            return true;
    return false;
}

/* The origin itself and not "*": caches are told so by Vary. */
static void allow_origin(struct httpd_request *r, struct slice origin)
{
    httpd_add_header(r, "Access-Control-Allow-Origin", origin);
    httpd_add_header_str(r, "Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
}

void cors_add_headers(const struct cors *cors, struct httpd_request *r)
{
    struct slice origin = httpd_header(r, "origin");
    if (!is_allowed(cors, origin))
        return;
    allow_origin(r, origin);
    httpd_add_header_str(r, "Access-Control-Expose-Headers", EXPOSED);
}

static bool is_method(struct slice method)
{
    struct slice rest = SLICE(METHODS);
    while (rest.p)
        if (slice_eq(slice_trim(slice_cut(&rest, ',')), method))
            return true;
    return false;
}

enum err cors_preflight(const struct cors *cors, struct httpd_request *r, const char **detail)
{
    struct slice origin = httpd_header(r, "origin"), method = httpd_header(r, "access-control-request-method");
    struct slice wanted = httpd_header(r, "access-control-request-headers");
    if (!origin.n) {
        *detail = "Insufficient information. Origin request header needed.";
        return ERR_BAD_REQUEST;
    }
    if (!method.n) {
        *detail = "Invalid Access-Control-Request-Method: null";
        return ERR_BAD_REQUEST;
    }
    if (!is_allowed(cors, origin) || !is_method(method)) {
        *detail = "CORSResponse: This CORS request is not allowed. The setting cors_origin says who may.";
        return ERR_ACCESS_DENIED;
    }
    allow_origin(r, origin);
    httpd_add_header_str(r, "Access-Control-Allow-Methods", METHODS);
    if (wanted.n > 0)
        httpd_add_header(r, "Access-Control-Allow-Headers", wanted);
    httpd_add_header_str(r, "Access-Control-Max-Age", "3000");
    httpd_reply(r, 200, SLICE(""));
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* http_retry.c: whether an outcome is worth another try, and how long to wait before it. Exponential backoff with
 * full jitter (every delay from none to the ceiling is as likely), so that clients that failed together do not come
 * back together. */
#include "common/clock.h"
#include "common/http_internal.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS   5000

bool retry_wanted(const struct transfer *t)
{
    if (t->err)
        return t->transient;
    int status = t->response.status;
    return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

/* RFC 9110 section 10.2.3: seconds, or a date. What is neither, or has passed, asks for nothing. */
static int64_t retry_after_ms(const struct http_response *r, int64_t now_ms)
{
    struct slice value = http_response_header(r, "Retry-After");
    uint64_t seconds;
    int64_t date_ms;
    if (slice_u64(value, &seconds))
        return seconds < INT32_MAX ? (int64_t)seconds * 1000 : (int64_t)INT32_MAX * 1000;
    if (value.n && clock_parse_http_date(value, &date_ms) && date_ms > now_ms)
        return date_ms - now_ms;
    return 0;
}

int64_t retry_delay_ms(const struct http_response *r, unsigned tries, uint64_t random, int64_t now_ms)
{
    int64_t ceiling = BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < tries && ceiling < BACKOFF_MAX_MS; i++)
        ceiling *= 2;
    if (ceiling > BACKOFF_MAX_MS)
        ceiling = BACKOFF_MAX_MS;
    int64_t backoff = (int64_t)(random % (uint64_t)(ceiling + 1));
    int64_t asked = retry_after_ms(r, now_ms);
    return asked > backoff ? asked : backoff;
}

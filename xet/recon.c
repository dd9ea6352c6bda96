/* SPDX-License-Identifier: Apache-2.0 */
/* recon.c: asking for a reconstruction, in the form that this CAS answers. v2 is asked first; a 404 or 501 to it may
 * mean that there is only v1, so a missing file is missing in both. What worked once is asked from then on. */
#include "xet/recon.h"

#include "xet/cas.h"

enum { ANSWER_MAX = 32 << 20 };

static enum err ask(struct xet_space *s, bool v2, const struct xet_hash *file, uint64_t from, uint64_t to, int *status,
                    struct recon *out)
{
    AUTO_RESPONSE struct http_response response = { 0 };

    enum err e = cas_reconstruction(s, v2 ? "v2" : "v1", file, from, to, ANSWER_MAX, status, &response);
    if (e)
        return e == ERR_BAD_REQUEST ? ERR_UPSTREAM_ANSWER : e;
    e = recon_parse(buf_slice(&response.body), v2, to - from + 1, out);
    if (!e)
        atomic_store_explicit(&s->recon, v2 ? RECON_V2 : RECON_V1, memory_order_relaxed);
    return e;
}

enum err recon_ask(struct xet_space *s, const struct xet_hash *file, uint64_t from, uint64_t to, struct recon *out)
{
    int known = atomic_load_explicit(&s->recon, memory_order_relaxed);
    int status = 0;

    if (known == RECON_V1)
        return ask(s, false, file, from, to, &status, out);
    enum err e = ask(s, true, file, from, to, &status, out);
    if (status == 404 && known == RECON_V2)
        return e;
    if (status == 404 || status == 405 || status == 501)
        return ask(s, false, file, from, to, &status, out);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_auth_body.c: any body, in any framing, with any headers, in pieces of any size; and that the size of the pieces
 * makes no difference. Input: two bytes (kind, size of pieces), headers "name:value" a line each, an empty line, the
 * body. */
#include <assert.h>
#include <stdlib.h>

#include "auth/auth.h"

struct result {
    enum err err;
    uint64_t content; /* its length, and a sum over its bytes */
    uint64_t sum;
    enum checksum checksum;
};

static struct result run(const struct auth *a, struct headers headers, struct slice raw, size_t piece)
{
    struct result r = { 0 };
    struct auth_body *body;
    uint8_t value[CHECKSUM_MAX];
    r.err = auth_body_new(a, headers, CHECKSUM_CRC64NVME, &body);
    if (r.err) {
        (void)auth_body_why(a, headers);
        return r;
    }
    while (raw.n && !r.err) {
        struct slice part = slice_of(raw.p, raw.n < piece ? raw.n : piece), content = SLICE_NONE;
        raw = slice_from(raw, part.n);
        while (part.n && !r.err) {
            size_t before = part.n;
            r.err = auth_body_feed(body, &part, &content);
            assert(r.err || part.n < before);
            for (size_t i = 0; i < content.n && !r.err; i++)
                r.sum = r.sum * 31 + (uint8_t)content.p[i];
            r.content += r.err ? 0 : content.n;
        }
    }
    if (!r.err)
        r.err = auth_body_finish(body);
    r.checksum = auth_body_checksum(body, value);
    auth_body_free(body);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct slice rest = slice_of(data + 2, size - 2);
    struct auth a = { .payload = (enum auth_payload)(data[0] % 5), .amz_date = "20130524T000000Z", .scope = "s" };
    struct header list[16];
    size_t n = 0;
    for (; rest.p && n < 16; n++) {
        struct slice value = slice_cut(&rest, '\n');
        if (value.n == 0)
            break;
        list[n].name = slice_cut(&value, ':');
        list[n].value = value;
    }
    struct headers headers = { list, n };
    struct result whole = run(&a, headers, rest, size);
    struct result parts = run(&a, headers, rest, (size_t)data[1] + 1);
    assert(whole.err == parts.err && whole.checksum == parts.checksum);
    assert(whole.err || (whole.content == parts.content && whole.sum == parts.sum));
    return 0;
}

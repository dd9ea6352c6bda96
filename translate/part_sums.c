/* SPDX-License-Identifier: Apache-2.0 */
/* part_sums.c: see part_sums.h. */
#include "translate/part_sums.h"

#include <ctype.h>

#include "common/codec.h"

static const char *lower_name(struct arena *arena, enum checksum sum)
{
    if (sum == CHECKSUM_NONE)
        return "null";
    char *name = arena_strdup(arena, slice_str(checksum_name(sum)));
    for (char *p = name; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return name;
}

/* Composite unless told otherwise, but for CRC64NVME, which never is. */
static bool is_full(enum checksum sum, struct slice type)
{
    return sum == CHECKSUM_CRC64NVME || slice_is(type, "FULL_OBJECT");
}

enum err part_sums_check_create(struct s3_call *c)
{
    struct slice algorithm = call_header(c, "x-amz-checksum-algorithm"), type = call_header(c, "x-amz-checksum-type");
    enum checksum sum = CHECKSUM_NONE;
    if (algorithm.p && !checksum_parse(algorithm, &sum))
        return call_refuse(c, ERR_BAD_REQUEST,
                           "Checksum algorithm provided is unsupported. Please try again with any of the "
                           "valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
    if (!type.p)
        return OK;
    if (!slice_is(type, "COMPOSITE") && !slice_is(type, "FULL_OBJECT"))
        return call_refuse(c, ERR_BAD_REQUEST, "Value for x-amz-checksum-type header is invalid.");
    if (sum == CHECKSUM_NONE)
        return call_refuse(c, ERR_BAD_REQUEST,
                           "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
    if (slice_is(type, "FULL_OBJECT") ? !checksum_combines(sum) : sum == CHECKSUM_CRC64NVME)
        return call_refuse(c, ERR_BAD_REQUEST, "The %.*s checksum type cannot be used with the %s checksum algorithm.",
                           (int)type.n, type.p, lower_name(c->arena, sum));
    return OK;
}

enum checksum part_sums_algorithm(const struct store_upload *up)
{
    enum checksum sum = CHECKSUM_NONE;
    return checksum_parse(multipart_header(up, "x-amz-checksum-algorithm"), &sum) ? sum : CHECKSUM_NONE;
}

const char *part_sums_type(const struct store_upload *up)
{
    return is_full(part_sums_algorithm(up), multipart_header(up, "x-amz-checksum-type")) ? "FULL_OBJECT" : "COMPOSITE";
}

/* The x-amz-checksum-<algorithm> of the call; CHECKSUM_NONE. */
static enum checksum promised(const struct s3_call *c, struct slice *value)
{
    for (enum checksum sum = CHECKSUM_CRC32; sum <= CHECKSUM_SHA256; sum++) {
        *value = call_header(c, checksum_header(sum));
        if (value->p)
            return sum;
    }
    return CHECKSUM_NONE;
}

enum err part_sums_begin(struct s3_call *c, const struct store_upload *up, struct part_sums *out)
{
    struct slice value, said = call_header(c, "x-amz-checksum-type");
    struct slice type = multipart_header(up, "x-amz-checksum-type");
    enum checksum sum = part_sums_algorithm(up), asked = promised(c, &value);
    if (sum != CHECKSUM_NONE && asked != CHECKSUM_NONE && asked != sum)
        return call_refuse(c, ERR_BAD_REQUEST,
                           "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
                           lower_name(c->arena, sum), lower_name(c->arena, asked));
    if (sum != CHECKSUM_NONE && said.p && !slice_is(said, part_sums_type(up)))
        return call_refuse(c, ERR_BAD_REQUEST,
                           "The upload was created using the %s checksum mode. The complete request must use the same "
                           "checksum mode.",
                           part_sums_type(up));
    /* A CRC that nothing more was said of is of the content; it would say "-N" otherwise. */
    if (sum == CHECKSUM_NONE) {
        sum = asked;
        type = said.p ? said : checksum_combines(sum) ? SLICE("FULL_OBJECT") : SLICE("COMPOSITE");
    }
    *out = (struct part_sums){ .sum = sum, .full = is_full(sum, type) && checksum_combines(sum) };
    if (sum != CHECKSUM_NONE && !out->full)
        out->over = checksum_new(sum);
    return OK;
}

void part_sums_add(struct part_sums *p, const struct store_part *part)
{
    enum checksum sum;
    uint8_t value[CHECKSUM_MAX] = { 0 };
    size_t n;
    struct slice text = part->checksum, name = slice_cut(&text, ':');
    if (p->sum == CHECKSUM_NONE || p->missing)
        return;
    p->missing = !text.p || !checksum_parse(name, &sum) || sum != p->sum ||
                 !base64_decode(text, value, sizeof value, &n) || n != checksum_size(sum);
    if (p->missing)
        return;
    if (!p->full)
        checksum_update(p->over, slice_of(value, n));
    else if (p->n == 0)
        memcpy(p->crc, value, sizeof p->crc);
    else
        checksum_combine(sum, p->crc, value, part->size);
    p->n++;
}

/* Composite ones are given with "-N" or without. */
static bool same(struct slice given, struct slice text, bool full)
{
    struct slice bare = text;
    if (!full)
        bare = slice_cut(&bare, '-');
    return slice_eq(given, text) || slice_eq(given, bare);
}

enum err part_sums_finish(struct s3_call *c, struct part_sums *p, struct slice *text)
{
    struct slice given;
    enum checksum asked = promised(c, &given);
    if (p->sum == CHECKSUM_NONE || p->missing) {
        *text = SLICE_NONE;
        return asked == CHECKSUM_NONE ? OK
                                      : call_refuse(c, ERR_BAD_REQUEST,
                                                    "The object's checksum cannot be checked: its parts were not all "
                                                    "uploaded with the checksum %s.",
                                                    checksum_name(asked));
    }
    uint8_t value[CHECKSUM_MAX];
    memcpy(value, p->crc, sizeof value);
    if (!p->full)
        checksum_final(p->over, value);
    struct slice found = call_checksum_text(c, p->sum, value);
    if (!p->full)
        found = slice_str(arena_printf(c->arena, "%.*s-%u", (int)found.n, found.p, p->n));
    if (asked != CHECKSUM_NONE && !same(given, found, p->full))
        return call_refuse(c, ERR_BAD_DIGEST, "The %s you specified did not match the calculated checksum.",
                           lower_name(c->arena, p->sum));
    *text = found;
    return OK;
}

const char *part_sums_type_name(const struct part_sums *p)
{
    return p->full ? "FULL_OBJECT" : "COMPOSITE";
}

void part_sums_done(struct part_sums *p)
{
    checksum_free(p->over);
    *p = (struct part_sums){ 0 };
}

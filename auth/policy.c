/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c: see policy.h.
 *
 *   policy (base64) ─► signature ─► JSON ─► not expired ─► each condition holds ─► each field has a condition */
#include "auth/policy.h"

#include <jansson.h>

#include "auth/claim.h"
#include "auth/signing.h"
#include "common/clock.h"
#include "common/codec.h"

#define FIELDS_MAX 256 /* conditions looked at */

static enum err refuse(enum err e, const char **detail, const char *sentence)
{
    *detail = sentence;
    return e;
}

struct slice policy_field(const struct policy_form *form, const char *name)
{
    if (strcasecmp(name, "key") == 0)
        return form->key;
    for (size_t i = 0; i < form->n; i++)
        if (slice_eq_nocase(form->fields[i].name, slice_str(name)))
            return form->fields[i].value;
    return SLICE_NONE;
}

/* ---- the signature ---- */

static enum err check_signature(const struct policy_form *form, const struct auth_keys *keys,
                                const struct auth_rules *rules, struct arena *arena, struct auth *a,
                                const char **detail)
{
    AUTO_AUTH_KEY struct auth_key key = { 0 };
    struct claim claim = { 0 };
    struct slice algorithm = policy_field(form, "x-amz-algorithm"), date = policy_field(form, "x-amz-date");
    char signature[SIGNATURE_TEXT];
    int64_t signed_ms;
    if (policy_field(form, "AWSAccessKeyId").p && !algorithm.p)
        return refuse(ERR_AUTH_VERSION, detail,
                      "This form is signed with Signature Version 2. Please use AWS4-HMAC-SHA256; with boto3, ask for "
                      "Config(signature_version='s3v4').");
    if (!policy_field(form, "policy").n || !policy_field(form, "x-amz-signature").n)
        return ERR_ACCESS_DENIED;
    if (!slice_is(algorithm, "AWS4-HMAC-SHA256"))
        return refuse(ERR_INVALID_ARGUMENT, detail, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
    enum err e = claim_credential(policy_field(form, "x-amz-credential"), rules, arena, &claim, detail);
    if (e)
        return e;
    if (!clock_parse_amz(date, &signed_ms) || !slice_starts(date, claim.date))
        return refuse(
            ERR_INVALID_ARGUMENT, detail,
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\", of the credential's day");
    if (claim.access_key_id.n >= sizeof a->access_key_id || !keys->find(keys->ctx, claim.access_key_id, &key))
        return ERR_UNKNOWN_ACCESS_KEY;
    memcpy(a->access_key_id, claim.access_key_id.p, claim.access_key_id.n);
    signing_key(keys->cache, &key, claim.date, claim.region, a->signing_key);
    signing_sign(a->signing_key, policy_field(form, "policy"), signature);
    return signing_same(policy_field(form, "x-amz-signature"), signature) ? OK : ERR_SIGNATURE;
}

/* ---- the document ---- */

static enum err invalid(const char **detail)
{
    return refuse(ERR_BAD_REQUEST, detail, "Invalid Policy: Invalid JSON.");
}

static enum err failed(struct arena *arena, const char **detail, const char *op, const char *name, const char *value)
{
    *detail =
        arena_printf(arena, "Invalid according to Policy: Policy Condition failed: [\"%s\", \"$%.100s\", \"%.200s\"]",
                     op, name, value);
    return ERR_ACCESS_DENIED;
}

static struct slice actual(const struct policy_form *form, const char *name)
{
    return strcasecmp(name, "bucket") == 0 ? form->bucket : policy_field(form, name);
}

/* What the conditions have named so far. */
struct named {
    const char *list[FIELDS_MAX];
    size_t n;
};

static bool is_named(const struct named *named, struct slice name)
{
    for (size_t i = 0; i < named->n; i++)
        if (slice_eq_nocase(name, slice_str(named->list[i])))
            return true;
    return false;
}

static enum err check_match(const struct policy_form *form, const char *op, const char *name, const char *value,
                            struct named *named, struct arena *arena, const char **detail)
{
    struct slice have = actual(form, name), want = slice_str(value);
    bool holds = strcasecmp(op, "eq") == 0 ? slice_eq(have, want) : slice_starts(have, want);
    if (!holds)
        return failed(arena, detail, op, name, value);
    if (named->n == FIELDS_MAX)
        return invalid(detail);
    named->list[named->n++] = name;
    return OK;
}

static bool whole(const json_t *v, uint64_t *out)
{
    if (json_is_string(v))
        return slice_u64(slice_str(json_string_value(v)), out);
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return false;
    *out = (uint64_t)json_integer_value(v);
    return true;
}

/* Of several ranges, all hold. */
static enum err take_range(const json_t *condition, struct policy_range *range, const char **detail)
{
    uint64_t min, max;
    if (json_array_size(condition) != 3 || !whole(json_array_get(condition, 1), &min) ||
        !whole(json_array_get(condition, 2), &max))
        return invalid(detail);
    range->min = min > range->min ? min : range->min;
    range->max = max < range->max ? max : range->max;
    return OK;
}

/* ["eq", "$name", "value"], ["starts-with", …], ["content-length-range", 1, 2] */
static enum err check_array(const struct policy_form *form, const json_t *condition, struct named *named,
                            struct policy_range *range, struct arena *arena, const char **detail)
{
    const char *op = json_string_value(json_array_get(condition, 0));
    const char *name = json_string_value(json_array_get(condition, 1));
    const char *value = json_string_value(json_array_get(condition, 2));
    if (op && strcasecmp(op, "content-length-range") == 0)
        return take_range(condition, range, detail);
    if (!op || !name || !value || name[0] != '$' || json_array_size(condition) != 3 ||
        (strcasecmp(op, "eq") != 0 && strcasecmp(op, "starts-with") != 0))
        return invalid(detail);
    return check_match(form, op, name + 1, value, named, arena, detail);
}

/* {"name": "value"} */
static enum err check_object(const struct policy_form *form, json_t *condition, struct named *named,
                             struct arena *arena, const char **detail)
{
    const char *name;
    json_t *value;
    json_object_foreach(condition, name, value)
    {
        if (!json_is_string(value))
            return invalid(detail);
        enum err e = check_match(form, "eq", name, json_string_value(value), named, arena, detail);
        if (e)
            return e;
    }
    return OK;
}

/* Every field but these must be in a condition; and the bucket, or the policy would be good for any. */
static enum err check_extra(const struct policy_form *form, const struct named *named, struct arena *arena,
                            const char **detail)
{
    if (!is_named(named, SLICE("bucket")))
        return refuse(ERR_ACCESS_DENIED, detail, "Invalid according to Policy: Extra input fields: bucket");
    for (size_t i = 0; i < form->n; i++) {
        struct slice name = form->fields[i].name;
        if (slice_eq_nocase(name, SLICE("policy")) || slice_eq_nocase(name, SLICE("x-amz-signature")) ||
            slice_eq_nocase(slice_of(name.p, name.n < 9 ? name.n : 9), SLICE("x-ignore-")) || is_named(named, name))
            continue;
        *detail = arena_printf(arena, "Invalid according to Policy: Extra input fields: %.*s",
                               name.n > 100 ? 100 : (int)name.n, name.p);
        return ERR_ACCESS_DENIED;
    }
    return OK;
}

static enum err check_document(const struct policy_form *form, const json_t *policy, int64_t now_ms,
                               struct arena *arena, struct policy_range *range, const char **detail)
{
    struct named named = { .n = 0 };
    const json_t *conditions = json_object_get(policy, "conditions");
    const char *expiration = json_string_value(json_object_get(policy, "expiration"));
    int64_t until_ms;
    if (!json_is_array(conditions) || !expiration || !clock_parse_iso8601(slice_str(expiration), &until_ms))
        return invalid(detail);
    if (now_ms > until_ms)
        return refuse(ERR_ACCESS_DENIED, detail, "Invalid according to Policy: Policy expired.");
    for (size_t i = 0; i < json_array_size(conditions); i++) {
        json_t *condition = json_array_get(conditions, i);
        enum err e = json_is_array(condition)    ? check_array(form, condition, &named, range, arena, detail)
                     : json_is_object(condition) ? check_object(form, condition, &named, arena, detail)
                                                 : invalid(detail);
        if (e)
            return e;
    }
    return check_extra(form, &named, arena, detail);
}

enum err policy_verify(const struct policy_form *form, const struct auth_keys *keys, const struct auth_rules *rules,
                       int64_t now_ms, struct arena *arena, struct auth *out, struct policy_range *range,
                       const char **detail)
{
    AUTO_AUTH struct auth a = { .how = AUTH_HEADER, .payload = AUTH_PAYLOAD_UNSIGNED };
    struct policy_range allowed = { 0, UINT64_MAX };
    size_t n;
    *detail = NULL;
    enum err e = check_signature(form, keys, rules, arena, &a, detail);
    if (e)
        return e;
    char *text = arena_alloc(arena, POLICY_MAX);
    json_t *policy = base64_decode(policy_field(form, "policy"), text, POLICY_MAX, &n)
                         ? json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL)
                         : NULL;
    e = policy ? check_document(form, policy, now_ms, arena, &allowed, detail) : invalid(detail);
    json_decref(policy);
    if (e)
        return e;
    *out = a;
    *range = allowed;
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* json_in.c: the few ways in which request bodies are read. */
#include "localhub/json_in.h"

void json_in_done(json_t **j)
{
    json_decref(*j);
    *j = NULL;
}

json_t *json_in(struct slice text)
{
    json_t *j = json_loadb(text.p ? text.p : "", text.n, JSON_ALLOW_NUL, NULL);

    if (json_is_object(j))
        return j;
    json_decref(j);
    return NULL;
}

struct slice json_in_text(json_t *object, const char *key)
{
    json_t *v = json_object_get(object, key);

    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

bool json_in_ms(json_t *object, const char *key, int64_t *out)
{
    json_t *v = json_object_get(object, key);
    double d = json_number_value(v);

    /* What an ISO 8601 time with a year of four digits can say. */
    if (!json_is_number(v) || !(d >= -62135596800000.0 && d <= 253402300799999.0))
        return false;
    *out = json_is_integer(v) ? json_integer_value(v) : (int64_t)d;
    return true;
}

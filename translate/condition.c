/* SPDX-License-Identifier: Apache-2.0 */
/* condition.c: see condition.h. */
#include "translate/condition.h"

#include "common/clock.h"
#include "translate/call.h"

bool condition_lists(struct slice list, const char *etag)
{
    struct slice bare = slice_of(etag + 1, strlen(etag) - 2);
    while (list.p) {
        struct slice one = slice_trim(slice_cut(&list, ','));
        if (slice_is(one, "*"))
            return true;
        if (slice_starts(one, SLICE("W/")))
            one = slice_from(one, 2);
        if (slice_is(one, etag) || slice_eq(one, bare))
            return true;
    }
    return false;
}

/* Whole seconds, as HTTP dates are: a time within the same second is not later. A date that is none is ignored. */
static bool modified_since(const struct condition_object *o, struct slice date)
{
    int64_t ms;
    return clock_parse_http_date(date, &ms) && o->modified_ms / 1000 > ms / 1000;
}

static bool not_modified_since(const struct condition_object *o, struct slice date)
{
    int64_t ms;
    return clock_parse_http_date(date, &ms) && o->modified_ms / 1000 <= ms / 1000;
}

/* RFC 9110 section 13.2.2: If-Match beats If-Unmodified-Since, If-None-Match beats If-Modified-Since. */
static enum err evaluate(const struct condition_object *o, struct slice match, struct slice none_match,
                         struct slice since, struct slice unmodified)
{
    if (match.p ? !condition_lists(match, o->etag) : unmodified.p && modified_since(o, unmodified))
        return ERR_PRECONDITION;
    if (none_match.p ? condition_lists(none_match, o->etag) : since.p && not_modified_since(o, since))
        return ERR_NOT_MODIFIED;
    return OK;
}

enum err condition_read(struct s3_call *c, const struct condition_object *o)
{
    return evaluate(o, call_header(c, "If-Match"), call_header(c, "If-None-Match"), call_header(c, "If-Modified-Since"),
                    call_header(c, "If-Unmodified-Since"));
}

enum err condition_copy_source(struct s3_call *c, const struct condition_object *o)
{
    enum err e = evaluate(
        o, call_header(c, "x-amz-copy-source-if-match"), call_header(c, "x-amz-copy-source-if-none-match"),
        call_header(c, "x-amz-copy-source-if-modified-since"), call_header(c, "x-amz-copy-source-if-unmodified-since"));
    return e == ERR_NOT_MODIFIED ? ERR_PRECONDITION : e;
}

enum err condition_rename_source(struct s3_call *c, const struct condition_object *o)
{
    enum err e =
        evaluate(o, call_header(c, "x-amz-rename-source-if-match"), call_header(c, "x-amz-rename-source-if-none-match"),
                 call_header(c, "x-amz-rename-source-if-modified-since"),
                 call_header(c, "x-amz-rename-source-if-unmodified-since"));
    return e == ERR_NOT_MODIFIED ? ERR_PRECONDITION : e;
}

bool condition_on_write(const struct s3_call *c)
{
    return call_header(c, "If-Match").p || call_header(c, "If-None-Match").p;
}

enum err condition_write(struct s3_call *c, const struct condition_object *o)
{
    struct slice match = call_header(c, "If-Match"), none = call_header(c, "If-None-Match");
    if (none.p && !slice_is(none, "*"))
        return call_refuse(c, ERR_NOT_IMPLEMENTED, "If-None-Match on a write takes only the value *");
    if (none.p && o)
        return ERR_PRECONDITION;
    if (match.p && !o)
        return ERR_NO_SUCH_KEY;
    return match.p && !condition_lists(match, o->etag) ? ERR_PRECONDITION : OK;
}

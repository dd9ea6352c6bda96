/* SPDX-License-Identifier: Apache-2.0 */
/* admit.c: see admit.h. */
#include "gateway/admit.h"

#include "common/clock.h"

#define SECURITY_TOKEN "x-amz-security-token"

static enum err refuse(struct s3_call *c, enum err e, const char *sentence)
{
    c->detail = sentence;
    return e;
}

/* ---- nobody ---- */

static enum err check_anonymous(struct s3_call *c, const char *operation)
{
    static const char *const allowed[] = { "GetObject", "HeadObject", "ListObjects", "ListObjectsV2", "HeadBucket" };
    bool may = false, is_public = false;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        may |= strcmp(operation, allowed[i]) == 0;
    if (!may)
        return ERR_ACCESS_DENIED;
    for (size_t i = 0; i < c->n_args; i++)
        if (slice_starts(c->args[i].name, SLICE("response-")))
            return refuse(c, ERR_BAD_REQUEST,
                          "Request specific response headers cannot be used for anonymous GET requests.");
    enum err e = s3_bucket_is_public(c, &is_public);
    /* Whether a bucket that is not public exists is nobody's business. */
    return e ? e : is_public ? OK : ERR_ACCESS_DENIED;
}

/* ---- a key ---- */

static enum right right_needed(const struct s3_call *c)
{
    struct slice method = httpd_method(c->http);
    if (slice_is(method, "GET") || slice_is(method, "HEAD"))
        return RIGHT_READ;
    /* POST on a bucket is for its objects: DeleteObjects, form uploads. */
    return c->key.n > 0 || slice_is(method, "POST") ? RIGHT_WRITE : RIGHT_ADMIN;
}

static enum err check_identity(const struct identity *i, struct s3_call *c)
{
    if (right_needed(c) > i->right)
        return refuse(c, ERR_ACCESS_DENIED, "This access key has no right to do this.");
    if (!s3_may_use_bucket(c))
        return refuse(c, ERR_ACCESS_DENIED, "This access key may not use this bucket.");
    return OK;
}

/* Signed, as every x-amz-* header and argument is. */
static struct slice security_token(const struct s3_call *c)
{
    struct slice token = httpd_header(c->http, SECURITY_TOKEN);
    for (size_t i = 0; i < c->n_args && !token.p; i++)
        if (slice_eq_nocase(c->args[i].name, SLICE(SECURITY_TOKEN)))
            token = c->args[i].value;
    return token;
}

/* Session tokens that are none of the Hub's say nothing here. One of the Hub's that was ignored would be a request done
 * as somebody else. */
static enum err enter_guest(const struct admission *a, struct slice token, struct s3_call *c, struct guest **guest)
{
    if (!slice_starts(token, SLICE("hf_")))
        return OK;
    if (!a->guests)
        return refuse(c, ERR_ACCESS_DENIED,
                      "Hugging Face tokens as session tokens are not taken here: token_passthrough is off.");
    enum err e = guests_enter(a->guests, token, guest);
    return e == ERR_UPSTREAM_TOKEN ? refuse(c, ERR_ACCESS_DENIED, "The Hub does not know this session token.") : e;
}

/* ---- both ---- */

/* Which service the call is for; the namespace of the path goes before the account's own. */
static void act_as(struct s3_call *c, struct s3 *s3, const char *ns, const char *const *buckets, const struct target *t)
{
    c->s3 = t->ns.n > 0 ? s3_view(s3, arena_strdup(c->arena, t->ns), c->arena) : s3;
    c->reach = (struct s3_reach){ ns, buckets };
}

static enum err authenticate(const struct admission *a, const struct target *t, struct s3_call *c)
{
    struct auth_head head = { .method = httpd_method(c->http),
                              .path = t->path,
                              .query = t->query,
                              .headers = httpd_headers(c->http),
                              .host_bucket = t->host_bucket };
    return auth_verify(&head, &a->keys, &a->rules, clock_now_ms(), c->arena, &c->auth, &c->detail);
}

/* A key whose signature was right. */
static enum err enter(const struct admission *a, const struct target *t, struct slice token, struct s3_call *c,
                      struct guest **guest)
{
    const struct identity *i = identities_find(a->identities, slice_str(c->auth.access_key_id));
    if (!i)
        return ERR_UNKNOWN_ACCESS_KEY;
    enum err e = enter_guest(a, token, c, guest);
    if (e)
        return e;
    const struct account *own = *guest ? guest_account(*guest) : NULL;
    act_as(c, own ? own->s3 : i->s3, own ? own->ns : i->ns, i->buckets, t);
    return check_identity(i, c);
}

enum err admit(const struct admission *a, const struct target *t, const char *operation, struct s3_call *c,
               struct guest **guest)
{
    enum err e = authenticate(a, t, c);
    if (e)
        return e;
    if (c->auth.how != AUTH_ANONYMOUS)
        return enter(a, t, security_token(c), c, guest);
    const struct identity *first = identities_first(a->identities);
    act_as(c, first->s3, first->ns, NULL, t);
    return check_anonymous(c, operation);
}

enum err admit_form(const struct admission *a, const struct target *t, const struct policy_form *form,
                    struct s3_call *c, struct policy_range *range, struct guest **guest)
{
    enum err e = policy_verify(form, &a->keys, &a->rules, clock_now_ms(), c->arena, &c->auth, range, &c->detail);
    return e ? e : enter(a, t, policy_field(form, SECURITY_TOKEN), c, guest);
}

void admit_done(const struct admission *a, struct guest *guest)
{
    if (guest)
        guests_leave(a->guests, guest);
}

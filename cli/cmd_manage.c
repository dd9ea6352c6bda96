/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_manage.c: buckets as wholes: create, rm-bucket, info, list, mv. One call of the Hub each, or two. */
#include <stdio.h>
#include <unistd.h>

#include "cli/session.h"

static int done(struct session *s, const char *what, enum err e)
{
    if (e)
        output_error(&s->out, slice_str(what), e, NULL);
    return output_status(&s->out);
}

static enum hub_visibility visibility(const struct args *a)
{
    return args_has(a, "private") ? HUB_PRIVATE : args_has(a, "public") ? HUB_PUBLIC : HUB_DEFAULT;
}

static int create(struct session *s, const struct args *a, struct arena *arena)
{
    const char *region = args_value(a, "region");
    struct slice id;
    if (args_has(a, "private") && args_has(a, "public"))
        return output_fail(&s->out, CLI_USAGE, "--private or --public, not both");
    if (region && strcmp(region, "us") != 0 && strcmp(region, "eu") != 0)
        return output_fail(&s->out, CLI_USAGE, "--region %s: is neither us nor eu", region);
    if (!session_bucket_id(s, a->place[0], arena, &id))
        return output_status(&s->out);
    enum err e = hub_bucket_create(s->hub, id, visibility(a), slice_str(region));
    if (e == ERR_UPSTREAM_EXISTS && args_has(a, "exist-ok"))
        e = OK;
    if (!e)
        output_bucket_id(&s->out, "create", id);
    return done(s, a->place[0], e);
}

int cmd_create(struct session *s, const struct args *a)
{
    struct arena *arena = arena_new();
    int status = create(s, a, arena);
    arena_free(arena);
    return status;
}

/* On a terminal the name has to be typed: a `y` is typed too fast for what cannot be undone. */
static bool confirmed(struct session *s, const struct hub_bucket_info *info)
{
    char size[OUTPUT_SIZE], line[512] = "";
    output_human(info->size, size);
    fprintf(stderr, "This deletes hf://buckets/%.*s and everything in it: %llu files, %s. It cannot be undone.\n",
            (int)info->id.n, info->id.p, (unsigned long long)info->files, size);
    if (!isatty(0)) {
        output_fail(&s->out, CLI_USAGE, "not deleted: there is no terminal to ask on, and no --yes");
        return false;
    }
    fprintf(stderr, "Type %.*s to delete it: ", (int)info->id.n, info->id.p);
    if (!fgets(line, sizeof line, stdin))
        line[0] = 0;
    line[strcspn(line, "\n")] = 0;
    if (slice_is(info->id, line))
        return true;
    output_fail(&s->out, CLI_FAILED, "not deleted");
    return false;
}

static int rm_bucket(struct session *s, const struct args *a, struct arena *arena)
{
    struct slice id;
    struct hub_bucket_info info;
    enum err e = OK;
    if (!session_bucket_id(s, a->place[0], arena, &id))
        return output_status(&s->out);
    if (!args_has(a, "yes"))
        e = hub_bucket_info(s->hub, id, arena, &info);
    if (!e && !args_has(a, "yes")) {
        info.id = id; /* what was asked for, not what was answered */
        if (!confirmed(s, &info))
            return output_status(&s->out);
    }
    if (!e)
        e = hub_bucket_delete(s->hub, id);
    if (e == ERR_NO_SUCH_BUCKET && args_has(a, "missing-ok"))
        return output_status(&s->out);
    if (!e)
        output_bucket_id(&s->out, "delete", id);
    return done(s, a->place[0], e);
}

int cmd_rm_bucket(struct session *s, const struct args *a)
{
    struct arena *arena = arena_new();
    int status = rm_bucket(s, a, arena);
    arena_free(arena);
    return status;
}

int cmd_info(struct session *s, const struct args *a)
{
    struct arena *arena = arena_new();
    struct hub_bucket_info info;
    struct slice id;
    if (session_bucket_id(s, a->place[0], arena, &id)) {
        enum err e = hub_bucket_info(s->hub, id, arena, &info);
        if (!e)
            output_bucket(&s->out, &info, true);
        done(s, a->place[0], e);
    }
    arena_free(arena);
    return output_status(&s->out);
}

static enum err list_one(void *ctx, const struct hub_bucket_info *info)
{
    struct session *s = (struct session *)ctx;
    output_bucket(&s->out, info, false);
    return output_flush(&s->out);
}

int cmd_list(struct session *s, const struct args *a)
{
    const char *ns = a->n ? a->place[0] : "me";
    if (strncmp(ns, "hf://buckets/", strlen("hf://buckets/")) == 0)
        ns += strlen("hf://buckets/");
    enum err e = hub_bucket_list(s->hub, slice_str(ns), slice_str(args_value(a, "search")), list_one, s);
    return done(s, ns, e);
}

int cmd_mv(struct session *s, const struct args *a)
{
    struct arena *arena = arena_new();
    struct slice from, to;
    if (session_bucket_id(s, a->place[0], arena, &from) && session_bucket_id(s, a->place[1], arena, &to)) {
        enum err e = hub_bucket_move(s->hub, from, to);
        if (!e)
            output_bucket_id(&s->out, "move", to);
        done(s, a->place[0], e);
    }
    arena_free(arena);
    return output_status(&s->out);
}

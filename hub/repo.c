/* SPDX-License-Identifier: Apache-2.0 */
/* repo.c: ids of repositories, taken apart, and the time of a revision. */
#include "hub/repo.h"

#include "common/clock.h"
#include "common/codec.h"
#include "hub/ask.h"
#include "hub/names.h"

enum { REVISION_MAX = 250, TIME_KEPT_MS = 60 * 1000 };

static const struct repo_kind kinds[] = {
    { "models", "model", "" },
    { "datasets", "dataset", "datasets/" },
    { "spaces", "space", "spaces/" },
};

static bool revision_valid(struct slice revision)
{
    if (revision.n == 0 || revision.n > REVISION_MAX)
        return false;
    while (revision.p)
        if (!hub_name_part_valid(slice_cut(&revision, '/')))
            return false;
    return true;
}

bool repo_parse(struct slice id, struct repo *out)
{
    struct slice revision = id, name = slice_cut(&revision, '@'), kind = slice_cut(&name, '/');
    if (!revision.p || !name.p || !revision_valid(revision) || !hub_name_id_valid(name))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (slice_is(kind, kinds[i].api)) {
            *out = (struct repo){ &kinds[i], name, revision };
            return true;
        }
    }
    return false;
}

void repo_url(struct hub *h, const struct repo *r, struct buf *url)
{
    ask_url(h, url, "/api/");
    buf_addf(url, "%s/", r->kind->api);
    percent_encode(r->id, PERCENT_PATH, url);
}

void repo_add_revision(struct slice revision, struct buf *url)
{
    buf_add_char(url, '/');
    percent_encode(revision, PERCENT_ALL, url);
}

struct slice repo_directory(struct slice prefix)
{
    const char *slash = prefix.n ? (const char *)memrchr(prefix.p, '/', prefix.n) : NULL;
    return slash ? slice_of(prefix.p, (size_t)(slash - prefix.p)) : SLICE("");
}

enum err repo_time(struct hub_bucket *b, struct arena *arena, int64_t *out_ms)
{
    struct hub_bucket_info info;
    int64_t looked = atomic_load(&b->time_looked_ms), now = clock_mono_ms();
    if (looked != 0 && now - looked < TIME_KEPT_MS) {
        *out_ms = atomic_load(&b->time_ms);
        return OK;
    }
    enum err e = hub_bucket_info(b->hub, slice_str(b->id), arena, &info);
    if (e)
        return e;
    *out_ms = info.updated_ms ? info.updated_ms : info.created_ms;
    atomic_store(&b->time_ms, *out_ms);
    atomic_store(&b->time_looked_ms, now);
    return OK;
}

enum err repo_date(struct hub_bucket *b, struct arena *arena, struct hub_file *files, size_t n)
{
    int64_t time_ms = 0;
    enum err e = n > 0 ? repo_time(b, arena, &time_ms) : OK;
    for (size_t i = 0; !e && i < n; i++)
        if (hub_file_modified(&files[i]) == 0)
            files[i].uploaded_ms = time_ms;
    return e;
}

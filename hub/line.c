/* SPDX-License-Identifier: Apache-2.0 */
/* line.c: addFile, copyFile and deleteFile as JSON (Hub API, batch). What the Hub would refuse is refused here: sent,
 * it could fail the call for the others in it. */
#include "hub/line.h"

#include "common/clock.h"
#include "common/codec.h"
#include "hub/fields.h"
#include "hub/names.h"

#define ID_MAX           256
#define CONTENT_TYPE_MAX 256

static bool source_valid(const struct hub_line *line)
{
    static const char *const types[] = { "bucket", "model", "dataset", "space" };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (line->source_type && strcmp(line->source_type, types[i]) == 0)
            return line->source_id.n > 0 && line->source_id.n <= ID_MAX;
    return false;
}

static bool line_valid(const struct hub_line *line)
{
    unsigned char hash[32];
    if (!hub_name_path_valid(line->path))
        return false;
    if (line->op == HUB_DELETE)
        return true;
    if (!hex_decode(slice_of(line->xet_hash, strnlen(line->xet_hash, sizeof line->xet_hash)), hash, sizeof hash))
        return false;
    return line->op == HUB_COPY ? source_valid(line) : line->content_type.n <= CONTENT_TYPE_MAX;
}

static json_t *text_json(struct slice text)
{
    return json_stringn(text.p ? text.p : "", text.n); /* NULL when it is not UTF-8 */
}

/* Setting a NULL fails, which tells of text that cannot be sent. */
static bool set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new_nocheck(object, name, value) == 0;
}

static bool fill(json_t *object, const struct hub_line *line)
{
    static const char *const types[] = { [HUB_ADD] = "addFile", [HUB_COPY] = "copyFile", [HUB_DELETE] = "deleteFile" };
    int64_t mtime = line->mtime_ms;
    bool ok = set(object, "type", json_string_nocheck(types[line->op])) && set(object, "path", text_json(line->path));
    if (line->op == HUB_DELETE)
        return ok;
    ok = ok && set(object, "xetHash", json_string_nocheck(line->xet_hash));
    if (line->op == HUB_COPY)
        ok = ok && set(object, "sourceRepoType", json_string_nocheck(line->source_type)) &&
             set(object, "sourceRepoId", text_json(line->source_id));
    else if (mtime == 0)
        mtime = clock_now_ms();
    if (mtime)
        ok = ok && set(object, "mtime", json_integer(mtime));
    if (line->op == HUB_ADD && line->content_type.n)
        ok = ok && set(object, "contentType", text_json(line->content_type));
    return ok;
}

enum err hub_line_write(const struct hub_line *line, struct buf *out)
{
    if (!line_valid(line))
        return ERR_INVALID_ARGUMENT;
    json_t *object = json_object();
    bool filled = fill(object, line), written = field_write(object, out);
    buf_add_char(out, '\n');
    return filled && written && !out->failed ? OK : ERR_INVALID_ARGUMENT;
}

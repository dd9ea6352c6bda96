/* SPDX-License-Identifier: Apache-2.0 */
/* fields.c: readers of single fields, then the entries made of them, then the one writer. */
#include "hub/fields.h"

#include "common/clock.h"
#include "common/codec.h"
#include "hub/names.h"

#define TIME_MAX_MS      253402300799999 /* 9999-12-31T23:59:59.999Z: the last that any of S3's formats can say */
#define CONTENT_TYPE_MAX 256
#define WORDS_MAX        512

void hub_free_json(json_t **json)
{
    json_decref(*json);
}

bool field_text(const json_t *object, const char *name, size_t max, struct slice *out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value) || json_string_length(value) > max)
        return false;
    *out = slice_of(json_string_value(value), json_string_length(value));
    return true;
}

bool field_bool(const json_t *object, const char *name, bool *out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_boolean(value))
        return false;
    *out = json_is_true(value);
    return true;
}

bool field_u64(const json_t *object, const char *name, uint64_t *out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

bool field_time(const json_t *object, const char *name, int64_t *out_ms)
{
    const json_t *value = json_object_get(object, name);
    int64_t ms;
    if (json_is_integer(value))
        ms = json_integer_value(value);
    else if (!json_is_string(value) ||
             !clock_parse_iso8601(slice_of(json_string_value(value), json_string_length(value)), &ms))
        return false;
    if (ms < 0 || ms > TIME_MAX_MS)
        return false;
    *out_ms = ms;
    return true;
}

struct slice field_words(struct slice text)
{
    if (text.n > WORDS_MAX) {
        text.n = WORDS_MAX;
        while (text.n && ((unsigned char)text.p[text.n] & 0xC0) == 0x80) /* not in the middle of a character */
            text.n--;
    }
    return utf8_valid(text) ? text : SLICE("");
}

struct slice field_type(struct slice text)
{
    if (text.n > CONTENT_TYPE_MAX)
        return SLICE("");
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < ' ' || text.p[i] > '~')
            return SLICE("");
    return slice_trim(text);
}

bool field_hash(struct slice text, char out[65])
{
    unsigned char bytes[32];
    if (!hex_decode(text, bytes, sizeof bytes))
        return false;
    hex_encode(bytes, sizeof bytes, out);
    return true;
}

static bool entry_hash(const json_t *entry, char out[65])
{
    struct slice text;
    if (!json_is_string(json_object_get(entry, "xetHash")))
        return true; /* not in Xet */
    return field_text(entry, "xetHash", 64, &text) && field_hash(text, out);
}

/* What a repository tells beside: the object's name in git, and of a large file its size. */
static bool entry_git(const json_t *entry, struct hub_file *file)
{
    struct slice oid;
    field_u64(json_object_get(entry, "lfs"), "size", &file->size);
    if (!field_text(entry, "oid", sizeof file->git_oid - 1, &oid))
        return true;
    for (size_t i = 0; i < oid.n; i++)
        if (!strchr("0123456789abcdef", oid.p[i]) || oid.p[i] == '\0')
            return false;
    memcpy(file->git_oid, oid.p, oid.n);
    return true;
}

enum err field_entry(const json_t *entry, struct arena *arena, struct hub_file *out, bool *known)
{
    struct hub_file file = { 0 };
    struct slice type, path, content_type = SLICE("");
    if (!field_text(entry, "type", 64, &type) || !field_text(entry, "path", NAME_PATH_MAX, &path) || path.n == 0)
        return ERR_UPSTREAM_ANSWER;
    file.is_directory = slice_is(type, "directory");
    *known = file.is_directory || slice_is(type, "file");
    if (!*known)
        return OK;
    if (!file.is_directory && (!field_u64(entry, "size", &file.size) || !entry_hash(entry, file.xet_hash)))
        return ERR_UPSTREAM_ANSWER;
    if (!file.is_directory && !entry_git(entry, &file))
        return ERR_UPSTREAM_ANSWER;
    field_time(entry, "mtime", &file.mtime_ms);
    field_time(entry, "uploadedAt", &file.uploaded_ms);
    file.path = arena_copy(arena, path);
    if (field_text(entry, "contentType", CONTENT_TYPE_MAX, &content_type))
        file.content_type = arena_copy(arena, field_type(content_type));
    *out = file;
    return OK;
}

/* Written as either of two fields, as on create. Told neither, the careful guess is private. */
static bool is_private(const json_t *object)
{
    bool yes = true;
    struct slice visibility;
    if (!field_bool(object, "private", &yes) && field_text(object, "visibility", 64, &visibility))
        yes = !slice_is(visibility, "public");
    return yes;
}

enum err field_bucket(const json_t *object, struct arena *arena, struct hub_bucket_info *out, bool *known)
{
    struct hub_bucket_info info = { 0 };
    struct slice id;
    if (!field_text(object, "id", SIZE_MAX, &id))
        return ERR_UPSTREAM_ANSWER;
    *known = hub_name_id_valid(id);
    if (!*known)
        return OK;
    info.is_private = is_private(object);
    field_time(object, "createdAt", &info.created_ms);
    if (!field_time(object, "updatedAt", &info.updated_ms))
        field_time(object, "lastModified", &info.updated_ms); /* a repository's */
    field_u64(object, "size", &info.size);
    field_u64(object, "totalFiles", &info.files);
    info.id = arena_copy(arena, id);
    *out = info;
    return OK;
}

static struct slice skip_space(struct slice text)
{
    while (text.n && strchr(" \t\r\n", text.p[0]) && text.p[0] != '\0')
        text = slice_from(text, 1);
    return text;
}

/* Steps over one character that has to be there. */
static bool step(struct slice *text, char c)
{
    *text = skip_space(*text);
    if (text->n == 0 || text->p[0] != c)
        return false;
    *text = slice_from(*text, 1);
    return true;
}

enum err field_next(struct field_list *list, json_t **out)
{
    json_error_t end;
    bool first = !list->begun;
    if (first && !step(&list->rest, '['))
        return ERR_UPSTREAM_ANSWER;
    list->begun = true;
    if (step(&list->rest, ']')) {
        *out = NULL;
        return skip_space(list->rest).n == 0 ? OK : ERR_UPSTREAM_ANSWER;
    }
    if (!first && !step(&list->rest, ','))
        return ERR_UPSTREAM_ANSWER;
    json_t *element = json_loadb(list->rest.p, list->rest.n, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &end);
    if (element == NULL)
        return ERR_UPSTREAM_ANSWER;
    list->rest = slice_from(list->rest, (size_t)end.position);
    *out = element;
    return OK;
}

static int write_part(const char *text, size_t n, void *ctx)
{
    struct buf *out = ctx;
    buf_add(out, slice_of(text, n));
    return out->failed ? -1 : 0;
}

bool field_write(json_t *json, struct buf *out)
{
    if (json == NULL)
        return false;
    int rc = json_dump_callback(json, write_part, out, JSON_COMPACT);
    json_decref(json);
    return rc == 0;
}

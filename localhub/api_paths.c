/* SPDX-License-Identifier: Apache-2.0 */
/* api_paths.c: metadata of up to 1,000 paths in one call (Hub API, paths-info). What is not a file is left out. */
#include "localhub/bucket.h"
#include "localhub/entry.h"
#include "localhub/json_in.h"
#include "localhub/route.h"

enum { PATHS_MAX = 1000, BODY_MAX = 4 << 20, ANSWER_MAX = 32 << 20 };

static enum err look_up(struct db_conn *c, int64_t bucket, json_t *paths, struct buf *body)
{
    struct json_out j = { body, false };
    size_t i;
    json_t *path;

    json_open(&j, '[');
    json_array_foreach(paths, i, path)
    {
        struct entry e;
        if (!json_is_string(path))
            continue;
        enum err error = entry_find(c, bucket, slice_of(json_string_value(path), json_string_length(path)), &e);
        if (!error)
            entry_json(&j, &e);
        else if (error != ERR_NO_SUCH_KEY)
            return error;
    }
    json_close(&j, ']');
    return OK;
}

/* NULL: answered. */
static json_t *request_of_call(struct call *c)
{
    AUTO_BUF struct buf body = { 0 };

    if (!call_body(c, BODY_MAX, &body))
        return NULL;
    json_t *j = json_in(buf_slice(&body));
    json_t *paths = json_object_get(j, "paths");
    if (json_is_array(paths) && json_array_size(paths) <= PATHS_MAX)
        return j;
    json_decref(j);
    call_error(c, 400, NULL, "The body must be {\"paths\": [...]} with at most 1000 paths");
    return NULL;
}

void api_paths_info(struct call *c)
{
    AUTO_BUF struct buf answer = { 0 };
    struct bucket b;

    AUTO_JSON json_t *request = request_of_call(c);
    if (!request)
        return;
    AUTO_READ struct db_read r = db_read(c->hub->db);
    if (!bucket_of_call_in(c, r.conn, BUCKET_READ, &b))
        return;
    buf_init(&answer, ANSWER_MAX);
    enum err e = look_up(r.conn, b.id, json_object_get(request, "paths"), &answer);
    db_read_done(&r);
    if (e)
        call_fail(c, e);
    else
        call_json(c, 200, &answer);
}

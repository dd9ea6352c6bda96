/* SPDX-License-Identifier: Apache-2.0 */
/* hub.h: the Hub's REST API for buckets, as one user with one token. All that other folders use of hub/.
 *
 * Nothing outside hub/ (and the embedded Hub) knows the Hub's JSON, headers or URLs. Calls block, retry what can be
 * retried within `retry_ms`, and are for any thread. Lookups of one bucket that are made at the same time share a
 * paths-info call, mutations share a batch call (common/combine.h).
 *
 * Errors: ERR_NO_SUCH_BUCKET (404 for the bucket), ERR_NO_SUCH_KEY (the path), ERR_UPSTREAM_REFUSED (403),
 * ERR_UPSTREAM_TOKEN (401), ERR_SLOW_DOWN (429 to the end), ERR_UPSTREAM (not reachable, 5xx to the end),
 * ERR_UPSTREAM_EXISTS (409), ERR_INVALID_ARGUMENT (422, 400: the Hub refuses the path or name), ERR_UPSTREAM_ANSWER. */
#ifndef HUGS3_HUB_HUB_H
#define HUGS3_HUB_HUB_H

#include "common/arena.h"
#include "common/http.h"

struct hub;

struct hub_config {
    struct http *http;    /* borrowed */
    const char *endpoint; /* "https://huggingface.co", no slash at the end; copied */
    const char *token;    /* hf_…; NULL: anonymous; copied, wiped by hub_free */
    uint32_t retry_ms;    /* 0: 20,000 */
};
struct hub *hub_new(const struct hub_config *config);
/* Calls that wait for the rate limit to reset, now or later, end with ERR_STOPPING. Beside http_stop. Any thread. */
void hub_stop(struct hub *h);
void hub_free(struct hub *h); /* buckets first; NULL is fine */

struct hub_user {
    struct slice name;
    struct slice *orgs;
    size_t n_orgs;
};
MUST_USE enum err hub_whoami(struct hub *h, struct arena *arena, struct hub_user *out);

/* ---- buckets as a whole ---- */

struct hub_bucket_info {
    struct slice id; /* "ns/name" */
    bool is_private;
    int64_t created_ms, updated_ms; /* 0: not told */
    uint64_t size, files;
};
enum hub_visibility { HUB_DEFAULT, HUB_PRIVATE, HUB_PUBLIC };
MUST_USE enum err hub_bucket_create(struct hub *h, struct slice id, enum hub_visibility visibility,
                                    struct slice region /* "us", "eu" or empty */);
MUST_USE enum err hub_bucket_info(struct hub *h, struct slice id, struct arena *arena, struct hub_bucket_info *out);
/* Deletes everything in it, at once. */
MUST_USE enum err hub_bucket_delete(struct hub *h, struct slice id);
MUST_USE enum err hub_bucket_move(struct hub *h, struct slice from, struct slice to);
MUST_USE enum err hub_bucket_set_visibility(struct hub *h, struct slice id, enum hub_visibility visibility);
/* All buckets of a namespace; search may be empty. Calls back per bucket, following pages; the callback's error ends
 * it. */
typedef enum err hub_bucket_fn(void *ctx, const struct hub_bucket_info *info);
MUST_USE enum err hub_bucket_list(struct hub *h, struct slice ns, struct slice search, hub_bucket_fn *fn, void *ctx);

/* ---- one bucket's files ---- */

/* A bucket in use: its batch line-up, lookups and Xet tokens. Taking one makes no call. */
struct hub_bucket;
struct hub_bucket *hub_bucket_new(struct hub *h, struct slice id); /* copies id */
void hub_bucket_free(struct hub_bucket *b);                        /* nobody may be inside; NULL is fine */
const char *hub_bucket_id(const struct hub_bucket *b);
/* A model, dataset or Space at one revision is a bucket that can only be read: "models/ns/name@revision", "datasets/…"
 * or "spaces/…" is its id, here and for hub_bucket_info. Its entries have the time of the revision. */
bool hub_bucket_is_repository(const struct hub_bucket *b);
/* For hub_line of a copy that takes from it. Live as long as b. */
const char *hub_bucket_source_type(const struct hub_bucket *b);
struct slice hub_bucket_source_id(const struct hub_bucket *b);

struct hub_file {
    struct slice path;
    bool is_directory;
    uint64_t size;
    char xet_hash[65];             /* as text; "" for a directory or a file that is not in Xet */
    char git_oid[65];              /* of a repository's file, hex digits; "": not told */
    int64_t mtime_ms, uploaded_ms; /* 0: not told */
    struct slice content_type;     /* empty: not told */
};
/* When a client asks S3 for Last-Modified. */
static inline int64_t hub_file_modified(const struct hub_file *f)
{
    return f->uploaded_ms ? f->uploaded_ms : f->mtime_ms;
}

/* One page of the tree. `prefix` is a raw prefix of paths (may be empty). cursor: empty for the first page; *next: the
 * cursor of the next page, empty when this was the last: text without blanks, `&` or control characters, to be given
 * back as it is (ERR_INVALID_ARGUMENT: this was never one). Entries come in the Hub's order. limit: up to 5,000, which
 * is also what 0 means. A page may be empty and not the last. */
struct hub_page {
    struct hub_file *files;
    size_t n;
    struct slice next;
};
MUST_USE enum err hub_tree(struct hub_bucket *b, struct slice prefix, bool recursive, unsigned limit,
                           struct slice cursor, struct arena *arena, struct hub_page *out);

/* What is at this path: ERR_NO_SUCH_KEY for nothing (or a directory), ERR_NO_SUCH_BUCKET. Coalesced. While the rate
 * limit of the API is spent, the answer may come from another class's call: then uploaded_ms is in whole seconds, and
 * the content type may not be told. */
MUST_USE enum err hub_lookup(struct hub_bucket *b, struct slice path, struct arena *arena, struct hub_file *out);
/* Two paths in the same call: `path` as above, and *found tells whether there is a file at `beside` (then *out_beside).
 */
MUST_USE enum err hub_lookup_pair(struct hub_bucket *b, struct slice path, struct slice beside, struct arena *arena,
                                  struct hub_file *out, struct hub_file *out_beside, bool *found);

/* The bytes of a repository's file that is not in Xet; 0 < length, and the range is within the file's size. Reads give
 * views, valid until the next call; empty: the end, `length` bytes have been given. */
struct hub_download;
MUST_USE enum err hub_download_open(struct hub_bucket *b, struct slice path, uint64_t offset, uint64_t length,
                                    struct hub_download **out);
MUST_USE enum err hub_download_read(struct hub_download *d, struct slice *out);
void hub_download_close(struct hub_download *d); /* NULL is fine */

enum hub_op { HUB_ADD, HUB_COPY, HUB_DELETE };
struct hub_line {
    enum hub_op op;
    struct slice path;
    char xet_hash[65];         /* add, copy */
    int64_t mtime_ms;          /* add, copy; 0: left out for a copy, now for an add */
    struct slice content_type; /* add; empty: left out */
    const char *source_type;   /* copy: "bucket", "model", "dataset", "space" */
    struct slice source_id;    /* copy: "ns/name" */
    enum err result;           /* out: of this line */
    char *error;               /* out: the Hub's words for a line that failed, in the arena given, or NULL */
};
/* Applies the lines in order. Lines of several callers go in one call of up to 1,000 lines; one caller's lines stay in
 * order, more than 1,000 take several calls. Returns the error of a call as a whole, if there was no answer about some
 * of the lines, and these have it as their result too; else OK, and each line's own result. The Hub does not do this
 * atomically. A path given twice at the same time, by whomever, ends as the last one says, and whoever was overwritten
 * that moment gets OK. Deleting what is not there is OK. */
MUST_USE enum err hub_batch(struct hub_bucket *b, struct hub_line *lines, size_t n, struct arena *arena);

/* A Xet token of this bucket, cached until 30 s before it expires; one refresh for all who wait. `refused`: see
 * xet_access in xet/xet.h; cas_url_cap and token_cap count the NUL. */
MUST_USE enum err hub_xet_token(struct hub_bucket *b, bool write, const char *refused, char *cas_url,
                                size_t cas_url_cap, char *token, size_t token_cap);

/* What is known of the rate limit of the API class; false: the Hub has not told. */
struct hub_budget {
    uint64_t remaining, quota;
    unsigned reset_s;
};
bool hub_budget(struct hub *h, struct hub_budget *out);
uint64_t hub_calls(struct hub *h); /* made so far */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* route.h: from a request to its handler. The table in route.c names every call the embedded Hub answers. */
#ifndef HUGS3_LOCALHUB_ROUTE_H
#define HUGS3_LOCALHUB_ROUTE_H

#include "localhub/call.h"

/* For struct httpd_config; ctx is the struct localhub. */
void route_request(void *ctx, struct httpd_request *r);
void route_refused(void *ctx, struct httpd_request *r, enum err why);

/* ---- the handlers: each answers its call ---- */

/* api_buckets.c */
void api_whoami(struct call *c);
void api_bucket_create(struct call *c);
void api_bucket_info(struct call *c);
void api_bucket_list(struct call *c);
void api_bucket_delete(struct call *c);
void api_bucket_settings(struct call *c);
void api_bucket_move(struct call *c);
void api_bucket_events(struct call *c);
/* api_tree.c */
void api_tree(struct call *c);
/* api_paths.c */
void api_paths_info(struct call *c);
/* api_batch.c */
void api_batch(struct call *c);
/* resolve.c */
void resolve_get(struct call *c);
void resolve_head(struct call *c);
/* api_token.c */
void api_read_token(struct call *c);
void api_write_token(struct call *c);
void api_give_token(struct call *c, int64_t id, bool write); /* answers with a token for what has this id */
/* api_repo.c */
void api_repo_info(struct call *c);
void api_repo_paths(struct call *c);
void api_repo_token(struct call *c);
/* api_repo_tree.c */
void api_repo_tree(struct call *c);
/* resolve_repo.c */
void resolve_repo(struct call *c);
/* cas_xorb.c */
void cas_xorb_post(struct call *c);
void cas_xorb_head(struct call *c);
void cas_file_head(struct call *c);
void cas_not_offered(struct call *c); /* 404 */
void cas_telemetry(struct call *c);
/* cas_shard.c */
void cas_shard_v1(struct call *c);
void cas_shard_v2(struct call *c);
/* cas_dedup.c */
void cas_chunk_get(struct call *c);
/* cas_reconstruction.c */
void cas_reconstruction_v1(struct call *c);
void cas_reconstruction_v2(struct call *c);
/* cas_data.c */
void cas_xorb_data(struct call *c);
/* cas_file.c */
void cas_file_data(struct call *c);

#endif

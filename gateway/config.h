/* SPDX-License-Identifier: Apache-2.0 */
/* config.h: the settings. Flag over environment over file over default; one table (config.c) names them all. */
#ifndef HUGS3_GATEWAY_CONFIG_H
#define HUGS3_GATEWAY_CONFIG_H

#include "common/buf.h"

#define CONFIG_LIST_MAX 16
#define CONFIG_KEYS_MAX 256

struct config_list {
    char *item[CONFIG_LIST_MAX + 1]; /* NULL-terminated */
    size_t n;
};

enum config_command { COMMAND_SERVE = 1, COMMAND_HUB = 2 };

/* A section of the file, see config_key.h. */
struct config_key {
    char *id, *secret, *secret_file, *token, *token_file, *ns, *right;
    struct config_list buckets; /* globs */
};

/* All strings are owned; NULL where there is no value and no default. */
struct config {
    struct config_list listen;
    char *admin_listen, *hub_listen;
    char *local, *state_dir, *dir;
    char *hf_token, *hf_token_file, *hf_endpoint;
    char *access_key_id, *secret_access_key, *secret_access_key_file;
    struct config_key *key; /* more pairs */
    size_t n_keys;
    char *ns, *region;
    struct config_list domain; /* of virtual-hosted-style addresses */
    bool namespace_in_path;
    bool sigv2_presigned, anonymous, token_passthrough;
    struct config_list cors_origin;
    char *bucket_visibility; /* private, public, default */
    bool keep_checksums;
    char *log_level;
    struct config_list user; /* TOKEN=NAME[:ORG,…] */
    uint64_t memory;         /* bytes */
    uint64_t request_threads;
    uint64_t drain_ms, multipart_expiry_ms;
    bool check_only; /* --check-config */
};

/* Reads file, environment and the arguments behind the command. On failure, one line of what is wrong and what would be
 * right has been written to stderr. `help` and `--help` print the settings and end the process. */
MUST_USE bool config_load(enum config_command command, int argc, char **argv, struct config *out);
void config_done(struct config *c); /* wipes secrets */
/* The settings of a command, a line each, to stdout. */
void config_help(enum config_command command);

#endif

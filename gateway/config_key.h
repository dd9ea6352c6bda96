/* SPDX-License-Identifier: Apache-2.0 */
/* config_key.h: sections of the configuration file that are access keys:
 *
 *   [key ACCESS_KEY_ID]
 *   secret = …        or secret_file = FILE
 *   token = hf_…      or token_file = FILE; none: hf_token
 *   namespace = …     none: the token's own, with hf_token the setting `namespace`
 *   right = read | write | admin
 *   buckets = GLOB …  none: all */
#ifndef HUGS3_GATEWAY_CONFIG_KEY_H
#define HUGS3_GATEWAY_CONFIG_KEY_H

#include "gateway/config.h"

/* One `name = value` of the section "key ID", whose file is `path`. false: said on stderr. */
MUST_USE bool config_key_set(struct config *c, const char *path, const char *section, const char *name,
                             const char *value);
/* After the file: reads secrets from their files and looks whether each key is whole. false: said on stderr. */
MUST_USE bool config_keys_complete(struct config *c);
void config_keys_done(struct config *c); /* wipes */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* secret_file.h: secrets that are files: named by a setting, or given by systemd (systemd.exec(5), Credentials), which
 * puts them into a directory of the service's own and names it in $CREDENTIALS_DIRECTORY. */
#ifndef HUGS3_GATEWAY_SECRET_FILE_H
#define HUGS3_GATEWAY_SECRET_FILE_H

#include "common/buf.h"

/* The file's content without blanks and line ends around it, to be wiped and freed. A name without '/' is looked for
 * in $CREDENTIALS_DIRECTORY when there is one. false: said on stderr. */
MUST_USE bool secret_file_read(const char *name, char **out);
/* The same for a credential that may be there: *out is left alone when it is not. */
MUST_USE bool secret_file_credential(const char *name, char **out);
void secret_wipe(char *secret); /* and frees; NULL is fine */

#endif

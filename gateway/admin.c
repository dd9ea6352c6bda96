/* SPDX-License-Identifier: Apache-2.0 */
/* admin.c: see admin.h. */
#include "gateway/admin.h"

static bool answer(void *ctx, struct httpd_request *r)
{
    (void)ctx;
    bool known = slice_is(httpd_target(r), "/healthz");
    httpd_add_header_str(r, "Content-Type", "text/plain; charset=utf-8");
    httpd_reply(r, known ? 200 : 404, known ? SLICE("ok\n") : SLICE("not found\n"));
    return true;
}

static void handle(void *ctx, struct httpd_request *r)
{
    answer(ctx, r);
}

struct httpd *admin_start(const char *listen, char why[256])
{
    struct httpd *admin;
    struct httpd_config config = { .name = "admin",
                                   .listen = &listen,
                                   .n_listen = 1,
                                   .epoll_threads = 1,
                                   .request_threads = 2,
                                   .max_connections = 64,
                                   .handler = handle,
                                   .fast = answer };
    return httpd_new(&config, why, &admin) ? NULL : admin;
}

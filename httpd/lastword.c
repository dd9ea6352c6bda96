/* SPDX-License-Identifier: Apache-2.0 */
/* lastword.c: a handler has refused a body in its middle (a bad signature of a chunk, say), and much of it is still to
 * come. libmicrohttpd takes no answer between the head and the end of the body; reading gigabytes only to throw them
 * away would be unkind to both sides. So the answer is written to the socket here, past libmicrohttpd, which has
 * nothing under way on it then but perhaps `100 Continue`, long sent; and the connection ends.
 *
 * Only whole answers: nobody streams one without having read the body. RFC 9112 section 9.6 on closing after that. */
#include <sys/socket.h>

#include "common/clock.h"
#include "httpd/request.h"

#define HEAD_MAX 65536

static void add_field(struct buf *b, const char *name, const char *value)
{
    buf_addf(b, "%s: %s\r\n", name, value);
}

static void add_head(struct buf *b, const struct reply *reply)
{
    char date[CLOCK_TEXT];
    clock_http_date(clock_now_ms(), date);
    buf_addf(b, "HTTP/1.1 %d %s\r\n", reply->status, MHD_get_reason_phrase_for((unsigned)reply->status));
    add_field(b, "Date", date);
    add_field(b, "Connection", "close");
    for (const struct reply_header *h = reply->headers; h != NULL; h = h->next)
        add_field(b, h->name, h->value);
    buf_addf(b, "Content-Length: %llu\r\n\r\n", (unsigned long long)reply->length);
}

bool lastword_send(struct httpd_request *r)
{
    const struct reply *reply = &r->reply;
    if (reply->kind != REPLY_WHOLE || r->conn == NULL)
        return false;
    AUTO_BUF struct buf b = { 0 };
    buf_init(&b, HEAD_MAX + reply->length);
    add_head(&b, reply);
    if (!r->is_head)
        buf_add(&b, slice_of(reply->body, (size_t)reply->length));
    /* An idle socket's send buffer has room for any error message. Where it has not, the client sees a cut. */
    return !b.failed && send(r->fd, b.p, b.n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)b.n;
}

# SPDX-License-Identifier: Apache-2.0
"""Requests written by hand on a plain socket, so that every byte of them can be wrong.

    wire = Wire(gateway)
    wire.put("/bucket/key", b"content")                 a whole request, signed
    wire.request("GET", "/bucket", "list-type=2", ...)  anything else
    with wire.connect() as c: c.send(...); c.response() a conversation
"""
import dataclasses
import hashlib
import socket
import xml.etree.ElementTree as tree

import sigv4

TIMEOUT_S = 60


@dataclasses.dataclass
class Response:
    status: int
    headers: dict  # lower-case names
    body: bytes
    whole: bool = True  # all the bytes that Content-Length or the last chunk promised

    @property
    def xml(self):
        """The body's root element, without namespaces."""
        root = tree.fromstring(self.body)
        for node in root.iter():
            node.tag = node.tag.rpartition("}")[2]
        return root

    @property
    def code(self):
        """S3's error code, or None."""
        return self.xml.findtext("Code") if self.body.lstrip().startswith(b"<") and self.status >= 300 else None

    def text(self, path):
        return self.xml.findtext(path)

    def texts(self, path):
        return [node.text or "" for node in self.xml.findall(path)]


class Connection:
    def __init__(self, address):
        self.socket = socket.create_connection(address, TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        data = self.socket.recv(1 << 18)
        self.buffer += data
        return bool(data)

    def _until(self, mark):
        while mark not in self.buffer:
            if not self._more():
                raise ConnectionError(f"closed within a head: {self.buffer[:200]!r}")
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def _exactly(self, n):
        while len(self.buffer) < n:
            if not self._more():
                break
        out, self.buffer = self.buffer[:n], self.buffer[n:]
        return out

    def head(self):
        """Status and headers of the next answer, 1xx ones included."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return int(lines[0].split()[1]), headers

    def response(self, method="GET"):
        """The next final answer; 1xx ones are skipped."""
        status, headers = self.head()
        while status < 200:
            status, headers = self.head()
        if method == "HEAD" or status in (204, 304):
            return Response(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Response(status, headers, *self._chunked())
        if "content-length" not in headers:
            while self._more():
                pass
            body, self.buffer = self.buffer, b""
            return Response(status, headers, body)
        n = int(headers["content-length"])
        body = self._exactly(n)
        return Response(status, headers, body, len(body) == n)

    def _chunked(self):
        body = b""
        while True:
            try:
                n = int(self._until(b"\r\n").split(b";")[0], 16)
            except (ConnectionError, ValueError):
                return body, False
            data = self._exactly(n + 2)
            body += data[:n]
            if len(data) < n + 2:
                return body, False
            if n == 0:
                return body, True

    def rest(self):
        """All that still comes until the server closes."""
        try:
            while self._more():
                pass
        except ConnectionResetError:
            pass
        out, self.buffer = self.buffer, b""
        return out

    def closed(self, timeout=10):
        """Whether the server closes without another byte."""
        self.socket.settimeout(timeout)
        try:
            return not self.buffer and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def head_bytes(method, target, headers):
    """A request's head; `headers` is a dict or a list of pairs."""
    pairs = headers.items() if isinstance(headers, dict) else headers
    lines = [f"{method} {target} HTTP/1.1"] + [f"{n}: {v}" for n, v in pairs]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


class Wire:
    """Signed requests, one connection each unless told otherwise."""

    def __init__(self, gateway, key_id=None, secret=None):
        self.gateway = gateway
        self.key_id, self.secret = key_id or gateway.key_id, secret or gateway.secret

    @property
    def host(self):
        return "%s:%d" % self.gateway.address

    def connect(self):
        return Connection(self.gateway.address)

    def signature(self, **kw):
        return sigv4.Signature(self.key_id, self.secret, **kw)

    def signed(self, method, path, query="", headers=None, body=b"", payload=None, signature=None, unsigned=(),
               length=True):
        """The headers of a signed request. payload: what x-amz-content-sha256 says; default: the body's hash."""
        given = {"host": self.host} | {k.lower(): v for k, v in (headers or {}).items()}
        if length and (body or method in ("PUT", "POST")):
            given.setdefault("content-length", str(len(body)))
        payload = payload or hashlib.sha256(body).hexdigest()
        return sigv4.sign_headers(signature or self.signature(), method, path, query, given, payload,
                                  unsigned=("content-length", "expect", "connection", "transfer-encoding", *unsigned))

    def request(self, method, path, query="", headers=None, body=b"", connection=None, **kw):
        target = path + ("?" + query if query else "")
        data = head_bytes(method, target, self.signed(method, path, query, headers, body, **kw)) + body
        return self.exchange(method, data, connection)

    def exchange(self, method, data, connection=None):
        if connection:
            connection.send(data)
            return connection.response(method)
        with self.connect() as own:
            try:
                own.send(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused early: the answer may still be there
            return own.response(method)

    def get(self, path, query="", **kw):
        return self.request("GET", path, query, **kw)

    def head(self, path, query="", **kw):
        return self.request("HEAD", path, query, **kw)

    def put(self, path, body=b"", query="", **kw):
        return self.request("PUT", path, query, body=body, **kw)

    def post(self, path, query="", body=b"", **kw):
        return self.request("POST", path, query, body=body, **kw)

    def delete(self, path, query="", **kw):
        return self.request("DELETE", path, query, **kw)


def key_path(bucket, key):
    """The request path of a key (str or bytes), every byte but the unreserved ones and '/' encoded."""
    return f"/{bucket}/" + sigv4.quote(key, safe="/")

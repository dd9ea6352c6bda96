# SPDX-License-Identifier: Apache-2.0
"""A SigV4 signer that does what it is told, so that wrong things can be signed correctly and right things wrongly.

"Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API Reference. Paths and queries are taken as they
go over the wire: the canonical path is the path sent, decoded and encoded anew, not normalised; the canonical query its
sorted arguments.
"""
import datetime
import hashlib
import hmac
import urllib.parse

UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
ALGORITHM = "AWS4-HMAC-SHA256"


def quote(text, safe=""):
    """S3's percent-encoding: RFC 3986 unreserved characters stay."""
    return urllib.parse.quote(text, safe=safe + "-_.~")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def amz(time):
    return time.strftime("%Y%m%dT%H%M%SZ")


def _mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signing_key(secret, day, region, service):
    key = ("AWS4" + secret).encode()
    for part in (day, region, service, "aws4_request"):
        key = _mac(key, part)
    return key


def canonical_path(path):
    return quote(urllib.parse.unquote_to_bytes(path), safe="/")


def canonical_query(query):
    pairs = []
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        pairs.append((quote(urllib.parse.unquote(name)), quote(urllib.parse.unquote_to_bytes(value))))
    return "&".join(f"{n}={v}" for n, v in sorted(pairs))


class Signature:
    """What signs one request, and then, with aws-chunked bodies, its chunks and its trailer."""

    def __init__(self, key_id, secret, time=None, region="us-east-1", service="s3"):
        self.key_id, self.time, self.region = key_id, time or now(), region
        self.day = self.time.strftime("%Y%m%d")
        self.scope = f"{self.day}/{region}/{service}/aws4_request"
        self.key = signing_key(secret, self.day, region, service)
        self.previous = None  # the last signature: what the next chunk's builds on

    def _sign(self, *lines):
        self.previous = _mac(self.key, "\n".join(lines)).hex()
        return self.previous

    def request(self, method, path, query, headers, signed, payload_hash):
        head = "".join(f"{n}:{' '.join(headers[n].split())}\n" for n in signed)
        canonical = "\n".join([method, canonical_path(path), canonical_query(query), head, ";".join(signed), payload_hash])
        return self._sign(ALGORITHM, amz(self.time), self.scope, hashlib.sha256(canonical.encode()).hexdigest())

    def chunk(self, data):
        return self._sign(ALGORITHM + "-PAYLOAD", amz(self.time), self.scope, self.previous, EMPTY_SHA256,
                          hashlib.sha256(data).hexdigest())

    def trailer(self, text):
        return self._sign(ALGORITHM + "-TRAILER", amz(self.time), self.scope, self.previous,
                          hashlib.sha256(text.encode()).hexdigest())


def sign_headers(signature, method, path, query, headers, payload_hash, unsigned=()):
    """The headers (lower case) completed by date, payload hash and Authorization. `unsigned`: names left out of it."""
    headers = {k.lower(): v for k, v in headers.items()}
    headers.setdefault("x-amz-date", amz(signature.time))
    headers.setdefault("x-amz-content-sha256", payload_hash)
    signed = sorted(n for n in headers if n not in unsigned and n != "authorization")
    mac = signature.request(method, path, query, headers, signed, payload_hash)
    credential = f"{signature.key_id}/{signature.scope}"
    headers["authorization"] = f"{ALGORITHM} Credential={credential}, SignedHeaders={';'.join(signed)}, Signature={mac}"
    return headers


def presign(signature, method, path, host, expires=300, query="", headers=None):
    """The query string of a presigned URL."""
    headers = {"host": host} | {k.lower(): v for k, v in (headers or {}).items()}
    signed = sorted(headers)
    parts = [query] if query else []
    parts += [f"X-Amz-Algorithm={ALGORITHM}", f"X-Amz-Credential={quote(signature.key_id + '/' + signature.scope)}",
              f"X-Amz-Date={amz(signature.time)}", f"X-Amz-Expires={expires}",
              f"X-Amz-SignedHeaders={quote(';'.join(signed))}"]
    query = "&".join(parts)
    return query + "&X-Amz-Signature=" + signature.request(method, path, query, headers, signed, UNSIGNED)

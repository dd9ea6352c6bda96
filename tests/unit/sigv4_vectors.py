#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/vectors/sigv4.txt: requests as botocore signs and frames them, with odd keys, queries and bodies.

    python3 tests/unit/sigv4_vectors.py > tests/vectors/sigv4.txt      (needs boto3)

One request after the other, each:

    = name
    METHOD target
    header: value            as many as there are
                             an empty line
    body, in hex, on one line, perhaps empty

All are signed at 2026-11-23T19:19:36Z with the example key of the AWS documentation. Run it again only to add
requests; the output is committed, so that the tests need no Python.
"""
import datetime
import io
import sys
from unittest import mock
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

NOW = datetime.datetime(2026, 11, 23, 19, 19, 36)
KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
UNSIGNED = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request"}  # differ each time
KEYS = ["plain", "a b", "a+b", "a%2Bb", "a%b", "100%", "dir//two", "/lead", "trail/", "./dot", "../dots", "a/../b", "a/./b",
        "tilde~", "!*'();:@&=+$,?#[]", "\u00fc/\u4e2d\u6587", "\U0001f917", "e\u0301", "back\\slash", "quote\"s", "<xml>&", "a\tb",
        "ctrl\x01\x7f", "|{}^`", "x" * 300, " ", "%20", "%", "a=b&c=d", "?", "#"]


def client(tls, **config):
    s3 = {"addressing_style": "path"}
    return boto3.client("s3", endpoint_url=("https" if tls else "http") + "://127.0.0.1:9000", region_name="us-east-1",
                        aws_access_key_id=KEY, aws_secret_access_key=SECRET,
                        config=Config(signature_version="s3v4", s3=s3, retries={"max_attempts": 0}, **config))


class Sent(Exception):
    pass


def body_of(request):
    body = request.body
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else body if isinstance(body, (bytes, bytearray)) else body.read()


def show(name, method, url, headers, body):
    parts = urlsplit(url)
    target = url.split(parts.netloc, 1)[1]
    out = [f"= {name}", f"{method} {target}"]
    fields = {k: (v.decode("latin-1") if isinstance(v, bytes) else str(v)) for k, v in headers.items()
              if k.lower() not in UNSIGNED}
    if "host" not in {k.lower() for k in fields}:
        fields["Host"] = parts.netloc
    out += [f"{k}: {v}" for k, v in fields.items()]
    print("\n".join(out + ["", body.hex()]))


def capture(name, s3, call):
    seen = []

    def before_send(request, **_):
        seen.append(request)
        raise Sent()

    s3.meta.events.register("before-send.s3", before_send)
    try:
        call(s3)
    except Sent:
        pass
    request = seen[0]
    show(name, request.method, request.url, request.headers, body_of(request))


def presign(name, method, operation, params, headers=None, body=b"", **more):
    url = client(False).generate_presigned_url(operation, Params=params, ExpiresIn=3600, **more)
    show(name, method, url, headers or {}, body)


def main():
    for key in KEYS:
        capture(f"GET {ascii(key)[:60]}", client(False), lambda s3: s3.get_object(Bucket="ns--b", Key=key))
        presign(f"presigned GET {ascii(key)[:60]}", "GET", "get_object", {"Bucket": "ns--b", "Key": key})
        capture(f"list prefix {ascii(key)[:60]}", client(False),
                lambda s3: s3.list_objects_v2(Bucket="ns--b", Prefix=key, Delimiter="/", StartAfter=key))
    presign("presigned GET, response overrides", "GET", "get_object",
            {"Bucket": "b", "Key": "k", "ResponseContentDisposition": 'attachment; filename="a b+c.txt"'})
    presign("presigned PUT, metadata signed", "PUT", "put_object", {"Bucket": "b", "Key": "k", "Metadata": {"a": "b"}},
            {"x-amz-meta-a": "b", "Content-Length": "5"}, b"hello")
    presign("presigned PUT, hash sent along unsigned", "PUT", "put_object", {"Bucket": "b", "Key": "k"},
            {"x-amz-content-sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "Content-Length": "5"},
            b"hello")
    meta = {"Blanks": "  two  blanks   and\ttab ", "empty": "", "long": "v" * 500}
    capture("PUT, metadata with blanks", client(False), lambda s3: s3.put_object(Bucket="b", Key="k", Body=b"x", Metadata=meta))
    for tls in False, True:
        where = "TLS" if tls else "plain"
        for algorithm in "CRC32", "SHA1", "SHA256":
            for size in 0, 1, 9, 2500:
                data = bytes(i * 7 % 251 for i in range(size)) if size < 100 else b"z" * size
                capture(f"PUT {size} bytes, {algorithm}, {where}", client(tls),
                        lambda s3: s3.put_object(Bucket="b", Key="k", Body=io.BytesIO(data), ChecksumAlgorithm=algorithm))
        capture(f"PUT without checksum, {where}", client(tls, request_checksum_calculation="when_required"),
                lambda s3: s3.put_object(Bucket="b", Key="k", Body=b"no checksum"))
        capture(f"UploadPart, {where}", client(tls),
                lambda s3: s3.upload_part(Bucket="b", Key="k", UploadId="id+/=", PartNumber=7, Body=b"part"))
        capture(f"DeleteObjects, {where}", client(tls),
                lambda s3: s3.delete_objects(Bucket="b", Delete={"Objects": [{"Key": "a"}]}))
        capture(f"PUT gzip, {where}", client(tls),
                lambda s3: s3.put_object(Bucket="b", Key="k", Body=b"zip", ContentEncoding="gzip"))
    capture("Range and If-Match", client(False),
            lambda s3: s3.get_object(Bucket="b", Key="k", Range="bytes=0-9", IfMatch='"etag"'))
    capture("CopyObject", client(False),
            lambda s3: s3.copy_object(Bucket="b", Key="k", CopySource={"Bucket": "b", "Key": "odd +%\u00fc"}))
    capture("uploads without a value", client(False), lambda s3: s3.list_multipart_uploads(Bucket="b"))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="latin-1", newline="\n")
    with mock.patch("botocore.auth.get_current_datetime", lambda *_, **__: NOW):
        main()

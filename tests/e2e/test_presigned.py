# SPDX-License-Identifier: Apache-2.0
"""Presigned URLs: signed in the query, good for one method on one path for a while, and for nothing else."""
import datetime
import urllib.parse

import pytest
import requests

import sigv4
from content import MIB, random_bytes
from expect import is_error, nothing_changes
from wire import head_bytes


def presigned(wire, method, path, **kw):
    """An answer to a presigned request that carries no header but Host and what is given."""
    headers, body = kw.pop("headers", {}), kw.pop("body", b"")
    edit, time = kw.pop("edit", lambda q: q), kw.pop("time", None)
    query = edit(sigv4.presign(wire.signature(time=time), kw.pop("sign_as", method), path, wire.host, headers=headers, **kw))
    given = {"host": wire.host} | headers | ({"content-length": str(len(body))} if body or method == "PUT" else {})
    return wire.exchange(method, head_bytes(method, f"{path}?{query}", given) + body)


def ago(**kw):
    return sigv4.now() - datetime.timedelta(**kw)


@pytest.fixture
def path(wire, bucket):
    assert wire.put(f"/{bucket}/o", b"content").status == 200
    return f"/{bucket}/o"


def test_get_put_head_and_delete_can_be_presigned(wire, path):
    assert presigned(wire, "GET", path).body == b"content"
    assert presigned(wire, "HEAD", path).headers["content-length"] == "7"
    assert presigned(wire, "PUT", path, body=b"new").status == 200
    assert wire.get(path).body == b"new"
    assert presigned(wire, "DELETE", path).status == 204
    assert wire.get(path).status == 404


@pytest.mark.parametrize("key", ["a b", "ü/日本", "a+b%", "a//b", "../x", "dir/"])
def test_any_key_can_be_presigned(wire, bucket, key):
    path = f"/{bucket}/" + sigv4.quote(key, safe="/")
    assert presigned(wire, "PUT", path, body=b"x").status == 200
    assert presigned(wire, "GET", path).body == b"x"


def test_what_boto3_presigns_works_with_any_http_client(s3, bucket):
    put = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k ü"}, ExpiresIn=60)
    assert requests.put(put, data=random_bytes(MIB), timeout=60).status_code == 200
    get = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k ü",
                                                   "ResponseContentDisposition": 'attachment; filename="x y"'})
    answer = requests.get(get, timeout=60)
    assert answer.content == random_bytes(MIB) and answer.headers["content-disposition"] == 'attachment; filename="x y"'
    part = requests.get(get, headers={"range": "bytes=5-9"}, timeout=60)
    assert part.status_code == 206 and part.content == random_bytes(MIB)[5:10]


def test_a_presigned_put_may_sign_headers(gw, wire, path):
    assert presigned(wire, "PUT", path, headers={"content-type": "text/x"}, body=b"1").status == 200
    assert wire.head(path).headers["content-type"] == "text/x"
    url = sigv4.presign(wire.signature(), "PUT", path, wire.host, headers={"content-type": "text/x"})
    with nothing_changes(gw, path.split("/")[1]):
        given = {"host": wire.host, "content-type": "text/other", "content-length": "1"}
        is_error(wire.exchange("PUT", head_bytes("PUT", f"{path}?{url}", given) + b"1"), 403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("name,kw,status,code", [
    ("expired", {"time": ago(seconds=20), "expires": 10}, 403, "AccessDenied"),
    ("long expired", {"time": ago(days=8), "expires": 604800}, 403, "AccessDenied"),
    ("from the future", {"time": ago(minutes=-20)}, 403, "AccessDenied"),
    ("for another method", {"sign_as": "PUT"}, 403, "SignatureDoesNotMatch"),
    ("more than a week", {"expires": 604801}, 400, "AuthorizationQueryParametersError"),
    ("negative", {"expires": -1}, 400, "AuthorizationQueryParametersError"),
    ("no number", {"expires": "x"}, 400, "AuthorizationQueryParametersError")])
def test_a_presigned_url_is_refused_when(gw, wire, path, name, kw, status, code):
    with nothing_changes(gw, path.split("/")[1]):
        is_error(presigned(wire, "GET", path, **kw), status, code)
        if kw.get("sign_as") is None:
            is_error(presigned(wire, "DELETE", path, **kw), status, code)


def replace(name, value):
    def edit(query):
        pairs = [p.partition("=") for p in query.split("&")]
        return "&".join(f"{n}={value if n == name else v}" for n, _, v in pairs if value is not None or n != name)
    return edit


@pytest.mark.parametrize("name,edit,status,code", [
    ("longer life", replace("X-Amz-Expires", "604800"), 403, "SignatureDoesNotMatch"),
    ("another date", replace("X-Amz-Date", sigv4.amz(ago(minutes=1))), 403, "SignatureDoesNotMatch"),
    ("one more argument", lambda q: q + "&x-id=Other", 403, "SignatureDoesNotMatch"),
    ("another signature", replace("X-Amz-Signature", "0" * 64), 403, "SignatureDoesNotMatch"),
    ("short signature", replace("X-Amz-Signature", "00"), 403, "SignatureDoesNotMatch"),
    ("no signature", replace("X-Amz-Signature", None), 400, "AuthorizationQueryParametersError"),
    ("no date", replace("X-Amz-Date", None), 400, "AuthorizationQueryParametersError"),
    ("no life", replace("X-Amz-Expires", None), 400, "AuthorizationQueryParametersError"),
    ("no credential", replace("X-Amz-Credential", None), 400, "AuthorizationQueryParametersError"),
    ("no signed headers", replace("X-Amz-SignedHeaders", None), 400, "AuthorizationQueryParametersError"),
    ("another algorithm", replace("X-Amz-Algorithm", "AWS4-HMAC-MD5"), 400, "AuthorizationQueryParametersError"),
    ("credential cut", replace("X-Amz-Credential", "AKID%2F20260101"), 400, "AuthorizationQueryParametersError"),
    ("unknown key", lambda q: q.replace("X-Amz-Credential=AKID", "X-Amz-Credential=BKID"), 403, "InvalidAccessKeyId"),
])
def test_a_presigned_url_that_was_changed_is_refused(gw, wire, path, name, edit, status, code):
    with nothing_changes(gw, path.split("/")[1]):
        is_error(presigned(wire, "GET", path, edit=edit), status, code)
        is_error(presigned(wire, "DELETE", path, edit=edit), status, code)


def test_a_presigned_url_is_good_for_its_own_path_only(gw, wire, path, bucket):
    wire.put(f"/{bucket}/other", b"other")
    url = sigv4.presign(wire.signature(), "GET", path, wire.host)
    is_error(wire.exchange("GET", head_bytes("GET", f"/{bucket}/other?{url}", {"host": wire.host})), 403, "SignatureDoesNotMatch")
    for slip in (f"/{bucket}/./o", f"//{bucket}/o", f"/{bucket}/x/../o"):
        assert wire.exchange("GET", head_bytes("GET", f"{slip}?{url}", {"host": wire.host})).status in (400, 403, 404)


def test_a_signature_in_both_places_is_refused(gw, wire, path):
    url = sigv4.presign(wire.signature(), "GET", path, wire.host)
    answer = wire.get(path, url)
    assert answer.status == 400 and answer.code in ("InvalidArgument", "InvalidRequest"), answer


def test_lists_and_uploads_can_be_presigned(wire, path, bucket):
    answer = presigned(wire, "GET", f"/{bucket}", query="list-type=2&prefix=o")
    assert answer.texts("Contents/Key") == ["o"]
    query = urllib.parse.urlencode({"uploads": ""})
    assert presigned(wire, "POST", path, query=query).text("UploadId")

# SPDX-License-Identifier: Apache-2.0
"""What hugs3 does not do it refuses, by name, and leaves everything as it was: `DELETE ?policy` deletes no bucket."""
import pytest

from expect import is_error, nothing_changes
from wire import head_bytes

# What test_subresources.py and its neighbours test is not among them.
BUCKET_SUBRESOURCES = [
    "analytics&id=1", "intelligent-tiering&id=1", "inventory&id=1", "metadataConfiguration", "metadataTable", "metrics&id=1",
    "session", "nobody-knows-this", "POLICY", "abac"]
OBJECT_SUBRESOURCES = ["torrent", "restore", "select", "nobody-knows-this", "encryption", "updateEncryption"]


CONTENT = b"what nobody asked for"


@pytest.fixture
def filled(wire, bucket):
    wire.put(f"/{bucket}/o", CONTENT)
    return bucket


@pytest.mark.parametrize("query", BUCKET_SUBRESOURCES)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST", "HEAD"])
def test_a_subresource_of_a_bucket_is_refused_and_nothing_changes(gw, wire, filled, method, query):
    with nothing_changes(gw, filled):
        answer = wire.request(method, f"/{filled}", query, body=b"<X/>" if method in ("PUT", "POST") else b"")
        if method == "HEAD":
            assert answer.status in (405, 501)
        else:
            is_error(answer, 501, "NotImplemented")


@pytest.mark.parametrize("query", OBJECT_SUBRESOURCES)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST", "HEAD"])
def test_a_subresource_of_an_object_is_refused_and_nothing_changes(gw, wire, filled, method, query):
    with nothing_changes(gw, filled):
        answer = wire.request(method, f"/{filled}/o", query, body=b"<X/>" if method in ("PUT", "POST") else b"")
        if method == "HEAD":
            assert answer.status in (405, 501)
        else:
            is_error(answer, 501, "NotImplemented")


@pytest.mark.parametrize("query,status", [
    ("policy", 204), ("policy=", 204), ("policy=&x-id=DeleteBucketPolicy", 204), ("x-id=DeleteBucketPolicy&policy", 204),
    ("%70olicy", 204), ("policy&policy", 204), ("Policy", 501), ("tagging", 204), ("lifecycle=x", 204), ("&policy", 204),
    ("a=b", 501), ("policy&a=b", 501)])
def test_deleting_something_of_a_bucket_never_deletes_the_bucket(wire, bucket, query, status):
    assert wire.delete(f"/{bucket}", query).status == status
    assert wire.head(f"/{bucket}").status == 200
    assert wire.delete(f"/{bucket}/", query).status == status
    assert wire.head(f"/{bucket}").status == 200


@pytest.mark.parametrize("query", ["acl", "tagging", "unknown=1", "uploadId", "partNumber=1", "versionId=x", "legal-hold"])
def test_putting_something_to_an_object_never_replaces_it(gw, wire, filled, query):
    with nothing_changes(gw, filled):
        answer = wire.put(f"/{filled}/o", b"<Tagging/>", query)
        assert answer.status in (400, 404, 501) and answer.code, answer


@pytest.mark.parametrize("query", ["list-type=2&versions", "list-type=2&acl", "uploads&policy", "location&website",
                                   "uploads&uploadId=1&acl"])
def test_a_known_call_with_an_unknown_word_is_refused(wire, filled, query):
    assert wire.get(f"/{filled}", query).status == 501


def test_the_sdks_name_of_the_call_is_no_subresource(wire, filled):
    assert wire.get(f"/{filled}/o", "x-id=GetObject").body == CONTENT
    assert wire.put(f"/{filled}/p", b"x", "x-id=PutObject").status == 200
    assert wire.get(f"/{filled}", "list-type=2&x-id=ListObjectsV2").status == 200


def test_an_unknown_call_of_the_service_is_refused(wire):
    is_error(wire.get("/", "nobody-knows-this"), 501, "NotImplemented")
    is_error(wire.request("POST", "/", "Action=AssumeRole"), 501, "NotImplemented")


def test_forms_without_a_policy_are_refused(gw, wire, filled):
    form = b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n'
    form += b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--x--\r\n'
    with nothing_changes(gw, filled):
        head = head_bytes("POST", f"/{filled}", {"host": wire.host, "content-type": "multipart/form-data; boundary=x",
                                                  "content-length": str(len(form))})
        answer = wire.exchange("POST", head + form)
        assert answer.status in (400, 403, 405, 411, 412, 501) and answer.code, answer


def test_the_object_that_was_not_asked_for_is_not_sent(wire, filled):
    for query in OBJECT_SUBRESOURCES:
        assert CONTENT not in wire.get(f"/{filled}/o", query).body

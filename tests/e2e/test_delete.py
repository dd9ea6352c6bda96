# SPDX-License-Identifier: Apache-2.0
"""DeleteObjects: up to a thousand keys in one call, and never one more than was named."""
import base64
import hashlib
from xml.sax.saxutils import escape

import pytest

from content import put_all
from expect import is_error, listing, nothing_changes
from wire import key_path


def document(keys, quiet=False, extra=""):
    objects = "".join(f"<Object><Key>{escape(key)}</Key>{extra}</Object>" for key in keys)
    flag = "<Quiet>true</Quiet>" if quiet else ""
    return f'<?xml version="1.0"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{flag}{objects}</Delete>'.encode()


def delete(wire, bucket, body, **headers):
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    headers.setdefault("content-md5", base64.b64encode(hashlib.md5(body).digest()).decode())
    return wire.post(f"/{bucket}", "delete", body, headers=headers)


def test_a_thousand_objects_go_at_once_and_each_is_named_in_the_answer(gw, s3, bucket):
    keys = [f"k{i:04}" for i in range(1001)]
    put_all(gw, bucket, {key: b"x" for key in keys}, threads=16)
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys[:1000]]})
    assert sorted(d["Key"] for d in answer["Deleted"]) == keys[:1000] and "Errors" not in answer
    assert [key for key, _, _ in listing(gw, bucket)] == keys[1000:]


def test_quiet_names_only_what_failed(gw, wire, bucket):
    put_all(gw, bucket, {"a": b"", "b": b"", "c": b""})
    answer = delete(wire, bucket, document(["a", "b"], quiet=True))
    assert answer.status == 200 and answer.xml.tag == "DeleteResult" and len(answer.xml) == 0
    assert [key for key, _, _ in listing(gw, bucket)] == ["c"]


def test_objects_that_are_not_there_count_as_deleted(gw, wire, bucket):
    put_all(gw, bucket, {"a": b"", "b": b""})
    answer = delete(wire, bucket, document(["none", "a", "none/at/all", "a"]))
    assert set(answer.texts("Deleted/Key")) == {"none", "a", "none/at/all"} and answer.texts("Error/Key") == []
    assert [key for key, _, _ in listing(gw, bucket)] == ["b"]


def test_odd_keys_are_deleted_by_their_name(gw, wire, bucket):
    keys = ["a/", "a//b", "/a", "a/./b", "..", "a&b<c>", "ü ", "\\", "!", "a+b", "%41", "a\tb"]
    put_all(gw, bucket, {key: b"" for key in keys} | {"A": b"", "a": b"", "a/b": b""})
    answer = delete(wire, bucket, document(keys))
    assert answer.status == 200 and sorted(answer.texts("Deleted/Key")) == sorted(keys)
    assert [key for key, _, _ in listing(gw, bucket)] == ["A", "a", "a/b"]


def test_a_key_that_cannot_be_is_an_error_of_its_own(gw, wire, bucket):
    put_all(gw, bucket, {"a": b"", "b": b""})
    answer = delete(wire, bucket, document(["a", "x" * 1025]))
    if answer.status == 200:
        assert answer.texts("Error/Key") == ["x" * 1025] and answer.texts("Error/Code") == ["KeyTooLongError"]
        assert [key for key, _, _ in listing(gw, bucket)] == ["b"]
    else:
        assert answer.status == 400 and len(listing(gw, bucket)) == 2


@pytest.mark.parametrize("name,body", [
    ("empty", b""), ("no xml", b"delete everything"), ("cut", document(["a"])[:-9]), ("no keys", b"<Delete></Delete>"),
    ("another root", b"<Destroy><Object><Key>a</Key></Object></Destroy>"), ("no key", b"<Delete><Object/></Delete>"),
    ("empty key", b"<Delete><Object><Key></Key></Object></Delete>"),
    ("1001 keys", document([f"k{i}" for i in range(1001)])),
    ("doctype", b'<!DOCTYPE d [<!ENTITY k "a">]><Delete><Object><Key>&k;</Key></Object></Delete>'),
    ("file", b'<!DOCTYPE d [<!ENTITY k SYSTEM "file:///etc/hostname">]><Delete><Object><Key>&k;</Key></Object></Delete>'),
    ("laughs", b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><Delete><Object><Key>&b;</Key>'
               b'</Object></Delete>'),
    ("nul", b"<Delete><Object><Key>a\0b</Key></Object></Delete>"),
    ("two roots", document(["a"]) + document(["b"])), ("not utf-8", b"<Delete><Object><Key>\xff</Key></Object></Delete>")])
def test_a_malformed_document_deletes_nothing(gw, wire, bucket, name, body):
    put_all(gw, bucket, {"a": b"1", "b": b"2", "k1": b"3"})
    with nothing_changes(gw, bucket):
        is_error(delete(wire, bucket, body), 400, "MalformedXML")


def test_a_document_that_is_not_what_was_signed_deletes_nothing(gw, wire, bucket):
    put_all(gw, bucket, {"a": b"1"})
    md5 = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    with nothing_changes(gw, bucket):
        is_error(delete(wire, bucket, document(["a"]), content_md5=md5), 400, "BadDigest")
        is_error(delete(wire, bucket, document(["a"]), content_md5="not base64"), 400, "InvalidDigest")
        is_error(delete(wire, bucket, document(["a"]), x_amz_checksum_crc32="AAAAAA=="), 400, "BadDigest")
        is_error(wire.post(f"/{bucket}", "delete", document(["a"]), payload="0" * 64), 400, "XAmzContentSHA256Mismatch")


def test_a_document_of_many_megabytes_is_refused(gw, wire, bucket):
    put_all(gw, bucket, {"a": b"1"})
    with nothing_changes(gw, bucket):
        response = delete(wire, bucket, document(["a"], extra=" " * 9_000_000))
        assert response.status == 400 and response.code in ("MalformedXML", "MaxMessageLengthExceeded", "EntityTooLarge")


def test_a_version_that_is_not_the_null_one_is_not_deleted(gw, wire, bucket):
    put_all(gw, bucket, {"a": b"1"})
    with nothing_changes(gw, bucket):
        answer = delete(wire, bucket, document(["a"], extra="<VersionId>abc</VersionId>"))
        assert answer.status != 200 or answer.texts("Error/Key") == ["a"]
        assert wire.delete(f"/{bucket}/a", "versionId=abc").status in (400, 404, 501)
    assert delete(wire, bucket, document(["a"], extra="<VersionId>null</VersionId>")).status == 200
    assert listing(gw, bucket) == []


def test_deleting_in_a_bucket_that_is_not_there_is_nosuchbucket(wire):
    is_error(delete(wire, "no-such-bucket-here", document(["a"])), 404, "NoSuchBucket")


def test_objects_below_a_deleted_name_stay(gw, wire, bucket):
    put_all(gw, bucket, {"a": b"1", "a/b": b"2", "a/b/c": b"3"})
    delete(wire, bucket, document(["a", "a/"]))
    assert [key for key, _, _ in listing(gw, bucket)] == ["a/b", "a/b/c"]
    assert wire.get(key_path(bucket, "a/b")).body == b"2"

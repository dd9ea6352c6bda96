# SPDX-License-Identifier: Apache-2.0
"""RenameObject: the object with all it carries under its new name, the old name gone; and deletions with conditions."""
import botocore.exceptions
import pytest

from content import random_bytes
from expect import is_error, listing, nothing_changes
from wire import key_path


def rename(wire, bucket, source, target, headers=None):
    return wire.put(key_path(bucket, target), query="renameObject", headers={"x-amz-rename-source": source} | (headers or {}))


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_a_renamed_object_is_the_same_under_its_new_name(gw, wire, bucket, size):
    body = random_bytes(size)
    given = {"content-type": "text/one", "x-amz-meta-a": "1", "x-amz-tagging": "t=1"}
    tag = wire.put(f"/{bucket}/old", body, headers=given).headers["etag"]
    assert rename(wire, bucket, "/old", "new/name").status == 200
    got = wire.get(f"/{bucket}/new/name")
    assert got.body == body and got.headers["etag"] == tag and got.headers["content-type"] == "text/one"
    assert got.headers["x-amz-meta-a"] == "1" and got.headers["x-amz-tagging-count"] == "1"
    assert [key for key, _, _ in listing(gw, bucket)] == ["new/name"]
    is_error(wire.get(f"/{bucket}/old"), 404, "NoSuchKey")
    wire.put(f"/{bucket}/old", body)  # no companion is left behind
    assert "x-amz-meta-a" not in wire.head(f"/{bucket}/old").headers


@pytest.mark.parametrize("source", ["old%20%C3%BC", "/old%20%C3%BC", "/{b}/old%20%C3%BC", "{b}/old%20%C3%BC"])
def test_the_source_may_be_written_in_each_way_the_reference_shows(gw, wire, bucket, source):
    wire.put(key_path(bucket, "old ü"), b"x")
    assert rename(wire, bucket, source.format(b=bucket), "new").status == 200
    assert [key for key, _, _ in listing(gw, bucket)] == ["new"]


def test_a_rename_replaces_what_was_there(gw, wire, bucket):
    wire.put(f"/{bucket}/a", b"a")
    wire.put(f"/{bucket}/b", b"b", headers={"x-amz-meta-old": "1"})
    assert rename(wire, bucket, "a", "b").status == 200
    got = wire.get(f"/{bucket}/b")
    assert got.body == b"a" and "x-amz-meta-old" not in got.headers and len(listing(gw, bucket)) == 1


def test_boto3_renames(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    s3.rename_object(Bucket=bucket, Key="b", RenameSource="a", DestinationIfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="b")["Body"].read() == b"a"


@pytest.mark.parametrize("source,target,headers,status,code", [
    ("none", "b", {}, 404, "NoSuchKey"), ("a", "a", {}, 400, "InvalidRequest"), ("", "b", {}, 400, "InvalidArgument"),
    ("a%zz", "b", {}, 400, "InvalidArgument"), ("a", "b", {"if-none-match": "*"}, 412, "PreconditionFailed"),
    ("a", "b", {"if-match": '"x"'}, 412, "PreconditionFailed"), ("a", "c", {"if-match": '"x"'}, 404, "NoSuchKey"),
    ("a", "c", {"x-amz-rename-source-if-match": '"x"'}, 412, "PreconditionFailed"),
    ("a", "c", {"x-amz-rename-source-if-none-match": "*"}, 412, "PreconditionFailed"),
    ("a", "c", {"x-amz-rename-source-if-unmodified-since": "Thu, 01 Jan 2015 00:00:00 GMT"}, 412, "PreconditionFailed"),
    ("a", "b", {"if-modified-since": "Thu, 01 Jan 2015 00:00:00 GMT"}, 501, "NotImplemented")])
def test_what_may_not_be_renamed_stays(gw, wire, bucket, source, target, headers, status, code):
    wire.put(f"/{bucket}/a", b"a")
    wire.put(f"/{bucket}/b", b"b")
    with nothing_changes(gw, bucket):
        is_error(rename(wire, bucket, source, target, headers), status, code)


def test_a_rename_without_a_source_is_refused(gw, wire, bucket):
    wire.put(f"/{bucket}/a", b"a")
    with nothing_changes(gw, bucket):
        is_error(wire.put(f"/{bucket}/a", b"", "renameObject"), 501, "NotImplemented")
        is_error(wire.put(f"/{bucket}/a", b"", headers={"x-amz-rename-source": "b"}), 501, "NotImplemented")


# ---- deletions with conditions ----

def test_an_object_is_deleted_only_if_it_is_the_one_that_was_meant(gw, wire, bucket):
    tag = wire.put(f"/{bucket}/a", b"a").headers["etag"]
    with nothing_changes(gw, bucket):
        is_error(wire.delete(f"/{bucket}/a", headers={"if-match": '"x"'}), 412, "PreconditionFailed")
        is_error(wire.delete(f"/{bucket}/none", headers={"if-match": "*"}), 404, "NoSuchKey")
        is_error(wire.delete(f"/{bucket}/a", headers={"x-amz-if-match-size": "1"}), 501, "NotImplemented")
    assert wire.delete(f"/{bucket}/a", headers={"if-match": tag}).status == 204
    assert listing(gw, bucket) == []


def test_objects_are_deleted_by_etag(s3, gw, bucket):
    tags = {key: s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={"m": key})["ETag"] for key in "abcd"}
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [
        {"Key": "a", "ETag": tags["a"]}, {"Key": "b", "ETag": tags["a"]}, {"Key": "c"}, {"Key": "none", "ETag": tags["a"]},
        {"Key": "d", "ETag": tags["d"].strip('"')}, {"Key": "b", "Size": 1}]})
    assert [d["Key"] for d in done["Deleted"]] == ["a", "c", "d"]
    assert [(e["Key"], e["Code"]) for e in done["Errors"]] == [("b", "PreconditionFailed"), ("none", "NoSuchKey"), ("b", "NotImplemented")]
    assert [key for key, _, _ in listing(gw, bucket)] == ["b"]
    with pytest.raises(botocore.exceptions.ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="a")

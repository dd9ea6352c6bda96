# SPDX-License-Identifier: Apache-2.0
"""GetObjectAttributes, and reading by part number: an object is one part, however it was uploaded."""
import botocore.exceptions
import pytest

from checksums import checksum
from expect import is_error

ALL = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


def test_attributes_are_those_of_the_object(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="o", Body=b"12345")["ETag"]
    answer = s3.get_object_attributes(Bucket=bucket, Key="o", ObjectAttributes=ALL)
    assert answer["ETag"] == etag.strip('"') and answer["ObjectSize"] == 5 and answer["StorageClass"] == "STANDARD"
    assert answer["LastModified"] == s3.head_object(Bucket=bucket, Key="o")["LastModified"]


def test_only_what_is_asked_for_is_answered(wire, bucket):
    wire.put(f"/{bucket}/o", b"12345")
    answer = wire.get(f"/{bucket}/o", "attributes", headers={"x-amz-object-attributes": "ObjectSize"})
    assert answer.xml.tag == "GetObjectAttributesResponse" and [node.tag for node in answer.xml] == ["ObjectSize"]


def test_a_checksum_that_was_kept_is_among_them(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"12345", Metadata={"a": "1"}, ChecksumAlgorithm="SHA256")
    answer = s3.get_object_attributes(Bucket=bucket, Key="o", ObjectAttributes=ALL)
    assert answer["Checksum"] == {"ChecksumSHA256": checksum("sha256", b"12345"), "ChecksumType": "FULL_OBJECT"}


@pytest.mark.parametrize("headers,status,code", [
    ({}, 400, "InvalidRequest"), ({"x-amz-object-attributes": ""}, 400, "InvalidArgument"),
    ({"x-amz-object-attributes": "ETag,Colour"}, 400, "InvalidArgument")])
def test_attributes_that_are_none_are_refused(wire, bucket, headers, status, code):
    wire.put(f"/{bucket}/o", b"old")
    is_error(wire.get(f"/{bucket}/o", "attributes", headers=headers), status, code)


def test_what_is_not_there_has_no_attributes(s3, bucket):
    with pytest.raises(botocore.exceptions.ClientError, match="NoSuchKey"):
        s3.get_object_attributes(Bucket=bucket, Key="none", ObjectAttributes=["ETag"])


def test_part_one_is_the_whole_object(wire, bucket):
    wire.put(f"/{bucket}/o", b"12345")
    for answer in (wire.get(f"/{bucket}/o", "partNumber=1"), wire.head(f"/{bucket}/o", "partNumber=1")):
        assert answer.status == 206 and answer.headers["content-range"] == "bytes 0-4/5"
        assert answer.headers["content-length"] == "5" and "x-amz-mp-parts-count" not in answer.headers
    assert wire.get(f"/{bucket}/o", "partNumber=1").body == b"12345"
    wire.put(f"/{bucket}/empty", b"")
    assert wire.get(f"/{bucket}/empty", "partNumber=1").body == b""


@pytest.mark.parametrize("number,headers,status,code", [
    ("2", {}, 416, "InvalidPartNumber"), ("10000", {}, 416, "InvalidPartNumber"), ("0", {}, 400, "InvalidArgument"),
    ("10001", {}, 400, "InvalidArgument"), ("x", {}, 400, "InvalidArgument"), ("", {}, 400, "InvalidArgument"),
    ("1", {"range": "bytes=0-1"}, 400, "InvalidRequest")])
def test_other_parts_are_not_there(wire, bucket, number, headers, status, code):
    wire.put(f"/{bucket}/o", b"12345")
    is_error(wire.get(f"/{bucket}/o", f"partNumber={number}", headers=headers), status, code)
    assert wire.head(f"/{bucket}/o", f"partNumber={number}", headers=headers).status == status


def test_a_part_of_nothing_is_not_there_either(wire, bucket):
    is_error(wire.get(f"/{bucket}/none", "partNumber=1"), 404, "NoSuchKey")

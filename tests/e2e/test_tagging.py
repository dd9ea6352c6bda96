# SPDX-License-Identifier: Apache-2.0
"""Object tags: given with the object or later, counted, copied, replaced and deleted; the object stays as it is."""
import botocore.exceptions
import pytest

import sigv4
from expect import is_error, nothing_changes

LONGEST = ("k" * 128, "v" * 256)


def tags(s3, bucket, key="o"):
    return {t["Key"]: t["Value"] for t in s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]}


def tag_set(given):
    return {"TagSet": [{"Key": k, "Value": v} for k, v in given.items()]}


@pytest.mark.parametrize("given", [{}, {"a": "1"}, {"a": "", "b c": "d+e=f", "ü/@:-._": "ß x"}, dict([LONGEST]),
                                   {"ü" * 128: "ß" * 256}, {f"k{i}": str(i) for i in range(10)}])
def test_tags_come_back_as_they_were_put(s3, bucket, given):
    etag = s3.put_object(Bucket=bucket, Key="o", Body=b"x", Metadata={"m": "1"}, ContentType="text/one")["ETag"]
    assert tags(s3, bucket) == {}
    s3.put_object_tagging(Bucket=bucket, Key="o", Tagging=tag_set(given))
    assert tags(s3, bucket) == given
    head = s3.head_object(Bucket=bucket, Key="o")
    assert head.get("TagCount", 0) == len(given)
    assert head["Metadata"] == {"m": "1"} and head["ContentType"] == "text/one" and head["ETag"] == etag
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == b"x"


def test_tags_given_with_the_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"x", Tagging="a=1&b%20c=d%2Be&empty=&bare")
    assert tags(s3, bucket) == {"a": "1", "b c": "d+e", "empty": "", "bare": ""}
    assert s3.get_object(Bucket=bucket, Key="o")["TagCount"] == 4
    s3.put_object(Bucket=bucket, Key="o", Body=b"y")
    assert tags(s3, bucket) == {}


def test_tags_given_when_a_multipart_upload_starts(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="o", Tagging="a=1")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="o", UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(Bucket=bucket, Key="o", UploadId=upload,
                                 MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert tags(s3, bucket) == {"a": "1"}


def test_deleting_tags_leaves_the_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"x", Tagging="a=1")
    s3.delete_object_tagging(Bucket=bucket, Key="o")
    s3.delete_object_tagging(Bucket=bucket, Key="o")
    assert tags(s3, bucket) == {} and "TagCount" not in s3.head_object(Bucket=bucket, Key="o")
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == b"x"
    s3.delete_object(Bucket=bucket, Key="o")
    s3.delete_bucket(Bucket=bucket)


def test_a_copy_takes_its_tags_along_or_gets_new(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"x", Tagging="a=1", Metadata={"m": "1"})
    source = {"Bucket": bucket, "CopySource": {"Bucket": bucket, "Key": "o"}}
    s3.copy_object(Key="c", **source)
    assert tags(s3, bucket, "c") == {"a": "1"}
    s3.copy_object(Key="m", MetadataDirective="REPLACE", Metadata={"n": "2"}, **source)
    assert tags(s3, bucket, "m") == {"a": "1"} and s3.head_object(Bucket=bucket, Key="m")["Metadata"] == {"n": "2"}
    s3.copy_object(Key="t", TaggingDirective="REPLACE", Tagging="b=2", **source)
    assert tags(s3, bucket, "t") == {"b": "2"} and s3.head_object(Bucket=bucket, Key="t")["Metadata"] == {"m": "1"}
    s3.copy_object(Key="n", TaggingDirective="REPLACE", **source)
    assert tags(s3, bucket, "n") == {} and s3.head_object(Bucket=bucket, Key="n")["Metadata"] == {"m": "1"}


@pytest.mark.parametrize("rows,status,code", [
    ([(f"k{i}", "v") for i in range(11)], 400, "BadRequest"), ([("k" * 129, "v")], 400, "InvalidTag"),
    ([("k", "v" * 257)], 400, "InvalidTag"), ([("", "v")], 400, "InvalidTag"), ([("k", "v"), ("k", "w")], 400, "InvalidTag"),
    ([("aws:k", "v")], 400, "InvalidTag"), ([("k?", "v")], 400, "InvalidTag"), ([("k", "v#")], 400, "InvalidTag")])
def test_tags_that_s3_does_not_take_are_refused(gw, wire, bucket, rows, status, code):
    wire.put(f"/{bucket}/o", b"old", headers={"x-amz-tagging": "a=1"})
    document = "".join(f"<Tag><Key>{k}</Key><Value>{v}</Value></Tag>" for k, v in rows)
    header = "&".join(f"{sigv4.quote(k)}={sigv4.quote(v)}" for k, v in rows)
    with nothing_changes(gw, bucket):
        is_error(wire.put(f"/{bucket}/o", f"<Tagging><TagSet>{document}</TagSet></Tagging>".encode(), "tagging"), status, code)
        is_error(wire.put(f"/{bucket}/o", b"new", headers={"x-amz-tagging": header}), status, code)
        is_error(wire.post(f"/{bucket}/m", "uploads", headers={"x-amz-tagging": header}), status, code)
    assert wire.get(f"/{bucket}/o", "tagging").texts("TagSet/Tag/Key") == ["a"]


@pytest.mark.parametrize("document", [b"", b"no xml", b"<Tagging/>", b"<Other><TagSet/></Other>",
                                      b"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>",
                                      b"<Tagging><TagSet><X/></TagSet></Tagging>"])
def test_documents_that_are_no_tags_are_refused(gw, wire, bucket, document):
    wire.put(f"/{bucket}/o", b"old")
    with nothing_changes(gw, bucket):
        is_error(wire.put(f"/{bucket}/o", document, "tagging"), 400, "MalformedXML")


def test_a_header_that_is_not_encoded_is_refused(gw, wire, bucket):
    with nothing_changes(gw, bucket):
        is_error(wire.put(f"/{bucket}/o", b"x", headers={"x-amz-tagging": "a=%zz"}), 400, "InvalidArgument")


def test_what_is_not_there_has_no_tags(s3, wire, bucket):
    for call, arguments in [(s3.get_object_tagging, {}), (s3.delete_object_tagging, {}),
                            (s3.put_object_tagging, {"Tagging": tag_set({"a": "1"})})]:
        with pytest.raises(botocore.exceptions.ClientError, match="NoSuchKey"):
            call(Bucket=bucket, Key="none", **arguments)
    is_error(wire.get(f"/{bucket}/none", "tagging&versionId=other"), 404, "NoSuchVersion")
    is_error(wire.put(f"/{bucket}/o", headers={"x-amz-copy-source": f"/{bucket}/o", "x-amz-tagging-directive": "MOVE"}), 400,
             "InvalidArgument")

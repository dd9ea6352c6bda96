# SPDX-License-Identifier: Apache-2.0
"""CopyObject and UploadPartCopy: the same bytes under another name."""
import pytest

from content import MIB, random_bytes
from expect import is_error, nothing_changes
from wire import key_path


def copy(wire, source, target, **headers):
    return wire.put(target, headers={"x-amz-copy-source": source} | {k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("size", [0, 1, 100_000, 9 * MIB])
def test_a_copy_has_the_bytes_and_the_etag_of_its_source(wire, bucket, size):
    body = random_bytes(size)
    tag = wire.put(f"/{bucket}/a", body).headers["etag"]
    copied = copy(wire, f"/{bucket}/a", f"/{bucket}/b")
    assert copied.status == 200 and copied.xml.tag == "CopyObjectResult"
    assert copied.text("ETag") == tag and copied.text("LastModified")
    got = wire.get(f"/{bucket}/b")
    assert got.body == body and got.headers["etag"] == tag
    wire.delete(f"/{bucket}/a")
    assert wire.get(f"/{bucket}/b").body == body


def test_a_copy_goes_to_another_bucket(wire, bucket):
    wire.put(f"/{bucket}/a", b"content")
    wire.put(f"/{bucket}-2")
    assert copy(wire, f"/{bucket}/a", f"/{bucket}-2/b").status == 200
    assert wire.delete(f"/{bucket}/a").status == 204
    assert wire.get(f"/{bucket}-2/b").body == b"content"


def test_a_copy_replaces_what_was_there(wire, bucket):
    wire.put(f"/{bucket}/a", b"new")
    wire.put(f"/{bucket}/b", b"old")
    assert copy(wire, f"/{bucket}/a", f"/{bucket}/b").status == 200
    assert wire.get(f"/{bucket}/b").body == b"new"


def test_a_copy_keeps_the_content_type_or_takes_another(wire, bucket):
    wire.put(f"/{bucket}/a", b"x", headers={"content-type": "text/one"})
    copy(wire, f"/{bucket}/a", f"/{bucket}/b")
    assert wire.head(f"/{bucket}/b").headers["content-type"] == "text/one"
    copy(wire, f"/{bucket}/a", f"/{bucket}/c", x_amz_metadata_directive="REPLACE", content_type="text/two")
    assert wire.head(f"/{bucket}/c").headers["content-type"] == "text/two"


@pytest.mark.parametrize("source", ["{b}/a b/ü+%25", "/{b}/a b/ü+%25", "{b}/a%20b/%C3%BC%2B%25", "/{b}%2Fa%20b%2F%C3%BC%2B%25"])
def test_the_source_may_be_written_in_each_way_clients_write_it(wire, bucket, source):
    wire.put(key_path(bucket, "a b/ü+%"), b"content")
    source = source.format(b=bucket)
    if " " in source:  # raw, as old clients send it
        source = source.replace("ü", "%C3%BC").replace("+", "%2B")
    assert copy(wire, source, f"/{bucket}/b").status == 200
    assert wire.get(f"/{bucket}/b").body == b"content"


@pytest.mark.parametrize("source,status,code", [
    ("/{b}/none", 404, "NoSuchKey"), ("/no-such-bucket-here/a", 404, "NoSuchBucket"), ("", 400, "InvalidArgument"),
    ("{b}", 400, "InvalidArgument"), ("/{b}/", 400, "InvalidArgument"), ("/", 400, "InvalidArgument"),
    ("nonsense", 400, "InvalidArgument"), ("/{b}/a%zz", 400, "InvalidArgument"),
    ("/{b}/a?versionId=abc", 404, "NoSuchVersion")])
def test_a_source_that_is_none_is_refused(gw, wire, bucket, source, status, code):
    wire.put(f"/{bucket}/a", b"a")
    wire.put(f"/{bucket}/b", b"b")
    with nothing_changes(gw, bucket):
        response = copy(wire, source.format(b=bucket), f"/{bucket}/b")
        if source.endswith("abc"):
            assert response.status in (400, 404, 501) and response.code
        else:
            is_error(response, status, code)


def test_the_null_version_is_the_object(wire, bucket):
    wire.put(f"/{bucket}/a", b"a")
    assert copy(wire, f"/{bucket}/a?versionId=null", f"/{bucket}/b").status == 200
    assert wire.get(f"/{bucket}/b").body == b"a"


def test_a_copy_onto_itself_without_a_change_is_refused(gw, wire, bucket):
    wire.put(f"/{bucket}/a", b"a", headers={"content-type": "text/one"})
    with nothing_changes(gw, bucket):
        is_error(copy(wire, f"/{bucket}/a", f"/{bucket}/a"), 400, "InvalidRequest")
    assert copy(wire, f"/{bucket}/a", f"/{bucket}/a", x_amz_metadata_directive="REPLACE",
                content_type="text/two").status == 200
    head = wire.head(f"/{bucket}/a")
    assert head.headers["content-type"] == "text/two" and wire.get(f"/{bucket}/a").body == b"a"


def test_a_copy_into_a_bucket_that_is_not_there_is_refused(gw, wire, bucket):
    wire.put(f"/{bucket}/a", b"a")
    with nothing_changes(gw, bucket):
        is_error(copy(wire, f"/{bucket}/a", "/no-such-bucket-here/b"), 404, "NoSuchBucket")


def test_a_wrong_directive_is_refused(gw, wire, bucket):
    wire.put(f"/{bucket}/a", b"a")
    with nothing_changes(gw, bucket):
        is_error(copy(wire, f"/{bucket}/a", f"/{bucket}/b", x_amz_metadata_directive="MOVE"), 400, "InvalidArgument")


@pytest.mark.parametrize("header,holds", [
    ("if-match", "{tag}"), ("if-none-match", '"{zeros}-xet"'),
    ("if-unmodified-since", "Fri, 01 Jan 2100 00:00:00 GMT"), ("if-modified-since", "Thu, 01 Jan 2015 00:00:00 GMT")])
def test_a_copy_may_depend_on_its_source(gw, wire, bucket, header, holds):
    tag = wire.put(f"/{bucket}/a", b"a").headers["etag"]
    other = {"if-match": '"x"', "if-none-match": tag, "if-unmodified-since": "Thu, 01 Jan 2015 00:00:00 GMT",
             "if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}[header]
    name = "x_amz_copy_source_" + header.replace("-", "_")
    if header != "if-modified-since":  # a time in the future is ignored by S3
        with nothing_changes(gw, bucket):
            is_error(copy(wire, f"/{bucket}/a", f"/{bucket}/b", **{name: other}), 412, "PreconditionFailed")
    good = copy(wire, f"/{bucket}/a", f"/{bucket}/b", **{name: holds.format(tag=tag, zeros="0" * 64)})
    assert good.status == 200, good.body
    assert wire.get(f"/{bucket}/b").body == b"a"


def test_parts_can_be_copied_or_say_that_they_cannot(gw, wire, bucket):
    wire.put(f"/{bucket}/a", random_bytes(6 * MIB))
    upload = wire.post(f"/{bucket}/b", "uploads").text("UploadId")
    response = wire.put(f"/{bucket}/b", query=f"partNumber=1&uploadId={upload}",
                        headers={"x-amz-copy-source": f"/{bucket}/a", "x-amz-copy-source-range": "bytes=5-1000004"})
    if response.status == 501:
        assert response.code == "NotImplemented"
        assert wire.get(f"/{bucket}/b", f"uploadId={upload}").texts("Part/PartNumber") == []
        return
    assert response.status == 200 and response.xml.tag == "CopyPartResult"
    done = wire.post(f"/{bucket}/b", f"uploadId={upload}", b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>%s"
                     b"</ETag></Part></CompleteMultipartUpload>" % response.text("ETag").encode())
    assert done.status == 200, done.body
    assert wire.get(f"/{bucket}/b").body == random_bytes(6 * MIB)[5:1000005]

# SPDX-License-Identifier: Apache-2.0
"""What an object carries beside its bytes, for which the Hub has no place: kept, copied, replaced and deleted with it,
and never seen as an object of its own."""
import pytest

from expect import is_error, listing
from wire import key_path

HEADERS = {"cache-control": "max-age=60", "content-disposition": 'attachment; filename="ä.txt"', "content-encoding": "gzip",
           "content-language": "de, en", "expires": "Fri, 01 Jan 2100 00:00:00 GMT", "x-amz-meta-plain": "value",
           "x-amz-meta-s3cmd-attrs": "atime:1/mode:33188", "content-type": "text/x"}


def kept(response):
    return {name: value for name, value in response.headers.items() if name in HEADERS or name.startswith("x-amz-meta-")}


def same(sent):
    return {name: value.encode().decode("latin-1") for name, value in sent.items()}


def test_metadata_comes_back_from_get_and_head_as_it_was_put(wire, bucket):
    assert wire.put(f"/{bucket}/o", b"not really gzip", headers=HEADERS).status == 200
    for answer in (wire.get(f"/{bucket}/o"), wire.head(f"/{bucket}/o")):
        assert kept(answer) == same(HEADERS)
    assert wire.get(f"/{bucket}/o").body == b"not really gzip"


def test_an_object_with_metadata_is_one_object(gw, wire, bucket):
    for key in ("o", "dir/o", "a//b", "~z"):
        wire.put(key_path(bucket, key), b"x", headers=HEADERS)
    assert [k for k, _, _ in listing(gw, bucket)] == ["a//b", "dir/o", "o", "~z"]
    assert wire.get(f"/{bucket}", "list-type=2&delimiter=%2F").texts("CommonPrefixes/Prefix") == ["a/", "dir/"]
    is_error(wire.delete(f"/{bucket}"), 409, "BucketNotEmpty")
    for key in ("o", "dir/o", "a//b", "~z"):
        assert wire.delete(key_path(bucket, key)).status == 204
    assert listing(gw, bucket) == []
    assert wire.delete(f"/{bucket}").status == 204


def test_putting_again_without_metadata_drops_it(wire, bucket):
    wire.put(f"/{bucket}/o", b"1", headers=HEADERS)
    wire.put(f"/{bucket}/o", b"1")
    assert "x-amz-meta-plain" not in wire.head(f"/{bucket}/o").headers
    wire.put(f"/{bucket}/o", b"2", headers={"x-amz-meta-a": "1"})
    wire.delete(f"/{bucket}/o")
    wire.put(f"/{bucket}/o", b"2")
    assert "x-amz-meta-a" not in wire.head(f"/{bucket}/o").headers


def test_equal_objects_have_metadata_of_their_own(wire, bucket):
    for i in range(3):
        wire.put(f"/{bucket}/o{i}", b"same", headers={"x-amz-meta-n": str(i)})
    assert [wire.head(f"/{bucket}/o{i}").headers["x-amz-meta-n"] for i in range(3)] == ["0", "1", "2"]


def test_a_copy_takes_its_metadata_along_or_gets_new(wire, bucket):
    wire.put(f"/{bucket}/a", b"x", headers=HEADERS)
    source = {"x-amz-copy-source": f"/{bucket}/a"}
    assert wire.put(f"/{bucket}/b", headers=source).status == 200
    assert kept(wire.head(f"/{bucket}/b")) == same(HEADERS)
    replace = source | {"x-amz-metadata-directive": "REPLACE", "x-amz-meta-new": "1"}
    assert wire.put(f"/{bucket}/c", headers=replace).status == 200
    assert kept(wire.head(f"/{bucket}/c")).get("x-amz-meta-new") == "1"
    assert "x-amz-meta-plain" not in wire.head(f"/{bucket}/c").headers
    assert wire.put(f"/{bucket}/a", headers=replace).status == 200  # onto itself, as rclone sets a time
    assert wire.head(f"/{bucket}/a").headers["x-amz-meta-new"] == "1" and wire.get(f"/{bucket}/a").body == b"x"


def test_metadata_given_when_a_multipart_upload_starts_is_the_objects(wire, bucket):
    upload = wire.post(f"/{bucket}/m", "uploads", headers=HEADERS).text("UploadId")
    tag = wire.put(f"/{bucket}/m", b"x", f"partNumber=1&uploadId={upload}").headers["etag"]
    done = wire.post(f"/{bucket}/m", f"uploadId={upload}", b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>%s"
                     b"</ETag></Part></CompleteMultipartUpload>" % tag.encode())
    assert done.status == 200, done.body
    assert kept(wire.head(f"/{bucket}/m")) == same(HEADERS)


def test_boto3_sees_its_metadata_again(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"", Metadata={"Mixed-Case": "v", "empty": ""}, CacheControl="no-cache")
    head = s3.head_object(Bucket=bucket, Key="o")
    assert head["Metadata"] == {"mixed-case": "v", "empty": ""} and head["CacheControl"] == "no-cache"


@pytest.mark.parametrize("size,status", [(2000, 200), (2100, 400), (60_000, 400)])
def test_metadata_has_s3s_limit(gw, wire, bucket, size, status):
    answer = wire.put(f"/{bucket}/o", b"x", headers={"x-amz-meta-a": "v" * size})
    assert answer.status == status or (size > 50_000 and answer.status == 431), answer
    assert len(listing(gw, bucket)) == (1 if status == 200 else 0)

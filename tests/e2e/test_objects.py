# SPDX-License-Identifier: Apache-2.0
"""Objects: what is put is what is got, whatever its size, and every answer agrees about it."""
from concurrent.futures import ThreadPoolExecutor
import email.utils
import io
import re
import time

import botocore.exceptions
import pytest

import clients
from content import KIB, MIB, put_all, random_bytes
from expect import is_error, listing, nothing_changes
from wire import key_path

# Around the borders of chunks (8 KiB to 128 KiB), pipes (1 MiB), parts (8 MiB) and beyond.
SIZES = [0, 1, 2, 63, 64, 8191, 8192, 8193, 64 * KIB, 128 * KIB, 128 * KIB + 1, MIB - 1, MIB, MIB + 1, 8 * MIB - 1,
         8 * MIB, 8 * MIB + 1, 20 * MIB]
ETAG = re.compile(r'^"[0-9a-f]{64}-xet"$')


@pytest.mark.parametrize("size", SIZES)
def test_an_object_comes_back_as_it_was_put(s3, bucket, size):
    body = random_bytes(size)
    put = s3.put_object(Bucket=bucket, Key="o", Body=body)
    got = s3.get_object(Bucket=bucket, Key="o")
    assert got["Body"].read() == body
    assert got["ContentLength"] == size
    assert got["ETag"] == put["ETag"] and ETAG.match(put["ETag"])


@pytest.mark.parametrize("kind,body", [
    ("zeros", bytes(3 * MIB)),
    ("text", b"the quick brown fox jumps over the lazy dog\n" * 70_000),
    ("floats", b"".join(i.to_bytes(2, "little") + b"\x80\x3f" for i in range(60_000)) * 4),
    ("one chunk many times", random_bytes(100_000) * 40),
])
def test_content_that_compresses_or_repeats_comes_back_as_it_was_put(s3, bucket, kind, body):
    s3.put_object(Bucket=bucket, Key=kind, Body=body)
    assert s3.get_object(Bucket=bucket, Key=kind)["Body"].read() == body


@pytest.mark.parametrize("size", [8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 20 * MIB])
def test_the_transfer_manager_comes_back_with_what_it_took_up(s3, bucket, size):
    s3.upload_fileobj(io.BytesIO(random_bytes(size, 1)), bucket, "big")
    back = io.BytesIO()
    s3.download_fileobj(bucket, "big", back)
    assert back.getvalue() == random_bytes(size, 1)


def test_the_etag_is_the_same_in_put_get_head_list_and_copy(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="a", Body=b"content")["ETag"]
    assert put == s3.get_object(Bucket=bucket, Key="a")["ETag"]
    assert put == s3.head_object(Bucket=bucket, Key="a")["ETag"]
    assert put == s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a")["CopyObjectResult"]["ETag"]
    assert [put, put] == [o["ETag"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]]


def test_the_etag_depends_on_the_content_alone(s3, bucket):
    tags = [s3.put_object(Bucket=bucket, Key=k, Body=b)["ETag"] for k, b in [("a", b"1"), ("b", b"1"), ("c", b"2")]]
    assert tags[0] == tags[1] != tags[2]


def test_get_and_head_say_the_same(wire, bucket):
    wire.put(f"/{bucket}/o", b"content", headers={"content-type": "text/x-test"})
    got, head = wire.get(f"/{bucket}/o"), wire.head(f"/{bucket}/o")
    assert got.status == head.status == 200 and head.body == b""
    for name in ("content-length", "content-type", "etag", "last-modified", "accept-ranges"):
        assert got.headers[name] == head.headers[name], name
    assert got.headers["content-type"] == "text/x-test"
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["content-length"] == "7"


def test_last_modified_is_now_and_the_same_in_a_listing(wire, bucket):
    wire.put(f"/{bucket}/o", b"content")
    modified = email.utils.parsedate_to_datetime(wire.head(f"/{bucket}/o").headers["last-modified"])
    assert abs(modified.timestamp() - time.time()) < 120
    listed = wire.get(f"/{bucket}", "list-type=2").text("Contents/LastModified")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", listed)
    assert listed.startswith(modified.strftime("%Y-%m-%dT%H:%M:%S"))


def test_putting_again_replaces_the_object(s3, bucket):
    for body in (b"first", random_bytes(MIB), b"", b"last"):
        tag = s3.put_object(Bucket=bucket, Key="o", Body=body)["ETag"]
        got = s3.get_object(Bucket=bucket, Key="o")
        assert got["Body"].read() == body and got["ETag"] == tag
    assert [o["Size"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [4]


def test_a_deleted_object_is_gone_and_deleting_it_again_is_fine(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"1")
    for _ in range(2):
        assert s3.delete_object(Bucket=bucket, Key="o")["ResponseMetadata"]["HTTPStatusCode"] == 204
        with pytest.raises(s3.exceptions.NoSuchKey):
            s3.get_object(Bucket=bucket, Key="o")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="o", Body=b"2")
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == b"2"


def test_an_object_that_is_not_there_is_nosuchkey_and_a_bare_404_to_head(wire, bucket):
    is_error(wire.get(f"/{bucket}/none"), 404, "NoSuchKey")
    head = wire.head(f"/{bucket}/none")
    assert head.status == 404 and head.body == b""


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_bucket_that_is_not_there_is_nosuchbucket(wire, method):
    is_error(wire.request(method, "/no-such-bucket-at-all/key", body=b"x" if method == "PUT" else b""),
             404, "NoSuchBucket")


def test_a_name_and_names_below_it_are_different_objects(s3, bucket):
    bodies = {"a": b"1", "a/b": b"2", "a/b/c": b"3", "a/": b"4", "A": b"5"}
    for key, body in bodies.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    s3.delete_object(Bucket=bucket, Key="a/b")
    del bodies["a/b"]
    assert {o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]} == set(bodies)
    for key, body in bodies.items():
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body


def test_many_small_objects_put_at_once_all_arrive(gw, s3, bucket):
    objects = {f"n/{i:04}": b"body %d" % i for i in range(400)}
    put_all(gw, bucket, objects, threads=16)
    assert [key for key, _, _ in listing(gw, bucket)] == sorted(objects)
    for key in list(objects)[::40]:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == objects[key]


def test_writers_of_one_key_leave_one_of_their_objects(gw, s3, bucket):
    bodies = [random_bytes(70_000, seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: s3.put_object(Bucket=bucket, Key="o", Body=body), bodies))
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() in bodies
    assert len(listing(gw, bucket)) == 1


def test_a_content_type_is_kept(s3, bucket):
    s3.put_object(Bucket=bucket, Key="t", Body=b"x", ContentType="application/x-parquet; v=1")
    assert s3.head_object(Bucket=bucket, Key="t")["ContentType"] == "application/x-parquet; v=1"


@pytest.mark.parametrize("name,headers", [
    ("customer key", {"x-amz-server-side-encryption-customer-algorithm": "AES256",
                      "x-amz-server-side-encryption-customer-key": "a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2U=",
                      "x-amz-server-side-encryption-customer-key-md5": "hRasmdxgYDKV3nvbahU1MA=="}),
    ("kms", {"x-amz-server-side-encryption": "aws:kms"}),
    ("append", {"x-amz-write-offset-bytes": "7"}),
    ("lock", {"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": "2030-01-01T00:00:00Z"}),
    ("public", {"x-amz-acl": "public-read"}),
    ("grant", {"x-amz-grant-read": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'}),
    ("redirect", {"x-amz-website-redirect-location": "/elsewhere"}),
])
def test_what_a_header_asks_for_and_cannot_be_had_is_refused_not_ignored(gw, wire, bucket, name, headers):
    wire.put(f"/{bucket}/o", b"old one")
    with nothing_changes(gw, bucket):
        response = wire.put(f"/{bucket}/o", b"secret", headers=headers)
        assert response.status in (400, 501) and response.code, response


def test_responses_may_be_asked_for_other_headers(wire, bucket):
    wire.put(f"/{bucket}/o", b"x")
    got = wire.get(f"/{bucket}/o", "response-content-type=text%2Fother&response-cache-control=no-store")
    assert got.status == 200 and got.headers["content-type"] == "text/other"
    assert got.headers["cache-control"] == "no-store"


def test_a_wrong_method_on_a_key_is_refused(gw, wire, bucket):
    with nothing_changes(gw, bucket):
        is_error(wire.request("PATCH", f"/{bucket}/o"), 405, "MethodNotAllowed")
        is_error(wire.request("POST", f"/{bucket}/o"), 405, "MethodNotAllowed")


def test_two_gateways_clients_see_each_others_writes_at_once(gw, bucket):
    writer, reader = clients.boto(gw), clients.boto(gw, read_timeout=61)
    for i in range(10):
        writer.put_object(Bucket=bucket, Key="o", Body=b"%d" % i)
        assert reader.get_object(Bucket=bucket, Key="o")["Body"].read() == b"%d" % i
        assert reader.head_object(Bucket=bucket, Key="o")["ContentLength"] == 1
    writer.delete_object(Bucket=bucket, Key="o")
    with pytest.raises(botocore.exceptions.ClientError):
        reader.head_object(Bucket=bucket, Key="o")


def test_a_key_is_found_by_its_exact_bytes_only(wire, bucket):
    wire.put(key_path(bucket, "\u00c4"), b"one code point")
    assert wire.get(key_path(bucket, "\u00c4")).status == 200
    assert wire.get(key_path(bucket, "A\u0308")).status == 404  # the same letter in two
    assert wire.get(key_path(bucket, "\u00e4")).status == 404

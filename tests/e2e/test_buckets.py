# SPDX-License-Identifier: Apache-2.0
"""Buckets: made, named, found and deleted, and never deleted with something in them."""
import pytest
import requests

from expect import is_error, nothing_changes
from wire import key_path

LOCATION = '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>%s' \
           '</LocationConstraint></CreateBucketConfiguration>'


def test_a_bucket_is_there_from_its_creation_to_its_deletion(wire, bucket_name):
    assert wire.head(f"/{bucket_name}").status == 404
    made = wire.put(f"/{bucket_name}")
    assert made.status == 200 and made.headers["location"] == f"/{bucket_name}"
    assert wire.head(f"/{bucket_name}").status == 200
    assert bucket_name in wire.get("/").texts("Buckets/Bucket/Name")
    assert wire.delete(f"/{bucket_name}").status == 204
    assert wire.head(f"/{bucket_name}").status == 404
    assert bucket_name not in wire.get("/").texts("Buckets/Bucket/Name")
    is_error(wire.delete(f"/{bucket_name}"), 404, "NoSuchBucket")


def test_buckets_are_listed_with_owner_and_date_in_order(wire, bucket):
    wire.put(f"/{bucket}-b")
    wire.put(f"/{bucket}-a")
    listed = wire.get("/")
    assert listed.xml.tag == "ListAllMyBucketsResult" and listed.text("Owner/ID")
    names = listed.texts("Buckets/Bucket/Name")
    assert names == sorted(names) and {bucket, f"{bucket}-a", f"{bucket}-b"} <= set(names)
    assert all(date.endswith("Z") for date in listed.texts("Buckets/Bucket/CreationDate"))


def test_making_a_bucket_again_is_refused_and_keeps_what_is_in_it(gw, wire, bucket):
    wire.put(f"/{bucket}/o", b"x")
    with nothing_changes(gw, bucket):
        is_error(wire.put(f"/{bucket}"), 409, "BucketAlreadyOwnedByYou")


@pytest.mark.parametrize("key", ["o", "dir/", "~hugs3", "~hugs3/x", "a/../b", "/"])
def test_a_bucket_with_anything_in_it_is_not_deleted(gw, wire, bucket, key):
    wire.put(key_path(bucket, key), b"x")
    with nothing_changes(gw, bucket):
        is_error(wire.delete(f"/{bucket}"), 409, "BucketNotEmpty")
    assert wire.delete(key_path(bucket, key)).status == 204
    assert wire.delete(f"/{bucket}").status == 204


def test_a_bucket_says_where_it_is(wire, bucket):
    location = wire.get(f"/{bucket}", "location")
    assert location.status == 200 and location.xml.tag == "LocationConstraint"
    assert not (location.xml.text or "").strip()  # us-east-1 is spelt as nothing
    assert wire.head(f"/{bucket}").headers["x-amz-bucket-region"] == "us-east-1"
    is_error(wire.get("/no-such-bucket-here", "location"), 404, "NoSuchBucket")


@pytest.mark.parametrize("name", ["ab", "My_Bucket", "with.dots", "UPPER", "x" * 63, "0", "a-b_c.d"])
def test_names_that_the_hub_takes_are_taken(wire, name):
    assert wire.put(f"/{name}").status == 200
    assert wire.put(f"/{name}/o", b"x").status == 200
    assert wire.get(f"/{name}/o").body == b"x"
    assert name in wire.get("/").texts("Buckets/Bucket/Name")
    wire.delete(f"/{name}/o")
    assert wire.delete(f"/{name}").status == 204


@pytest.mark.parametrize("name", ["$extremelyunlikelytoexist$", "a..b", ".a", "-a", "a.", "a-", "a%20b", "x" * 300, "%C3%BC", "a,b",
                                  "a--b--c", "..", "a%00b"])
def test_names_that_cannot_be_are_refused_without_harm(wire, name):
    before = wire.get("/").texts("Buckets/Bucket/Name")
    made = wire.put(f"/{name}")
    assert made.status == 400 and made.code in ("InvalidBucketName", "InvalidURI"), made
    assert wire.head(f"/{name}").status in (400, 404)
    assert wire.get(f"/{name}/key").status in (400, 404)
    assert wire.get("/").texts("Buckets/Bucket/Name") == before


def test_a_bucket_of_another_namespace_is_named_with_two_dashes(gw, wire, bucket_name):
    name = f"org1--{bucket_name}"
    assert wire.put(f"/{name}").status == 200
    assert wire.put(f"/{name}/o", b"org").status == 200
    assert wire.get(f"/{name}/o").body == b"org"
    assert wire.head(f"/{bucket_name}").status == 404
    assert wire.get(f"/alice--{bucket_name}/o").status == 404
    wire.delete(f"/{name}/o")
    assert wire.delete(f"/{name}").status == 204


def test_ones_own_namespace_may_be_spelt_out(wire, bucket):
    wire.put(f"/{bucket}/o", b"x")
    assert wire.get(f"/alice--{bucket}/o").body == b"x"


def test_a_namespace_that_is_not_ours_is_refused(wire, bucket_name):
    made = wire.put(f"/bob--{bucket_name}")
    assert made.status == 403 and made.code == "AccessDenied"
    assert wire.get(f"/bob--{bucket_name}", "list-type=2").status in (403, 404)


def test_buckets_are_private_unless_told_otherwise(gw, wire, bucket):
    assert requests.get(f"{gw.hub_url}/api/buckets/alice/{bucket}", timeout=30).status_code in (401, 404)


@pytest.mark.parametrize("body", [b"<CreateBucketConfiguration>", b"nonsense", b"<Other/>", b"<CreateBucketConfiguration>\xff</C>"])
def test_a_malformed_configuration_makes_no_bucket(wire, bucket_name, body):
    is_error(wire.put(f"/{bucket_name}", body), 400, "MalformedXML")
    assert wire.head(f"/{bucket_name}").status == 404


def test_a_place_that_cannot_be_had_makes_no_bucket(wire, bucket_name):
    is_error(wire.put(f"/{bucket_name}", (LOCATION % "mars-north-1").encode()), 400, "InvalidLocationConstraint")
    assert wire.head(f"/{bucket_name}").status == 404


def test_a_bucket_deleted_and_made_again_is_empty(wire, bucket):
    wire.put(f"/{bucket}/o", b"x")
    wire.delete(f"/{bucket}/o")
    wire.delete(f"/{bucket}")
    assert wire.get(f"/{bucket}/o").code == "NoSuchBucket"
    assert wire.put(f"/{bucket}").status == 200
    assert wire.get(f"/{bucket}", "list-type=2").text("KeyCount") == "0"
    assert wire.get(f"/{bucket}/o").code == "NoSuchKey"


def test_a_wrong_method_on_a_bucket_is_refused(gw, wire, bucket):
    with nothing_changes(gw, bucket):
        assert wire.post(f"/{bucket}").status in (405, 411, 412, 501)
        is_error(wire.request("PATCH", f"/{bucket}"), 405, "MethodNotAllowed")
        is_error(wire.delete("/"), 405, "MethodNotAllowed")
        is_error(wire.put("/"), 405, "MethodNotAllowed")

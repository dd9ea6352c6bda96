# SPDX-License-Identifier: Apache-2.0
"""ListObjectVersions of buckets that keep no versions: each object once, as version "null"."""
import pytest

from content import put_all
from expect import is_error

KEYS = ["a", "a-b", "a/1", "a/2", "b c", "b/x/1", "c"]


@pytest.fixture
def filled(gw, bucket):
    put_all(gw, bucket, {key: key.encode() for key in KEYS})
    return bucket


def test_every_object_is_its_latest_and_only_version(s3, filled):
    page = s3.list_object_versions(Bucket=filled)
    assert [v["Key"] for v in page["Versions"]] == KEYS
    assert all(v["VersionId"] == "null" and v["IsLatest"] and v["StorageClass"] == "STANDARD" for v in page["Versions"])
    assert all(v["Owner"]["ID"] for v in page["Versions"]) and not page["IsTruncated"]
    listed = {o["Key"]: (o["ETag"], o["Size"]) for o in s3.list_objects_v2(Bucket=filled)["Contents"]}
    assert {v["Key"]: (v["ETag"], v["Size"]) for v in page["Versions"]} == listed


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("arguments", [{}, {"Delimiter": "/"}, {"Prefix": "b"}, {"Prefix": "a", "Delimiter": "/"}])
def test_pages_add_up_to_the_whole(s3, filled, size, arguments):
    seen = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=filled, PaginationConfig={"PageSize": size}, **arguments):
        entries = [v["Key"] for v in page.get("Versions", [])] + [p["Prefix"] for p in page.get("CommonPrefixes", [])]
        assert len(entries) <= size
        seen += entries
    whole = s3.list_objects_v2(Bucket=filled, **arguments)
    expected = [o["Key"] for o in whole.get("Contents", [])] + [p["Prefix"] for p in whole.get("CommonPrefixes", [])]
    assert sorted(seen) == sorted(expected) and len(set(seen)) == len(seen)


def test_a_version_marker_needs_a_key(wire, filled):
    is_error(wire.get(f"/{filled}", "versions&version-id-marker=null"), 400, "InvalidArgument")
    page = wire.get(f"/{filled}", "versions&version-id-marker=null&key-marker=a%2F2")
    assert page.texts("Version/Key") == ["b c", "b/x/1", "c"] and page.text("VersionIdMarker") == "null"


def test_keys_are_encoded_when_asked(wire, filled):
    page = wire.get(f"/{filled}", "versions&encoding-type=url&prefix=b")
    assert page.texts("Version/Key") == ["b%20c", "b/x/1"]


def test_a_bucket_is_emptied_by_what_its_versions_say(s3, filled):
    found = s3.list_object_versions(Bucket=filled)["Versions"]
    gone = s3.delete_objects(Bucket=filled, Delete={"Objects": [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in found]})
    assert len(gone["Deleted"]) == len(KEYS) and "Errors" not in gone
    assert "Versions" not in s3.list_object_versions(Bucket=filled)


def test_the_null_version_is_the_object_everywhere(s3, wire, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="o", VersionId="null")["Body"].read() == b"x"
    assert s3.head_object(Bucket=bucket, Key="o", VersionId="null")["ContentLength"] == 1
    assert s3.get_object_acl(Bucket=bucket, Key="o", VersionId="null")["Grants"]
    is_error(wire.get(f"/{bucket}/o", "versionId=other"), 404, "NoSuchVersion")
    s3.delete_object(Bucket=bucket, Key="o", VersionId="null")
    is_error(wire.get(f"/{bucket}/o"), 404, "NoSuchKey")

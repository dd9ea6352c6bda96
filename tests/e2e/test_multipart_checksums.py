# SPDX-License-Identifier: Apache-2.0
"""Checksums of objects that came in parts: composite or of the whole, checked when the upload is completed, and read
back where they are kept."""
import base64

import botocore.exceptions
import pytest

from checksums import ALGORITHMS, checksum
from content import MIB, random_bytes
from expect import is_error, nothing_changes

BODIES = [random_bytes(5 * MIB, 1), random_bytes(5 * MIB + 7, 2), random_bytes(77, 3)]
WHOLE = b"".join(BODIES)
CRCS = ["crc32", "crc32c", "crc64nvme"]
COMBINATIONS = [(a, "COMPOSITE") for a in ALGORITHMS if a != "crc64nvme"] + [(a, "FULL_OBJECT") for a in CRCS]


@pytest.fixture(scope="module")
def keeping(tmp_path_factory):
    """A gateway that keeps every checksum."""
    from daemon import Gateway
    gateway = Gateway(tmp_path_factory.mktemp("keeping"), "--keep-checksums", "on").start()
    yield gateway
    assert gateway.alive() and gateway.stop() == 0, gateway.log()[-6000:]


def element(algorithm):
    return "Checksum" + algorithm.upper()


def expected(algorithm, kind):
    if kind == "FULL_OBJECT":
        return checksum(algorithm, WHOLE)
    parts = b"".join(ALGORITHMS[algorithm](body) for body in BODIES)
    return f"{checksum(algorithm, parts)}-{len(BODIES)}"


def upload(s3, bucket, algorithm=None, kind=None, each=None, **create):
    """Begins an upload and puts its parts; `each`: the algorithm the parts are sent with."""
    if algorithm:
        create |= {"ChecksumAlgorithm": algorithm.upper()} | ({"ChecksumType": kind} if kind else {})
    begun = s3.create_multipart_upload(Bucket=bucket, Key="o", **create)
    parts = []
    for number, body in enumerate(BODIES, 1):
        more = {"ChecksumAlgorithm": each.upper()} if each else {}
        put = s3.upload_part(Bucket=bucket, Key="o", UploadId=begun["UploadId"], PartNumber=number, Body=body, **more)
        parts.append({"PartNumber": number, "ETag": put["ETag"]} |
                     {k: v for k, v in put.items() if each and k == element(each)})
    return begun, {"Bucket": bucket, "Key": "o", "UploadId": begun["UploadId"], "MultipartUpload": {"Parts": parts}}


def quiet(gateway):
    import clients
    return clients.boto(gateway, request_checksum_calculation="when_required")


@pytest.mark.parametrize("algorithm,kind", COMBINATIONS)
def test_the_objects_checksum_is_made_of_its_parts(keeping, algorithm, kind):
    s3 = quiet(keeping)
    bucket = f"sums-{algorithm}-{kind.lower().replace('_', '-')}"
    s3.create_bucket(Bucket=bucket)
    begun, call = upload(s3, bucket, algorithm, kind, algorithm)
    assert begun["ChecksumAlgorithm"] == algorithm.upper() and begun["ChecksumType"] == kind
    listed = s3.list_parts(Bucket=bucket, Key="o", UploadId=begun["UploadId"])
    assert listed["ChecksumAlgorithm"] == algorithm.upper() and listed["ChecksumType"] == kind
    assert [p[element(algorithm)] for p in listed["Parts"]] == [checksum(algorithm, body) for body in BODIES]
    done = s3.complete_multipart_upload(**call)
    assert done[element(algorithm)] == expected(algorithm, kind) and done["ChecksumType"] == kind
    head = s3.head_object(Bucket=bucket, Key="o", ChecksumMode="ENABLED")
    assert head[element(algorithm)] == expected(algorithm, kind) and head["ChecksumType"] == kind
    got = s3.get_object(Bucket=bucket, Key="o", ChecksumMode="ENABLED")
    assert got["Body"].read() == WHOLE and got[element(algorithm)] == expected(algorithm, kind)
    attributes = s3.get_object_attributes(Bucket=bucket, Key="o", ObjectAttributes=["Checksum"])
    assert attributes["Checksum"] == {element(algorithm): expected(algorithm, kind), "ChecksumType": kind}
    assert element(algorithm) not in s3.get_object(Bucket=bucket, Key="o", Range="bytes=0-9", ChecksumMode="ENABLED")


@pytest.mark.parametrize("algorithm,kind", COMBINATIONS)
def test_a_checksum_given_at_the_end_is_checked(gw, bucket, algorithm, kind):
    s3 = quiet(gw)
    _, call = upload(s3, bucket, algorithm, kind, algorithm)
    wrong = base64.b64encode(bytes(len(ALGORITHMS[algorithm](b"")))).decode() + (f"-{len(BODIES)}" if kind == "COMPOSITE" else "")
    with nothing_changes(gw, bucket):
        with pytest.raises(botocore.exceptions.ClientError, match="BadDigest"):
            s3.complete_multipart_upload(**call, **{element(algorithm): wrong, "ChecksumType": kind})
    s3.complete_multipart_upload(**call, **{element(algorithm): expected(algorithm, kind), "ChecksumType": kind})
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == WHOLE


def test_parts_that_came_without_a_checksum_get_the_uploads(gw, bucket):
    s3 = quiet(gw)
    _, call = upload(s3, bucket, "crc32c", "FULL_OBJECT")
    assert s3.complete_multipart_upload(**call)["ChecksumCRC32C"] == checksum("crc32c", WHOLE)


def test_an_upload_begun_without_a_checksum_can_still_be_checked(gw, bucket):
    s3 = quiet(gw)
    _, call = upload(s3, bucket, each="crc32")
    with pytest.raises(botocore.exceptions.ClientError, match="BadDigest"):
        s3.complete_multipart_upload(**call, ChecksumCRC32="AAAAAA==")
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidRequest"):
        s3.complete_multipart_upload(**call, ChecksumSHA256=checksum("sha256", WHOLE))
    done = s3.complete_multipart_upload(**call, ChecksumCRC32=checksum("crc32", WHOLE))
    assert done["ChecksumCRC32"] == checksum("crc32", WHOLE) and done["ChecksumType"] == "FULL_OBJECT"


def test_a_part_with_another_checksum_is_refused(gw, bucket):
    s3 = quiet(gw)
    begun = s3.create_multipart_upload(Bucket=bucket, Key="o", ChecksumAlgorithm="SHA256")
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidRequest"):
        s3.upload_part(Bucket=bucket, Key="o", UploadId=begun["UploadId"], PartNumber=1, Body=b"x", ChecksumAlgorithm="CRC32")
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="o", UploadId=begun["UploadId"])


def test_what_contradicts_the_begin_is_refused_at_the_end(gw, bucket):
    s3 = quiet(gw)
    _, call = upload(s3, bucket, "crc32", "FULL_OBJECT", "crc32")
    with nothing_changes(gw, bucket):
        for more in ({"ChecksumSHA1": checksum("sha1", WHOLE)}, {"ChecksumType": "COMPOSITE"}):
            with pytest.raises(botocore.exceptions.ClientError, match="InvalidRequest"):
                s3.complete_multipart_upload(**call, **more)


@pytest.mark.parametrize("headers", [
    {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-type": "FULL_OBJECT"},
    {"x-amz-checksum-algorithm": "SHA1", "x-amz-checksum-type": "FULL_OBJECT"},
    {"x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "COMPOSITE"},
    {"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "WHOLE"},
    {"x-amz-checksum-type": "COMPOSITE"}, {"x-amz-checksum-algorithm": "ADLER32"}])
def test_algorithms_and_types_that_do_not_go_together_are_refused(gw, wire, bucket, headers):
    with nothing_changes(gw, bucket):
        is_error(wire.post(f"/{bucket}/o", "uploads", headers=headers), 400, "InvalidRequest")


def test_the_size_of_the_object_is_checked(gw, bucket):
    s3 = quiet(gw)
    _, call = upload(s3, bucket)
    with nothing_changes(gw, bucket):
        with pytest.raises(botocore.exceptions.ClientError, match="InvalidRequest"):
            s3.complete_multipart_upload(**call, MpuObjectSize=len(WHOLE) - 1)
    s3.complete_multipart_upload(**call, MpuObjectSize=len(WHOLE))
    assert s3.head_object(Bucket=bucket, Key="o")["ContentLength"] == len(WHOLE)


def test_checksums_are_kept_beside_metadata_or_when_told(gw, keeping, bucket):
    for gateway, more, kept in [(gw, {}, False), (gw, {"Metadata": {"a": "1"}}, True), (keeping, {}, True)]:
        s3 = quiet(gateway)
        if gateway is keeping:
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="o", Body=b"x", ChecksumAlgorithm="SHA1", **more)
        head = s3.head_object(Bucket=bucket, Key="o", ChecksumMode="ENABLED")
        assert head.get("ChecksumSHA1") == (checksum("sha1", b"x") if kept else None)
        assert "ChecksumSHA1" not in s3.head_object(Bucket=bucket, Key="o")

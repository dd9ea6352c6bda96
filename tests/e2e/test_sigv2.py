# SPDX-License-Identifier: Apache-2.0
"""URLs presigned with Signature Version 2: what boto3's generate_presigned_url makes when nobody says otherwise."""
import time

import boto3
import pytest
import requests
from botocore.config import Config

from content import MIB, random_bytes
from daemon import Gateway
from expect import is_error
from wire import Wire, head_bytes


def default_boto(gateway, **s3):
    return boto3.session.Session().client(
        "s3", endpoint_url=gateway.url, aws_access_key_id=gateway.key_id, aws_secret_access_key=gateway.secret,
        region_name="us-east-1", config=Config(s3=s3 or None))


def presign(s3, bucket, operation="get_object", seconds=60, **parameters):
    url = s3.generate_presigned_url(operation, {"Bucket": bucket, "Key": "k ü+", **parameters}, ExpiresIn=seconds)
    assert "AWSAccessKeyId=" in url and "X-Amz-" not in url, "boto3 has changed its default"
    return url


@pytest.fixture
def s3(gw, bucket):
    s3 = default_boto(gw)
    s3.put_object(Bucket=bucket, Key="k ü+", Body=random_bytes(MIB), ContentType="text/x")
    return s3


def test_what_boto3_presigns_by_default_can_be_read_whole_or_in_part(s3, bucket):
    url = presign(s3, bucket)
    assert requests.get(url, timeout=60).content == random_bytes(MIB)
    assert requests.get(url, headers={"range": "bytes=5-9"}, timeout=60).content == random_bytes(MIB)[5:10]
    head = requests.head(presign(s3, bucket, "head_object"), timeout=60)
    assert head.status_code == 200 and head.headers["content-length"] == str(MIB)


def test_overrides_are_signed_and_done(s3, bucket):
    url = presign(s3, bucket, ResponseContentType="text/plain; a=b", ResponseContentDisposition='attachment; filename="x y"')
    answer = requests.get(url, timeout=60)
    assert answer.headers["content-type"] == "text/plain; a=b"
    assert answer.headers["content-disposition"] == 'attachment; filename="x y"'
    assert requests.get(url.replace("a%3Db", "a%3Dc"), timeout=60).status_code == 403
    assert requests.get(presign(s3, bucket) + "&response-expires=0", timeout=60).status_code == 403


def test_an_expired_url_says_so(s3, bucket):
    url = presign(s3, bucket, seconds=-10)
    answer = requests.get(url, timeout=60)
    assert answer.status_code == 403
    assert "<Code>AccessDenied</Code>" in answer.text and "Request has expired" in answer.text


def test_it_cannot_write(gw, s3, bucket):
    for operation, method in (("put_object", "PUT"), ("delete_object", "DELETE")):
        answer = requests.request(method, presign(s3, bucket, operation), data=b"x" if method == "PUT" else None, timeout=60)
        assert answer.status_code == 400 and "Version 2" in answer.text
    assert requests.get(presign(s3, bucket), timeout=60).content == random_bytes(MIB)


def test_signature_version_2_in_the_header_is_refused_with_a_sentence(gw, bucket):
    wire = Wire(gw)
    given = {"host": wire.host, "date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()),
             "authorization": f"AWS {gw.key_id}:AAAAAAAAAAAAAAAAAAAAAAAAAAA="}
    answer = wire.exchange("GET", head_bytes("GET", f"/{bucket}/k", given))
    is_error(answer, 400, "InvalidRequest")
    assert "Version 2" in answer.text("Message")


def test_in_a_virtual_host_the_bucket_is_signed_too(own_gateway, bucket_name):
    gateway = own_gateway("--domain", "s3.test")
    wire = Wire(gateway)
    for name in (bucket_name, bucket_name + "x"):
        assert wire.put(f"/{name}").status == 200
        assert wire.put(f"/{name}/k", name.encode()).status == 200
    maker = boto3.session.Session().client(
        "s3", endpoint_url="http://s3.test", aws_access_key_id=gateway.key_id, aws_secret_access_key=gateway.secret,
        region_name="us-east-1", config=Config(s3={"addressing_style": "virtual"}))
    url = maker.generate_presigned_url("get_object", {"Bucket": bucket_name, "Key": "k"})
    host, _, target = url.removeprefix("http://").partition("/")
    assert host == f"{bucket_name}.s3.test" and "AWSAccessKeyId=" in target
    assert wire.exchange("GET", head_bytes("GET", "/" + target, {"host": host})).body == bucket_name.encode()
    other = {"host": f"{bucket_name}x.s3.test"}
    is_error(wire.exchange("GET", head_bytes("GET", "/" + target, other)), 403, "SignatureDoesNotMatch")


def test_one_setting_turns_it_off(own_gateway, bucket_name):
    gateway: Gateway = own_gateway("--sigv2-presigned", "off")
    answer = requests.get(presign(default_boto(gateway), bucket_name), timeout=60)
    assert answer.status_code == 400 and "s3v4" in answer.text

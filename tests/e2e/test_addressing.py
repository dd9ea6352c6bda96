# SPDX-License-Identifier: Apache-2.0
"""Where a request names its bucket: in the Host, behind a namespace, or first in the path."""
import pytest

from expect import is_error
from wire import Wire, head_bytes


@pytest.fixture(scope="module")
def virtual(tmp_path_factory):
    from daemon import Gateway
    gateway = Gateway(tmp_path_factory.mktemp("virtual"), "--domain", "s3.test", "--domain", "s3.example.org").start()
    yield gateway
    assert gateway.stop() == 0, gateway.log()[-4000:]


@pytest.fixture(scope="module")
def spaced(tmp_path_factory):
    from daemon import Gateway
    gateway = Gateway(tmp_path_factory.mktemp("spaced"), "--namespace-in-path", "on").start()
    yield gateway
    assert gateway.stop() == 0, gateway.log()[-4000:]


def at(host):
    return {"headers": {"host": host}}


def test_the_host_names_the_bucket_and_any_other_host_is_path_style(virtual, bucket_name):
    wire, name = Wire(virtual), bucket_name
    assert wire.put("/", **at(f"{name}.s3.test:9000")).status == 200
    assert wire.put("/a/b", b"content", **at(f"{name}.s3.test")).status == 200
    assert wire.get("/a/b", **at(f"{name}.S3.example.org:80")).body == b"content"
    assert wire.get(f"/{name}/a/b").body == b"content"
    assert wire.get(f"/{name}/a/b", **at("s3.test")).body == b"content"
    assert wire.get(f"/{name}/a/b", **at("not-s3.test")).body == b"content"
    assert wire.get("/", "list-type=2", **at(f"{name}.s3.test")).texts("Contents/Key") == ["a/b"]
    is_error(wire.get("/a/b", **at("missing.s3.test")), 404, "NoSuchBucket")


def test_a_request_signed_for_one_bucket_is_none_for_another(virtual, bucket_name):
    wire, one, two = Wire(virtual), bucket_name + "1", bucket_name + "2"
    for name in (one, two):
        assert wire.put(f"/{name}").status == 200
        assert wire.put(f"/{name}/k", name.encode()).status == 200
    headers = wire.signed("GET", "/k", headers={"host": f"{one}.s3.test"})
    assert wire.exchange("GET", head_bytes("GET", "/k", headers)).body == one.encode()
    is_error(wire.exchange("GET", head_bytes("GET", f"http://{two}.s3.test/k", headers)), 400, "InvalidURI")
    headers["host"] = f"{two}.s3.test"
    is_error(wire.exchange("GET", head_bytes("GET", "/k", headers)), 403, "SignatureDoesNotMatch")


def test_the_path_begins_with_the_namespace(spaced, bucket_name):
    wire, name = Wire(spaced), bucket_name
    assert wire.put(f"/alice/{name}").status == 200
    assert wire.put(f"/org1/{name}").status == 200
    assert wire.put(f"/alice/{name}/k", b"hers").status == 200
    assert wire.put(f"/org1/{name}/k", b"theirs").status == 200
    assert wire.get(f"/alice/{name}/k").body == b"hers"
    assert wire.get(f"/org1/{name}/k").body == b"theirs"
    assert name in wire.get("/org1").texts("Buckets/Bucket/Name")
    assert wire.get("/org1").text("Owner/ID") == "org1"
    assert wire.put(f"/org1/{name}/copy", headers={"x-amz-copy-source": f"{name}/k"}).status == 200
    assert wire.get(f"/org1/{name}/copy").body == b"theirs"
    is_error(wire.get("//x/y"), 400, "InvalidURI")


def test_boto3_works_with_a_namespace_in_its_endpoint(spaced, bucket_name):
    import boto3
    from botocore.config import Config
    s3 = boto3.session.Session().client(
        "s3", endpoint_url=spaced.url + "/org1", aws_access_key_id=spaced.key_id, aws_secret_access_key=spaced.secret,
        region_name="us-east-1", config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"))
    name = bucket_name + "b"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k/ü", Body=b"x")
    assert s3.get_object(Bucket=name, Key="k/ü")["Body"].read() == b"x"
    assert Wire(spaced).get(f"/org1/{name}/k/%C3%BC").body == b"x"

# SPDX-License-Identifier: Apache-2.0
"""Uploads by HTML forms: what the policy allows, and nothing else."""
import base64
import datetime
import json

import boto3
import pytest
import requests
from botocore.config import Config

import sigv4
from content import MIB, random_bytes
from daemon import KEY_ID, SECRET, Gateway
from expect import is_error, listing
from wire import Wire, head_bytes

BOUNDARY = "----formboundaryAbC123"


def policy_fields(bucket, conditions, key="k", expires=600, extra=None, secret=SECRET, raw=None, key_id=KEY_ID):
    """Fields as S3's own examples have them, signed."""
    signature = sigv4.Signature(key_id, secret)
    own = {"x-amz-algorithm": sigv4.ALGORITHM, "x-amz-credential": f"{key_id}/{signature.scope}",
           "x-amz-date": sigv4.amz(signature.time)}
    until = sigv4.now() + datetime.timedelta(seconds=expires)
    document = {"expiration": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "conditions": ([{"bucket": bucket}] if bucket else []) + [{k: v} for k, v in own.items()] + conditions}
    text = base64.b64encode(raw if raw is not None else json.dumps(document).encode()).decode()
    return {"key": key} | own | {"policy": text, "x-amz-signature": signature._sign(text)} | (extra or {})


def encode(fields, content=b"content", filename="my file.txt", file_name="file", end=b"--\r\n"):
    out = b""
    for name, value in fields.items():
        out += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    if file_name:
        out += (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{file_name}"; filename="{filename}"\r\n'
                f"Content-Type: text/plain\r\n\r\n").encode() + content + b"\r\n"
    return out + f"--{BOUNDARY}".encode() + end


def post(wire, bucket, body, content_type=f"multipart/form-data; boundary={BOUNDARY}", host=None, pieces=None, path=None):
    given = {"host": host or wire.host, "content-type": content_type, "content-length": str(len(body))}
    head = head_bytes("POST", path or f"/{bucket}", given)
    if not pieces:
        return wire.exchange("POST", head + body)
    with wire.connect() as c:
        c.send(head)
        for i in range(0, len(body), pieces):
            c.send(body[i:i + pieces])
        return c.response("POST")


KEY = [["starts-with", "$key", ""]]


def test_what_boto3_presigns_can_be_posted_by_any_http_client(gw, wire, bucket):
    s3 = boto3.session.Session().client(
        "s3", endpoint_url=gw.url, aws_access_key_id=gw.key_id, aws_secret_access_key=gw.secret, region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    form = s3.generate_presigned_post(bucket, "up/${filename}", Fields={"Content-Type": "text/x", "x-amz-meta-a": "ü"},
                                      Conditions=[{"Content-Type": "text/x"}, ["starts-with", "$x-amz-meta-a", ""],
                                                  ["content-length-range", 1, 4 * MIB]])
    content = random_bytes(3 * MIB)
    answer = requests.post(form["url"], data=form["fields"], files={"file": ("my ü.bin", content)}, timeout=60)
    assert answer.status_code == 204, answer.text
    got = wire.get(f"/{bucket}/up/" + sigv4.quote("my ü.bin"))
    assert got.body == content and got.headers["etag"] == answer.headers["etag"]
    assert got.headers["content-type"] == "text/x"
    assert got.headers["x-amz-meta-a"].encode("latin-1").decode() == "ü"


@pytest.mark.parametrize("pieces", [1000, 4097, 65536])
def test_the_file_is_what_is_between_the_boundaries_however_it_is_cut(wire, bucket, pieces):
    almost = b"\r\n--" + BOUNDARY[:-1].encode() + b"\r\n--\r\r\n"
    for i, content in enumerate((b"", b"\r\n", almost, random_bytes(200_000) + almost * 3)):
        fields = policy_fields(bucket, KEY, key=f"k{i}")
        assert post(wire, bucket, encode(fields, content), pieces=pieces).status == 204
        assert wire.get(f"/{bucket}/k{i}").body == content


@pytest.mark.parametrize("status,want", [("200", 200), ("201", 201), ("204", 204), ("404", 204), ("", 204)])
def test_the_form_chooses_the_status(wire, bucket, status, want):
    fields = policy_fields(bucket, KEY + [["eq", "$success_action_status", status]], extra={"success_action_status": status})
    answer = post(wire, bucket, encode(fields))
    assert answer.status == want
    if want == 201:
        assert answer.xml.tag == "PostResponse" and answer.text("Key") == "k" and answer.text("Bucket") == bucket
        assert answer.text("ETag") == answer.headers["etag"] and answer.text("Location").endswith(f"/{bucket}/k")


def test_the_form_chooses_where_the_browser_goes(wire, bucket):
    page = "https://app.example.org/done?x=1"
    fields = policy_fields(bucket, KEY + [{"success_action_redirect": page}], key="a b", extra={"success_action_redirect": page})
    answer = post(wire, bucket, encode(fields))
    assert answer.status == 303
    etag = sigv4.quote(answer.headers["etag"])
    assert answer.headers["location"] == f"{page}&bucket={bucket}&key=a%20b&etag={etag}"


@pytest.mark.parametrize("name,kw,status,code", [
    ("expired", {"expires": -5}, 403, "AccessDenied"),
    ("another key", {"conditions": [{"key": "other"}]}, 403, "AccessDenied"),
    ("another prefix", {"conditions": [["starts-with", "$key", "user/"]]}, 403, "AccessDenied"),
    ("another bucket", {"bucket": "other"}, 403, "AccessDenied"),
    ("no bucket", {"bucket": None}, 403, "AccessDenied"),
    ("a field that no condition has", {"extra": {"x-amz-meta-a": "b"}}, 403, "AccessDenied"),
    ("a condition that no field has", {"conditions": KEY + [{"x-amz-meta-a": "b"}]}, 403, "AccessDenied"),
    ("no condition for the key", {"conditions": []}, 403, "AccessDenied"),
    ("too short", {"conditions": KEY + [["content-length-range", 8, 9]]}, 400, "EntityTooSmall"),
    ("too long", {"conditions": KEY + [["content-length-range", 0, 6]]}, 400, "EntityTooLarge"),
    ("too long for one of two", {"conditions": KEY + [["content-length-range", 0, 6], ["content-length-range", 0, 9]]},
     400, "EntityTooLarge"),
    ("the wrong secret", {"secret": "x"}, 403, "SignatureDoesNotMatch"),
    ("no JSON", {"raw": b"{"}, 400, "InvalidRequest"),
    ("no policy at all", {"raw": b"[]"}, 400, "InvalidRequest"),
    ("an operator that is none", {"conditions": KEY + [["like", "$key", "k"]]}, 400, "InvalidRequest"),
    ("an acl", {"conditions": KEY + [{"acl": "public-read"}], "extra": {"acl": "public-read"}}, 501, "NotImplemented"),
    ("no key", {"key": ""}, 400, "InvalidArgument")])
def test_a_form_is_refused_with(gw, wire, bucket, name, kw, status, code):
    kw = {"bucket": bucket, "conditions": KEY} | kw
    is_error(post(wire, bucket, encode(policy_fields(**kw))), status, code)
    assert listing(gw, bucket) == []


@pytest.mark.parametrize("name,change,status,code", [
    ("no signature", lambda f: f.pop("x-amz-signature"), 403, "AccessDenied"),
    ("no policy", lambda f: f.pop("policy"), 403, "AccessDenied"),
    ("nothing at all", lambda f: [f.pop(n) for n in list(f) if n != "key"], 403, "AccessDenied"),
    ("an unknown key", lambda f: f.update({"x-amz-credential": "x" + f["x-amz-credential"]}), 403, "InvalidAccessKeyId"),
    ("another algorithm", lambda f: f.update({"x-amz-algorithm": "AWS4-X"}), 400, "InvalidArgument"),
    ("another day", lambda f: f.update({"x-amz-date": "20010101T000000Z"}), 400, "InvalidArgument"),
    ("another policy", lambda f: f.update({"policy": f["policy"][:-4] + "AAAA"}), 403, "SignatureDoesNotMatch")])
def test_a_form_is_refused_that_has(gw, wire, bucket, name, change, status, code):
    fields = policy_fields(bucket, KEY)
    change(fields)
    is_error(post(wire, bucket, encode(fields)), status, code)
    assert listing(gw, bucket) == []


def test_signature_version_2_in_a_form_is_refused_with_a_sentence(wire, bucket):
    answer = post(wire, bucket, encode({"key": "k", "AWSAccessKeyId": KEY_ID, "policy": "e30=", "signature": "x"}))
    is_error(answer, 400, "InvalidRequest")
    assert "Version 2" in answer.text("Message")


def test_a_body_that_is_no_form_is_refused(gw, wire, bucket):
    fields = policy_fields(bucket, KEY)
    is_error(post(wire, bucket, b"x", content_type="text/plain"), 412, "PreconditionFailed")
    is_error(post(wire, bucket, b"x", content_type="multipart/form-data"), 412, "PreconditionFailed")
    is_error(post(wire, bucket, b"x" * 100), 400, "InvalidRequest")
    is_error(post(wire, bucket, encode(fields, file_name=None)), 400, "InvalidRequest")
    whole = encode(fields, b"c" * 300_000)
    is_error(post(wire, bucket, whole[:-len(BOUNDARY) - 8]), 400, "InvalidRequest")
    is_error(post(wire, bucket, encode({"key": "k", "x-ignore-a": "a" * 200_000})), 400, "MaxMessageLengthExceeded")
    twice = encode({"key": "other"}, file_name=None, end=b"\r\n")[:-len(BOUNDARY) - 4] + encode(fields)
    is_error(post(wire, bucket, twice), 400, "InvalidRequest")
    assert listing(gw, bucket) == []


def test_a_form_to_a_virtual_host_and_the_right_of_its_key(own_gateway, tmp_path, bucket_name):
    (tmp_path / "hugs3.conf").write_text(f"domain = s3.test\n[key READER]\nsecret = {SECRET}\nright = read\n")
    gateway: Gateway = own_gateway("--config", tmp_path / "hugs3.conf")
    wire, name = Wire(gateway), bucket_name
    assert wire.put(f"/{name}").status == 200
    fields = policy_fields(name, KEY)
    assert post(wire, name, encode(fields), host=f"{name}.s3.test", path="/").status == 204
    assert wire.get(f"/{name}/k").body == b"content"
    answer = post(wire, name, encode(policy_fields(name, KEY, key="k2", key_id="READER")))
    is_error(answer, 403, "AccessDenied")
    assert "no right" in answer.text("Message")
    assert wire.get(f"/{name}/k2").status == 404

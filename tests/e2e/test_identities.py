# SPDX-License-Identifier: Apache-2.0
"""Several access keys, people who bring their own token, and nobody at all: what each may do."""
import pytest
import requests

import clients
import sigv4
from daemon import ALICE, BOB, Gateway
from expect import is_error, listing
from wire import Wire, head_bytes

KEYS = """
[key READER]
secret = reader-secret
right = read

[key WRITER]
secret = writer-secret
right = write

[key SOME]
secret_file = %(dir)s/some-secret
buckets = some-* bob--shared

[key BOB]
secret = bob-secret
token_file = %(dir)s/bob-token

[key ORG]
secret = org-secret
namespace = org1
"""
SECRETS = {"READER": "reader-secret", "WRITER": "writer-secret", "SOME": "some-secret", "BOB": "bob-secret",
           "ORG": "org-secret"}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    (directory / "some-secret").write_text("some-secret\n")
    (directory / "bob-token").write_text(BOB + "\n")
    (directory / "hugs3.conf").write_text("anonymous = on\ntoken_passthrough = on\n" + KEYS % {"dir": directory})
    gateway = Gateway(directory / "gateway", "--config", directory / "hugs3.conf").start()
    yield gateway
    assert gateway.stop() == 0, gateway.log()[-4000:]


def as_key(gateway, name):
    return Wire(gateway, name, SECRETS[name])


def unsigned(wire, method, path, query="", headers=None, body=b""):
    target = path + ("?" + query if query else "")
    given = {"host": wire.host} | (headers or {}) | ({"content-length": str(len(body))} if body else {})
    return wire.exchange(method, head_bytes(method, target, given) + body)


@pytest.fixture
def mine(keys, bucket_name):
    wire = Wire(keys)
    assert wire.put(f"/{bucket_name}").status == 200
    assert wire.put(f"/{bucket_name}/k", b"content").status == 200
    return bucket_name


def test_a_key_that_reads_does_not_write(keys, mine):
    reader = as_key(keys, "READER")
    assert reader.get(f"/{mine}/k").body == b"content"
    assert reader.head(f"/{mine}").status == 200
    assert listing(keys, mine) and reader.get(f"/{mine}", "list-type=2").texts("Contents/Key") == ["k"]
    for method, path, query in (("PUT", "/k", ""), ("DELETE", "/k", ""), ("POST", "/k", "uploads"), ("DELETE", "", "")):
        is_error(reader.request(method, f"/{mine}{path}", query), 403, "AccessDenied")
    is_error(reader.post(f"/{mine}", "delete", b"<Delete/>"), 403, "AccessDenied")
    is_error(reader.put(f"/{mine}-new"), 403, "AccessDenied")
    assert Wire(keys).get(f"/{mine}/k").body == b"content"


def test_a_key_that_writes_makes_no_buckets(keys, mine):
    writer = as_key(keys, "WRITER")
    assert writer.put(f"/{mine}/k2", b"x").status == 200
    assert writer.delete(f"/{mine}/k2").status == 204
    is_error(writer.put(f"/{mine}-new"), 403, "AccessDenied")
    assert Wire(keys).delete(f"/{mine}/k").status == 204
    is_error(writer.delete(f"/{mine}"), 403, "AccessDenied")
    assert Wire(keys).head(f"/{mine}").status == 200


def test_a_key_sees_only_its_buckets_however_they_are_named(keys, mine, bucket_name):
    some, name = as_key(keys, "SOME"), "some-" + bucket_name
    assert some.put(f"/{name}").status == 200
    assert some.put(f"/{name}/k", b"x").status == 200
    assert some.get(f"/alice--{name}/k").body == b"x"
    for path in (f"/{mine}/k", f"/alice--{mine}/k", f"/{mine}"):
        is_error(some.get(path), 403, "AccessDenied")
    is_error(some.put(f"/{mine}/k", b"lost"), 403, "AccessDenied")
    names = some.get("/").texts("Buckets/Bucket/Name")
    assert name in names and mine not in names
    assert {name, mine} <= set(Wire(keys).get("/").texts("Buckets/Bucket/Name"))


@pytest.mark.parametrize("source", ["{0}/k", "/{0}/k", "alice--{0}/k", "%2F{0}%2Fk"])
def test_nor_can_it_copy_from_another(keys, mine, bucket_name, source):
    some, name = as_key(keys, "SOME"), "some-" + bucket_name
    assert some.put(f"/{name}").status == 200
    answer = some.put(f"/{name}/copy", headers={"x-amz-copy-source": source.format(mine)})
    assert answer.status in (400, 403), answer
    assert some.get(f"/{name}/copy").status == 404


def test_a_key_with_its_own_token_is_another_user(keys, mine):
    bob = as_key(keys, "BOB")
    assert bob.get("/").text("Owner/ID") == "bob"
    assert bob.put(f"/{mine}").status == 200  # his own of the same name
    assert bob.get(f"/{mine}/k").status == 404
    assert bob.get(f"/alice--{mine}/k").status in (403, 404)


def test_a_key_with_a_namespace_is_at_home_there(keys, mine):
    org = as_key(keys, "ORG")
    assert org.get("/").text("Owner/ID") == "org1"
    assert org.put(f"/{mine}").status == 200
    assert org.put(f"/{mine}/k", b"theirs").status == 200
    assert Wire(keys).get(f"/org1--{mine}/k").body == b"theirs"
    assert org.get(f"/alice--{mine}/k").body == b"content"


def test_keys_sign_with_their_own_secret(keys, mine):
    is_error(Wire(keys, "READER", "writer-secret").get(f"/{mine}/k"), 403, "SignatureDoesNotMatch")
    is_error(Wire(keys, "NOBODY", "x").get(f"/{mine}/k"), 403, "InvalidAccessKeyId")


# ---- nobody


def test_public_buckets_are_read_by_anybody_and_written_by_nobody(keys, bucket_name):
    wire, path = Wire(keys), f"/{bucket_name}"
    assert wire.put(path, headers={"x-amz-acl": "public-read"}).status == 200
    assert wire.put(f"{path}/k", b"content").status == 200
    assert unsigned(wire, "GET", f"{path}/k").body == b"content"
    assert unsigned(wire, "HEAD", f"{path}/k").headers["content-length"] == "7"
    assert unsigned(wire, "HEAD", path).status == 200
    assert unsigned(wire, "GET", path).texts("Contents/Key") == ["k"]
    assert unsigned(wire, "GET", path, "list-type=2").texts("Contents/Key") == ["k"]
    is_error(unsigned(wire, "GET", f"{path}/k", "response-content-type=x"), 400, "InvalidRequest")
    for method, target, query in (("PUT", "/k", ""), ("DELETE", "/k", ""), ("POST", "", "delete"), ("DELETE", "", ""),
                                  ("POST", "/k", "uploads"), ("GET", "", "uploads"), ("GET", "", "location")):
        is_error(unsigned(wire, method, path + target, query, body=b"x" if method == "PUT" else b""), 403, "AccessDenied")
    is_error(unsigned(wire, "GET", "/"), 403, "AccessDenied")
    is_error(unsigned(wire, "PUT", f"{path}/new", headers={"x-amz-copy-source": f"{bucket_name}/k"}), 403, "AccessDenied")
    assert [key for key, _, _ in listing(keys, bucket_name)] == ["k"]


def test_private_and_missing_buckets_look_the_same_to_nobody(keys, mine):
    wire = Wire(keys)
    for path in (f"/{mine}/k", f"/{mine}-missing/k", f"/{mine}", "/$no/k"):
        is_error(unsigned(wire, "GET", path), 403, "AccessDenied")


def test_without_the_setting_nobody_reads_anything(gw, wire, bucket_name):
    assert wire.put(f"/{bucket_name}", headers={"x-amz-acl": "public-read"}).status == 200
    assert wire.put(f"/{bucket_name}/k", b"x").status == 200
    is_error(unsigned(wire, "GET", f"/{bucket_name}/k"), 403, "AccessDenied")


# ---- tokens brought along


def test_a_token_of_the_hub_as_session_token_acts_as_that_user(keys, mine):
    wire = Wire(keys)
    token = {"headers": {"x-amz-security-token": BOB}}
    assert wire.get("/", **token).text("Owner/ID") == "bob"
    assert wire.get(f"/{mine}/k", **token).status == 404
    assert wire.get(f"/alice--{mine}/k", **token).status in (403, 404)
    assert wire.put(f"/{mine}", **token).status == 200
    assert wire.put(f"/{mine}/k", b"bob's", **token).status == 200
    assert wire.get(f"/{mine}/k").body == b"content"
    assert as_key(keys, "BOB").get(f"/{mine}/k").body == b"bob's"
    assert BOB not in keys.log() and ALICE not in keys.log()


def test_the_right_of_the_key_holds_for_it_too(keys, mine):
    reader, token = as_key(keys, "READER"), {"headers": {"x-amz-security-token": ALICE}}
    assert reader.get(f"/{mine}/k", **token).body == b"content"
    is_error(reader.put(f"/{mine}/k", b"x", **token), 403, "AccessDenied")


def test_an_unknown_token_is_refused_and_so_is_an_unsigned_one(keys, mine):
    wire = Wire(keys)
    is_error(wire.get(f"/{mine}/k", headers={"x-amz-security-token": "hf_unknown"}), 403, "AccessDenied")
    is_error(wire.get(f"/{mine}/k", headers={"x-amz-security-token": BOB}, unsigned=("x-amz-security-token",)), 403,
             "AccessDenied")


def test_boto3_brings_one_along_in_a_presigned_url_too(keys, mine):
    import boto3
    from botocore.config import Config
    for version in ("s3v4", "s3"):
        s3 = boto3.session.Session().client(
            "s3", endpoint_url=keys.url, aws_access_key_id=keys.key_id, aws_secret_access_key=keys.secret,
            aws_session_token=ALICE, region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, signature_version=version))
        url = s3.generate_presigned_url("get_object", {"Bucket": mine, "Key": "k"})
        assert requests.get(url, timeout=60).content == b"content"
        bobs = url.replace(ALICE, BOB)
        assert bobs != url and requests.get(bobs, timeout=60).status_code == 403


def test_without_the_setting_such_a_token_is_refused_and_any_other_means_nothing(gw, wire, bucket):
    is_error(wire.get(f"/{bucket}", headers={"x-amz-security-token": BOB}), 403, "AccessDenied")
    assert wire.get(f"/{bucket}", headers={"x-amz-security-token": "some-sts-token"}).status == 200


# ---- secrets from files


def test_secrets_come_from_files_and_from_systemd(own_gateway, tmp_path, bucket_name):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "secret_access_key").write_text("from-systemd\n")
    one = own_gateway(environment={"HUGS3_SECRET_ACCESS_KEY": "", "CREDENTIALS_DIRECTORY": str(credentials)})
    assert Wire(one, one.key_id, "from-systemd").put(f"/{bucket_name}").status == 200
    (tmp_path / "secret").write_text("from-file")
    two = own_gateway("--secret-access-key-file", tmp_path / "secret", environment={"HUGS3_SECRET_ACCESS_KEY": ""})
    assert Wire(two, two.key_id, "from-file").put(f"/{bucket_name}").status == 200


@pytest.mark.parametrize("text,says", [
    ("[key A]\nright = read\n", "has no secret"),
    ("[key A]\nsecret = x\nright = all\n", "none of read, write, admin"),
    ("[key A]\nsecret = x\ncolour = red\n", "no `colour`"),
    ("[key A]\nsecret_file = /nonexistent/secret\n", "No such file"),
    ("[keys]\nsecret = x\n", "no such section"),
    ("[key " + "A" * 45 + "]\nsecret = x\n", "1 to 44 characters"),
    ("anonymous = maybe\n", "neither on nor off")])
def test_a_configuration_that_makes_no_sense_is_refused_in_words(tmp_path, text, says):
    import subprocess
    from daemon import BINARY, free_environment
    (tmp_path / "hugs3.conf").write_text(text)
    done = subprocess.run([BINARY, "serve", "--config", tmp_path / "hugs3.conf", "--check-config"], capture_output=True,
                          text=True, env=free_environment(tmp_path), timeout=60)
    assert done.returncode == 2 and says in done.stderr, done

# SPDX-License-Identifier: Apache-2.0
"""Who is let in: only who knows the secret, for exactly the request that was signed, at about this time."""
import datetime
import hashlib

import pytest

import clients
import sigv4
from expect import is_error, nothing_changes
from wire import Wire, head_bytes


@pytest.fixture
def path(wire, bucket):
    assert wire.put(f"/{bucket}/o", b"old").status == 200
    return f"/{bucket}/o"


def sent(wire, method, path, headers, body=b"", query=""):
    return wire.exchange(method, head_bytes(method, path + ("?" + query if query else ""), headers) + body)


METHODS = [("GET", b""), ("PUT", b"new"), ("DELETE", b"")]


@pytest.mark.parametrize("method,body", METHODS)
def test_an_unknown_key_is_refused(gw, path, bucket, method, body):
    with nothing_changes(gw, bucket):
        is_error(Wire(gw, key_id="AKIDNOBODY").request(method, path, body=body), 403, "InvalidAccessKeyId")


@pytest.mark.parametrize("method,body", METHODS)
def test_a_wrong_secret_is_refused(gw, path, bucket, method, body):
    with nothing_changes(gw, bucket):
        is_error(Wire(gw, secret=gw.secret[:-1] + "X").request(method, path, body=body), 403, "SignatureDoesNotMatch")
        is_error(Wire(gw, secret=" ").request(method, path, body=body), 403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("method,body", METHODS)
def test_nobody_is_let_in_without_a_signature(gw, wire, path, bucket, method, body):
    with nothing_changes(gw, bucket):
        headers = {"host": wire.host, "content-length": str(len(body))}
        is_error(sent(wire, method, path, headers, body), 403, "AccessDenied")
        is_error(sent(wire, "GET", "/", headers, body), 403, "AccessDenied")
        is_error(sent(wire, "PUT", f"/{bucket}-new", headers, body), 403, "AccessDenied")


@pytest.mark.parametrize("minutes,good", [(-16, False), (-14, True), (14, True), (16, False), (-60 * 24 * 365, False)])
def test_clocks_may_differ_by_a_quarter_of_an_hour(gw, wire, path, bucket, minutes, good):
    signature = wire.signature(time=sigv4.now() + datetime.timedelta(minutes=minutes))
    if good:
        assert wire.get(path, signature=signature).status == 200
        return
    with nothing_changes(gw, bucket):
        for method, body in METHODS:
            signature = wire.signature(time=sigv4.now() + datetime.timedelta(minutes=minutes))
            is_error(wire.request(method, path, body=body, signature=signature), 403, "RequestTimeTooSkewed")


TAMPERED = [
    ("path", lambda m, p, q, h: (m, p + "x", q, h)),
    ("method", lambda m, p, q, h: ("DELETE", p, q, h)),
    ("query added", lambda m, p, q, h: (m, p, "x-id=GetObject", h)),
    ("header", lambda m, p, q, h: (m, p, q, h | {"x-amz-meta-a": "2"})),
    ("date", lambda m, p, q, h: (m, p, q, h | {"x-amz-date": sigv4.amz(sigv4.now() - datetime.timedelta(minutes=2))})),
    ("host", lambda m, p, q, h: (m, p, q, h | {"host": "other.example"})),
    ("payload hash", lambda m, p, q, h: (m, p, q, h | {"x-amz-content-sha256": hashlib.sha256(b"evil").hexdigest()})),
    ("unsigned payload", lambda m, p, q, h: (m, p, q, h | {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})),
]


@pytest.mark.parametrize("name,tamper", TAMPERED, ids=[name for name, _ in TAMPERED])
def test_a_request_changed_after_signing_is_refused(gw, wire, path, bucket, name, tamper):
    headers = wire.signed("PUT", path, headers={"x-amz-meta-a": "1"}, body=b"new")
    with nothing_changes(gw, bucket):
        method, target, query, headers = tamper("PUT", path, "", headers)
        is_error(sent(wire, method, target, headers, b"new", query), 403, "SignatureDoesNotMatch")


def test_a_body_changed_after_signing_is_refused(gw, wire, path, bucket):
    with nothing_changes(gw, bucket):
        is_error(sent(wire, "PUT", path, wire.signed("PUT", path, body=b"new"), b"evl"), 400, "XAmzContentSHA256Mismatch")


@pytest.mark.parametrize("name,header,status,code", [
    ("empty", "", None, None), ("no scheme", "secret", 400, None), ("basic", "Basic YTpi", 400, None),
    ("bearer", "Bearer hf_token", 400, None), ("version 2", "AWS AKID:c2ln", 400, "InvalidRequest"),
    ("scheme alone", "AWS4-HMAC-SHA256", 400, "AuthorizationHeaderMalformed"),
    ("no credential", "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00", 400, "AuthorizationHeaderMalformed"),
    ("short credential", "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/s3, SignedHeaders=host, Signature=00", 400,
     "AuthorizationHeaderMalformed"),
    ("another service", "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=00", 400,
     "AuthorizationHeaderMalformed"),
    ("another end", "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/s3/aws5_request, SignedHeaders=host, Signature=00", 400,
     "AuthorizationHeaderMalformed"),
    ("commas", "AWS4-HMAC-SHA256 ,,,,,,,,", 400, "AuthorizationHeaderMalformed"),
    ("long", "AWS4-HMAC-SHA256 Credential=" + "A" * 9000, 400, "AuthorizationHeaderMalformed"),
    ("asymmetric", "AWS4-ECDSA-P256-SHA256 Credential=A/20260101/s3/aws4_request, SignedHeaders=host, Signature=00", None, None),
])
def test_an_authorization_that_makes_no_sense_is_refused(gw, wire, path, bucket, name, header, status, code):
    with nothing_changes(gw, bucket):
        for method, body in METHODS:
            headers = {"host": wire.host, "authorization": header, "x-amz-date": sigv4.amz(sigv4.now()),
                       "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "content-length": str(len(body))}
            answer = sent(wire, method, path, headers, body)
            assert answer.status in (400, 403, 501) and answer.code, answer
            if code:
                is_error(answer, status, code)


def test_a_signature_must_cover_the_host_and_amazons_headers(gw, wire, path, bucket):
    with nothing_changes(gw, bucket):
        for name in ("host", "x-amz-date", "x-amz-meta-x", "x-amz-copy-source"):
            headers = {"x-amz-meta-x": "1"} if "meta" in name else {"x-amz-copy-source": path} if "copy" in name else {}
            target = f"/{bucket}/new"
            answer = wire.put(target, b"" if "copy" in name else b"new", headers=headers, unsigned=(name,))
            assert answer.status in (400, 403) and answer.code, (name, answer)


def test_a_signature_without_a_date_is_refused(gw, wire, path, bucket):
    headers = wire.signed("GET", path)
    del headers["x-amz-date"]
    with nothing_changes(gw, bucket):
        answer = sent(wire, "GET", path, headers)
        assert answer.status in (400, 403) and answer.code in (
            "AccessDenied", "AuthorizationHeaderMalformed", "MissingSecurityHeader", "SignatureDoesNotMatch")


def test_a_payload_hash_is_needed_and_must_be_one(gw, wire, path, bucket):
    with nothing_changes(gw, bucket):
        for value in ("xyz", "0" * 63, "g" * 64, "STREAMING-NONSENSE", "streaming-unsigned-payload-trailer"):
            answer = wire.put(path, b"new", payload=value)
            assert answer.status in (400, 501) and answer.code, (value, answer)


def test_a_scope_of_another_day_is_refused(gw, wire, path, bucket):
    signature = wire.signature()
    signature.scope = signature.scope.replace(signature.day, "20200101")
    with nothing_changes(gw, bucket):
        answer = wire.put(path, b"new", signature=signature)
        assert answer.status in (400, 403) and answer.code in ("SignatureDoesNotMatch", "AuthorizationHeaderMalformed")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "auto"])
def test_any_region_may_be_signed_for(wire, path, region):
    assert wire.get(path, signature=wire.signature(region=region)).status == 200


def test_headers_are_signed_with_their_blanks_folded(wire, path):
    headers = wire.signed("GET", path, headers={"x-amz-meta-blanks": "  a   b  "})
    assert sent(wire, "GET", path, headers).status == 200


def test_queries_are_signed_in_any_order_and_with_empty_values(wire, bucket, path):
    for query in ("prefix=o&list-type=2", "list-type=2&prefix=", "list-type=2&delimiter=%2F&prefix=o", "list-type=2&prefix=%6f",
                  "list-type=2&start-after=a%20b%2Bc~d"):
        assert wire.get(f"/{bucket}", query).status == 200, query


def test_clients_with_wrong_keys_get_an_error_they_understand(gw, bucket):
    for key, secret, code in (("AKIDNOBODY", gw.secret, "InvalidAccessKeyId"), (gw.key_id, "wrong", "SignatureDoesNotMatch")):
        client = clients.boto(gw, key, secret)
        with pytest.raises(client.exceptions.ClientError) as caught:
            client.put_object(Bucket=bucket, Key="k", Body=b"x")
        assert caught.value.response["Error"]["Code"] == code


def test_secrets_and_signatures_are_nowhere_in_the_log(gw, wire, path):
    url = sigv4.presign(wire.signature(), "GET", path, wire.host)
    assert wire.exchange("GET", head_bytes("GET", f"{path}?{url}", {"host": wire.host})).status == 200
    headers = wire.signed("GET", path)
    sent(wire, "GET", path, headers)
    sent(wire, "GET", path, headers | {"x-amz-security-token": "hf_secretsecretsecret"})
    log = gw.log()
    for secret in (gw.secret, url.rpartition("=")[2], headers["authorization"].rpartition("=")[2], "hf_secretsecret", "hf_alice"):
        assert secret not in log

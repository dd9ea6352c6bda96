# SPDX-License-Identifier: Apache-2.0
"""Bodies and what protects them: hashes, checksums and aws-chunked framing, each right and each wrong."""
import base64
import hashlib

import pytest

import clients
import sigv4
from checksums import ALGORITHMS, checksum, md5
from content import KIB, MIB, random_bytes
from expect import is_error, nothing_changes
from wire import head_bytes

SIGNED, SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
KINDS = [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER]


class Chunked:
    """An aws-chunked PUT, made step by step so that a test can spoil any of them."""

    def __init__(self, wire, path, body, kind, chunk=64 * KIB, trailer=None, headers=None, length=None, encoding="aws-chunked"):
        self.wire, self.path, self.kind = wire, path, kind
        self.signature = wire.signature()
        self.chunks = [body[i:i + chunk] for i in range(0, len(body), chunk)]
        self.trailer = trailer  # (name, value)
        given = {"x-amz-decoded-content-length": str(len(body) if length is None else length), "content-encoding": encoding}
        given |= {"x-amz-trailer": trailer[0]} if trailer else {}
        self.given = {k: v for k, v in (given | (headers or {})).items() if v is not None}
        self.spoil = lambda raw: raw
        self.chunk_signature = lambda i, mac: mac
        self.trailer_signature = lambda mac: mac

    def encode(self):
        out = b""
        for i, chunk in enumerate(self.chunks + [b""]):
            line = b"%x" % len(chunk)
            if self.kind != UNSIGNED_TRAILER:
                line += b";chunk-signature=" + self.chunk_signature(i, self.signature.chunk(chunk)).encode()
            out += line + b"\r\n" + chunk + (b"\r\n" if chunk else b"")
        if self.trailer:
            text = "%s:%s" % self.trailer
            out += text.encode() + b"\r\n"
            if self.kind == SIGNED_TRAILER:
                out += b"x-amz-trailer-signature:" + self.trailer_signature(self.signature.trailer(text + "\n")).encode() + b"\r\n"
        return self.spoil(out + b"\r\n")

    def send(self, te_chunked=False):
        # The head is signed first: chunk signatures build on its signature. Content-Length is not signed.
        headers = self.wire.signed("PUT", self.path, headers=self.given, payload=self.kind, signature=self.signature, length=False)
        raw = self.encode()
        if te_chunked:
            headers["transfer-encoding"] = "chunked"
            pieces = [raw[i:i + 10_000] for i in range(0, len(raw), 10_000)]
            raw = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
        else:
            headers["content-length"] = str(len(raw))
        return self.wire.exchange("PUT", head_bytes("PUT", self.path, headers) + raw)


@pytest.fixture
def path(wire, bucket):
    assert wire.put(f"/{bucket}/o", b"old").status == 200
    return f"/{bucket}/o"


def trailer_for(kind, body, algorithm="crc32"):
    return None if kind == SIGNED else (f"x-amz-checksum-{algorithm}", checksum(algorithm, body))


# ---- plain bodies


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [0, 5, 300_000])
def test_a_right_checksum_passes_and_is_answered(wire, path, algorithm, size):
    body = random_bytes(size)
    answer = wire.put(path, body, headers={f"x-amz-checksum-{algorithm}": checksum(algorithm, body)})
    assert answer.status == 200 and answer.headers[f"x-amz-checksum-{algorithm}"] == checksum(algorithm, body)
    assert wire.get(path).body == body


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("payload", [None, sigv4.UNSIGNED])
def test_a_wrong_checksum_is_refused(gw, wire, path, bucket, algorithm, payload):
    for body in (b"new", random_bytes(2 * MIB)):
        with nothing_changes(gw, bucket):
            is_error(wire.put(path, body, headers={f"x-amz-checksum-{algorithm}": checksum(algorithm, b"other")}, payload=payload),
                     400, "BadDigest")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("value", ["", "x", "AAAA", "!!!!!!!!", "A" * 100])
def test_a_checksum_that_is_none_is_refused(gw, wire, path, bucket, algorithm, value):
    with nothing_changes(gw, bucket):
        is_error(wire.put(path, b"new", headers={f"x-amz-checksum-{algorithm}": value}), 400, "InvalidRequest")


def test_two_checksums_at_once_are_refused(gw, wire, path, bucket):
    with nothing_changes(gw, bucket):
        headers = {"x-amz-checksum-crc32": checksum("crc32", b"new"), "x-amz-checksum-sha1": checksum("sha1", b"new")}
        is_error(wire.put(path, b"new", headers=headers), 400, "InvalidRequest")


def test_an_unknown_checksum_is_refused_not_ignored(gw, wire, path, bucket):
    with nothing_changes(gw, bucket):
        answer = wire.put(path, b"new", headers={"x-amz-sdk-checksum-algorithm": "MD4"})
        assert answer.status in (400, 501) and answer.code


def test_content_md5_is_verified(gw, wire, path, bucket):
    assert wire.put(path, b"good", headers={"content-md5": md5(b"good")}).status == 200
    assert wire.get(path).body == b"good"
    with nothing_changes(gw, bucket):
        is_error(wire.put(path, b"new", headers={"content-md5": md5(b"other")}), 400, "BadDigest")
        for value in ("x", "", "AAAA", hashlib.md5(b"new").hexdigest(), base64.b64encode(b"x" * 17).decode()):
            is_error(wire.put(path, b"new", headers={"content-md5": value}), 400, "InvalidDigest")


def test_the_signed_hash_is_verified(gw, wire, path, bucket):
    for size in (3, 3 * MIB):
        with nothing_changes(gw, bucket):
            is_error(wire.put(path, random_bytes(size), payload=hashlib.sha256(b"other").hexdigest()), 400,
                     "XAmzContentSHA256Mismatch")


def test_an_unsigned_body_passes(wire, path):
    assert wire.put(path, random_bytes(MIB), payload=sigv4.UNSIGNED).status == 200
    assert wire.get(path).body == random_bytes(MIB)


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_boto3_sends_each_checksum_and_believes_the_answer(s3, bucket, algorithm):
    put = s3.put_object(Bucket=bucket, Key="o", Body=random_bytes(100_000), ChecksumAlgorithm=algorithm)
    assert put["Checksum" + algorithm] == checksum(algorithm.lower(), random_bytes(100_000))
    assert s3.get_object(Bucket=bucket, Key="o", ChecksumMode="ENABLED")["Body"].read() == random_bytes(100_000)


@pytest.mark.parametrize("when", ["when_supported", "when_required"])
def test_boto3_works_with_checksums_asked_for_and_not(gw, bucket, when):
    s3 = clients.boto(gw, request_checksum_calculation=when, response_checksum_validation=when)
    s3.put_object(Bucket=bucket, Key="o", Body=b"content")
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == b"content"


# ---- aws-chunked


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size,chunk", [(0, 64 * KIB), (1, 64 * KIB), (64 * KIB, 64 * KIB), (64 * KIB + 1, 64 * KIB), (1000, 10),
                                        (3 * MIB + 5, 64 * KIB), (2 * MIB, MIB), (100_000, 8192)])
def test_a_chunked_body_is_stored_without_its_framing(wire, path, kind, size, chunk):
    body = random_bytes(size, 3)
    answer = Chunked(wire, path, body, kind, chunk, trailer_for(kind, body)).send()
    assert answer.status == 200, answer.body
    got = wire.get(path)
    assert got.body == body and "aws-chunked" not in got.headers.get("content-encoding", "")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("kind", [SIGNED_TRAILER, UNSIGNED_TRAILER])
def test_a_right_checksum_in_the_trailer_passes_and_is_answered(wire, path, kind, algorithm):
    body = random_bytes(200_000, 4)
    answer = Chunked(wire, path, body, kind, trailer=trailer_for(kind, body, algorithm)).send()
    assert answer.status == 200, answer.body
    assert answer.headers[f"x-amz-checksum-{algorithm}"] == checksum(algorithm, body)
    assert wire.get(path).body == body


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("kind", [SIGNED_TRAILER, UNSIGNED_TRAILER])
def test_a_wrong_checksum_in_the_trailer_is_refused(gw, wire, path, bucket, kind, algorithm):
    with nothing_changes(gw, bucket):
        is_error(Chunked(wire, path, random_bytes(200_000), kind, trailer=trailer_for(kind, b"other", algorithm)).send(), 400,
                 "BadDigest")


@pytest.mark.parametrize("kind", KINDS)
def test_a_chunked_body_may_come_in_http_chunks_too(wire, path, kind):
    body = random_bytes(150_000, 6)
    answer = Chunked(wire, path, body, kind, trailer=trailer_for(kind, body)).send(te_chunked=True)
    assert answer.status == 200, answer.body
    assert wire.get(path).body == body


@pytest.mark.parametrize("kind", [SIGNED, SIGNED_TRAILER])
@pytest.mark.parametrize("wrong", [0, 1, 2, 3])
def test_a_chunk_with_a_wrong_signature_is_refused(gw, wire, path, bucket, kind, wrong):
    put = Chunked(wire, path, random_bytes(150_000), kind, trailer=trailer_for(kind, random_bytes(150_000)))
    put.chunk_signature = lambda i, mac: "0" * 64 if i == wrong else mac
    with nothing_changes(gw, bucket):
        is_error(put.send(), 403, "SignatureDoesNotMatch")


def test_a_trailer_with_a_wrong_signature_is_refused(gw, wire, path, bucket):
    put = Chunked(wire, path, b"new", SIGNED_TRAILER, trailer=trailer_for(SIGNED_TRAILER, b"new"))
    put.trailer_signature = lambda mac: "0" * 64
    with nothing_changes(gw, bucket):
        is_error(put.send(), 403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("kind", [SIGNED, SIGNED_TRAILER])
def test_a_chunk_changed_after_signing_is_refused(gw, wire, path, bucket, kind):
    put = Chunked(wire, path, b"a" * 1000, kind, trailer=trailer_for(kind, b"a" * 1000))
    put.spoil = lambda raw: raw.replace(b"aaa", b"aab", 1)
    with nothing_changes(gw, bucket):
        is_error(put.send(), 403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("kind", [SIGNED, SIGNED_TRAILER])
def test_chunks_that_changed_places_are_refused(gw, wire, path, bucket, kind):
    put = Chunked(wire, path, b"a" * 10 + b"b" * 10 + b"c" * 10, kind, 10, trailer_for(kind, b"a" * 10 + b"c" * 10 + b"b" * 10))
    encode = put.encode

    def swapped():
        lines = encode().split(b"\r\n")
        lines[2:6] = lines[4:6] + lines[2:4]
        return b"\r\n".join(lines)

    put.encode = swapped
    with nothing_changes(gw, bucket):
        is_error(put.send(), 403, "SignatureDoesNotMatch")


SPOILED = [
    ("no last chunk", lambda raw: raw[:raw.rindex(b"\r\n0")] + b"\r\n"),
    ("cut within a chunk", lambda raw: raw[:len(raw) // 2]),
    ("size too large", lambda raw: raw.replace(b"3e8", b"3e9", 1)),
    ("size too small", lambda raw: raw.replace(b"3e8", b"3e7", 1)),
    ("size no number", lambda raw: raw.replace(b"3e8", b"xyz", 1)),
    ("size negative", lambda raw: raw.replace(b"3e8", b"-3e8", 1)),
    ("size enormous", lambda raw: raw.replace(b"3e8", b"fffffffffffffffff", 1)),
    ("no size", lambda raw: raw.replace(b"3e8", b"", 1)),
    ("no newline behind a chunk", lambda raw: raw.replace(b"\r\n0", b"0", 1)),
    ("framing missing", lambda raw: b"x" * len(raw)),
    ("nothing", lambda raw: b""),
    ("long line", lambda raw: b"3e8;" + b"a" * 70_000 + raw[3:]),
]


@pytest.mark.parametrize("name,spoil", SPOILED, ids=[name for name, _ in SPOILED])
@pytest.mark.parametrize("kind", KINDS)
def test_broken_framing_is_refused(gw, wire, path, bucket, kind, name, spoil):
    put = Chunked(wire, path, b"a" * 1000, kind, trailer=trailer_for(kind, b"a" * 1000))
    put.spoil = spoil
    with nothing_changes(gw, bucket):
        answer = put.send()
        assert answer.status in (400, 403) and answer.code in (
            "IncompleteBody", "InvalidRequest", "SignatureDoesNotMatch", "MalformedTrailerError", "InvalidChunkSizeError"), answer


TRAILERS = [
    ("another name", lambda raw: raw.replace(b"x-amz-checksum-crc32:", b"x-amz-checksum-crc99:"), "MalformedTrailerError"),
    ("none though announced", lambda raw: raw[:raw.index(b"x-amz-checksum")] + b"\r\n", "MalformedTrailerError"),
    ("no colon", lambda raw: raw.replace(b"crc32:", b"crc32 "), None),
    ("no value", lambda raw: raw[:raw.index(b"crc32:") + 6] + b"\r\n\r\n", None),
    ("no base64", lambda raw: raw[:raw.index(b"crc32:") + 6] + b"?????\r\n\r\n", None),
    ("one more", lambda raw: raw[:-2] + b"x-amz-meta-more:1\r\n\r\n", None),
    ("twice", lambda raw: raw[:-2] + raw[raw.index(b"x-amz-checksum"):], None),
    ("endless", lambda raw: raw[:-2] + b"a" * 200_000 + b"\r\n\r\n", None),
]


@pytest.mark.parametrize("name,spoil,code", TRAILERS, ids=[row[0] for row in TRAILERS])
def test_a_broken_trailer_is_refused(gw, wire, path, bucket, name, spoil, code):
    put = Chunked(wire, path, b"a" * 1000, UNSIGNED_TRAILER, trailer=trailer_for(UNSIGNED_TRAILER, b"a" * 1000))
    put.spoil = spoil
    with nothing_changes(gw, bucket):
        answer = put.send()
        is_error(answer, 400, code or answer.code)
        assert answer.code in ("MalformedTrailerError", "IncompleteBody", "InvalidRequest", "BadDigest")


def test_a_trailer_nobody_announced_is_refused(gw, wire, path, bucket):
    put = Chunked(wire, path, b"new", UNSIGNED_TRAILER, trailer=trailer_for(UNSIGNED_TRAILER, b"new"))
    del put.given["x-amz-trailer"]
    with nothing_changes(gw, bucket):
        answer = put.send()
        assert answer.status == 400 and answer.code in ("MalformedTrailerError", "InvalidRequest")


@pytest.mark.parametrize("length,good", [(3, True), (2, False), (4, False), ("x", False), ("-3", False), (10**30, False)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_decoded_length_must_be_true(gw, wire, path, bucket, kind, length, good):
    put = Chunked(wire, path, b"new", kind, trailer=trailer_for(kind, b"new"), length=length)
    if good:
        assert put.send().status == 200
        return
    with nothing_changes(gw, bucket):
        answer = put.send()
        assert answer.status in (400, 411) and answer.code in (
            "IncompleteBody", "InvalidArgument", "InvalidRequest", "EntityTooLarge", "MissingContentLength"), answer


def test_a_chunked_body_needs_its_decoded_length(gw, wire, path, bucket):
    with nothing_changes(gw, bucket):
        put = Chunked(wire, path, b"new", SIGNED, headers={"x-amz-decoded-content-length": None})
        is_error(put.send(), 411, "MissingContentLength")


def test_a_content_encoding_beside_aws_chunked_is_no_reason_to_change_the_bytes(wire, path):
    """gzip is the client's business: the bytes come back as they were sent."""
    body = random_bytes(10_000)
    answer = Chunked(wire, path, body, UNSIGNED_TRAILER, trailer=trailer_for(UNSIGNED_TRAILER, body), encoding="aws-chunked,gzip").send()
    assert answer.status in (200, 501), answer
    if answer.status == 200:
        assert wire.get(path).body == body


def test_a_chunked_body_needs_no_content_encoding(wire, path):
    body = random_bytes(10_000)
    assert Chunked(wire, path, body, SIGNED, headers={"content-encoding": None}).send().status == 200
    assert wire.get(path).body == body


# ---- lengths


def test_a_body_without_a_length_is_refused_or_stored_whole(gw, wire, path, bucket):
    headers = wire.signed("PUT", path, body=b"new", length=False)
    headers["transfer-encoding"] = "chunked"
    answer = wire.exchange("PUT", head_bytes("PUT", path, headers) + b"3\r\nnew\r\n0\r\n\r\n")
    assert answer.status in (200, 411)
    assert wire.get(path).body == (b"new" if answer.status == 200 else b"old")


def test_a_put_without_any_length_is_missingcontentlength(gw, wire, path, bucket):
    headers = wire.signed("PUT", path, length=False)
    with nothing_changes(gw, bucket):
        answer = wire.exchange("PUT", head_bytes("PUT", path, headers))
        assert (answer.status, answer.code) == (411, "MissingContentLength")


def test_a_body_above_five_gib_is_refused_before_it_is_sent(gw, wire, path, bucket):
    with nothing_changes(gw, bucket):
        headers = wire.signed("PUT", path, payload=sigv4.UNSIGNED, length=False)
        headers |= {"content-length": str(5 * 1024 * MIB + 1), "expect": "100-continue"}
        answer = wire.exchange("PUT", head_bytes("PUT", path, headers))
        is_error(answer, 400, "EntityTooLarge")


def test_a_body_cut_short_leaves_the_old_object(gw, wire, path, bucket):
    for payload, size in ((None, 1000), (sigv4.UNSIGNED, 1000), (sigv4.UNSIGNED, 9 * MIB)):
        body = random_bytes(size)
        with nothing_changes(gw, bucket):
            with wire.connect() as connection:
                headers = wire.signed("PUT", path, body=body, payload=payload) | {"expect": "100-continue"}
                connection.send(head_bytes("PUT", path, headers))
                assert connection.head()[0] == 100
                connection.send(body[:size // 2])
                connection.socket.shutdown(1)
                connection.socket.settimeout(15)  # well within any time-out for idle clients
                try:
                    answer = connection.response()
                    assert answer.status == 400 and answer.code in ("IncompleteBody", "RequestTimeout")
                except ConnectionError:
                    pass  # closing without an answer is fine: there is nobody to read it

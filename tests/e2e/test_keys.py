# SPDX-License-Identifier: Apache-2.0
"""Any key that S3 takes is stored, found, listed, copied and deleted under exactly that name."""
import urllib.parse

import pytest

from content import put_all
from expect import is_error, listing, nothing_changes
from wire import key_path

PLAIN = ["plain", "a b", " ", "  two", "x ", "a+b", "100%", "%41", "%2F", "a%2Fb", "ü/ß/日本語/🙂", "é", "e\u0301",
         "quote\"'`", "<xml>&amp;", "a&b=c?d#e;f", "*", "(a)[b]{c}", "|^~", "=eq", "@:,$", "\u00a0", "\u2028", "\ufffd",
         "a\u202eb", "\U0010ffff", "CON", "a.", ".hidden", "...", "....", "a..b", "name." * 40, "x" * 300,
         "-", "--help", "~", "~user", "$extremelyunlikelytoexist$"]
SLASHES = ["/", "//", "///", "/lead", "//lead", "trail/", "trail//", "in//side", "a/b/c/d/e/f/g", "/./", "a//"]
DOTS = [".", "..", "./", "../", "a/.", "a/..", "a/./b", "a/../b", "../../etc/passwd", ".../x", "./.", "../x"]
BACKSLASHES = ["\\", "a\\b", "C:\\x\\y", "\\\\host\\share", "a/\\/b"]
CONTROL = ["\t", "a\nb", "\r\n", "\x01", "a\x1fb", "\x7f", "a/\x0b/b", "bell\x07"]
# Names that look like what a gateway might make of others.
ESCAPED = ["!", "!!", "a!", "a/!", "!/a", "!2E", "!2E!2E", "a/!2F", "!5C", "!7E", " !09", "a !0Ab", "!21", "%00", "~hugs3",
           "~hugs3/", "~hugs3/x", "!7Ehugs3/x", "dir/~hugs3/x", ".hugs3", "a/!.", "!0", "!ZZ", "!2e"]
KEYS = PLAIN + SLASHES + DOTS + BACKSLASHES + CONTROL + ESCAPED


@pytest.mark.parametrize("key", KEYS, ids=lambda k: urllib.parse.quote(k, safe=" ")[:40])
def test_a_key_is_put_got_headed_listed_copied_and_deleted_under_its_name(wire, bucket, key):
    path, body = key_path(bucket, key), f"content of {key!r}".encode()
    assert wire.put(path, body).status == 200
    assert wire.get(path).body == body
    assert wire.head(path).headers["content-length"] == str(len(body))
    assert decoded(wire.get(f"/{bucket}", "list-type=2&encoding-type=url").texts("Contents/Key")) == [key]
    copied = wire.put(key_path(bucket, "copy"), headers={"x-amz-copy-source": path})
    assert copied.status == 200, copied.body
    assert wire.get(key_path(bucket, "copy")).body == body
    assert wire.delete(path).status == 204
    assert wire.get(path).status == 404
    assert wire.get(f"/{bucket}", "list-type=2").texts("Contents/Key") == ["copy"]
    assert wire.put(path, headers={"x-amz-copy-source": key_path(bucket, "copy")}).status == 200
    assert wire.get(path).body == body


def test_all_of_them_live_side_by_side_and_are_listed_in_the_order_of_their_bytes(gw, wire, bucket):
    objects = {key: b"%d" % i for i, key in enumerate(KEYS)}
    assert len(objects) == len(KEYS)
    put_all(gw, bucket, objects)
    names = sorted(objects, key=lambda k: k.encode())
    assert decoded(wire.get(f"/{bucket}", "list-type=2&encoding-type=url").texts("Contents/Key")) == names
    for limit in (1, 7):
        assert pages(wire, bucket, limit) == names
    for key, body in objects.items():
        assert wire.get(key_path(bucket, key)).body == body


def decoded(keys):
    return [urllib.parse.unquote_plus(key) for key in keys]


def pages(wire, bucket, limit):
    found, token = [], ""
    while True:
        page = wire.get(f"/{bucket}", f"list-type=2&encoding-type=url&max-keys={limit}" + token)
        assert page.status == 200, page.body
        found += decoded(page.texts("Contents/Key"))
        if page.text("IsTruncated") == "false":
            return found
        token = "&continuation-token=" + urllib.parse.quote(page.text("NextContinuationToken"), safe="")


def test_boto3_sees_every_key_as_it_is(gw, s3, bucket):
    objects = {key: key.encode() for key in PLAIN + SLASHES + BACKSLASHES + CONTROL + ESCAPED}
    put_all(gw, bucket, objects)
    listed = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert listed == sorted(objects, key=lambda k: k.encode())
    for key in listed:
        assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(key.encode())
    # XML 1.0 has no way to name the others.
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in listed if k.isprintable()]})
    assert "Errors" not in deleted
    assert not any(o["Key"].isprintable() for o in s3.list_objects_v2(Bucket=bucket).get("Contents", []))


def test_a_listing_with_control_characters_is_xml_that_can_be_parsed(wire, bucket):
    wire.put(key_path(bucket, "a\tb\rc"), b"1")
    assert wire.get(f"/{bucket}", "list-type=2").texts("Contents/Key") == ["a\tb\rc"]


def test_a_key_may_have_1024_bytes_and_no_more(gw, wire, bucket):
    for key in ("k" * 1024, "é" * 512, "/" * 1024, "a/" * 512):
        assert wire.put(key_path(bucket, key), b"x").status == 200, key
        assert wire.get(key_path(bucket, key)).body == b"x"
        assert [k for k, _, _ in listing(gw, bucket)] == [key]
        assert wire.delete(key_path(bucket, key)).status == 204
    with nothing_changes(gw, bucket):
        for key in ("k" * 1025, "é" * 512 + "x"):
            for method in ("PUT", "GET", "DELETE"):
                is_error(wire.request(method, key_path(bucket, key)), 400, "KeyTooLongError")
            assert wire.head(key_path(bucket, key)).status == 400


@pytest.mark.parametrize("name,raw", [("lone continuation byte", "%80"), ("cut sequence", "%E2%82"), ("latin-1", "caf%E9"),
                                      ("surrogate", "%ED%A0%80"), ("overlong slash", "%C0%AF"), ("beyond", "%F4%90%80%80")])
def test_a_key_that_is_no_utf8_is_refused(gw, wire, bucket, name, raw):
    with nothing_changes(gw, bucket):
        is_error(wire.put(f"/{bucket}/{raw}", b"x"), 400, "InvalidURI")


@pytest.mark.parametrize("raw", ["a%", "a%4", "a%zz", "%%41"])
def test_broken_percent_encoding_is_refused(gw, wire, bucket, raw):
    with nothing_changes(gw, bucket):
        is_error(wire.put(f"/{bucket}/{raw}", b"x"), 400, "InvalidURI")


def test_a_nul_in_a_key_is_refused_or_kept_but_never_cuts_it(gw, wire, bucket):
    wire.put(f"/{bucket}/cut", b"old")
    response = wire.put(f"/{bucket}/cut%00tail", b"new")
    assert response.status in (200, 400)
    assert wire.get(f"/{bucket}/cut").body == b"old"
    if response.status == 200:
        assert wire.get(f"/{bucket}/cut%00tail").body == b"new"


@pytest.mark.parametrize("raw,key", [("a+b", "a+b"), ("a%20b", "a b"), ("a%2Bb", "a+b"), ("%61", "a"), ("a%2fb", "a/b"),
                                     ("~(x)!*'", "~(x)!*'"), ("a%2F%2Fb", "a//b"), ("caf%c3%a9", "café")])
def test_the_path_is_decoded_once_and_a_plus_is_a_plus(gw, wire, bucket, raw, key):
    assert wire.put(f"/{bucket}/{raw}", b"x").status == 200
    assert [k for k, _, _ in listing(gw, bucket)] == [key]


def test_keys_that_escape_alike_do_not_meet(gw, wire, bucket):
    objects = {k: k.encode() for k in ("a/", "a/!", "a/!21", "a//!", "a/!!", ".", "!2E", "!212E", "\\", "!5C", "\t", " !09",
                                       "~hugs3/a", "!7Ehugs3/a", "!217Ehugs3/a")}
    put_all(gw, bucket, objects)
    for key, body in objects.items():
        assert wire.get(key_path(bucket, key)).body == body
    for i, key in enumerate(objects):
        assert wire.delete(key_path(bucket, key)).status == 204
        assert {k for k, _, _ in listing(gw, bucket)} == set(list(objects)[i + 1:])

# SPDX-License-Identifier: Apache-2.0
"""Listings against a model: the whole of ListObjectsV2 in thirty lines of Python, over keys chosen for their borders."""
import itertools
import urllib.parse

import pytest

from content import put_all
from expect import is_error, listing
from wire import Wire, key_path


def make_keys():
    keys = {f"{d}{s}" for d in ("", "a", "a/", "a-", "a.", "a0", "a/b/", "b/", "B/", "é/", "z//") for s in
            ("", "x", "x/y", "0", "-", ".", "/", "~", "ü", "a b", "a+b")} - {""}
    keys |= {f"many/{i:04}" for i in range(1200)}
    keys |= {f"dirs/{i:03}/{j}" for i in range(250) for j in range(4)}
    keys |= {f"logs/2026-{m:02}-{d:02}.json" for m in range(1, 13) for d in range(1, 29, 3)}
    return sorted(keys, key=str.encode)


KEYS = make_keys()


@pytest.fixture(scope="module")
def filled(gw):
    name = "listing"
    response = Wire(gw).put("/" + name)
    assert response.status in (200, 409)
    put_all(gw, name, {key: key.encode() for key in KEYS}, threads=16)
    return name


def model(keys, prefix="", delimiter="", after=""):
    """(is_prefix, name) in the order of bytes, each common prefix once. A place to start within a common prefix is behind
    it: it has been counted on the page that ended there."""
    out = []
    for key in keys:
        if not key.startswith(prefix):
            continue
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        entry = (cut >= 0, key[:cut + len(delimiter)] if cut >= 0 else key)
        if entry[1].encode() > after.encode() and (not out or out[-1] != entry):
            out.append(entry)
    return out


def walk(wire, bucket, limit, method="v2", **arguments):
    """All pages of a listing as one list; checks what each page says of itself."""
    found, more = [], {"start-after" if method == "v2" else "marker": arguments.pop("after", "")}
    more = {k: v for k, v in more.items() if v}
    for pages in itertools.count(1):
        query = arguments | more | {"max-keys": str(limit), "encoding-type": "url"}
        query = {k: v for k, v in query.items() if v} | ({"list-type": "2"} if method == "v2" else {})
        page = wire.get(f"/{bucket}", "&".join(f"{k}={urllib.parse.quote(v, safe='')}" for k, v in query.items()))
        assert page.status == 200, page.body
        names = [(False, k) for k in page.texts("Contents/Key")] + [(True, p) for p in page.texts("CommonPrefixes/Prefix")]
        names = [(is_prefix, urllib.parse.unquote_plus(name)) for is_prefix, name in names]
        assert len(names) <= min(limit, 1000) and len(names) == len(set(names))
        assert page.text("MaxKeys") == str(min(limit, 1000))
        assert method != "v2" or page.text("KeyCount") == str(len(names))
        names.sort(key=lambda entry: entry[1].encode())
        assert [n for p, n in names if not p] == [urllib.parse.unquote_plus(k) for k in page.texts("Contents/Key")]
        found += names
        if page.text("IsTruncated") == "false":
            assert page.xml.find("NextContinuationToken") is None
            return found, pages
        assert page.text("IsTruncated") == "true" and len(names) > 0
        if method == "v2":
            more = {"continuation-token": page.text("NextContinuationToken")}
        else:
            more = {"marker": urllib.parse.unquote_plus(page.xml.findtext("NextMarker") or page.texts("Contents/Key")[-1])}


PREFIXES = ["", "a", "a/", "a/b", "a-", "many/", "many/0", "dirs", "dirs/", "dirs/0", "dirs/001/", "é", "z/", "z//", "logs/2026-0",
            "none/", "B"]
DELIMITERS = ["", "/", "-", "0/", ".", "ü", "many", "//"]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_listing_is_what_the_model_says(wire, filled, prefix, delimiter):
    want = model(KEYS, prefix, delimiter)
    for limit in (1000, 13) if len(want) < 300 else (1000, 211):
        assert walk(wire, filled, limit, prefix=prefix, delimiter=delimiter)[0] == want


@pytest.mark.parametrize("delimiter", ["", "/", "-"])
def test_pages_of_one_give_the_same_as_one_page(wire, filled, delimiter):
    want = model(KEYS, "a", delimiter)
    found, pages = walk(wire, filled, 1, prefix="a", delimiter=delimiter)
    assert found == want and pages == len(want)


@pytest.mark.parametrize("delimiter", ["", "/", "-", "0/"])
@pytest.mark.parametrize("after", ["logs/2026-", "logs/2026-05", "logs/2026-05-", "dirs/010/", "dirs/01", "a", "a/", "a/b/zzz", "a-", "dirs", "dirs/", "dirs/100/", "dirs/100/2", "dirs/100/9", "dirs0",
                                   "many/0599", "many/0599x", "z//~", "\U0010ffff", " ", "é/", "zzz"])
def test_start_after_is_a_place_in_the_order_of_bytes(wire, filled, after, delimiter):
    for prefix in ("", "dirs/", "a/"):
        want = model(KEYS, prefix, delimiter, after)
        assert walk(wire, filled, 400, prefix=prefix, delimiter=delimiter, after=after)[0] == want, prefix


@pytest.mark.parametrize("prefix,delimiter", [("", ""), ("", "/"), ("dirs/", "/"), ("a", "-"), ("logs/", "-")])
def test_the_old_listing_agrees_with_the_new_one(wire, filled, prefix, delimiter):
    want = model(KEYS, prefix, delimiter)
    for limit in (1000, 97):
        assert walk(wire, filled, limit, "v1", prefix=prefix, delimiter=delimiter)[0] == want
    assert walk(wire, filled, 97, "v1", prefix=prefix, delimiter=delimiter, after="dirs/100/1")[0] == model(
        KEYS, prefix, delimiter, "dirs/100/1")


def test_boto3s_paginator_finds_every_key_once(s3, filled):
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=filled, PaginationConfig={"PageSize": 300}))
    assert [o["Key"] for page in pages for o in page["Contents"]] == KEYS


def test_a_page_says_what_was_asked(wire, filled):
    page = wire.get(f"/{filled}", "list-type=2&prefix=a%2F&delimiter=%2F&max-keys=3&start-after=a%2Fa&fetch-owner=true")
    assert page.headers["content-type"] == "application/xml"
    assert page.xml.tag == "ListBucketResult"
    assert page.text("Name") == filled and page.text("Prefix") == "a/" and page.text("Delimiter") == "/"
    assert page.text("MaxKeys") == "3" and page.text("StartAfter") == "a/a" and page.text("KeyCount") == "3"
    assert b'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"' in page.body


def test_every_object_has_size_etag_time_and_class(wire, filled):
    page = wire.get(f"/{filled}", "list-type=2&prefix=many%2F&max-keys=5")
    for node in page.xml.findall("Contents"):
        assert node.findtext("Size") == str(len(node.findtext("Key")))
        assert node.findtext("StorageClass") == "STANDARD"
        head = wire.head(key_path(filled, node.findtext("Key")))
        assert head.headers["etag"] == node.findtext("ETag")


def test_owners_are_there_only_when_asked_for(wire, filled):
    assert wire.get(f"/{filled}", "list-type=2&max-keys=2").xml.find("Contents/Owner") is None
    with_owner = wire.get(f"/{filled}", "list-type=2&max-keys=2&fetch-owner=true").xml
    assert [n.findtext("Owner/ID") for n in with_owner.findall("Contents")].count(None) == 0


def test_names_are_encoded_when_asked_for(wire, filled):
    page = wire.get(f"/{filled}", "list-type=2&prefix=%C3%A9%2F&encoding-type=url&delimiter=%2F")
    assert page.text("EncodingType") == "url"
    assert page.text("Prefix") == "%C3%A9/"
    assert "%C3%A9/a%2Bb" in page.texts("Contents/Key")
    plain = wire.get(f"/{filled}", "list-type=2&prefix=%C3%A9%2F&delimiter=%2F")
    assert plain.xml.find("EncodingType") is None and "é/a+b" in plain.texts("Contents/Key")


def test_no_keys_can_be_asked_for(wire, filled):
    page = wire.get(f"/{filled}", "list-type=2&max-keys=0")
    assert page.status == 200 and page.texts("Contents/Key") == []
    assert page.text("IsTruncated") == "false" and page.text("KeyCount") == "0" and page.text("MaxKeys") == "0"


def test_no_page_has_more_than_1000_keys(wire, filled):
    page = wire.get(f"/{filled}", "list-type=2&max-keys=100000")
    assert len(page.texts("Contents/Key")) == 1000 and page.text("IsTruncated") == "true"
    assert page.text("MaxKeys") == "1000"


def test_an_empty_bucket_has_an_empty_listing(wire, bucket):
    for query in ("list-type=2", "", "list-type=2&prefix=a&delimiter=/"):
        page = wire.get(f"/{bucket}", query)
        assert page.status == 200 and page.text("IsTruncated") == "false"
        assert page.texts("Contents/Key") == [] and page.texts("CommonPrefixes/Prefix") == []


def test_a_slash_behind_the_buckets_name_changes_nothing(wire, filled):
    assert wire.get(f"/{filled}/", "list-type=2&max-keys=3").texts("Contents/Key") == KEYS[:3]


@pytest.mark.parametrize("query", [
    "list-type=2&max-keys=-1", "list-type=2&max-keys=x", "list-type=2&max-keys=99999999999999999999",
    "list-type=2&max-keys=1.5", "list-type=2&encoding-type=base64", "list-type=2&continuation-token=",
    "list-type=2&continuation-token=nonsense", "list-type=2&continuation-token=%00%ff", "list-type=3",
    "max-keys=-1", "encoding-type=xml"])
def test_arguments_that_make_no_sense_are_refused(wire, filled, query):
    is_error(wire.get(f"/{filled}", query), 400, "InvalidArgument")


def test_a_bucket_that_is_not_there_has_no_listing(wire):
    for query in ("list-type=2", "", "list-type=2&prefix=a&max-keys=0"):
        is_error(wire.get("/no-such-bucket-here", query), 404, "NoSuchBucket")


def test_a_listing_goes_on_though_keys_come_and_go(gw, wire, bucket):
    stay = [f"k{i:03}" for i in range(0, 200, 2)]
    put_all(gw, bucket, {k: b"" for k in stay} | {f"k{i:03}": b"" for i in range(1, 100, 2)})
    first = wire.get(f"/{bucket}", "list-type=2&max-keys=50")
    token, seen = first.text("NextContinuationToken"), first.texts("Contents/Key")
    # The last key seen goes, others come before and behind it.
    assert wire.delete(key_path(bucket, seen[-1])).status == 204
    put_all(gw, bucket, {f"k{i:03}": b"" for i in range(101, 200, 2)} | {"a": b"", seen[-1] + "+": b""})
    while token:
        page = wire.get(f"/{bucket}", "list-type=2&max-keys=50&continuation-token=" + urllib.parse.quote(token, safe=""))
        seen += page.texts("Contents/Key")
        token = page.text("NextContinuationToken")
    assert seen == sorted(seen) and len(seen) == len(set(seen))
    assert set(stay) <= set(seen)


def test_a_token_is_good_for_another_gateway_and_after_a_restart(own_gateway, tmp_path):
    gateway = own_gateway()
    wire = Wire(gateway)
    wire.put("/b")
    keys = [f"{d}/{i:02}" for d in "abcde" for i in range(30)]
    put_all(gateway, "b", {key: b"" for key in keys})
    for query in ("list-type=2&max-keys=40", "list-type=2&max-keys=2&delimiter=%2F"):
        page = wire.get("/b", query)
        gateway.restart()
        rest = wire.get("/b", query.replace("max-keys=40", "max-keys=1000").replace("max-keys=2", "max-keys=1000") +
                        "&continuation-token=" + urllib.parse.quote(page.text("NextContinuationToken"), safe=""))
        names = page.texts("Contents/Key") + page.texts("CommonPrefixes/Prefix") + rest.texts(
            "Contents/Key") + rest.texts("CommonPrefixes/Prefix")
        assert names == (keys if "delimiter" not in query else [d + "/" for d in "abcde"])


def test_a_write_is_in_the_next_listing(gw, wire, bucket):
    for i in range(5):
        wire.put(f"/{bucket}/k{i}", b"x")
        assert [k for k, _, _ in listing(gw, bucket)] == [f"k{j}" for j in range(i + 1)]
    wire.delete(f"/{bucket}/k2")
    assert [k for k, _, _ in listing(gw, bucket)] == ["k0", "k1", "k3", "k4"]

# SPDX-License-Identifier: Apache-2.0
"""Reading a part of an object: every form a single range can have, and what AWS does with the others."""
import random

import pytest

from content import MIB, random_bytes
from expect import is_error
from wire import Wire

SMALL, LARGE = 1000, 9 * MIB + 12_345


@pytest.fixture(scope="module")
def objects(gw):
    wire = Wire(gw)
    assert wire.put("/ranges").status in (200, 409)
    for size in (0, SMALL, LARGE):
        assert wire.put(f"/ranges/{size}", random_bytes(size, 5)).status == 200
    return wire


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("form,first,last", [
    ("bytes=0-0", 0, 0), ("bytes=0-9", 0, 9), ("bytes=10-", 10, None), ("bytes=0-", 0, None), ("bytes=-1", -1, None),
    ("bytes=-17", -17, None), ("bytes=-999999999999", 0, None), ("bytes=500-999999999999", 500, None), ("bytes=999-999", 999, 999),
    ("bytes=00-009", 0, 9), ("bytes=999-", 999, None)])
def test_a_range_is_answered_by_206_and_its_bytes(objects, size, form, first, last):
    body = random_bytes(size, 5)
    start = first if first >= 0 else size + first
    end = min(size - 1 if last is None else last, size - 1)
    got = objects.get(f"/ranges/{size}", headers={"range": form})
    assert got.status == 206 and got.whole
    assert got.headers["content-range"] == f"bytes {start}-{end}/{size}"
    assert got.headers["content-length"] == str(end - start + 1)
    assert got.body == body[start:end + 1]


def test_ranges_anywhere_in_a_large_object_are_right(objects):
    rng, body = random.Random(1), random_bytes(LARGE, 5)
    with objects.connect() as connection:
        for _ in range(60):
            a = rng.randrange(LARGE)
            b = min(LARGE - 1, a + rng.choice([0, 1, 4095, 70_000, 200_000, 3 * MIB]))
            got = objects.get(f"/ranges/{LARGE}", headers={"range": f"bytes={a}-{b}"}, connection=connection)
            assert got.status == 206 and got.body == body[a:b + 1], (a, b)


@pytest.mark.parametrize("border", [0, 8192, 65536, 131072, MIB, 4 * MIB, 8 * MIB])
def test_ranges_around_borders_are_right(objects, border):
    body = random_bytes(LARGE, 5)
    for a in {max(0, border - 1), border, border + 1}:
        for b in {border, border + 1, border + 100}:
            if b >= a:
                got = objects.get(f"/ranges/{LARGE}", headers={"range": f"bytes={a}-{b}"})
                assert got.body == body[a:b + 1]


@pytest.mark.parametrize("size,form", [(SMALL, "bytes=1000-"), (SMALL, "bytes=1000-1001"), (SMALL, "bytes=99999999999-"),
                                       (SMALL, "bytes=-0"), (0, "bytes=0-"), (0, "bytes=0-0"), (0, "bytes=1-"),
                                       (SMALL, "bytes=18446744073709551615-")])
def test_a_range_beyond_the_end_is_416(objects, size, form):
    got = objects.get(f"/ranges/{size}", headers={"range": form})
    is_error(got, 416, "InvalidRange")
    assert got.headers.get("content-range") in (None, f"bytes */{size}")


@pytest.mark.parametrize("form", ["bytes=5-2", "bytes=a-b", "bytes=-", "bytes=", "bytes", "", "chars=0-5", "bytes=0-5,10-15",
                                  "bytes=0-1,-1", "0-5", "bytes=1-2-3", "bytes=--5", "bytes=0x0-5"])
def test_what_is_not_one_range_is_ignored_and_all_is_sent(objects, form):
    got = objects.get(f"/ranges/{SMALL}", headers={"range": form})
    assert got.status == 200 and got.body == random_bytes(SMALL, 5)


def test_head_says_what_get_would(objects):
    head = objects.head(f"/ranges/{SMALL}", headers={"range": "bytes=10-19"})
    assert head.status == 206 and head.headers["content-length"] == "10"
    assert head.headers["content-range"] == f"bytes 10-19/{SMALL}"
    assert objects.head(f"/ranges/{SMALL}", headers={"range": "bytes=5000-"}).status == 416


def test_the_suffix_of_an_empty_object_is_nothing_or_416(objects):
    got = objects.get("/ranges/0", headers={"range": "bytes=-5"})
    assert got.status in (200, 416) and (got.status == 416 or got.body == b"")


def test_no_whole_object_checksum_comes_with_a_part(objects):
    got = objects.get(f"/ranges/{SMALL}", headers={"range": "bytes=0-9", "x-amz-checksum-mode": "ENABLED"})
    assert got.status == 206 and not [h for h in got.headers if h.startswith("x-amz-checksum-")]


@pytest.mark.parametrize("header,value,status", [
    ("if-match", "{tag}", 200), ("if-match", "*", 200), ("if-match", '"other"', 412), ("if-match", '"x", {tag}', 200),
    ("if-none-match", "{tag}", 304), ("if-none-match", "*", 304), ("if-none-match", '"other"', 200),
    ("if-modified-since", "Thu, 01 Jan 2015 00:00:00 GMT", 200), ("if-modified-since", "{modified}", 304),
    ("if-unmodified-since", "Thu, 01 Jan 2015 00:00:00 GMT", 412), ("if-unmodified-since", "{modified}", 200),
    ("if-modified-since", "nonsense", 200)])
def test_conditions_on_reads_hold(objects, header, value, status):
    head = objects.head(f"/ranges/{SMALL}").headers
    value = value.format(tag=head["etag"], modified=head["last-modified"])
    for method in ("GET", "HEAD"):
        got = objects.request(method, f"/ranges/{SMALL}", headers={header: value})
        assert got.status == status
    if status == 412:
        is_error(objects.get(f"/ranges/{SMALL}", headers={header: value}), 412, "PreconditionFailed")
    if status == 304:
        assert objects.get(f"/ranges/{SMALL}", headers={header: value}).headers["etag"] == head["etag"]


def test_a_ranged_read_with_the_etag_of_its_first_part_works(objects):
    tag = objects.head(f"/ranges/{LARGE}").headers["etag"]
    got = objects.get(f"/ranges/{LARGE}", headers={"range": "bytes=100-199", "if-match": tag})
    assert got.status == 206 and got.body == random_bytes(LARGE, 5)[100:200]

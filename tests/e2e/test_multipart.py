# SPDX-License-Identifier: Apache-2.0
"""Multipart uploads: parts in any order, replaced, listed, completed, given up; nothing is seen before the end."""
import concurrent.futures

import pytest

import sigv4
from content import MIB, random_bytes
from expect import is_error, listing, nothing_changes
from wire import Wire, key_path

PART = 5 * MIB  # the least that S3 takes for any part but the last


def create(wire, path, **kw):
    made = wire.post(path, "uploads", **kw)
    assert made.status == 200 and made.xml.tag == "InitiateMultipartUploadResult", made.body
    return made.text("UploadId")


def put_part(wire, path, upload, number, body, **kw):
    response = wire.put(path, body, f"partNumber={number}&uploadId={upload}", **kw)
    assert response.status == 200, response.body
    return response.headers["etag"]


def document(parts):
    rows = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in parts)
    return f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{rows}</CompleteMultipartUpload>'.encode()


def complete(wire, path, upload, parts):
    return wire.post(path, f"uploadId={upload}", document(parts))


@pytest.fixture
def path(bucket):
    return f"/{bucket}/big"


def test_parts_become_one_object_in_the_order_of_their_numbers(wire, path, bucket):
    upload = create(wire, path)
    bodies = {3: random_bytes(1234, 3), 1: random_bytes(PART, 1), 2: random_bytes(PART + 77, 2)}
    tags = {n: put_part(wire, path, upload, n, body) for n, body in bodies.items()}
    done = complete(wire, path, upload, sorted(tags.items()))
    assert done.status == 200 and done.xml.tag == "CompleteMultipartUploadResult", done.body
    assert done.text("Bucket") == bucket and done.text("Key") == "big" and done.text("Location")
    got = wire.get(path)
    assert got.body == bodies[1] + bodies[2] + bodies[3]
    assert got.headers["etag"] == done.text("ETag") == wire.get(f"/{bucket}", "list-type=2").text("Contents/ETag")
    assert got.headers["etag"].endswith('-xet"')


def test_nothing_is_seen_before_the_end(gw, wire, path, bucket):
    upload = create(wire, path)
    tag = put_part(wire, path, upload, 1, b"part")
    assert wire.get(path).status == 404 and listing(gw, bucket) == []
    assert complete(wire, path, upload, [(1, tag)]).status == 200
    assert wire.get(path).body == b"part"


def test_an_upload_over_an_object_leaves_it_until_the_end(wire, path):
    wire.put(path, b"old")
    upload = create(wire, path)
    tag = put_part(wire, path, upload, 1, b"new")
    assert wire.get(path).body == b"old"
    complete(wire, path, upload, [(1, tag)])
    assert wire.get(path).body == b"new"


def test_a_part_put_again_is_replaced(wire, path):
    upload = create(wire, path)
    first = put_part(wire, path, upload, 1, b"first")
    second = put_part(wire, path, upload, 1, b"second")
    is_error(complete(wire, path, upload, [(1, first)]), 400, "InvalidPart")
    assert complete(wire, path, upload, [(1, second)]).status == 200
    assert wire.get(path).body == b"second"


def test_numbers_may_have_gaps_and_parts_left_out_are_dropped(wire, path):
    upload = create(wire, path)
    tags = {n: put_part(wire, path, upload, n, random_bytes(PART, n)) for n in (10000, 7, 500)}
    assert complete(wire, path, upload, [(7, tags[7]), (10000, tags[10000])]).status == 200
    assert wire.get(path).body == random_bytes(PART, 7) + random_bytes(PART, 10000)


def test_parts_sent_at_once_all_count(gw, path):
    wire = Wire(gw)
    upload = create(wire, path)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        tags = list(pool.map(lambda n: (n, put_part(wire, path, upload, n, random_bytes(PART, n))), range(1, 7)))
    assert complete(wire, path, upload, tags).status == 200
    assert wire.get(path).body == b"".join(random_bytes(PART, n) for n in range(1, 7))


def test_equal_content_has_one_etag_however_it_was_cut_only_if_its_chunks_agree(wire, path, bucket):
    """Cuts at parts' ends may show in the hash; the content never differs."""
    body = random_bytes(2 * PART)
    upload = create(wire, path)
    tags = [(n, put_part(wire, path, upload, n, body[(n - 1) * PART:n * PART])) for n in (1, 2)]
    complete(wire, path, upload, tags)
    wire.put(f"/{bucket}/single", body)
    assert wire.get(path).body == wire.get(f"/{bucket}/single").body == body
    one = create(wire, f"/{bucket}/one")
    assert put_part(wire, f"/{bucket}/one", one, 1, body) == wire.head(f"/{bucket}/single").headers["etag"]


def test_an_empty_last_part_and_an_empty_only_part_are_fine(wire, path):
    upload = create(wire, path)
    assert complete(wire, path, upload, [(1, put_part(wire, path, upload, 1, b""))]).status == 200
    assert wire.get(path).body == b""
    upload = create(wire, path)
    tags = [(1, put_part(wire, path, upload, 1, random_bytes(PART))), (2, put_part(wire, path, upload, 2, b""))]
    assert complete(wire, path, upload, tags).status == 200
    assert wire.get(path).body == random_bytes(PART)


def test_the_content_type_given_at_the_start_is_the_objects(wire, path):
    upload = create(wire, path, headers={"content-type": "application/x-model"})
    complete(wire, path, upload, [(1, put_part(wire, path, upload, 1, b"x"))])
    assert wire.head(path).headers["content-type"] == "application/x-model"


def test_parts_are_listed_page_by_page(wire, path, bucket):
    upload = create(wire, path)
    tags = {n: put_part(wire, path, upload, n, b"x" * n) for n in (2, 3, 5, 8, 13)}
    page = wire.get(path, f"uploadId={upload}&max-parts=2")
    assert page.xml.tag == "ListPartsResult" and page.text("Bucket") == bucket and page.text("Key") == "big"
    assert page.text("UploadId") == upload and page.text("MaxParts") == "2" and page.text("IsTruncated") == "true"
    assert page.texts("Part/PartNumber") == ["2", "3"] and page.text("NextPartNumberMarker") == "3"
    page = wire.get(path, f"uploadId={upload}&max-parts=2&part-number-marker=3")
    assert page.texts("Part/PartNumber") == ["5", "8"]
    page = wire.get(path, f"uploadId={upload}&part-number-marker=8")
    assert page.texts("Part/PartNumber") == ["13"] and page.text("IsTruncated") == "false"
    assert page.texts("Part/ETag") == [tags[13]] and page.texts("Part/Size") == ["13"]
    assert wire.get(path, f"uploadId={upload}&part-number-marker=13").texts("Part") == []
    is_error(wire.get(path, f"uploadId={upload}&max-parts=-1"), 400, "InvalidArgument")


def test_uploads_under_way_are_listed(wire, bucket):
    uploads = {(key, create(wire, key_path(bucket, key))) for key in ("b", "a", "a", "ü/x", "a/b//")}
    page = wire.get(f"/{bucket}", "uploads")
    assert set(zip(page.texts("Upload/Key"), page.texts("Upload/UploadId"))) == uploads
    assert page.texts("Upload/Key") == sorted(page.texts("Upload/Key"))
    assert wire.get(f"/{bucket}", "uploads&prefix=a").texts("Upload/Key") == ["a", "a", "a/b//"]


def test_an_upload_given_up_is_gone_with_its_parts(gw, wire, path, bucket):
    upload = create(wire, path)
    tag = put_part(wire, path, upload, 1, b"x")
    assert wire.delete(path, f"uploadId={upload}").status == 204
    is_error(wire.put(path, b"y", f"partNumber=1&uploadId={upload}"), 404, "NoSuchUpload")
    is_error(wire.get(path, f"uploadId={upload}"), 404, "NoSuchUpload")
    is_error(complete(wire, path, upload, [(1, tag)]), 404, "NoSuchUpload")
    is_error(wire.delete(path, f"uploadId={upload}"), 404, "NoSuchUpload")
    assert listing(gw, bucket) == [] and wire.get(f"/{bucket}", "uploads").texts("Upload") == []


def test_completing_again_after_a_lost_answer_gives_the_same_answer(wire, path):
    upload = create(wire, path)
    parts = [(1, put_part(wire, path, upload, 1, b"x"))]
    first = complete(wire, path, upload, parts)
    again = complete(wire, path, upload, parts)
    assert again.status == 200 and again.text("ETag") == first.text("ETag")
    assert wire.get(path).body == b"x"


def test_a_small_part_before_the_last_is_refused_and_the_upload_lives_on(gw, wire, path, bucket):
    upload = create(wire, path)
    tags = [(1, put_part(wire, path, upload, 1, random_bytes(PART - 1))), (2, put_part(wire, path, upload, 2, b"x"))]
    with nothing_changes(gw, bucket):
        is_error(complete(wire, path, upload, tags), 400, "EntityTooSmall")
    tags[0] = (1, put_part(wire, path, upload, 1, random_bytes(PART)))
    assert complete(wire, path, upload, tags).status == 200


@pytest.mark.parametrize("name,parts,code", [
    ("unknown number", [(1, "{1}"), (3, "{2}")], "InvalidPart"), ("wrong tag", [(1, "{2}"), (2, "{2}")], "InvalidPart"),
    ("no tag", [(1, ""), (2, "{2}")], None), ("made-up tag", [(1, '"d41d8cd98f00b204e9800998ecf8427e"')], "InvalidPart"),
    ("wrong order", [(2, "{2}"), (1, "{1}")], "InvalidPartOrder"), ("twice", [(1, "{1}"), (1, "{1}")], "InvalidPartOrder"),
    ("none", [], "MalformedXML"), ("zero", [(0, "{1}")], None), ("too high", [(10001, "{1}")], None),
    ("no number", [("x", "{1}")], "MalformedXML"), ("negative", [(-1, "{1}")], None)])
def test_a_list_of_parts_that_is_wrong_completes_nothing(gw, wire, path, bucket, name, parts, code):
    wire.put(path, b"old")
    upload = create(wire, path)
    tags = {n: put_part(wire, path, upload, n, random_bytes(PART, n)) for n in (1, 2)}
    parts = [(n, tag.replace("{1}", tags[1]).replace("{2}", tags[2])) for n, tag in parts]
    with nothing_changes(gw, bucket):
        response = complete(wire, path, upload, parts)
        is_error(response, 400, code or response.code)
        assert response.code in ("InvalidPart", "InvalidPartOrder", "MalformedXML", "InvalidArgument")
    assert complete(wire, path, upload, [(1, tags[1]), (2, tags[2])]).status == 200


@pytest.mark.parametrize("body", [b"", b"x", b"<CompleteMultipartUpload>", b"<Other><Part/></Other>",
                                  b"<CompleteMultipartUpload><Part></Part></CompleteMultipartUpload>",
                                  b"<CompleteMultipartUpload><Part><ETag>x</ETag></Part></CompleteMultipartUpload>",
                                  b'<!DOCTYPE x><CompleteMultipartUpload/>'])
def test_a_malformed_document_completes_nothing(gw, wire, path, bucket, body):
    upload = create(wire, path)
    put_part(wire, path, upload, 1, b"x")
    with nothing_changes(gw, bucket):
        is_error(wire.post(path, f"uploadId={upload}", body), 400, "MalformedXML")


@pytest.mark.parametrize("number", ["0", "10001", "-1", "x", "", "1.5", "99999999999999999999", "1%00"])
def test_a_part_number_out_of_range_is_refused(gw, wire, path, bucket, number):
    upload = create(wire, path)
    with nothing_changes(gw, bucket):
        is_error(wire.put(path, b"x", f"partNumber={number}&uploadId={upload}"), 400, "InvalidArgument")
    assert wire.get(path, f"uploadId={upload}").texts("Part/PartNumber") == []


@pytest.mark.parametrize("upload", ["x", "", "../../etc/passwd", "a" * 3000, "%00", "1' OR '1'='1"])
def test_an_upload_that_is_none_is_nosuchupload(gw, wire, path, bucket, upload):
    upload = sigv4.quote(upload, safe="%")
    with nothing_changes(gw, bucket):
        is_error(wire.put(path, b"x", f"partNumber=1&uploadId={upload}"), 404, "NoSuchUpload")
        is_error(wire.get(path, f"uploadId={upload}"), 404, "NoSuchUpload")
        is_error(wire.delete(path, f"uploadId={upload}"), 404, "NoSuchUpload")
        is_error(complete(wire, path, upload, [(1, '"x"')]), 404, "NoSuchUpload")


def test_an_upload_is_of_its_own_key_and_bucket_only(gw, wire, path, bucket):
    upload = create(wire, path)
    tag = put_part(wire, path, upload, 1, b"x")
    wire.put(f"/{bucket}-2")
    for other in (f"/{bucket}/other", f"/{bucket}-2/big"):
        is_error(wire.put(other, b"x", f"partNumber=1&uploadId={upload}"), 404, "NoSuchUpload")
        is_error(complete(wire, other, upload, [(1, tag)]), 404, "NoSuchUpload")
        is_error(wire.delete(other, f"uploadId={upload}"), 404, "NoSuchUpload")
    assert listing(gw, bucket) == []
    assert complete(wire, path, upload, [(1, tag)]).status == 200


def test_a_part_with_a_wrong_checksum_is_not_kept(wire, path):
    upload = create(wire, path)
    good = put_part(wire, path, upload, 1, b"good")
    is_error(wire.put(path, b"bad", f"partNumber=1&uploadId={upload}", headers={"x-amz-checksum-crc32": "AAAAAA=="}),
             400, "BadDigest")
    assert complete(wire, path, upload, [(1, good)]).status == 200
    assert wire.get(path).body == b"good"


def test_starting_in_a_bucket_that_is_not_there_is_nosuchbucket(wire):
    is_error(wire.post("/no-such-bucket-here/k", "uploads"), 404, "NoSuchBucket")


def test_a_bucket_with_only_an_upload_in_it_can_be_deleted_or_says_why_not(wire, path, bucket):
    create(wire, path)
    response = wire.delete(f"/{bucket}")
    assert response.status == 204 or response.code == "BucketNotEmpty"


@pytest.mark.parametrize("end", ["stop", "kill9"])
def test_an_upload_survives_the_gateways_end_and_then_completes(own_gateway, end):
    gateway = own_gateway()
    wire = Wire(gateway)
    wire.put("/b")
    upload = create(wire, "/b/big", headers={"content-type": "text/kept"})
    tags = [(n, put_part(wire, "/b/big", upload, n, random_bytes(PART, n))) for n in (2, 1)]
    getattr(gateway, end)()
    gateway.start()
    assert wire.get("/b/big").status == 404
    assert wire.get("/b/big", f"uploadId={upload}").texts("Part/PartNumber") == ["1", "2"]
    tags.append((3, put_part(wire, "/b/big", upload, 3, b"tail")))
    assert complete(wire, "/b/big", upload, sorted(tags)).status == 200
    got = wire.get("/b/big")
    assert got.body == random_bytes(PART, 1) + random_bytes(PART, 2) + b"tail"
    assert got.headers["content-type"] == "text/kept"


def test_boto3_and_checksums_of_parts(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="c", ChecksumAlgorithm="CRC32C")["UploadId"]
    parts = []
    for n, body in ((1, random_bytes(PART, 9)), (2, b"end")):
        part = s3.upload_part(Bucket=bucket, Key="c", UploadId=upload, PartNumber=n, Body=body, ChecksumAlgorithm="CRC32C")
        parts.append({"PartNumber": n, "ETag": part["ETag"], "ChecksumCRC32C": part["ChecksumCRC32C"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="c", UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="c")["Body"].read() == random_bytes(PART, 9) + b"end"

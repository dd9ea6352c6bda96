# SPDX-License-Identifier: Apache-2.0
"""What an S3 error has to look like, and a way to see that nothing else has changed."""
import contextlib

import sigv4
from wire import Wire, key_path


def is_error(response, status, code):
    """S3's error document: status, Code, Message, Resource, RequestId, and the same id in the headers."""
    assert response.status == status and response.code == code, (response.status, response.body[:600])
    assert response.headers.get("content-type") == "application/xml", response.headers
    root = response.xml
    assert root.tag == "Error"
    assert root.findtext("Message")
    assert root.find("Resource") is not None
    assert root.findtext("RequestId") and root.findtext("RequestId") == response.headers.get("x-amz-request-id")
    return response


def listing(gateway, bucket, query=""):
    """Every object's key, ETag and size, all pages."""
    wire, found, token = Wire(gateway), [], None
    while True:
        page = wire.get(f"/{bucket}", "list-type=2" + query + (f"&continuation-token={token}" if token else ""))
        assert page.status == 200, page
        for node in page.xml.findall("Contents"):
            found.append(tuple(node.findtext(name) for name in ("Key", "ETag", "Size")))
        if page.text("IsTruncated") != "true":
            return found
        token = sigv4.quote(page.text("NextContinuationToken"))


@contextlib.contextmanager
def nothing_changes(gateway, bucket):
    """The bucket holds the same objects with the same content afterwards, and no bucket came or went."""
    wire = Wire(gateway)

    def look():
        objects = listing(gateway, bucket)
        content = [wire.get(key_path(bucket, key)).body for key, _, size in objects[:5] if int(size) < 100_000]
        uploads = wire.get(f"/{bucket}", "uploads").texts("Upload/UploadId")
        return wire.get("/").texts("Buckets/Bucket/Name"), objects, content, uploads

    before = look()
    yield
    assert look() == before

# SPDX-License-Identifier: Apache-2.0
"""Cross-origin requests of browsers: preflights, and what lets a page read the answer."""
import pytest

from daemon import Gateway
from expect import is_error
from wire import Wire, head_bytes

PAGE = "https://app.example.org"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("cors"), "--cors-origin", PAGE, "--cors-origin", "http://*.test").start()
    yield gateway
    assert gateway.stop() == 0, gateway.log()[-4000:]


def preflight(gateway, origin=PAGE, method="PUT", headers=None, path="/b/k"):
    wire = Wire(gateway)
    given = {"host": wire.host} | ({"origin": origin} if origin else {})
    given |= {"access-control-request-method": method} if method else {}
    return wire.exchange("OPTIONS", head_bytes("OPTIONS", path, given | (headers or {})))


def test_a_preflight_of_an_allowed_origin_is_answered_without_a_signature(shared):
    answer = preflight(shared, headers={"access-control-request-headers": "content-type,x-amz-date"})
    assert answer.status == 200 and answer.body == b""
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "content-type,x-amz-date"
    assert int(answer.headers["access-control-max-age"]) > 0
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin,allowed", [
    ("http://a.test", True), ("http://a.b.test", True), ("https://a.test", False), ("http://a.test.evil", False),
    ("https://app.example.org.evil", False), ("https://APP.example.org", False), ("null", False)])
def test_origins_are_matched_whole(shared, origin, allowed):
    answer = preflight(shared, origin)
    assert answer.status == (200 if allowed else 403)
    assert ("access-control-allow-origin" in answer.headers) == allowed


def test_a_preflight_that_asks_nothing_is_refused(shared):
    is_error(preflight(shared, origin=None), 400, "InvalidRequest")
    is_error(preflight(shared, method=None), 400, "InvalidRequest")
    assert preflight(shared, method="PATCH").status == 403


def test_answers_and_errors_can_be_read_by_the_page(shared, bucket_name):
    wire = Wire(shared)
    assert wire.put(f"/{bucket_name}").status == 200
    put = wire.put(f"/{bucket_name}/k", b"x", headers={"origin": PAGE})
    assert put.headers["access-control-allow-origin"] == PAGE
    assert "ETag" in put.headers["access-control-expose-headers"]
    assert wire.get(f"/{bucket_name}/none", headers={"origin": PAGE}).headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-origin" not in wire.get(f"/{bucket_name}/k", headers={"origin": "http://evil"}).headers
    assert "access-control-allow-origin" not in wire.get(f"/{bucket_name}/k").headers


def test_without_the_setting_there_is_no_cors(gw):
    answer = preflight(gw)
    assert answer.status == 403 and "access-control-allow-origin" not in answer.headers

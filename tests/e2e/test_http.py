# SPDX-License-Identifier: Apache-2.0
"""HTTP itself: connections kept and ended, 100-continue, heads that smuggle, clients that are slow or go away."""
import concurrent.futures
import re
import socket
import threading
import time

import pytest

import clients
import sigv4
from content import MIB, random_bytes
from expect import is_error, listing, nothing_changes
from wire import Connection, Wire, head_bytes, key_path


@pytest.fixture
def path(wire, bucket):
    assert wire.put(f"/{bucket}/o", b"old").status == 200
    return f"/{bucket}/o"


def wait_for(condition, seconds=20):
    """A condition seen from outside, polled; false if it never came to hold."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_connection_serves_many_requests(wire, path):
    with wire.connect() as connection:
        for i in range(50):
            body = random_bytes(i * 100, i)
            assert wire.put(path, body, connection=connection).status == 200
            assert wire.get(path, connection=connection).body == body
            assert wire.get(path + "x", connection=connection).status == 404
            assert wire.head(path, connection=connection).headers["content-length"] == str(len(body))


def test_pipelined_requests_are_answered_in_order(wire, path):
    with wire.connect() as connection:
        one = head_bytes("GET", path, wire.signed("GET", path))
        two = head_bytes("PUT", path, wire.signed("PUT", path, body=b"new")) + b"new"
        connection.send(one + two + one)
        assert [connection.response().body for _ in range(3)] == [b"old", b"", b"new"]


def test_a_request_may_come_byte_by_byte(wire, path):
    with wire.connect() as connection:
        for byte in head_bytes("PUT", path, wire.signed("PUT", path, body=b"slow")) + b"slow":
            connection.send(bytes([byte]))
        assert connection.response().status == 200
    assert wire.get(path).body == b"slow"


def test_every_answer_names_its_request(wire, path):
    ids = [wire.get(p).headers["x-amz-request-id"] for p in (path, path, path + "x", "/")]
    assert len(set(ids)) == 4


def test_continue_is_sent_only_to_who_may(gw, wire, path, bucket):
    body = b"n" * 100_000
    headers = wire.signed("PUT", path, body=body) | {"expect": "100-continue"}
    with wire.connect() as connection:
        connection.send(head_bytes("PUT", path, headers))
        assert connection.head()[0] == 100
        connection.send(body)
        assert connection.response().status == 200
    for bad, status in ((Wire(gw, secret="wrong"), 403), (Wire(gw, key_id="NOBODY"), 403)):
        with nothing_changes(gw, bucket), bad.connect() as connection:
            connection.send(head_bytes("PUT", path, bad.signed("PUT", path, body=body) | {"expect": "100-continue"}))
            assert connection.head()[0] == status
    with wire.connect() as connection:
        target = "/no-such-bucket-here/o"
        connection.send(head_bytes("PUT", target, wire.signed("PUT", target, body=body) | {"expect": "100-continue"}))
        first = connection.head()[0]
        if first == 100:
            connection.send(body)
            first = connection.head()[0]
        assert first == 404


def test_an_empty_upload_that_expects_a_100_gets_it_or_its_connection_ends(wire, bucket):
    """botocore loses its place on a connection that answers at once and goes on."""
    path = f"/{bucket}/empty"
    with wire.connect() as connection:
        connection.send(head_bytes("PUT", path, wire.signed("PUT", path) | {"expect": "100-continue"}))
        status, headers = connection.head()
        if status == 100:
            status, headers = connection.head()
        else:
            assert headers.get("connection", "").lower() == "close"
        assert status == 200
    for _ in range(3):  # one client, one connection
        client = clients.boto(wire.gateway, max_pool_connections=1)
        client.put_object(Bucket=bucket, Key="empty", Body=b"")
        client.put_object(Bucket=bucket, Key="full", Body=b"x" * 5000)


def test_a_refused_upload_is_answered_though_its_body_keeps_coming(gw, path):
    wire = Wire(gw, secret="wrong")
    for size in (1000, 100_000, 5 * MIB):
        is_error(wire.put(path, random_bytes(size)), 403, "SignatureDoesNotMatch")


SMUGGLED = b"DELETE %s HTTP/1.1\r\nHost: x\r\n\r\n"
HEADS = [
    ("length and chunked", [("content-length", "5"), ("transfer-encoding", "chunked")]),
    ("two lengths", [("content-length", "5"), ("content-length", "0")]),
    ("two equal lengths", [("content-length", "0"), ("content-length", "0")]),
    ("list of lengths", [("content-length", "0, 5")]),
    ("length with a plus", [("content-length", "+0")]),
    ("length in hex", [("content-length", "0x5")]),
    ("negative length", [("content-length", "-1")]),
    ("length too large", [("content-length", "99999999999999999999999")]),
    ("length no number", [("content-length", "abc")]),
    ("unknown coding", [("transfer-encoding", "gzip")]),
    ("gzip, chunked", [("transfer-encoding", "gzip, chunked")]),
    ("chunked twice", [("transfer-encoding", "chunked, chunked")]),
    ("chunked in two lines", [("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")]),
    ("chunked spelt wrongly", [("transfer-encoding", "xchunked")]),
    ("two hosts", [("host", "other.example")]),
    ("folded line", [("x-a", "1\r\n 2")]),
    ("blank in a name", [("content length", "0")]),
    ("blank before the colon", [("content-length ", "0")]),
    ("nul in a value", [("x-a", "1\0002")]),
    ("bare cr in a value", [("x-a", "1\r2")]),
    ("no name", [("", "x")]),
]


@pytest.mark.parametrize("name,headers", HEADS, ids=[name for name, _ in HEADS])
def test_a_head_that_could_be_read_in_two_ways_is_refused_and_the_connection_closed(gw, wire, path, bucket, name, headers):
    signed = list(wire.signed("PUT", path, length=False).items())
    with nothing_changes(gw, bucket), wire.connect() as connection:
        connection.send(head_bytes("PUT", path, signed + headers) + b"0\r\n\r\n" + SMUGGLED % path.encode())
        said = connection.rest()
        assert said.split(b" ")[1] in (b"400", b"411", b"413", b"501") if said else True, said
        # libmicrohttpd 0.9.75 says the head of an error of its own twice; only answers of ours are named.
        assert said.count(b"x-amz-request-id") <= 1, "what was smuggled has been read as a request"


@pytest.mark.parametrize("name,raw", [
    ("no host", b"GET / HTTP/1.1\r\n\r\n"), ("no version", b"GET /\r\n\r\n"), ("nonsense", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    ("blank in the target", b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"), ("odd method", b"G(T / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("nul in the target", b"GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n"), ("wild version", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n"),
    ("star", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), ("connect", b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"),
    ("trace", b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n"), ("relative", b"GET a HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("no target", b"GET  HTTP/1.1\r\nHost: x\r\n\r\n"), ("bare newlines", b"GET / HTTP/1.1\nHost: x\n\n"),
    ("long target", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("long header", b"GET / HTTP/1.1\r\nHost: x\r\nx: " + b"a" * 200_000 + b"\r\n\r\n"),
    ("many headers", b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"x%d: y\r\n" % i for i in range(20_000)) + b"\r\n"),
    ("http/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")])
def test_what_is_no_request_is_refused_and_the_gateway_lives_on(gw, wire, name, raw):
    with wire.connect() as connection:
        try:
            connection.send(raw)
            assert connection.response().status >= 300  # 301: what libmicrohttpd 1.0.1 does with a blank
        except (ConnectionError, BrokenPipeError, IndexError, ValueError):
            pass
    assert gw.alive() and wire.get("/").status == 200


def test_the_absolute_form_and_another_host_name_work(wire, path):
    headers = wire.signed("GET", path)
    assert wire.exchange("GET", head_bytes("GET", f"http://{wire.host}{path}", headers)).body == b"old"
    assert wire.get(path, headers={"host": "s3.example.com"}).body == b"old"


def test_http_1_0_clients_are_served(wire, path):
    data = head_bytes("GET", path, wire.signed("GET", path)).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    with wire.connect() as connection:
        connection.send(data)
        assert connection.response().body == b"old"
        assert connection.closed()


def test_an_upload_given_up_in_the_middle_leaves_nothing(gw, wire, bucket):
    body = random_bytes(4 * MIB)
    for payload in (None, sigv4.UNSIGNED):
        for sent in (0, 1, MIB, len(body) - 1):
            path = f"/{bucket}/gone"
            connection = wire.connect()
            connection.send(head_bytes("PUT", path, wire.signed("PUT", path, body=body, payload=payload)) + body[:sent])
            connection.close()
    time.sleep(0.5)  # whatever would become visible by mistake
    assert listing(gw, bucket) == []
    assert wire.put(f"/{bucket}/gone", b"x").status == 200


def test_clients_that_go_away_leave_no_connections_threads_or_memory(gw, wire, bucket):
    body = random_bytes(4 * MIB)
    assert wire.put(f"/{bucket}/o", body).status == 200
    path, files = f"/{bucket}/o", gw.open_files()

    def leave(i):
        connection = wire.connect()
        if i % 2:
            connection.send(head_bytes("GET", path, wire.signed("GET", path)))
            connection.socket.recv(1000)
        else:
            connection.send(head_bytes("PUT", path, wire.signed("PUT", path, body=body)) + body[:i * 10_000])
        connection.close()

    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(leave, range(60)))
    assert wait_for(lambda: gw.open_files() <= files + 24), (files, gw.open_files())
    assert wire.get(path).body == body


def test_clients_that_do_not_read_hold_up_nobody(gw, wire, bucket):
    body = random_bytes(20 * MIB)
    assert wire.put(f"/{bucket}/o", body).status == 200
    path = f"/{bucket}/o"
    stuck = []
    for _ in range(12):
        connection = Connection.__new__(Connection)
        connection.buffer, connection.socket = b"", socket.socket()
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.socket.connect(gw.address)
        connection.socket.settimeout(60)
        connection.send(head_bytes("GET", path, wire.signed("GET", path)))
        stuck.append(connection)
    started = time.monotonic()
    for i in range(20):
        assert wire.put(f"/{bucket}/n{i}", b"x").status == 200
    assert wire.get(path).body == body
    assert time.monotonic() - started < 20
    assert stuck[0].response().body == body  # and the slow get all of it
    for connection in stuck:
        connection.close()


def test_clients_that_do_not_send_hold_up_nobody(gw, wire, bucket):
    stuck = [wire.connect() for _ in range(40)]
    for i, connection in enumerate(stuck):
        path = f"/{bucket}/slow{i}"
        connection.send(head_bytes("PUT", path, wire.signed("PUT", path, body=b"x" * 100)) + b"x" * 50)
    started = time.monotonic()
    for i in range(20):
        assert wire.put(f"/{bucket}/n{i}", b"x").status == 200
    assert time.monotonic() - started < 20
    for connection in stuck[:20]:
        connection.send(b"x" * 50)
        assert connection.response().status == 200
    for connection in stuck:
        connection.close()
    assert wait_for(lambda: len(listing(gw, bucket)) == 40)


def test_a_thousand_idle_connections_cost_no_thread(gw, wire, path):
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))
    idle = [wire.connect() for _ in range(10)]
    threads = gw.threads()
    idle += [wire.connect() for _ in range(990)]
    try:
        for connection in idle[::50]:
            assert wire.get(path, connection=connection).body == b"old"
        assert gw.threads() <= threads + 2
        assert wire.get(path, connection=idle[-1]).body == b"old"
    finally:
        for connection in idle:
            connection.close()


def test_an_object_larger_than_its_buffers_streams_both_ways(gw, wire, bucket):
    """Nothing holds an object in memory: 160 MiB pass through with far less than that."""
    block, blocks, path = random_bytes(8 * MIB), 20, f"/{bucket}/large"
    before = gw.rss()
    peak, done = [before], threading.Event()

    def watch():
        while not done.wait(0.05):
            peak.append(gw.rss())

    threading.Thread(target=watch, daemon=True).start()
    headers = wire.signed("PUT", path, payload=sigv4.UNSIGNED, length=False) | {"content-length": str(blocks * len(block))}
    with wire.connect() as connection:
        connection.send(head_bytes("PUT", path, headers))
        for i in range(blocks):
            connection.send(i.to_bytes(8, "big") + block[8:])
        assert connection.response().status == 200
        connection.send(head_bytes("GET", path, wire.signed("GET", path)))
        status, headers = connection.head()
        assert status == 200 and headers["content-length"] == str(blocks * len(block))
        for i in range(blocks):
            assert connection._exactly(len(block)) == i.to_bytes(8, "big") + block[8:]
    done.set()
    # A sanitizer build keeps freed memory for a while; the exact figure is tests/bench's to find.
    assert max(peak) - before < 400 * MIB


def test_a_source_that_is_cut_never_looks_whole(gw, wire, bucket):
    """A GET that is stopped by its client in the middle can be followed by another on a new connection."""
    body = random_bytes(10 * MIB)
    wire.put(f"/{bucket}/o", body)
    for _ in range(5):
        with wire.connect() as connection:
            connection.send(head_bytes("GET", f"/{bucket}/o", wire.signed("GET", f"/{bucket}/o")))
            connection._exactly(100_000)
    assert wire.get(f"/{bucket}/o").body == body


def test_strange_targets_reach_no_file(gw, wire, bucket):
    for target in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", f"/{bucket}/../../../etc/passwd", "//etc/passwd", "/."):
        answer = wire.get(target)
        assert answer.status in (400, 404) and b"root:" not in answer.body, target


def test_the_gateway_says_where_it_listens(gw):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", gw.url) and re.fullmatch(r"http://127\.0\.0\.1:\d+", gw.hub_url)
    assert gw.url != gw.hub_url


def test_listing_objects_and_reading_at_once_from_many_clients_works(gw, bucket):
    wire = Wire(gw)
    for i in range(20):
        wire.put(key_path(bucket, f"k{i}"), random_bytes(50_000, i))

    def client(n):
        with wire.connect() as connection:
            for i in range(20):
                assert wire.get(f"/{bucket}/k{i}", connection=connection).body == random_bytes(50_000, i)
                if i % 5 == n % 5:
                    assert len(wire.get(f"/{bucket}", "list-type=2", connection=connection).texts("Contents/Key")) == 20

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        list(pool.map(client, range(12)))

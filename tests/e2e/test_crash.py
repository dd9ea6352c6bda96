# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment: nothing that was acknowledged is lost, nothing that was not is seen half."""
import signal
import threading

import pytest

from content import MIB, random_bytes
from expect import listing
from wire import Wire, head_bytes


@pytest.fixture
def gateway(own_gateway):
    gateway = own_gateway()
    assert Wire(gateway).put("/b").status == 200
    return gateway


@pytest.mark.parametrize("size", [0, 5, 200_000, 9 * MIB])
def test_what_was_acknowledged_is_there_after_kill_9(gateway, size):
    wire = Wire(gateway)
    tag = wire.put("/b/o", random_bytes(size)).headers["etag"]
    gateway.kill9()
    gateway.start()
    got = wire.get("/b/o")
    assert got.status == 200 and got.body == random_bytes(size) and got.headers["etag"] == tag


def test_many_acknowledged_in_a_row_are_all_there_after_kill_9(gateway):
    """Killed while writers are at it, several times; every key acknowledged before a kill is there, whole."""
    wire = Wire(gateway)
    acknowledged = {}

    def writer(n, stop):
        i = 0
        try:
            with wire.connect() as connection:
                while not stop.is_set():
                    key, body = f"{n}/{i:04}", random_bytes(1000 + 37 * i, n)
                    if wire.put(f"/b/{key}", body, connection=connection).status == 200:
                        acknowledged[key] = body
                    i += 1
        except (ConnectionError, OSError):
            pass

    for round_number in range(3):
        stop = threading.Event()
        threads = [threading.Thread(target=writer, args=(round_number * 10 + n, stop)) for n in range(4)]
        for thread in threads:
            thread.start()
        stop.wait(0.7)
        gateway.kill9()
        stop.set()
        for thread in threads:
            thread.join()
        gateway.start()
        listed = dict((key, int(size)) for key, _, size in listing(gateway, "b"))
        assert set(acknowledged) <= set(listed)
        assert all(listed[key] == len(body) for key, body in acknowledged.items())
    assert len(acknowledged) > 10
    with wire.connect() as connection:
        for key in listed:  # those not acknowledged may be there, but whole
            got = wire.get(f"/b/{key}", connection=connection)
            assert got.status == 200 and got.whole and got.body == acknowledged.get(key, got.body)


def test_a_delete_that_was_acknowledged_stays_deleted(gateway):
    wire = Wire(gateway)
    wire.put("/b/o", b"x")
    assert wire.delete("/b/o").status == 204
    gateway.kill9()
    gateway.start()
    assert wire.get("/b/o").status == 404 and listing(gateway, "b") == []


def test_an_upload_cut_by_kill_9_leaves_the_old_object(gateway):
    wire = Wire(gateway)
    wire.put("/b/o", b"old")
    body = random_bytes(10 * MIB)
    connection = wire.connect()
    connection.send(head_bytes("PUT", "/b/o", wire.signed("PUT", "/b/o", body=body)) + body[:-1])
    gateway.kill9()
    connection.close()
    gateway.start()
    assert wire.get("/b/o").body == b"old"
    assert wire.put("/b/o", body).status == 200
    assert wire.get("/b/o").body == body


def test_buckets_and_keys_survive_restarts_of_every_kind(gateway):
    wire = Wire(gateway)
    for i in range(4):
        wire.put(f"/b{i}/")
        wire.put(f"/b/k{i}", b"%d" % i)
        gateway.kill9() if i % 2 else gateway.stop()
        gateway.start()
        assert wire.get("/").texts("Buckets/Bucket/Name") == ["b"] + [f"b{j}" for j in range(i + 1)]
        assert [key for key, _, _ in listing(gateway, "b")] == [f"k{j}" for j in range(i + 1)]


def test_sigterm_lets_a_running_upload_finish(gateway):
    wire = Wire(gateway)
    body = random_bytes(2 * MIB)
    connection = wire.connect()
    connection.send(head_bytes("PUT", "/b/o", wire.signed("PUT", "/b/o", body=body) | {"expect": "100-continue"}))
    assert connection.head()[0] == 100  # it is running
    connection.send(body[:MIB])
    gateway.process.send_signal(signal.SIGTERM)
    connection.send(body[MIB:])
    assert connection.response().status == 200
    connection.close()
    assert gateway.process.wait(60) == 0
    gateway.process = None
    gateway.start()
    assert wire.get("/b/o").body == body


def test_sigterm_with_idle_clients_ends_soon(gateway):
    idle = [Wire(gateway).connect() for _ in range(20)]
    assert gateway.stop(timeout=30) == 0
    for connection in idle:
        connection.close()
    gateway.start()

# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests. One gateway and one Hub serve all tests of a worker; each test has a bucket of its
own, so tests neither wait for nor see each other. What stops or kills a gateway asks for one of its own: `own_gateway`.
"""
import itertools
import os

import pytest

import clients
from daemon import BINARY, Gateway, Hub
from wire import Wire

_numbers = itertools.count(1)


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: minutes long; only with HUGS3_SLOW set (./check --full)")


def pytest_sessionstart():
    if not os.access(BINARY, os.X_OK):
        pytest.exit(f"there is no {BINARY}: ./check build makes it, HUGS3_BINARY names another", returncode=2)


def pytest_collection_modifyitems(items):
    if not os.environ.get("HUGS3_SLOW"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow: ./check --full"))


@pytest.fixture(scope="session")
def gw(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), environment={"HUGS3_LOG_LEVEL": "info"}).start()
    yield gateway
    alive = gateway.alive()
    assert alive, f"the gateway died during the tests:\n{gateway.log()[-6000:]}"
    assert gateway.stop() == 0, f"unclean end:\n{gateway.log()[-6000:]}"


@pytest.fixture(autouse=True)
def still_alive(request):
    """Blames the test during which the shared gateway died, and gives the others a new one."""
    yield
    if "gw" in request.fixturenames:
        gateway = request.getfixturevalue("gw")
        if not gateway.alive():
            status = gateway.process.wait()
            gateway.process = None
            log = gateway.log()[-6000:]
            gateway.start()
            pytest.fail(f"the gateway died with status {status}:\n{log}")


@pytest.fixture(scope="session")
def hub(tmp_path_factory):
    hub = Hub(tmp_path_factory.mktemp("hub")).start()
    yield hub
    assert hub.alive(), f"the Hub died during the tests:\n{hub.log()[-6000:]}"
    assert hub.stop() == 0, f"unclean end:\n{hub.log()[-6000:]}"


@pytest.fixture
def own_gateway(tmp_path):
    """A function that starts gateways which end with the test."""
    started = []

    def start(*flags, **kw):
        directory = kw.pop("directory", tmp_path / f"gateway{len(started)}")
        started.append(Gateway(directory, *flags, **kw))
        return started[-1].start()

    yield start
    for gateway in started:
        if gateway.process is not None:
            assert gateway.alive(), f"the gateway died:\n{gateway.log()[-6000:]}"
            assert gateway.stop() == 0, f"unclean end:\n{gateway.log()[-6000:]}"


@pytest.fixture
def wire(gw):
    return Wire(gw)


@pytest.fixture
def s3(gw):
    return clients.boto(gw)


@pytest.fixture
def bucket_name():
    """A name no other test of this or another worker uses."""
    return f"t{next(_numbers)}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


@pytest.fixture
def bucket(gw, bucket_name):
    response = Wire(gw).put("/" + bucket_name)
    assert response.status == 200, response.body
    return bucket_name

# SPDX-License-Identifier: Apache-2.0
"""What the storage has is not sent again: whoever stored it, in whichever bucket, and after a restart, too."""
import random
import shutil
import subprocess
import sys

import pytest

from content import MIB, random_bytes
from daemon import ALICE, KEY_ID, SECRET, Daemon, Hub, free_environment
from wire import Wire


class Remote(Daemon):
    """`hugs3 serve` on a Hub of another process."""

    def __init__(self, directory, hub):
        self.key_id, self.secret = KEY_ID, SECRET
        super().__init__(directory, ["serve", "--state-dir", directory / "state", "--listen", "127.0.0.1:0",
                                     "--admin-listen", "127.0.0.1:0", "--hf-endpoint", hub.url],
                         {"HUGS3_ACCESS_KEY_ID": KEY_ID, "HUGS3_SECRET_ACCESS_KEY": SECRET, "HUGS3_HF_TOKEN": ALICE})


@pytest.fixture
def own_hub(tmp_path):
    """A Hub that has nothing yet."""
    hub = Hub(tmp_path / "hub").start()
    yield hub
    assert hub.stop() == 0, hub.log()[-6000:]
    shutil.rmtree(tmp_path / "hub")  # pytest would keep hundreds of MiB


@pytest.fixture
def remote(tmp_path, own_hub):
    """A function that starts gateways on the one Hub."""
    started = []

    def start(name):
        started.append(Remote(tmp_path / name, own_hub).start())
        return started[-1]

    yield start
    for gateway in started:
        assert gateway.stop() == 0, gateway.log()[-6000:]


def put(gateway, path, body):
    """Bytes that went to the storage."""
    response = Wire(gateway).put(path, body)
    assert response.status == 200, response
    return int(response.headers["x-hugs3-uploaded-bytes"])


def upload_with_hf_xet(hub, home, bucket, path):
    code = """
import sys
from huggingface_hub import HfApi
api = HfApi()
api.create_bucket(sys.argv[1])
api.batch_bucket_files(sys.argv[1], add=[(sys.argv[2], "file")])
"""
    home.mkdir()
    env = free_environment(home, HF_ENDPOINT=hub.url, HF_TOKEN=ALICE, HF_HOME=home / "hf",
                           HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1", PYTHONWARNINGS="ignore")
    done = subprocess.run([sys.executable, "-c", code, bucket, path], env=env, cwd=home, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-5000:]


def changed(body, share, places, seed):
    """`share` of the body is other bytes, in a few places."""
    body, n = bytearray(body), int(len(body) * share / places)
    for i in range(places):
        at = len(body) // places * i + len(body) // places // 2
        body[at:at + n] = random.Random(f"{seed}/{i}").randbytes(n)
    return bytes(body)


def test_what_hf_xet_has_uploaded_is_not_sent_again_through_s3(own_hub, remote, tmp_path):
    body = random_bytes(64 * MIB, "hf_xet")
    (tmp_path / "file").write_bytes(body)
    upload_with_hf_xet(own_hub, tmp_path / "home", "alice/theirs", tmp_path / "file")
    gateway = remote("gateway")
    assert Wire(gateway).put("/ours").status == 200
    assert put(gateway, "/ours/key", body) < 2 * MIB
    assert Wire(gateway).get("/ours/key").body == body


def test_what_another_gateway_has_uploaded_is_not_sent_again(own_hub, remote):
    """The CAS describes one xorb with each answer: the first one is found by the first chunk."""
    body = random_bytes(12 * MIB, "another")
    one, other = remote("one"), remote("other")
    for gateway, bucket in ((one, "one"), (other, "other")):
        assert Wire(gateway).put("/" + bucket).status == 200
    assert put(one, "/one/key", body) >= 12 * MIB
    assert put(other, "/other/key", body) < 6 * MIB
    assert Wire(other).get("/other/key").body == body


def test_a_checkpoint_with_little_changed_sends_little_before_and_after_a_restart(own_hub, remote):
    body = b"".join(random.Random(f"checkpoint/{i}").randbytes(64 * MIB) for i in range(4))
    gateway = remote("gateway")
    for bucket in ("/first", "/second"):
        assert Wire(gateway).put(bucket).status == 200
    assert put(gateway, "/first/step-1", body) >= len(body)
    second = changed(body, 0.01, 4, "second")
    assert put(gateway, "/second/step-2", second) <= 0.03 * len(body)
    gateway.restart()
    third = changed(second, 0.01, 4, "third")
    assert put(gateway, "/second/step-3", third) <= 0.03 * len(body)
    assert put(gateway, "/first/step-1-again", body) <= 0.01 * len(body)
    assert Wire(gateway).get("/second/step-3").body == third


def test_the_index_of_an_embedded_hub_outlives_its_port(own_gateway):
    gateway = own_gateway()
    body = random_bytes(20 * MIB, "port")
    assert Wire(gateway).put("/bucket").status == 200
    assert put(gateway, "/bucket/a", body) >= len(body)
    gateway.restart()
    assert put(gateway, "/bucket/b", body) == 0
    assert Wire(gateway).get("/bucket/b").body == body


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:100] + b"!" + b[101:], lambda b: b""],
                         ids=["cut short", "one byte", "empty"])
def test_a_damaged_index_is_as_good_as_none(own_gateway, damage):
    gateway = own_gateway()
    body = random_bytes(MIB // 2, "damage")
    assert Wire(gateway).put("/bucket").status == 200
    assert put(gateway, "/bucket/a", body) >= len(body)
    gateway.stop()
    index = gateway.dir / "data" / "chunks.idx"
    index.write_bytes(damage(index.read_bytes()))
    gateway.start()
    assert put(gateway, "/bucket/b", body) >= len(body)
    assert Wire(gateway).get("/bucket/b").body == body

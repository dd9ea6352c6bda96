# SPDX-License-Identifier: Apache-2.0
"""The command line, the files it leaves, and what stands in the log and the process table."""
import pathlib
import socket
import stat
import subprocess

import pytest
import requests

from daemon import BINARY, SECRET, Gateway, Hub, free_environment
from wire import Wire


def hugs3(*arguments, home, **environment):
    return subprocess.run([BINARY, *map(str, arguments)], env=free_environment(home, **environment), cwd=home,
                          capture_output=True, text=True, timeout=60)


def test_version_and_help_are_said_on_stdout(tmp_path):
    assert hugs3("version", home=tmp_path).stdout.startswith("hugs3 ")
    assert "serve" in hugs3("--help", home=tmp_path).stdout
    done = hugs3("serve", "--help", home=tmp_path)
    assert done.returncode == 0
    for flag in ("--listen", "--local", "--hub-listen", "--admin-listen", "--config", "HF_TOKEN"):
        assert flag in done.stdout, flag


@pytest.mark.parametrize("arguments", [["nonsense"], ["serve", "--nonsense"], ["serve", "--listen"], ["serve", "--memory", "lots"],
                                       ["hub"], [], ["serve", "--config", "/no/such/file"], ["serve", "--log-level", "loud"]])
def test_a_wrong_command_line_is_refused_with_a_sentence(tmp_path, arguments):
    done = hugs3(*arguments, home=tmp_path)
    assert done.returncode == 2 and done.stdout == "" and "hugs3" in done.stderr


@pytest.mark.parametrize("listen", ["127.0.0.1:99999", "127.0.0.1", "nonsense:80", "256.1.1.1:80", ""])
def test_an_address_that_is_none_is_refused(tmp_path, listen):
    done = hugs3("serve", "--local", tmp_path / "d", "--listen", listen, "--hub-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                 home=tmp_path)
    assert done.returncode not in (0, 99) and done.returncode > 0 and done.stderr


def test_an_address_in_use_is_named(gw, tmp_path):
    address = "%s:%d" % gw.address
    done = hugs3("serve", "--local", tmp_path / "d", "--listen", address, "--hub-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                 home=tmp_path)
    assert done.returncode == 1 and address in done.stderr


def test_a_pair_of_keys_is_made_once_and_only_its_owner_can_read_it(own_gateway, tmp_path):
    gateway = own_gateway(keys=None)
    path = gateway.dir / "data" / "credentials"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and str(path) in gateway.log()
    made = path.read_text()
    pair = dict(line.split(" = ") for line in made.splitlines() if " = " in line)
    key, secret = pair["aws_access_key_id"], pair["aws_secret_access_key"]
    assert len(secret) >= 32 and secret not in gateway.log()
    assert Wire(gateway, key, secret).put("/b").status == 200
    gateway.restart()
    assert path.read_text() == made
    assert Wire(gateway, key, secret).get("/").texts("Buckets/Bucket/Name") == ["b"]


def test_two_gateways_have_different_keys(own_gateway):
    texts = [own_gateway(keys=None).dir.joinpath("data", "credentials").read_text() for _ in range(2)]
    assert texts[0] != texts[1]


def test_state_is_for_its_owner_only(own_gateway):
    gateway = own_gateway()
    Wire(gateway).put("/b")
    assert stat.S_IMODE((gateway.dir / "data").stat().st_mode) & 0o077 == 0
    for path in (gateway.dir / "data").rglob("token"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_process_on_the_same_directory_is_refused(own_gateway, tmp_path):
    gateway = own_gateway()
    done = hugs3("serve", "--local", gateway.dir / "data", "--listen", "127.0.0.1:0", "--hub-listen", "127.0.0.1:0",
                 "--admin-listen", "127.0.0.1:0", home=tmp_path)
    assert done.returncode == 1 and done.stderr
    assert Wire(gateway).put("/b").status == 200


def test_secrets_stand_in_no_command_line(gw):
    line = pathlib.Path(f"/proc/{gw.process.pid}/cmdline").read_bytes()
    assert SECRET.encode() not in line


def test_a_secret_is_refused_as_a_flag(tmp_path):
    done = hugs3("serve", "--local", tmp_path / "d", "--secret-access-key", "hush", home=tmp_path)
    assert done.returncode == 2 and "hush" not in done.stderr + done.stdout


def test_health_is_answered_on_the_admin_address(tmp_path, own_gateway):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own_gateway("--admin-listen", f"127.0.0.1:{port}")
    assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=10).status_code == 200


def test_a_wrong_token_or_hub_is_said_at_the_start(hub, tmp_path):
    for endpoint, token in ((hub.url, "hf_nobody"), ("http://127.0.0.1:1", "hf_alice0000000000000000")):
        done = hugs3("serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--state-dir", tmp_path / "s", home=tmp_path,
                     HF_ENDPOINT=endpoint, HF_TOKEN=token)
        assert done.returncode == 1 and endpoint in done.stderr and token not in done.stderr


def test_a_gateway_stands_before_a_hub_of_another_process(hub, tmp_path, bucket_name):
    gateway = Gateway(tmp_path / "g")
    gateway.arguments = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--state-dir", str(tmp_path / "g/state")]
    gateway.environment |= {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_alice0000000000000000"}
    gateway.start()
    wire = Wire(gateway)
    assert wire.put(f"/{bucket_name}").status == 200
    assert wire.put(f"/{bucket_name}/o", b"x" * 200_000).status == 200
    assert wire.get(f"/{bucket_name}/o").body == b"x" * 200_000
    assert requests.get(f"{hub.url}/api/buckets/alice/{bucket_name}", timeout=10,
                        headers={"authorization": "Bearer hf_alice0000000000000000"}).json()["totalFiles"] == 1
    assert gateway.stop() == 0


def test_a_hub_that_goes_away_is_503_and_comes_back(tmp_path):
    hub = Hub(tmp_path / "h").start()
    gateway = Gateway(tmp_path / "g")
    gateway.arguments = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--state-dir", str(tmp_path / "g/state")]
    gateway.environment |= {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_alice0000000000000000"}
    gateway.start()
    wire = Wire(gateway)
    assert wire.put("/b").status == 200 and wire.put("/b/o", b"x").status == 200
    address = "%s:%d" % hub.address
    hub.stop()
    answer = wire.put("/b/p", b"y")
    assert answer.status == 503 and answer.code in ("ServiceUnavailable", "SlowDown"), answer
    hub.arguments[hub.arguments.index("127.0.0.1:0")] = address
    hub.start()
    assert wire.put("/b/p", b"y").status == 200 and wire.get("/b/o").body == b"x"
    assert gateway.stop() == 0 and hub.stop() == 0


def test_the_hub_makes_a_token_when_nobody_is_named(tmp_path):
    hub = Hub(tmp_path, users=[]).start()
    token = tmp_path / "hub" / "token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    me = requests.get(f"{hub.url}/api/whoami-v2", headers={"authorization": f"Bearer {token.read_text().strip()}"}, timeout=10)
    assert me.json()["name"] == "local" and token.read_text().strip() not in hub.log()
    assert hub.stop() == 0

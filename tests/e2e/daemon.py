# SPDX-License-Identifier: Apache-2.0
"""The real binary as a child process: started, stopped, killed and looked at from outside.

A Gateway is `hugs3 serve` on an embedded Hub of its own, a Hub is `hugs3 hub` alone. Both listen on port 0 and say where;
a restart moves them to another port, so ask for `url` after it, never before.
"""
import os
import pathlib
import re
import signal
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("HUGS3_BINARY") or str(ROOT / "build/dev/hugs3")
READY_S = 60  # a sanitizer build on a busy machine

# The people of every embedded Hub of the tests: token -> name[:organisations].
ALICE, BOB = "hf_alice0000000000000000", "hf_bob000000000000000000"
USERS = [f"{ALICE}=alice:org1", f"{BOB}=bob"]

KEY_ID, SECRET = "AKIDHUGS3TEST0000000", "hugs3/test+secret/0123456789abcdefghijk="


def free_environment(home, **more):
    """The environment of a child that must not see this machine's settings: no AWS_*, HF_*, HUGS3_* or proxies."""
    keep = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")}
    asan = "abort_on_error=0:exitcode=99:detect_leaks=1:allocator_may_return_null=1"
    return keep | {"HOME": str(home), "ASAN_OPTIONS": asan, "LSAN_OPTIONS": "print_suppressions=0",
                   "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"} | {k: str(v) for k, v in more.items()}


class Daemon:
    def __init__(self, directory, arguments, environment=None):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.arguments = [str(a) for a in arguments]
        self.environment = environment or {}
        self.log_path = self.dir / "stderr.log"
        self.process = None
        self.url = None
        self.said = []  # lines of stdout

    def start(self):
        """Returns when the daemon has said `ready URL`."""
        assert self.process is None, "already running"
        self.said = []
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, *self.arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, cwd=self.dir,
                env=free_environment(self.dir, **self.environment), text=True)
        ready = threading.Event()
        threading.Thread(target=self._listen, args=(self.process, ready), daemon=True).start()
        ready.wait(READY_S)
        lines = [line for line in self.said if line.startswith("ready ")]
        if not lines:
            self.process.kill()
            raise AssertionError(f"not ready: {' '.join(self.process.args)}\n{self.log()[-4000:]}")
        self.url = lines[0].split()[1]
        return self

    def _listen(self, process, ready):
        for line in process.stdout:
            self.said.append(line.rstrip("\n"))
            if line.startswith("ready "):
                ready.set()
        ready.set()  # it ended

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, timeout=60):
        """SIGTERM; the exit status, which is 99 or more when a sanitizer has something to say."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process = None
        return status

    def kill9(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def _status(self, field):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+)", text, re.M)[1])

    def rss(self):
        """Resident memory, bytes."""
        return self._status("VmRSS") * 1024

    def threads(self):
        return self._status("Threads")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    @property
    def address(self):
        host, port = self.url.removeprefix("http://").rsplit(":", 1)
        return host, int(port)


class Hub(Daemon):
    """`hugs3 hub`: the embedded Hub alone."""

    def __init__(self, directory, *more, users=USERS):
        directory = pathlib.Path(directory)
        flags = [f for user in users for f in ("--user", user)]
        super().__init__(directory, ["hub", "--dir", directory / "hub", "--listen", "127.0.0.1:0", *flags, *more])


class Gateway(Daemon):
    """`hugs3 serve --local`: gateway and embedded Hub in one process."""

    def __init__(self, directory, *more, keys=(KEY_ID, SECRET), environment=None):
        directory = pathlib.Path(directory)
        self.key_id, self.secret = keys or (None, None)
        given = {"HUGS3_ACCESS_KEY_ID": self.key_id, "HUGS3_SECRET_ACCESS_KEY": self.secret} if keys else {}
        flags = [f for user in USERS for f in ("--user", user)]
        super().__init__(
            directory,
            ["serve", "--local", directory / "data", "--listen", "127.0.0.1:0", "--hub-listen", "127.0.0.1:0",
             "--admin-listen", "127.0.0.1:0", *flags, *more],
            given | (environment or {}))

    def start(self):
        super().start()
        hub = [line for line in self.said if line.startswith("hub http")]
        # Without a line of its own, the log says where.
        found = hub[-1].split()[1:] if hub else re.findall(r"http://127\.0\.0\.1:\d+", self._hub_log_line())
        self.hub_url = found[0] if found else None
        return self

    def _hub_log_line(self):
        lines = [line for line in self.log().splitlines() if re.search(r"\bhub=|embedded Hub|module=localhub", line)]
        return "\n".join(reversed([line for line in lines if "http://127" in line]))

# SPDX-License-Identifier: Apache-2.0
"""The figures behind the claims: hugs3 beside hf_xet on one embedded Hub, small objects, memory, idle connections.

Each figure is taken on a gateway freshly started on an empty directory, so nothing is deduplicated by accident. Rates of
several rounds are the best of them, with the spread behind; memory is the worst.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from daemon import ALICE, Gateway, free_environment  # noqa: E402

MIB, GIB = 1 << 20, 1 << 30
PEAK_MIB_ALLOWED = 512

HF_UP = """
import sys, time
from huggingface_hub import HfApi
api = HfApi()
api.create_bucket("alice/hf")
start = time.monotonic()
api.batch_bucket_files("alice/hf", add=[(sys.argv[1], "file")])
print(time.monotonic() - start)
"""
HF_DOWN = """
import sys, time
from huggingface_hub import HfApi
api = HfApi()
api.bucket_info("alice/hf")
start = time.monotonic()
api.download_bucket_files("alice/hf", [("file", sys.argv[1])])
print(time.monotonic() - start)
"""


class Bench:
    def __init__(self, options):
        self.dir = pathlib.Path(options.dir)
        self.rounds = options.rounds
        self.big = 64 * MIB if options.quick else GIB
        self.seconds = "1" if options.quick else "5"
        self.rows = []

    def row(self, what, values, unit, note=""):
        best = max(values)
        spread = f"{min(values):.0f}..{best:.0f}" if len(values) > 1 else ""
        self.rows.append((what, best, unit, spread, note))
        print(f"  {what}: {best:.1f} {unit} {note}", file=sys.stderr, flush=True)

    # ---- what is measured on

    def gateway(self):
        shutil.rmtree(self.dir, ignore_errors=True)
        gateway = Gateway(self.dir / "gateway").start()
        self.load(gateway, "mkbucket")
        return gateway

    def load(self, gateway, op, *flags, check=True):
        command = [str(ROOT / "build/bench/load"), "-a", "%s:%d" % gateway.address, "-k", gateway.key_id, "-b", "bench", "-o", op,
                   *map(str, flags)]
        done = subprocess.run(command, env=os.environ | {"HUGS3_SECRET_ACCESS_KEY": gateway.secret}, capture_output=True, text=True)
        if check and done.returncode != 0:
            sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}\n{gateway.log()[-2000:]}")
        return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}

    def hugging_face(self, gateway, code, path):
        env = free_environment(self.dir, HF_ENDPOINT=gateway.hub_url, HF_TOKEN=ALICE, HF_HOME=self.dir / "hf-home",
                               HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1", PYTHONWARNINGS="ignore")
        done = subprocess.run([sys.executable, "-c", code, str(path)], env=env, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr)
        return self.big / float(done.stdout.split()[-1]) / 1e6

    @staticmethod
    def reset_peak(gateway):
        pathlib.Path(f"/proc/{gateway.process.pid}/clear_refs").write_text("5")

    @staticmethod
    def peak_mib(gateway):
        return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text())[1]) / 1024

    @staticmethod
    def cpu_s(gateway):
        fields = pathlib.Path(f"/proc/{gateway.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # ---- the figures

    def start(self):
        times, idle = [], []
        for _ in range(3):
            shutil.rmtree(self.dir, ignore_errors=True)
            begin = time.monotonic()
            gateway = Gateway(self.dir / "gateway").start()
            times.append((time.monotonic() - begin) * 1000)
            time.sleep(1)
            idle.append(gateway.rss() / MIB)
            gateway.stop()
        self.row("start until ready", [min(times)], "ms")
        self.row("idle RSS, embedded Hub included", idle, "MiB")

    def large(self):
        """One stream of random bytes, hugs3 and hf_xet in turn."""
        found = {name: [] for name in ("put", "put signed", "get", "hf up", "hf down")}
        cpu = {}
        for i in range(self.rounds):
            for name, flags in (("put", []), ("put signed", ["-S"])):
                gateway = self.gateway()
                before = self.cpu_s(gateway)
                found[name].append(self.load(gateway, "put", "-s", self.big, "-n", 1, "-x", i, *flags)["MB_s"])
                cpu[name] = (self.cpu_s(gateway) - before) / self.big * 1e9
                if name == "put":
                    before = self.cpu_s(gateway)
                    found["get"].append(self.load(gateway, "get", "-s", self.big, "-n", 1, "-x", i)["MB_s"])
                    cpu["get"] = (self.cpu_s(gateway) - before) / self.big * 1e9
                gateway.stop()
            gateway = self.gateway()
            path = self.dir / "random"
            with open(path, "wb") as out:
                for _ in range(self.big // MIB):
                    out.write(os.urandom(MIB))
            found["hf up"].append(self.hugging_face(gateway, HF_UP, path))
            path.unlink()
            found["hf down"].append(self.hugging_face(gateway, HF_DOWN, self.dir / "back"))
            gateway.stop()
        size = f"{self.big // MIB} MiB"
        for name, title in (("put", "PUT"), ("put signed", "PUT, body signed"), ("get", "GET, every byte checked")):
            self.row(f"{title}, {size}, one connection", found[name], "MB/s", f"{cpu[name]:.2f} CPU s/GB")
        self.row(f"hf_xet upload, {size}", found["hf up"], "MB/s")
        self.row(f"hf_xet download, {size}", found["hf down"], "MB/s")

    def small(self):
        gateway = self.gateway()
        for connections in (1, 16):
            for op in ("put", "get", "head"):
                flags = ["-s", 4096, "-c", connections, "-p", f"s{connections}", "-t", self.seconds]
                objects = flags + (["-m", count] if op != "put" else [])
                before = self.cpu_s(gateway)
                result = self.load(gateway, op, *objects)
                if op == "put":
                    count = result["done"]
                us = (self.cpu_s(gateway) - before) / result["done"] * 1e6
                self.row(f"{op.upper()} 4 KiB, {connections} connections", [result["per_s"]], "/s",
                         f"p50 {result['p50_ms']:.2f} ms, p99 {result['p99_ms']:.2f} ms, {us:.0f} us CPU each")
        gateway.stop()

    def memory(self):
        gateway = self.gateway()
        for op in ("put", "get"):
            self.reset_peak(gateway)
            rate = self.load(gateway, op, "-s", self.big, "-c", 8, "-n", 8, "-m", 8)["MB_s"]
            peak = self.peak_mib(gateway)
            self.row(f"peak RSS, 8 parallel {op.upper()}s of {self.big // MIB} MiB", [peak], "MiB",
                     f"{rate:.0f} MB/s in all" + ("" if peak <= PEAK_MIB_ALLOWED else f"; above {PEAK_MIB_ALLOWED}"))
        time.sleep(2)
        self.row("RSS after it", [gateway.rss() / MIB], "MiB")
        gateway.stop()

    def huge(self):
        gateway = self.gateway()
        for op in ("put", "get"):
            self.reset_peak(gateway)
            rate = self.load(gateway, op, "-s", 4 * self.big, "-n", 1, "-m", 1)["MB_s"]
            self.row(f"peak RSS, {op.upper()} of {4 * self.big // MIB} MiB", [self.peak_mib(gateway)], "MiB", f"{rate:.0f} MB/s")
        gateway.stop()

    def idle(self):
        gateway = self.gateway()
        threads, rss = gateway.threads(), gateway.rss()
        command = [str(ROOT / "build/bench/load"), "-a", "%s:%d" % gateway.address, "-k", gateway.key_id, "-b", "bench", "-o", "idle",
                   "-c", "1000", "-t", "3"]
        holder = subprocess.Popen(command, env=os.environ | {"HUGS3_SECRET_ACCESS_KEY": gateway.secret}, stdout=subprocess.PIPE, text=True)
        assert holder.stdout.readline().startswith("holding")
        time.sleep(1)
        self.row("RSS with 1,000 idle connections", [gateway.rss() / MIB], "MiB", f"{rss / MIB:.1f} without")
        self.row("threads with 1,000 idle connections", [gateway.threads()], "", f"{threads} without")
        result = json.loads(holder.stdout.read())
        self.row("of which still answer", [result["alive"]], "")
        gateway.stop()

    def table(self):
        width = max(len(row[0]) for row in self.rows)
        for what, value, unit, spread, note in self.rows:
            number = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
            print(f"{what:<{width}}  {number:>9} {unit:<5} {spread:>12}  {note}".rstrip())


def main():
    figures = ["start", "idle", "small", "large", "memory", "huge"]
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="small sizes and short times: does it run at all")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--dir", default=str(ROOT / "build/bench/data"))
    parser.add_argument("--only", default=",".join(figures))
    options = parser.parse_args()
    bench = Bench(options)
    for name in options.only.split(","):
        getattr(bench, name)()
    shutil.rmtree(bench.dir, ignore_errors=True)
    bench.table()


if __name__ == "__main__":
    main()

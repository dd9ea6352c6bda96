#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over every tracked C file, on all cores: tidy.py BUILD_DIR

A file that was found clean is not looked at again until it, a header of ours, .clang-tidy, clang-tidy itself or the
file's compile command changes; BUILD_DIR/tidy remembers them by hash.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in out.stdout.split("\0") if name and (ROOT / name).exists()]


def digest(*parts):
    h = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode()
        h.update(b"%d:" % len(data))
        h.update(data)
    return h.hexdigest()


def main(build):
    build = pathlib.Path(build)
    clean = build / "tidy"
    clean.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True).stdout
    common = digest(version, (ROOT / ".clang-tidy").read_bytes(), *(p.read_bytes() for p in tracked("*.h")))
    commands = {c["file"]: c["command"] for c in json.loads((build / "compile_commands.json").read_text())}

    def look(path):
        stamp = clean / digest(common, path.read_bytes(), commands[str(path)])
        if stamp.exists():
            return True, ""
        # gcc wrote the compile commands; clang does not know all of its warnings.
        run = subprocess.run(
            ["clang-tidy", "--quiet", "-p", str(build), "--extra-arg=-Wno-unknown-warning-option", str(path)],
            capture_output=True, text=True)
        if run.returncode == 0:
            stamp.touch()
        return run.returncode == 0, run.stdout + ("" if run.returncode == 0 else run.stderr)

    files = [p for p in tracked("*.c") if str(p) in commands]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(look, files))
    for ok, text in results:
        if not ok:
            print(text)
    bad = sum(not ok for ok, _ in results)
    print(f"clang-tidy: {len(files)} files, {bad} with findings")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

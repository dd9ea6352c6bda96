# SPDX-License-Identifier: Apache-2.0
"""Bytes to store: random (so nothing compresses or repeats by accident) but the same in every run."""
import concurrent.futures
import functools
import random

from wire import Wire, key_path

KIB, MIB = 1 << 10, 1 << 20


@functools.lru_cache(maxsize=16)
def random_bytes(n, seed=0):
    return random.Random(f"{n}/{seed}").randbytes(n)


def put_all(gateway, bucket, objects, threads=8):
    """Stores a dict of key -> bytes over a few connections kept alive."""
    wire, items = Wire(gateway), list(objects.items())

    def share(i):
        with wire.connect() as connection:
            for key, body in items[i::threads]:
                response = wire.put(key_path(bucket, key), body, connection=connection)
                assert response.status == 200, (key, response)

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(share, range(threads)))

# SPDX-License-Identifier: Apache-2.0
"""Every checksum S3 knows, as the base64 its headers carry, made by others than the code under test."""
import base64
import hashlib
import zlib

import awscrt.checksums

ALGORITHMS = {
    "crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "crc32c": lambda data: awscrt.checksums.crc32c(data).to_bytes(4, "big"),
    "crc64nvme": lambda data: awscrt.checksums.crc64nvme(data).to_bytes(8, "big"),
    "sha1": lambda data: hashlib.sha1(data).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
}


def checksum(algorithm, data):
    return base64.b64encode(ALGORITHMS[algorithm](data)).decode()


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()

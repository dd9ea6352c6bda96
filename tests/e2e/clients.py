# SPDX-License-Identifier: Apache-2.0
"""Other people's clients, pointed at a gateway and cut off from this machine's settings."""
import functools
import os
import pathlib
import subprocess
import sys

import boto3
import botocore.config

from daemon import free_environment

TOOLS = pathlib.Path(sys.executable).parent  # the venv's: aws, s5cmd, rclone, s3cmd


@functools.lru_cache(maxsize=64)
def _boto(url, key_id, secret, options):
    # Newest defaults (checksums included) but for what a test asks for; no retries, so that errors are seen at once.
    usual = {"s3": {"addressing_style": "path"}, "retries": {"total_max_attempts": 1}, "signature_version": "s3v4",
             "read_timeout": 120, "max_pool_connections": 32}
    config = botocore.config.Config(**usual | dict(options))
    return boto3.session.Session().client("s3", endpoint_url=url, aws_access_key_id=key_id, region_name="us-east-1",
                                          aws_secret_access_key=secret, config=config)


def boto(gateway, key_id=None, secret=None, **options):
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    return _boto(gateway.url, key_id or gateway.key_id, secret or gateway.secret, tuple(sorted(options.items())))


def run(gateway, tool, *arguments, home, check=True, **environment):
    """One of the venv's tools with the gateway's keys in its environment."""
    env = free_environment(
        home, AWS_ACCESS_KEY_ID=gateway.key_id, AWS_SECRET_ACCESS_KEY=gateway.secret, AWS_DEFAULT_REGION="us-east-1",
        AWS_ENDPOINT_URL=gateway.url, AWS_EC2_METADATA_DISABLED="true", AWS_MAX_ATTEMPTS="1", **environment)
    done = subprocess.run([str(TOOLS / tool), *map(str, arguments)], env=env, cwd=home, capture_output=True, text=True,
                          timeout=540)
    if check:
        assert done.returncode == 0, f"{done.args}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


def aws(gateway, *arguments, home, **kw):
    return run(gateway, "aws", *arguments, home=home, **kw)

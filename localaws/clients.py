"""boto3 clients that talk to the emulator and to nothing else."""

from __future__ import annotations

import functools
import os
import threading
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config

from localaws import in_process

ACCESS_KEY: Final = "local"
SECRET_KEY: Final = "local"  # noqa: S105 - the emulator takes any

_lock = threading.Lock()


def make_client(service: str, *, region: str, endpoint: str, validate: bool = True) -> Any:
    """Return a client of ``service``, the same one for the same arguments.

    Clients may be shared by threads; making one takes longer than most calls.
    """
    with _lock:
        return _make(service, region, endpoint, validate)


@functools.lru_cache(maxsize=256)
def _make(service: str, region: str, endpoint: str, validate: bool) -> Any:  # noqa: FBT001
    config = Config(
        parameter_validation=validate,
        retries={"total_max_attempts": 1},
        connect_timeout=10,
        read_timeout=300,
        max_pool_connections=50,
        # The emulator is on this machine: no proxy leads to it.
        proxies={},
    )
    client = _session().client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=config,
    )
    in_process.shorten(client, endpoint)
    return client


@functools.cache
def _session() -> Any:
    """Return the one session: what a session learns of a service, its next client need not."""
    # AWS_PROFILE of the caller may name a profile that this machine lacks: it is not asked.
    session = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    # The stubs know each service's name as a literal; here it is any of them.
    return boto3.Session(botocore_session=session)


def forget() -> None:
    """Close the clients made so far: their emulator is gone."""
    with _lock:
        _make.cache_clear()


def environment(*, endpoint: str, region: str) -> dict[str, str]:
    """Return the variables that make any AWS client talk to the emulator, and only to it."""
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }

"""The AWS API of a target: one session, its clients, and the identity behind it."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

from batch.contract import Platform
from batchctl.errors import AwsRefused
from batchctl.target import Target

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_stepfunctions import SFNClient

# Lists over many machines meet the small buckets of Step Functions: wait and go on.
RETRIES: Any = {"mode": "adaptive", "max_attempts": 10}

# An emulator throttles nobody, and one that does not answer is not running.
LOCAL_RETRIES: Any = {"mode": "standard", "max_attempts": 2}


CONNECTIONS = 32
"""Calls under way at once, where there are many to make; adaptive retries slow them where AWS
throttles."""


class Aws:
    """Clients for one target, made when first used."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._making = threading.Lock()
        self._others: dict[tuple[str, ...], Any] = {}
        key, secret = target.credentials or (None, None)
        # The profile that the shell names is not for an emulator, and may not be on this machine.
        no_profile = {"profile": (None, None, None, None)} if target.credentials else {}
        self._session = boto3.Session(
            profile_name=None if target.credentials else target.profile,
            region_name=target.region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            botocore_session=botocore.session.Session(session_vars=no_profile),
        )

    def _client(self, service: Any, region: str | None = None) -> Any:
        return self._session.client(
            service,
            region_name=region,
            endpoint_url=self.target.endpoint,
            config=Config(
                retries=LOCAL_RETRIES if self.target.endpoint else RETRIES,
                connect_timeout=5,
                max_pool_connections=CONNECTIONS,
                # The way to an emulator leads through no proxy.
                proxies={} if self.target.credentials else None,
            ),
        )

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client of any other service, in the target's region unless told; made once."""
        place = () if region in (None, self.target.region) else (region,)
        # A session makes one client at a time.
        with self._making:
            if (service, *place) not in self._others:
                self._others[service, *place] = self._client(service, *place)
            return self._others[service, *place]

    @functools.cached_property
    def machines(self) -> SFNClient:
        """Step Functions."""
        client: SFNClient = self._client("stepfunctions")
        return client

    @functools.cached_property
    def schedules(self) -> EventBridgeSchedulerClient:
        """EventBridge Scheduler."""
        client: EventBridgeSchedulerClient = self._client("scheduler")
        return client

    @functools.cached_property
    def logs(self) -> CloudWatchLogsClient:
        """CloudWatch Logs."""
        client: CloudWatchLogsClient = self._client("logs")
        return client

    @functools.cached_property
    def tasks(self) -> ECSClient:
        """ECS."""
        client: ECSClient = self._client("ecs")
        return client

    @functools.cached_property
    def tables(self) -> Any:
        """DynamoDB."""
        return self._client("dynamodb")

    @functools.cached_property
    def tags(self) -> ResourceGroupsTaggingAPIClient:
        """Resource Groups Tagging API."""
        client: ResourceGroupsTaggingAPIClient = self._client("resourcegroupstaggingapi")
        return client

    @functools.cached_property
    def identity(self) -> tuple[str, str]:
        """Account and ARN of the caller.

        Raises:
            AwsRefused: The stack's configuration names another account.
        """
        caller = self._client("sts").get_caller_identity()
        account, arn = caller["Account"], caller["Arn"]
        if self.target.account not in (None, account):
            raise AwsRefused(
                f"{self.target.stack}: these credentials are of account {account}, "
                f"the stack is in {self.target.account}; choose another --profile"
            )
        return account, arn

    @functools.cached_property
    def platform(self) -> Platform:
        """The platform with its account, as AWS tells it."""
        account, arn = self.identity
        return Platform(
            self.target.platform,
            self.target.stack,
            account,
            self.target.region,
            partition=arn.split(":")[1],
        )

    @property
    def caller(self) -> str:
        """Who calls, in a word: the end of the ARN, a user's name or the name of a session."""
        return self.identity[1].rpartition(":")[2].rpartition("/")[2]

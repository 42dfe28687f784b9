"""Which platform a command speaks to: the options, and what they resolve to.

In a checkout ``--env`` is enough: the stack's YAML names the platform, its region and, for the
emulator, its endpoint. Elsewhere ``--platform``, ``--stack`` and ``--region`` say it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from batchctl.completion import stacks

DEFAULT_PLATFORM = "batch"
ENV_VARIABLE = "BATCHCTL_ENV"

PROFILE = "batchctl.profile"
"""Key of click's ``meta``: the profile of the target, empty if it names none."""


@dataclass(frozen=True)
class Target:
    """A deployed platform, and how its AWS API is reached."""

    platform: str
    stack: str
    region: str
    account: str | None = None
    """The account that the stack's configuration names, or None: then STS is asked."""
    endpoint: str | None = None
    profile: str | None = None
    credentials: tuple[str, str] | None = None
    """Access key and secret of the emulator; never of a real account."""
    production: bool | None = None
    """Whether the stack's configuration calls it so; None where there is none to read."""

    @property
    def prefix(self) -> str:
        """The start of every physical name."""
        return f"{self.platform}-{self.stack}"


def resolve(
    *,
    env: str | None,
    platform: str | None,
    stack: str | None,
    region: str | None,
    endpoint: str | None,
    profile: str | None,
    project_dir: Path | None = None,
) -> Target:
    """Return what the options mean.

    Raises:
        click.UsageError: They do not say which platform.
        batch.errors.BatchError: The stack's file is missing or wrong.
    """
    if env and stack and env != stack:
        raise click.UsageError(f"--env {env} and --stack {stack} differ; give one of them")
    if env is None and platform is None and stack is None:
        raise click.UsageError(
            "which platform? give --env (in a checkout), or --platform, --stack and --region"
        )
    if env is not None:
        return _of_stack_file(
            env, platform=platform, region=region, endpoint=endpoint, profile=profile,
            project_dir=project_dir,
        )  # fmt: skip
    if stack is None:
        raise click.UsageError("--platform needs --stack too, for instance --stack prod")
    region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise click.UsageError("which region? give --region or set AWS_REGION")
    return Target(platform or DEFAULT_PLATFORM, stack, region, endpoint=endpoint, profile=profile)


def _of_stack_file(
    env: str,
    *,
    platform: str | None,
    region: str | None,
    endpoint: str | None,
    profile: str | None,
    project_dir: Path | None,
) -> Target:
    from batch import stackfile

    file = stackfile.read(env, project_dir or checkout(), secrets="omit")
    aws = file.namespace("aws")
    project = file.namespace(file.project)
    keys = (aws.get("accessKey"), aws.get("secretKey"))
    return Target(
        platform or str(project.get("name", DEFAULT_PLATFORM)),
        env,
        region or str(aws.get("region") or _no_region(env)),
        account=str(project.get("accountId") or "") or None,
        endpoint=endpoint or _endpoint(file.endpoints),
        profile=profile or aws.get("profile"),
        credentials=(str(keys[0]), str(keys[1])) if keys[0] and keys[1] else None,
        production=str(project.get("production", False)).lower() == "true",
    )


def _no_region(env: str) -> str:
    raise click.UsageError(f"Pulumi.{env}.yaml has no aws:region; set it or give --region")


def _endpoint(endpoints: Mapping[str, str]) -> str | None:
    """Return the one address that the provider's endpoints name, or None for AWS itself."""
    addresses = set(endpoints.values())
    return addresses.pop() if len(addresses) == 1 else None


def checkout() -> Path:
    """Return the nearest folder with a Pulumi.yaml from here upwards, or this one."""
    here = Path.cwd()
    return next((at for at in (here, *here.parents) if (at / "Pulumi.yaml").is_file()), here)


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name the platform; the command gets ``target``."""

    @click.option(
        "--env",
        envvar=ENV_VARIABLE,
        shell_complete=stacks,
        help="Stack of this checkout: local, stg, prod.",
    )
    @click.option("--platform", help="Name of the platform. Default: the stack's, or batch.")
    @click.option("--stack", help="Stack of the platform, outside its checkout.")
    @click.option("--region", help="AWS region. Default: the stack's, or AWS_REGION.")
    @click.option("--endpoint", metavar="URL", help="AWS API to call instead of AWS's own.")
    @click.option("--profile", help="Profile of the AWS configuration.")
    @functools.wraps(command)
    def with_target(
        *args: Any,
        env: str | None,
        platform: str | None,
        stack: str | None,
        region: str | None,
        endpoint: str | None,
        profile: str | None,
        **kwargs: Any,
    ) -> Any:
        target = resolve(
            env=env, platform=platform, stack=stack, region=region, endpoint=endpoint,
            profile=profile,
        )  # fmt: skip
        # For the text of a refusal, which is made where no command is known any more.
        click.get_current_context().meta[PROFILE] = target.profile or ""
        return command(*args, target=target, **kwargs)

    return with_target

"""A command that runs on the platform while it is deployed, and fails the update if it fails."""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_command as command

from batch.contract import Trigger
from batch.errors import InvalidInput, Problem
from components.connection import connect


class RunOnDeployArgs(TypedDict):
    """Arguments of :class:`RunOnDeploy`."""

    platform: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """The connection of the BatchPlatform that the command runs on."""

    command: NotRequired[list[str]]
    """The program and its arguments, without a shell. Either this or shell is needed."""

    shell: NotRequired[str]
    """One string that bash -c runs, in place of command."""

    cpu: NotRequired[int]
    """CPU units of the run. Defaults to the platform's."""

    memory: NotRequired[int]
    """MiB of the run. Defaults to the platform's."""

    triggers: NotRequired[list[pulumi.Input[str]]]
    """Values that make it run again when they change. It also runs again when the command changes,
    and when the platform's task definition does, that is with each new image. Defaults to none
    besides these."""

    endpoint: NotRequired[str]
    """The AWS API to call. Defaults to the one of the stack's aws:endpoints, or AWS itself."""

    profile: NotRequired[str]
    """The profile of the credentials. Defaults to the stack's aws:profile, or what the environment
    says."""


class RunOnDeploy(pulumi.ComponentResource):
    """A migration, a smoke test: it runs during the update, which fails unless it succeeds.

    A run that was skipped has done nothing and fails it too. A job that must not run before has
    this in its ``depends_on``.
    """

    output: pulumi.Output[str]
    """What the command wrote."""

    def __init__(
        self, name: str, args: RunOnDeployArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Run the command, if it has not been run as it is now.

        Raises:
            InvalidInput: there is no command, or two.
        """
        line = _line(name, args)
        super().__init__("batch:index:RunOnDeploy", name, {}, opts)
        connection = connect(args["platform"])
        options = _options(line, args)
        run = command.local.Command(
            name,
            create=pulumi.Output.all(
                platform=connection["platform"],
                stack=connection["stack"],
                region=connection["region"],
                definition=connection["taskdefinition"],
            ).apply(lambda known: _words(options, **known)),
            triggers=[connection["taskdefinition"], *args.get("triggers", [])],
            environment=_environment(),
            # What the last run wrote can be larger than an environment may be.
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.output = run.stdout
        self.register_outputs({"output": self.output})


def _line(name: str, args: RunOnDeployArgs) -> str:
    """Return the command as ``batchctl run --command`` takes it."""
    words, shell = args.get("command"), args.get("shell")
    fix = "give command (a list) or shell (one string)"
    if words and shell:
        raise InvalidInput([Problem(name, "both command and shell are given", fix)])
    if not words and not (shell and shell.strip()):
        raise InvalidInput([Problem(name, "there is no command", fix)])
    # A list always: a shell line that begins with a bracket must not be taken for one.
    return json.dumps(words or ["bash", "-c", shell])


def _options(line: str, args: RunOnDeployArgs) -> dict[str, Any]:
    aws = pulumi.Config("aws")
    return {
        "--endpoint": args.get("endpoint") or _endpoint(aws),
        "--profile": args.get("profile") or aws.get("profile"),
        "--cpu": args.get("cpu"),
        "--memory": args.get("memory"),
        "--trigger": Trigger.DEPLOY.value,
        "--command": line,
    }


def _words(
    options: dict[str, Any], *, platform: str, stack: str, region: str, definition: str
) -> str:
    """Return the command. Nothing of it is left to the caller's surroundings."""
    given = {
        "--platform": platform,
        "--stack": stack,
        "--region": region,
        **options,
        "--expect-task-definition": definition,
    }
    words = [word for key, value in given.items() if value for word in (key, _text(value))]
    return shlex.join([_python(), "-m", "batchctl", "run", "--wait", "--follow", *words])


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, int | float) else str(value)


def _endpoint(aws: pulumi.Config) -> str | None:
    """Return the address of the stack's AWS API where it is not AWS itself."""
    services: list[dict[str, str]] = aws.get_object("endpoints") or []
    addresses = [
        address for service in services for key, address in service.items() if key == "sfn"
    ]
    return addresses[0] if addresses else None


def _environment() -> dict[str, pulumi.Input[str]]:
    """Return what the command needs of the stack's provider, which is not on its command line."""
    aws = pulumi.Config("aws")
    # It names a stack too, and would contradict the options.
    environment: dict[str, pulumi.Input[str]] = {"BATCHCTL_ENV": ""}
    key, secret = aws.get("accessKey"), aws.get_secret("secretKey")
    if key and secret is not None:
        environment |= {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
    return environment


def _python() -> str:
    """Return this program's interpreter, relative if it is below the project.

    The command is an input of the resource: with an absolute path another checkout would run it
    again.
    """
    executable, here = Path(sys.prefix, "bin", "python"), Path.cwd()
    if not executable.exists():
        return sys.executable
    if executable.is_relative_to(here):
        return os.fspath(executable.relative_to(here))
    return os.fspath(executable)

"""What a task may: its execution role pulls, logs and reads secrets, its task role mounts.

What the emulator does not do itself (it pulls no image, it mounts nothing) is asked all the
same, where ECS would do it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from localaws.access import documents
from localaws.access.authorization import Caller, Refused, assumed, require_all
from localaws.access.clients import AuthorizedClient
from localaws.access.policy import Request
from localaws.executors import CannotStart

log = logging.getLogger(__name__)

_REPOSITORY: Final = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.[a-z.]+/(?P<name>[^:@]+)"
)
_LAYERS: Final = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
)


def _role(definition: Any, attribute: str) -> str | None:
    # A definition without one lacks the attribute as well.
    found: str | None = getattr(definition, attribute, None)
    return found


@dataclass(frozen=True)
class Rights:
    """The two roles of a task; without one nothing is asked."""

    task_arn: str
    execution: Caller | None
    own: Caller | None

    @classmethod
    def of(cls, task_arn: str, definition: Any, overrides: Mapping[str, Any]) -> Self:
        """Return the rights of a task."""

        def caller(role: str | None) -> Caller | None:
            ecs = Caller("ecs-tasks.amazonaws.com", task_arn, session=task_arn.rsplit("/", 1)[-1])
            return replace(ecs, role_arn=role) if role else None

        return cls(
            task_arn,
            caller(overrides.get("executionRoleArn") or _role(definition, "execution_role_arn")),
            caller(overrides.get("taskRoleArn") or _role(definition, "task_role_arn")),
        )

    @property
    def _region(self) -> str:
        return documents.parts(self.task_arn)[1]

    def client(self, client: Any) -> Any:
        """Return a client that may what the execution role may."""
        return AuthorizedClient(client, self.execution) if self.execution else client

    def require_roles(self) -> None:
        """Return if ECS may take both roles.

        Raises:
            CannotStart: If it may not.
        """
        for caller in (self.execution, self.own):
            if caller:
                try:
                    assumed(caller)
                except Refused as refused:
                    raise CannotStart(
                        f"ECS was unable to assume the role '{caller.role_arn}' that was provided "
                        "for this task. Please verify that the role being passed has the proper "
                        "trust relationship and permissions and that your IAM user has "
                        f"permissions to pass this role. ({refused})"
                    ) from refused

    def require_image(self, image: str) -> None:
        """Return if an image can be pulled, as far as that is for IAM to say.

        Raises:
            CannotStart: If it cannot.
        """
        found = _REPOSITORY.match(image)
        if not found:
            return
        region, account = found["region"], found["account"]
        repository = f"arn:aws:ecr:{region}:{account}:repository/{found['name']}"
        self._require(
            self.execution,
            [Request("ecr:GetAuthorizationToken", "*")],
            "ResourceInitializationError: unable to pull secrets or registry auth: execution "
            "resource retrieval failed: unable to retrieve ecr registry auth",
        )
        self._require(
            self.execution,
            [Request(action, repository) for action in _LAYERS],
            f"CannotPullContainerError: pull image manifest has been retried 1 time(s): {image}",
        )

    def require_volumes(self, definition: Any) -> None:
        """Return if the volumes of a task definition can be mounted as they are to be.

        On AWS a mount without ``ClientWrite`` succeeds and the first write fails; here what is
        mounted to be written to must be allowed to be.

        Raises:
            CannotStart: If one cannot.
        """
        written = {
            mount.get("sourceVolume")
            for container in definition.container_definitions
            for mount in container.get("mountPoints") or []
            if not mount.get("readOnly")
        }
        _, region, account, _ = documents.parts(self.task_arn)
        place = f"arn:aws:elasticfilesystem:{region}:{account}"
        for volume in definition.volumes or []:
            efs = volume.get("efsVolumeConfiguration") or {}
            authorization = efs.get("authorizationConfig") or {}
            if authorization.get("iam") != "ENABLED":
                continue
            context = {}
            if point := authorization.get("accessPointId"):
                context["elasticfilesystem:AccessPointArn"] = f"{place}:access-point/{point}"
            actions = ["ClientMount", *(["ClientWrite"] if volume["name"] in written else [])]
            file_system = f"{place}:file-system/{efs['fileSystemId']}"
            self._require(
                self.own,
                [Request(f"elasticfilesystem:{a}", file_system, context) for a in actions],
                "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS "
                "volumes: mount.nfs4: access denied by server while mounting 127.0.0.1:/",
            )

    def require_stream(self, group: str, stream: str, *, region: str) -> None:
        """Return if the log stream of a container may be made.

        Raises:
            CannotStart: If it may not.
        """
        self._require(
            self.execution,
            [self._logs("CreateLogStream", group, stream, region)],
            "ResourceInitializationError: failed to validate logger args: create stream has been "
            "retried 1 times: failed to create Cloudwatch log stream",
        )

    def may_write(self, group: str, stream: str, *, region: str) -> bool:
        """Return whether a container's lines get into its log stream; it runs in any case."""
        request = self._logs("PutLogEvents", group, stream, region)
        try:
            if self.execution:
                require_all(self.execution, [request], region=region)
        except Refused as refused:
            log.warning("log stream %s of %s: %s", stream, group, refused)
            return False
        return True

    def _logs(self, action: str, group: str, stream: str, region: str) -> Request:
        account = documents.parts(self.task_arn)[2]
        place = f"arn:aws:logs:{region}:{account}"
        return Request(f"logs:{action}", f"{place}:log-group:{group}:log-stream:{stream}")

    def _require(self, caller: Caller | None, requests: list[Request], failed: str) -> None:
        try:
            if caller:
                require_all(caller, requests, region=self._region)
        except Refused as refused:
            raise CannotStart(f"{failed}: AccessDeniedException: {refused}") from refused

"""What the tests of tasks do with ECS again and again."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from moto.moto_api._internal.models import moto_api_backend

from localaws import clients, fidelity
from localaws.feed import Feed, Happening, LogLine, TaskStateChange
from localaws.server import Server
from localaws.tasks import Tasks

ACCOUNT = "123456789012"
REGION = "ap-northeast-1"
GROUP = "/batch/batch-local"
PATIENCE_SECONDS = 30.0


def wait_for(met: Callable[[], Any], what: str = "it") -> Any:
    """Return the first true value of ``met``."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if value := met():
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen within {PATIENCE_SECONDS} s")


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    return state not in "ZX"


class Ecs:
    """An emulator's ECS with real tasks, and a cluster on it."""

    def __init__(self, endpoint: str, *, executor: str, image: str = "nothing/here:1") -> None:
        self.endpoint = endpoint
        self.executor = executor
        self.image = image
        self.feed = Feed()
        self.happenings: list[Happening] = []
        self._news = threading.Condition()
        self.feed.subscribe(self._hear)
        self.tasks = Tasks(self.feed, endpoint=endpoint, executor=executor)
        self.tasks.install()
        self.api.create_cluster(clusterName="c")
        self.client("logs").create_log_group(logGroupName=GROUP)
        subnets = self.client("ec2").describe_subnets()["Subnets"]
        self._network = {"awsvpcConfiguration": {"subnets": [subnets[0]["SubnetId"]]}}

    def client(self, service: str) -> Any:
        return clients.make_client(service, region=REGION, endpoint=self.endpoint)

    @property
    def api(self) -> Any:
        return self.client("ecs")

    def _hear(self, happening: Happening) -> None:
        with self._news:
            self.happenings.append(happening)
            self._news.notify_all()

    def lines(self) -> list[LogLine]:
        return [each for each in self.happenings if isinstance(each, LogLine)]

    def changes(self) -> list[TaskStateChange]:
        return [each for each in self.happenings if isinstance(each, TaskStateChange)]

    def wait_for_line(self, text: str) -> LogLine:
        def written() -> LogLine | None:
            return next((line for line in self.lines() if text in line.text), None)

        with self._news:
            assert self._news.wait_for(written, PATIENCE_SECONDS), f"{text!r} was not written"
        line = written()
        assert line
        return line

    def register(self, *containers: dict[str, Any]) -> str:
        """Register a task definition; each container says what is not usual."""
        logs = {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": GROUP,
                "awslogs-region": REGION,
                "awslogs-stream-prefix": "task",
            },
        }
        usual = {"name": "app", "image": self.image, "logConfiguration": logs}
        made = self.api.register_task_definition(
            family=f"f{uuid4().hex}",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{**usual, **each} for each in containers or ({},)],
        )
        return made["taskDefinition"]["taskDefinitionArn"]

    def start(
        self,
        *command: str,
        environment: dict[str, str] | None = None,
        definition: str = "",
        **options: Any,
    ) -> str:
        """Run a task and return its ARN."""
        override: dict[str, Any] = {"name": "app"}
        if command:
            override["command"] = list(command)
        if environment:
            override["environment"] = [{"name": n, "value": v} for n, v in environment.items()]
        answer = self.api.run_task(
            **{
                "cluster": "c",
                "taskDefinition": definition or self.register(),
                "launchType": "FARGATE",
                "networkConfiguration": self._network,
                "overrides": {"containerOverrides": [override] if len(override) > 1 else []},
            }
            | options
        )
        return answer["tasks"][0]["taskArn"]

    def describe(self, task: str) -> dict[str, Any]:
        return self.api.describe_tasks(cluster="c", tasks=[task])["tasks"][0]

    def is_(self, task: str, status: str) -> dict[str, Any] | None:
        described = self.describe(task)
        return described if described["lastStatus"] == status else None

    def end_of(self, task: str) -> dict[str, Any]:
        return wait_for(lambda: self.is_(task, "STOPPED"), f"the end of {task}")

    def run(self, *command: str, **options: Any) -> dict[str, Any]:
        """Run a task to its end."""
        return self.end_of(self.start(*command, **options))

    def texts(self, task: str, container: str = "app") -> list[str]:
        """Return what CloudWatch has of a task."""
        answer = self.client("logs").get_log_events(
            logGroupName=GROUP,
            logStreamName=f"task/{container}/{task.rsplit('/', 1)[-1]}",
            startFromHead=True,
        )
        return [event["message"] for event in answer["events"]]

    def stop(self, task: str, **options: Any) -> dict[str, Any]:
        return self.api.stop_task(cluster="c", task=task, **options)["task"]


@contextmanager
def serving() -> Iterator[Server]:
    """A server with the patches on."""
    fidelity.apply_all()
    with Server() as server:
        yield server
    clients.forget()


@contextmanager
def playing(server: Server, **options: Any) -> Iterator[Ecs]:
    """An empty ECS; what runs at the end is ended."""
    moto_api_backend.reset()
    ecs = Ecs(server.endpoint, **options)
    try:
        yield ecs
    finally:
        ecs.tasks.close()

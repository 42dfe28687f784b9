"""A platform in the emulator with machines of jobs, whose tasks really run."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from batch.contract import Platform
from batch.documents import containers, job_machine, run_task_machine
from batch.job import Backoff, Job
from localaws.emulator import Emulator
from localaws.feed import Happening, LogLine, TaskStateChange
from tests.local.control import ControlTable
from tests.local.ecs import wait_for
from tests.local.executions import end_of
from tests.roles import open_role

PLATFORM = Platform("batch", "local", "123456789012", "us-east-1")
AT_ONCE = Backoff(1, 0, 1, 1, jitter=False)


def time_out(run: str) -> None:
    """Have the run's own limit end it, as Step Functions does: at once, its task left alone."""
    _, _, _, region, account, *_ = run.split(":")
    execution = stepfunctions_parser_backends[account][region].describe_execution(run)
    execution.exec_worker.env.set_timed_out()


class Machines:
    """A platform in the emulator, and the machines of its jobs."""

    def __init__(self, emulator: Emulator) -> None:
        self.states = emulator.client("stepfunctions")
        self.ecs = emulator.client("ecs")
        self.happenings: list[Happening] = []
        emulator.feed.subscribe(self.happenings.append)
        self._count = 0
        self._lock = threading.Lock()
        self._role = open_role(emulator.client("iam"), "machines", path=PLATFORM.role_path)
        self.table = ControlTable(emulator.client("dynamodb"), PLATFORM).make()
        self.ecs.create_cluster(
            clusterName=PLATFORM.prefix, capacityProviders=["FARGATE", "FARGATE_SPOT"]
        )
        emulator.client("logs").create_log_group(logGroupName=PLATFORM.task_log_group)
        ec2 = emulator.client("ec2")
        self._network: dict[str, Any] = {
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "security_groups": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
            "public_ip": False,
            "project": "batch",
        }
        self.register(PLATFORM.family())

    def register(self, family: str, *others: dict[str, Any], **changed: Any) -> str:
        """Register a task definition: the platform's container, and others before it."""
        [app] = containers.definitions(
            image="nothing/here:1",
            container="app",
            log_group=PLATFORM.task_log_group,
            region=PLATFORM.region,
        )
        self.ecs.register_task_definition(
            family=family,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[
                *({"image": "nothing/here:1"} | o for o in others),
                app | changed,
            ],
        )
        return family

    def make(
        self, *command: str, family: str = "", group_limit: int | None = None, **changed: Any
    ) -> str:
        """Make the machine of a job and return its ARN."""
        with self._lock:
            self._count += 1
            name = f"job-{self._count}"
        job = replace(Job(name, command, start_retry=AT_ONCE), **changed)
        definition = job_machine.definition(
            platform=PLATFORM,
            job=job,
            family=family or PLATFORM.family(),
            container="app",
            group_limit=group_limit,
            **self._network,
        )
        return self._create(name, definition)

    def make_for_commands(self) -> str:
        """Make the machine for arbitrary commands and return its ARN."""
        return self._create(
            "run-task",
            run_task_machine.definition(platform=PLATFORM, container="app", **self._network),
        )

    def _create(self, name: str, definition: dict[str, Any]) -> str:
        made = self.states.create_state_machine(
            name=PLATFORM.state_machine(name),
            definition=json.dumps(definition),
            roleArn=self._role,
        )
        return made["stateMachineArn"]

    def start(self, machine: str, given: Any = None) -> str:
        answer = self.states.start_execution(
            stateMachineArn=machine, input=json.dumps({} if given is None else given)
        )
        return answer["executionArn"]

    def record(self, run: str) -> dict[str, Any]:
        """Return what the control table has of a run, by its ARN."""
        *_, machine, name = run.split(":")
        found = self.table.run(str(PLATFORM.job_of(machine)), name)
        assert found is not None, f"{run} is not in the control table"
        return found

    def end(self, run: str) -> dict[str, Any]:
        """Return a run once it has ended; its output or cause as data."""
        described = end_of(self.states, run)
        told = described.get("output") or described.get("cause")
        return described | {"told": json.loads(told) if told else None}

    def run(self, machine: str, given: Any = None) -> dict[str, Any]:
        return self.end(self.start(machine, given))

    def failed(self, machine: str, given: Any = None) -> tuple[str, dict[str, Any]]:
        """Run to the end; return the error and the cause."""
        run = self.run(machine, given)
        assert run["status"] == "FAILED", run
        return run["error"], run["told"]

    def task(self, arn: str) -> dict[str, Any]:
        answer = self.ecs.describe_tasks(cluster=PLATFORM.prefix, tasks=[arn], include=["TAGS"])
        return answer["tasks"][0]

    def changes(self, run: str) -> list[tuple[int, str]]:
        """Return attempt and status of the tasks of a run, as they came."""
        name = run.rsplit(":", 1)[-1]
        return [
            (h.attempt, h.detail["lastStatus"])
            for h in tuple(self.happenings)
            if isinstance(h, TaskStateChange) and h.run == name
        ]

    def running_task(self, run: str) -> str:
        """Return the ARN of the task of a run once it runs."""
        name = run.rsplit(":", 1)[-1]

        def running() -> str | None:
            for h in tuple(self.happenings):
                if not isinstance(h, TaskStateChange) or h.run != name:
                    continue
                if h.detail["lastStatus"] == "RUNNING":
                    return str(h.detail["taskArn"])
            return None

        return str(wait_for(running, f"a task of {run}"))

    def lines(self, run: dict[str, Any]) -> list[str]:
        return [
            h.text
            for h in tuple(self.happenings)
            if isinstance(h, LogLine) and h.run == run["name"]
        ]

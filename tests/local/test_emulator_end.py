"""How an emulator begins and ends. No other may run beside these."""

from __future__ import annotations

import socket
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from moto.ecs.models import EC2ContainerServiceBackend

from localaws import fidelity
from localaws.clock import MovedClock
from localaws.emulator import Emulator
from localaws.errors import PortInUse
from localaws.feed import ScheduleFired
from tests.local.test_emulator import machine, wait_for
from tests.roles import open_role


def ours() -> set[str]:
    return {thread.name for thread in threading.enumerate() if "localaws" in thread.name}


def test_it_begins_empty():
    with Emulator(fires=False) as first:
        first.client("sqs").create_queue(QueueName="q")

    with Emulator(fires=False) as second:
        assert "QueueUrls" not in second.client("sqs").list_queues()


def test_nothing_is_left_of_it():
    fidelity.apply_all()
    run_task = EC2ContainerServiceBackend.run_task
    with Emulator(executor="process") as emulator:
        arn = machine(emulator, [sys.executable, "-c", "import time; time.sleep(600)"])
        emulator.client("stepfunctions").start_execution(stateMachineArn=arn)
        wait_for(lambda: emulator.client("ecs").list_tasks(cluster="c")["taskArns"])
        address = ("127.0.0.1", int(emulator.endpoint.rsplit(":", 1)[1]))
        assert EC2ContainerServiceBackend.run_task is not run_task

    assert ours() == set()
    with socket.socket() as free, pytest.raises(ConnectionRefusedError):
        free.connect(address)
    assert EC2ContainerServiceBackend.run_task is run_task


def test_a_port_in_use_leaves_nothing_behind():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        emulator = Emulator(port=taken.getsockname()[1])

        with pytest.raises(PortInUse), emulator:
            pytest.fail("it began")

    assert ours() == set()


def test_scheduler_and_schedules_go_by_its_clock():
    start = datetime(2030, 1, 1, 11, 59, 58, tzinfo=UTC)
    with Emulator(executor="process", clock=MovedClock(start)) as emulator:
        fired = []
        emulator.feed.subscribe(fired.append)
        scheduler = emulator.client("scheduler")
        target = {
            "Arn": machine(emulator, [sys.executable, "-c", ""]),
            "RoleArn": open_role(emulator.client("iam")),
        }
        common = {"FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
        with pytest.raises(scheduler.exceptions.ValidationException, match="past"):
            # In the future for this machine's clock.
            scheduler.create_schedule(
                Name="past", ScheduleExpression="at(2030-01-01T11:00:00)", **common
            )

        scheduler.create_schedule(
            Name="next", ScheduleExpression="at(2030-01-01T12:00:00)", **common
        )

        fire = wait_for(lambda: [h for h in fired if isinstance(h, ScheduleFired)])[0]
        assert fire.scheduled_time == start + timedelta(seconds=2)
        assert (fire.target_arn, fire.error) == (target["Arn"], None)

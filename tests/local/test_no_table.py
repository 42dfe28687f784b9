"""A platform without its control table: an emulator of its own, for there is one a process."""

from __future__ import annotations

from batch.job import Overlap
from localaws.emulator import Emulator
from tests.local.machines import Machines


def test_no_run_begins_without_the_table():
    with Emulator(executor="process") as emulator:
        machines = Machines(emulator)
        machine = machines.make("true", overlap=Overlap.SKIP)
        machines.table.client.delete_table(TableName=machines.table.name)

        error, cause = machines.failed(machine)

        assert error == "Job.NotStarted"
        assert cause["reason"].startswith(
            "the control table could not be written: DynamoDb.ResourceNotFoundException"
        )

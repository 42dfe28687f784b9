"""The control table of a platform, as the operator's tool reads and writes it.

Nothing else of batchctl calls DynamoDB. A job costs no call of its own: jobs, pauses and open runs
are one partition each, and a run's index is read from its newest end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from batch import control
from batchctl import deployed
from batchctl.aws import Aws
from batchctl.errors import AwsRefused, NotDeployed, OperatorError
from batchctl.queries import Runs
from batchctl.records import JobState, Pause, RunRecord

_MOST_PAGES: Final = 50
"""Of one look through the runs of a job. A page is 1 MB, about a thousand runs."""

_MOST_OPEN: Final = 10_000

_BATCH: Final = 100
"""Keys of one BatchGetItem."""


class Table:
    """The control table of the platform that ``aws`` is of."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    # Jobs and pauses

    def pauses(self) -> dict[str, Pause]:
        """Return what is paused, by job; ``control.EVERY_JOB`` stands for the platform."""
        now = datetime.now(UTC)
        found = map(Pause.of_item, self._partition(control.PAUSES))
        # DynamoDB takes away what has expired when it has time.
        return {pause.job: pause for pause in found if pause.active(now)}

    def pause(self, pause: Pause) -> Pause | None:
        """Write a pause; return the one that it took the place of."""
        return _other(self._call("put_item", Item=pause.item(), ReturnValues="ALL_OLD"), pause)

    def resume(self, job: str) -> Pause | None:
        """End a pause; return it, or None where there was none."""
        key = {control.PARTITION_KEY: control.PAUSES, control.SORT_KEY: job}
        return _other(self._call("delete_item", Key=_typed(key), ReturnValues="ALL_OLD"))

    def jobs(self) -> dict[str, JobState]:
        """Return the last results of every job that ever ended a run."""
        return {state.job: state for state in map(JobState.of_item, self._partition(control.JOBS))}

    def job(self, job: str) -> JobState:
        """Return the last results of one job."""
        item = self._item({control.PARTITION_KEY: control.JOBS, control.SORT_KEY: job})
        return JobState.of_item(item) if item else JobState(job)

    # Runs

    def run(self, job: str, name: str) -> RunRecord | None:
        """Return the record of a run, if there is one."""
        item = self._item(control.run_key(job, name))
        return RunRecord.of_item(item) if item else None

    def runs_named(self, jobs: Sequence[str], name: str) -> list[RunRecord]:
        """Return the runs of that name, whichever of ``jobs`` they are of."""
        found = []
        for at in range(0, len(jobs), _BATCH):
            keys = [_typed(control.run_key(job, name)) for job in jobs[at : at + _BATCH]]
            asked: Any = {self.name: {"Keys": keys, "ConsistentRead": True}}
            while asked:
                answer = self._call("batch_get_item", of_table=False, RequestItems=asked)
                found += [RunRecord.of_item(item) for item in answer["Responses"][self.name]]
                asked = answer.get("UnprocessedKeys")
        return found

    def open_runs(self) -> list[RunRecord]:
        """Return the runs whose end is not recorded, the newest first."""
        return self._newest(control.OPEN, control.RUNNING, Runs(), most=_MOST_OPEN)

    def of_job(self, job: str, which: Runs, *, most: int) -> list[RunRecord]:
        """Return runs of a job, the newest first."""
        return self._newest(control.BY_JOB, job, which, most=most)

    def of_days(self, which: Runs, *, most: int) -> list[RunRecord]:
        """Return runs of all jobs between two moments, the newest first: a query a day."""
        assert which.since  # noqa: S101 - a query a day needs a first and a last one
        assert which.until  # noqa: S101
        found: list[RunRecord] = []
        day = which.until.astimezone(UTC).date()
        while day >= which.since.astimezone(UTC).date() and len(found) < most:
            left = most - len(found)
            found += self._newest(control.BY_DAY, day.isoformat(), which, most=left)
            day -= timedelta(days=1)
        return found

    # Calls

    @property
    def name(self) -> str:
        """The name of the table."""
        return self._aws.platform.control_table

    def _partition(self, name: str) -> Iterator[Mapping[str, Any]]:
        """Yield the items of a partition, as they are now."""
        asked: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": name}},
            "ConsistentRead": True,
        }
        while True:
            answer = self._call("query", **asked)
            yield from answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _newest(self, index: str, value: str, which: Runs, *, most: int) -> list[RunRecord]:
        asked = which.query(index, value)
        if not which.result:
            # Those that a filter leaves out would count.
            asked["Limit"] = most
        found: list[RunRecord] = []
        for _ in range(_MOST_PAGES):
            answer = self._call("query", **asked)
            found += map(RunRecord.of_item, answer["Items"])
            if len(found) >= most or not answer.get("LastEvaluatedKey"):
                return found[:most]
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        raise AwsRefused(
            f"{value}: it has too many runs to look through at once; "
            "give --since and --until that are nearer to each other"
        )

    def _item(self, key: Mapping[str, str]) -> Mapping[str, Any] | None:
        answer = self._call("get_item", Key=_typed(key), ConsistentRead=True)
        item: Mapping[str, Any] | None = answer.get("Item")
        return item

    def _call(self, operation: str, *, of_table: bool = True, **parameters: Any) -> dict[str, Any]:
        client = self._aws.tables
        if of_table:
            parameters["TableName"] = self.name
        try:
            answer: dict[str, Any] = getattr(client, operation)(**parameters)
        except client.exceptions.ResourceNotFoundException:
            raise self._no_table() from None
        return answer

    def _no_table(self) -> OperatorError:
        if not deployed.exists(self._aws):
            return NotDeployed(self._aws.platform)
        return AwsRefused(
            f"{self.name}: the platform has no such table; "
            "an earlier version deployed it: deploy it with this one"
        )


def _typed(key: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"S": value} for name, value in key.items()}


def _other(answer: Mapping[str, Any], written: Pause | None = None) -> Pause | None:
    """Return the pause that was there before, unless it has ended or is our own.

    A call whose answer was lost is made again, and then finds what it wrote itself.
    """
    old = answer.get("Attributes")
    pause = Pause.of_item(old) if old else None
    if pause is None or (written is not None and pause.item() == written.item()):
        return None
    return pause if pause.active(datetime.now(UTC)) else None

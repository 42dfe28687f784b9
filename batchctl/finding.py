"""Which run is meant: an ARN, ``JOB/RUN``, the name of a run, or a job, which means its newest.

The control table is asked first. Step Functions is asked about what is not in it, or has no end
there yet.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from batch.contract import RUN_TASK
from batch.errors import nearest
from batchctl import deployed, runs
from batchctl.aws import CONNECTIONS, Aws
from batchctl.errors import NotFound, OperatorError
from batchctl.queries import Runs
from batchctl.records import RunRecord
from batchctl.table import Table


def find(aws: Aws, text: str, *, that_ran: bool = False) -> RunRecord:
    """Return the run that ``text`` means.

    Args:
        that_ran: of a job, its newest run that was not skipped, unless all were.

    Raises:
        NotFound: There is no such run.
        OperatorError: It is a job that never ran.
    """
    table = Table(aws)
    job, name = runs.split(aws, text)
    if job:
        return _of_job(aws, table, job, name, text)
    if newest := table.of_job(text, Runs(), most=_LOOK_BACK if that_ran else 1):
        chosen = next((record for record in newest if not record.skip), newest[0])
        # The list leaves out what only one run is asked for.
        return settled(aws, table.run(chosen.job, chosen.name) or chosen)
    jobs = [*deployed.names(aws), RUN_TASK]
    if text in jobs:
        raise OperatorError(f"{text}: it never ran; start it with `batchctl run {text}`")
    found = table.runs_named(jobs, text)
    if not found:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            known = pool.map(lambda job: runs.describe(aws, job, text), jobs)
        found = [RunRecord.of_run(run) for run in known if run]
    if not found:
        raise NotFound.job_or_run(text, aws.platform.prefix, jobs)
    return settled(aws, max(found, key=lambda record: record.started))


def settled(aws: Aws, record: RunRecord) -> RunRecord:
    """Return a record with the end that Step Functions knows of, if the table has none yet."""
    if record.outcome is not None:
        return record
    run = runs.describe(aws, record.job, record.name)
    if run is None or run.outcome is None:
        return record
    return replace(record, ended=run.ended, outcome=run.outcome)


_LOOK_BACK = 20
"""Runs of a job among which one is looked for that was not skipped."""


def _of_job(aws: Aws, table: Table, job: str, name: str, text: str) -> RunRecord:
    if record := table.run(job, name):
        return settled(aws, record)
    # A job that is no longer deployed has records all the same, but nothing else.
    deployed.known(aws, job)
    run = runs.describe(aws, job, name)
    if run is None:
        raise NotFound(f"{text}: {aws.platform.prefix} has no such run; {_hint(table, job, name)}")
    return RunRecord.of_run(run)


def _hint(table: Table, job: str, name: str) -> str:
    known = [record.name for record in table.of_job(job, Runs(), most=_NEAREST_AMONG)]
    if near := nearest(name, known):
        return f"did you mean {job}/{near}"
    return f"list them with `batchctl history {job}`"


_NEAREST_AMONG = 200
"""Newest runs of a job among which the nearest name is looked for."""

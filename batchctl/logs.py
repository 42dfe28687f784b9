"""``batchctl logs``: what a run, or the newest run of a job, wrote."""

from __future__ import annotations

import click

from batch.contract import RUN_TASK
from batchctl.output import json_option
from batchctl.target import Target, target_options


@click.command()
@click.argument("job_or_run")
@click.option("--follow", is_flag=True, help="Go on until the run has ended.")
@target_options
@json_option
def logs(job_or_run: str, follow: bool, target: Target, *, as_json: bool) -> None:
    """Print the log lines of a run, or of the newest run of a job.

    A run is named as other commands print it: JOB/RUN. Attempts after the first are marked on
    standard error. With --json each line is an object of its own.

    Example: batchctl logs hello --env local --follow
    """
    import json

    from batchctl import deployed, output, runs
    from batchctl.aws import Aws
    from batchctl.errors import NotFound, OperatorError
    from batchctl.tail import Tail

    aws = Aws(target)
    jobs = [*deployed.names(aws), RUN_TASK]
    if job_or_run in jobs:
        newest = runs.newest(aws, job_or_run, 1)
        if not newest:
            raise OperatorError(
                f"{job_or_run}: it never ran; start it with `batchctl run {job_or_run}`"
            )
        run = newest[0]
    elif "/" in job_or_run or job_or_run.startswith("arn:"):
        run = runs.find(aws, job_or_run)
    else:
        try:
            run = runs.find(aws, job_or_run)
        except NotFound:
            raise NotFound.job_or_run(job_or_run, target.prefix, jobs) from None
    output.note(f"{run.id} {run.outcome.in_words() if run.outcome else 'running'}")
    tail = Tail(aws, run)
    attempt = 1
    current: runs.Run | None = run
    while True:
        # Looked at before the lines are read: what a run wrote is complete once it has ended.
        ended = current is None or current.outcome is not None
        for line in tail.lines():
            if line.attempt != attempt:
                attempt = line.attempt
                output.note(f"attempt {attempt}")
            if as_json:
                click.echo(
                    json.dumps(
                        {
                            "time": line.time.isoformat(),
                            "attempt": line.attempt,
                            "stream": line.stream,
                            "text": line.text,
                        },
                        ensure_ascii=False,
                    )
                )
            else:
                click.echo(line.text)
        if ended or not follow:
            break
        runs.pause(aws)
        current = runs.describe(aws, run.job, run.name)
    if follow and current and current.outcome:
        output.note(f"{current.id} {current.outcome.in_words()}")

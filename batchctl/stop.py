"""``batchctl stop``: end a run."""

from __future__ import annotations

import click

from batchctl.completion import jobs
from batchctl.output import json_option
from batchctl.production import yes_option
from batchctl.target import Target, target_options


@click.command()
@click.argument("run", shell_complete=jobs)
@click.option("--reason", metavar="TEXT", default="", help="Why: it stands in the run's record.")
@click.option("--wait", is_flag=True, help="Wait until the run and its task have ended.")
@yes_option
@target_options
@json_option
def stop(run: str, reason: str, wait: bool, yes: bool, target: Target, *, as_json: bool) -> None:
    """Stop a run and its task.

    The task gets SIGTERM, and SIGKILL when its stop timeout is over. The run's record says who
    stopped it and why. RUN is JOB/RUN as other commands print it, the name or the ARN of a run, or
    a JOB for its newest run. A run that has ended already stays as it is: that is no failure.

    Example: batchctl stop hello --reason "wrong day" --env prod --wait
    """
    from batchctl import finding, output, production, runs, stopping
    from batchctl.aws import Aws

    aws = Aws(target)
    record = finding.find(aws, run)
    if record.outcome is not None:
        output.note(f"{record.id} has ended already: it {record.words}")
        if as_json:
            output.write_json({"run": record.id, "stopped": False, "result": record.result})
        return
    production.confirm(aws, yes=yes)
    stopping.stop(aws, record.job, record.name, reason=" ".join(reason.split()))
    result = record.result
    if wait:
        ended = runs.wait(aws, record.job, record.name)
        result = ended.outcome.result if ended.outcome else result
    if as_json:
        output.write_json({"run": record.id, "stopped": True, "result": result})
    else:
        click.echo(f"{record.id} {'stopped' if wait else 'is being stopped'}")

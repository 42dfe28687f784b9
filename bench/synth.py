"""``cdk synth``: the same jobs with aws-cdk-lib, in as many stacks as CloudFormation asks for."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Final

from bench import installed, jobs, measure

APP: Final = Path(__file__).parent / "cdk"

MODULES: Final = APP / "node_modules"

LIMIT: Final = 500
"""Resources in a stack, says CloudFormation."""

RESOURCES_OF_A_JOB: Final = 7
"""What the jobs are split by: state machine, schedule and task definition, and two roles each with
its policy. The roles of the tasks are shared, as a team would that cares. What is reported is
counted."""

QUIET: Final = {"CDK_DISABLE_CLI_TELEMETRY": "true", "CI": "true"}


@cache
def missing() -> str:
    """Return why it cannot be measured, empty if it can; install it if need be."""
    if not shutil.which("npm"):
        return "no npm"
    ci = ["npm", "ci", "--no-audit", "--no-fund"]
    return installed.missing(MODULES, APP / "package-lock.json", ci)


def versions() -> dict[str, str]:
    """Return the versions of Node and of what is installed for it."""
    node = measure.run(["node", "--version"]).stdout.strip() if shutil.which("node") else "none"
    return {"Node": node, "aws-cdk": _version("aws-cdk"), "aws-cdk-lib": _version("aws-cdk-lib")}


def _version(package: str) -> str:
    file = MODULES / package / "package.json"
    return str(json.loads(file.read_text())["version"]) if file.exists() else "none"


class Synth:
    """The jobs as a CDK app."""

    def __init__(self, count: int, folder: Path) -> None:
        self._out = folder / "cdk.out"
        given = folder / "given.json"
        given.write_text(
            json.dumps(
                {
                    "account": jobs.ACCOUNT,
                    "region": jobs.REGION,
                    "subnets": jobs.SUBNETS,
                    "securityGroups": jobs.SECURITY_GROUPS,
                    "image": jobs.IMAGE,
                    "retentionDays": jobs.RETENTION_DAYS,
                    "jobsInStack": LIMIT // RESOURCES_OF_A_JOB,
                    "jobs": jobs.of(count),
                }
            )
        )
        self._environment = {**QUIET, "BENCH_GIVEN": str(given)}

    def synth(self) -> measure.Measured:
        """Run ``cdk synth``, which is what somebody waits for."""
        shutil.rmtree(self._out, ignore_errors=True)
        words = ["synth", "--quiet", "--no-notices", "--app", "node app.js", "--output"]
        return measure.run(
            [MODULES / ".bin/cdk", *words, self._out],
            cwd=APP,
            environment=self._environment,
        )

    def app(self) -> measure.Measured:
        """Run the app as ``cdk synth`` does, without that command around it."""
        shutil.rmtree(self._out, ignore_errors=True)
        environment = {**self._environment, "CDK_OUTDIR": str(self._out)}
        return measure.run(["node", "app.js"], cwd=APP, environment=environment)

    def resources(self) -> int:
        """Return how many resources of AWS the last run made for the jobs."""
        return sum(
            one["Type"] != "AWS::CDK::Metadata"
            for path in self._out.glob("jobs-*.template.json")
            for one in json.loads(path.read_text())["Resources"].values()
        )

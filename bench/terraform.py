"""``terraform plan``: the same jobs with Terraform's AWS provider, where that is on the machine."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from batch.contract import Platform, schedule_input
from batch.documents import job_machine, schedule_target, trusts
from batch.documents.statements import policy
from batch.job import Job
from bench import jobs, measure

PLATFORM: Final = Platform("batch", "bench", account=jobs.ACCOUNT, region=jobs.REGION)

QUIET: Final = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}


@cache
def missing() -> str:
    """Return why it cannot be measured, empty if it can."""
    return _found()[0]


def versions() -> dict[str, str]:
    """Return the versions of Terraform and its AWS provider."""
    if not shutil.which("terraform"):
        return {"Terraform": "none", "Terraform's AWS provider": "none"}
    return {
        "Terraform": str(_told()["terraform_version"]),
        "Terraform's AWS provider": _found()[1] or "none",
    }


@cache
def _found() -> tuple[str, str]:
    """Return why it cannot be measured, and if it can the version of the provider."""
    if not shutil.which("terraform"):
        return "no terraform", ""
    with TemporaryDirectory(prefix="bench-") as folder:
        try:
            Plan(1, Path(folder))
        except measure.Broken as error:
            return f"terraform init: {error.why} (the AWS provider is not on this machine)", ""
        selected: dict[str, str] = _told(Path(folder))["provider_selections"]
        return "", next(iter(selected.values()), "?")


def _told(folder: Path | None = None) -> dict[str, Any]:
    told = measure.run(["terraform", "version", "-json"], cwd=folder, environment=QUIET).stdout
    found: dict[str, Any] = json.loads(told)
    return found


def resources_of_a_job(plan: str) -> float | None:
    """Return how many resources a plan makes for each job, by the lines that name them, if any."""
    named = Counter(re.findall(r"^ *# \w+\.(report-\d+) will be created", plan, re.MULTILINE))
    return named.total() / len(named) if named else None


class Plan:
    """The jobs as a configuration that is initialised."""

    def __init__(self, count: int, folder: Path) -> None:
        self._folder = folder
        (folder / "main.tf.json").write_text(json.dumps(configuration(count), indent=1))
        self._run("init", "-no-color")

    def plan(self) -> measure.Measured:
        """Run ``terraform plan`` for what is not there yet."""
        return self._run("plan", "-no-color")

    def _run(self, *words: str) -> measure.Measured:
        return measure.run(["terraform", *words], cwd=self._folder, environment=QUIET)


def configuration(count: int) -> dict[str, Any]:
    """Return the jobs in Terraform's JSON: two resources a job, with the same documents."""
    roles = {"machine": trusts.states(PLATFORM), "scheduler": trusts.scheduler(PLATFORM)}
    permissions = {
        "machine": job_machine.permissions(platform=PLATFORM),
        "scheduler": schedule_target.permissions(
            platform=PLATFORM, queue_arn="${aws_sqs_queue.starts.arn}", key_arn=""
        ),
    }
    resources: dict[str, dict[str, Any]] = {
        "aws_sqs_queue": {"starts": {"name": "batch-bench-starts"}},
        "aws_scheduler_schedule_group": {"batch": {"name": PLATFORM.schedule_group}},
        "aws_cloudwatch_log_group": {
            "machines": {
                "name": PLATFORM.machine_log_group,
                "retention_in_days": jobs.RETENTION_DAYS,
            }
        },
        "aws_iam_role": {
            name: {"path": PLATFORM.role_path, "assume_role_policy": json.dumps(trust)}
            for name, trust in roles.items()
        },
        "aws_iam_role_policy": {
            name: {
                "role": f"${{aws_iam_role.{name}.name}}",
                "policy": json.dumps(policy(statements)),
            }
            for name, statements in permissions.items()
        },
        "aws_sfn_state_machine": {},
        "aws_scheduler_schedule": {},
    }
    for given in jobs.of(count):
        name = given["name"]
        resources["aws_sfn_state_machine"][name] = _machine(given)
        resources["aws_scheduler_schedule"][name] = _schedule(given)
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {
            "aws": {
                "region": jobs.REGION,
                "access_key": "none",
                "secret_key": "none",
                "skip_credentials_validation": True,
                "skip_metadata_api_check": True,
                "skip_requesting_account_id": True,
            }
        },
        "resource": resources,
    }


def _machine(given: dict[str, Any]) -> dict[str, Any]:
    document = job_machine.definition(
        platform=PLATFORM,
        job=Job.parse(given["name"], jobs.inputs(given), overrides={}),
        family=PLATFORM.family(),
        container="app",
        subnets=jobs.SUBNETS,
        security_groups=jobs.SECURITY_GROUPS,
        public_ip=False,
        project="bench",
    )
    return {
        "name": PLATFORM.state_machine(given["name"]),
        # Terraform would take JSONata's percent sign and brace for a template of its own.
        "definition": json.dumps(document).replace("%{", "%%{").replace("${", "$${"),
        "role_arn": "${aws_iam_role.machine.arn}",
        "logging_configuration": {
            "level": "ALL",
            "include_execution_data": False,
            "log_destination": "${aws_cloudwatch_log_group.machines.arn}:*",
        },
        "tags": {"batch:job": given["name"], "batch:owner": given["owner"]},
        "depends_on": ["aws_iam_role_policy.machine"],
    }


def _schedule(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": given["name"],
        "group_name": "${aws_scheduler_schedule_group.batch.name}",
        "description": given["description"],
        "schedule_expression": given["schedule"],
        "schedule_expression_timezone": given["timezone"],
        "flexible_time_window": {"mode": "OFF"},
        "target": {
            "arn": f"${{aws_sfn_state_machine.{given['name']}.arn}}",
            "role_arn": "${aws_iam_role.scheduler.arn}",
            "input": json.dumps(schedule_input("default")),
            "dead_letter_config": {"arn": "${aws_sqs_queue.starts.arn}"},
            "retry_policy": {
                "maximum_event_age_in_seconds": 3600,
                "maximum_retry_attempts": 185,
            },
        },
    }

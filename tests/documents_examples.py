"""One example of every document: what the golden files hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from batch.contract import Platform
from batch.documents import (
    administrator,
    containers,
    dashboard,
    doctor,
    job_machine,
    keys,
    machine_logs,
    metrics,
    people,
    queues,
    recorder_machine,
    rule_target,
    rules,
    run_task_machine,
    schedule_target,
    statements,
    sweep_machine,
    topics,
    trusts,
    volumes,
)
from batch.job import Backoff, Job, Overlap, Retry, Volume
from batch.schedule import Schedule

PLATFORM = Platform("batch", "stg", "123456789012", "eu-west-1")
NETWORK = {
    "subnets": ["subnet-1", "subnet-2"],
    "security_groups": ["sg-1"],
    "public_ip": False,
    "project": "batch",
}

PLAIN = Job(
    "nightly-report",
    ("bash", "-c", "bundle exec rake report:nightly"),
    owner="reporting",
    schedules={"default": Schedule("cron(0 3 * * ? *)", "Asia/Tokyo")},
)
RICH = Job(
    "import",
    ("python", "-m", "importer", "{% not an expression %}"),
    description="Imports what the partners sent",
    schedules={
        "default": Schedule("rate(1 day)", start=datetime(2026, 1, 1, tzinfo=UTC)),
        "late": Schedule("cron(0 22 * * ? *)"),
    },
    cpu=1024,
    memory=2048,
    ephemeral_storage_gib=50,
    spot=True,
    environment={"MODE": "full", "AREA": "eu"},
    secrets={"TOKEN": "arn:aws:ssm:eu-west-1:123456789012:parameter/import/token"},
    attempt_timeout_seconds=900,
    run_timeout_seconds=7200,
    retry=Retry(4, 10, 3, 120, jitter=False, exit_codes=(75, 2)),
    start_retry=Backoff(3, 5, 1.5, 60, jitter=True),
)
VOLUMES = (
    Volume("shared", "fs-1", "/mnt/shared", root_directory="/jobs", read_only=True),
    Volume("data", "fs-2", "/mnt/data", access_point_id="fsap-1"),
)

QUEUE = PLATFORM.arn("sqs", "dead-letters")
QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters"
KEY = PLATFORM.arn("kms", "key/1")
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
TOPIC = PLATFORM.topic_arn(PLATFORM.failure_topic)
RULES = [PLATFORM.arn("events", f"rule/{name}") for name in ("success", "failure")]
PUBLISHER = "arn:aws:iam::123456789012:role/batch/batch-stg/messages"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf:password::"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/rails:v1"


def machine(job: Job = PLAIN, **changed: Any) -> dict[str, Any]:
    arguments = {
        "platform": PLATFORM,
        "job": job,
        "family": PLATFORM.family(),
        "container": "app",
        **NETWORK,
        **changed,
    }
    return job_machine.definition(**arguments)


def run_task_machine_() -> dict[str, Any]:
    return run_task_machine.definition(platform=PLATFORM, container="app", **NETWORK)


def recorder(**changed: Any) -> dict[str, Any]:
    arguments = {
        "platform": PLATFORM,
        "queue_url": QUEUE_URL,
        "success_topic_arn": PLATFORM.topic_arn(PLATFORM.success_topic),
        "failure_topic_arn": TOPIC,
        "history_days": 400,
        "success_messages": True,
        **changed,
    }
    return recorder_machine.definition(**arguments)


MACHINES: dict[str, dict[str, Any]] = {
    "machine-plain": machine(),
    "machine-rich": machine(RICH, family=PLATFORM.family("import"), container="rails"),
    "machine-unlimited": machine(
        Job("forever", ("sleep", "inf"), attempt_timeout_seconds=None, run_timeout_seconds=None)
    ),
    "machine-run-task": run_task_machine_(),
    "machine-skip": machine(
        replace(
            PLAIN,
            overlap=Overlap.SKIP,
            start_deadline_seconds=3600,
            pause_after_failures=3,
            success_messages=False,
            topic_arn="arn:aws:sns:eu-west-1:123456789012:reporting",
        )
    ),
    "machine-queue": machine(
        replace(PLAIN, overlap=Overlap.QUEUE, concurrency_group="warehouse"), group_limit=3
    ),
    "machine-replace": machine(replace(PLAIN, overlap=Overlap.REPLACE)),
}

OWN_MACHINES: dict[str, dict[str, Any]] = {
    "machine-recorder": recorder(),
    "machine-sweep": sweep_machine.definition(
        platform=PLATFORM, queue_url=QUEUE_URL, failure_topic_arn=TOPIC
    ),
}
"""The platform's own, which run no job."""

DOCUMENTS: dict[str, Any] = {
    **MACHINES,
    **OWN_MACHINES,
    "containers": containers.definitions(
        image=IMAGE,
        container="rails",
        log_group=PLATFORM.task_log_group,
        region=PLATFORM.region,
        environment={"B": "2", "A": "1"},
        secrets={"PASSWORD": SECRET, **RICH.secrets},
        volumes=VOLUMES,
    ),
    "containers-plain": containers.definitions(
        image="busybox",
        container="app",
        log_group=PLATFORM.task_log_group,
        region=PLATFORM.region,
    ),
    "volumes": volumes.definitions(VOLUMES),
    "policy-machines": statements.policy(job_machine.permissions(platform=PLATFORM)),
    "policy-execution": statements.policy(
        containers.permissions(
            log_group_arn=PLATFORM.log_group_arn(PLATFORM.task_log_group),
            image=IMAGE,
            secret_arns=[SECRET, *RICH.secrets.values()],
        )
    ),
    "policy-volumes": statements.policy(volumes.permissions(platform=PLATFORM, volumes=VOLUMES)),
    "policy-schedules": statements.policy(
        schedule_target.permissions(platform=PLATFORM, queue_arn=QUEUE, key_arn=KEY)
    ),
    "policy-recorder": statements.policy(
        recorder_machine.permissions(
            platform=PLATFORM, queue_arn=QUEUE, topic_arns=[TOPIC], key_arn=KEY
        )
    ),
    "policy-sweep": statements.policy(
        sweep_machine.permissions(
            platform=PLATFORM, queue_arn=QUEUE, failure_topic_arn=TOPIC, key_arn=KEY
        )
    ),
    "policy-rules": statements.policy(rule_target.permissions(platform=PLATFORM)),
    "policy-machine-logs": statements.policy(machine_logs.permissions()),
    "policy-metrics": statements.policy(metrics.permissions()),
    "policy-topic": topics.policy(
        account=PLATFORM.account,
        topic_arn=TOPIC,
        publisher_arns=[PUBLISHER],
        alarm_arns=[PLATFORM.arn("cloudwatch", "alarm:dead-letters")],
    ),
    "policy-queue": queues.policy(account=PLATFORM.account, queue_arn=QUEUE, rule_arns=RULES),
    "people-viewer": people.viewer(platform=PLATFORM),
    "people-runner": people.runner(platform=PLATFORM),
    "people-doctor": doctor.doctor(platform=PLATFORM),
    "people-deployer": people.deployer(platform=PLATFORM, boundary_arn=BOUNDARY),
    "people-deployer-unbounded": people.deployer(platform=PLATFORM),
    "people-admin": administrator.admin(platform=PLATFORM, name="batch", boundary_arn=BOUNDARY),
    "policy-key": keys.policy(platform=PLATFORM),
    "dashboard": dashboard.body(
        platform=PLATFORM, container_insights=True, queue_names=["starts-1"], alarm_arns=["a"]
    ),
    "rule-success": rules.success(PLATFORM),
    "rule-failure": rules.failure(PLATFORM),
    "trust-tasks": trusts.ecs_tasks(PLATFORM),
    "trust-machines": trusts.states(PLATFORM),
    "trust-schedules": trusts.scheduler(PLATFORM),
    "trust-rules": trusts.events(PLATFORM, rule_arns=RULES),
    "trust-recorder": trusts.own_machine(PLATFORM, PLATFORM.recorder),
    "trust-sweep": trusts.own_machine(PLATFORM, PLATFORM.sweep),
    "trust-slack": trusts.chatbot(PLATFORM),
}

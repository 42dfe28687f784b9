"""Whether the account leaves room for more tasks.

A quota is the account's in its Region. Where CloudWatch has a metric of its use, the most of the
last day counts; else what is there now, as far as it can be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from batchctl.doctor.answers import each
from batchctl.doctor.finding import Finding, not_checked, ok, problem, warning
from batchctl.doctor.patient import Patient

FULL: Final = 0.8
"""The part of a quota above which is warned."""

_DAY: Final = timedelta(days=1)

_AT_ONCE: Final = 100
"""Tasks in one call of DescribeTasks."""


@dataclass(frozen=True)
class _Quota:
    """A quota, by service and code as Service Quotas has them."""

    service: str
    code: str
    now: Callable[[Patient], float]
    """What is used now."""
    of: str
    """What that counts."""
    of_a_task: bool = False
    """Whether one task can be too much for it."""


def quotas(patient: Patient) -> Iterator[Finding]:
    """Compare quotas with their use."""
    yield from each(_QUOTAS.items(), lambda where, quota: _quota(patient, where, quota))


def _quota(patient: Patient, where: str, quota: _Quota) -> Finding:
    client = patient.aws.client("service-quotas")
    try:
        found = client.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]
    except client.exceptions.NoSuchResourceException:
        look = f"look for {quota.code} of {quota.service} in the console of Service Quotas"
        return not_checked(where, "Service Quotas does not tell this quota", look)
    limit = found["Value"]
    raised = f"have it raised (Service Quotas, {quota.service} {quota.code})"
    largest = _largest(patient) if quota.of_a_task else 0
    if largest > limit:
        return problem(where, f"a task takes {largest:g}, and the account has {limit:g}", raised)
    peak = _peak(patient, found.get("UsageMetric"))
    used = quota.now(patient) if peak is None else peak
    what = f"{used:g} of {limit:g} " + (quota.of if peak is None else "were used in the last day")
    if used > limit * FULL:
        return warning(where, what, f"{raised}, or spread the jobs")
    return ok(where, what)


def _peak(patient: Patient, metric: dict[str, Any] | None) -> float | None:
    """Return the most that was used in the last day, None if no metric tells."""
    if not metric:
        return None
    now = datetime.now(UTC)
    found = patient.aws.client("cloudwatch").get_metric_statistics(
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=[
            {"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()
        ],
        StartTime=now - _DAY,
        EndTime=now,
        Period=3600,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((point["Maximum"] for point in found), default=None)


def _largest(patient: Patient) -> float:
    sizes = (int(definition.get("cpu") or 0) for definition in patient.task_definitions)
    return max(sizes, default=0) / 1024


def _vcpus(spot: bool) -> Callable[[Patient], float]:
    def now(patient: Patient) -> float:
        tasks = (t for t in _running(patient) if (t.get("capacityProviderName") == _SPOT) == spot)
        return sum(int(task.get("cpu") or 0) for task in tasks) / 1024

    return now


_SPOT: Final = "FARGATE_SPOT"


def _running(patient: Patient) -> Iterator[dict[str, Any]]:
    tasks, cluster = patient.aws.tasks, patient.platform.cluster_arn
    arns = [
        arn
        for page in tasks.get_paginator("list_tasks").paginate(cluster=cluster)
        for arn in page["taskArns"]
    ]
    for start in range(0, len(arns), _AT_ONCE):
        some = arns[start : start + _AT_ONCE]
        for task in tasks.describe_tasks(cluster=cluster, tasks=some)["tasks"]:
            yield dict(task)


def _interfaces(patient: Patient) -> float:
    ec2 = patient.aws.client("ec2")
    pages = ec2.get_paginator("describe_network_interfaces").paginate(
        PaginationConfig={"PageSize": 1000}
    )
    return float(sum(len(page["NetworkInterfaces"]) for page in pages))


_OWN: Final = "are used by tasks of this platform; others in the account are not counted"

_QUOTAS: Final = {
    "Fargate vCPUs": _Quota("fargate", "L-3032A538", _vcpus(spot=False), _OWN, of_a_task=True),
    "Fargate Spot vCPUs": _Quota("fargate", "L-36FBB829", _vcpus(spot=True), _OWN),
    "network interfaces": _Quota("vpc", "L-DF5E4CA3", _interfaces, "are there now"),
}
"""Those that a task takes of, by what they are called. Step Functions leaves room for 100,000
machines and 1,000,000 open executions, Scheduler for 10,000,000 schedules: not asked."""

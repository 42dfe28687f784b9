"""Whether the account leaves room for more tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from batchctl.doctor.finding import Finding, not_checked, ok, warning
from batchctl.doctor.patient import Patient

VCPUS: Final = ("fargate", "L-3032A538")
"""Service and code of "Fargate On-Demand vCPU resource count" (Service Quotas, AWS Fargate)."""

FULL: Final = 0.8
"""The part of a quota above which is warned."""

_AT_ONCE = 100
"""Tasks in one call of DescribeTasks."""


def quotas(patient: Patient) -> Iterator[Finding]:
    """Compare what this platform's tasks use now with the account's quota."""
    client = patient.aws.client("service-quotas")
    where = "Fargate vCPUs"
    service, code = VCPUS
    try:
        limit = client.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"]
    except client.exceptions.NoSuchResourceException:
        yield not_checked(where, "Service Quotas does not tell this quota", "look in the console")
        return
    used = sum(int(task.get("cpu") or 0) for task in _running(patient)) / 1024
    what = f"tasks of this platform use {used:g} of {limit:g} that the account has"
    if used > limit * FULL:
        yield warning(
            where, what, "have the quota raised (Service Quotas, AWS Fargate), or spread the jobs"
        )
    else:
        yield ok(where, f"{what}; what others in the account use is not counted")


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

"""Every check, and what becomes of one that AWS does not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from batchctl.doctor import control, images, messages, network, quotas, roles, secrets
from batchctl.doctor.answers import unanswered
from batchctl.doctor.finding import Finding
from batchctl.doctor.patient import Patient

Check = Callable[[Patient], Iterator[Finding]]

CHECKS: dict[str, Check] = {
    "images": images.images,
    "secrets": secrets.secrets,
    "network": network.network,
    "roles": roles.roles,
    "slack": messages.slack,
    "subscriptions": messages.subscriptions,
    "quotas": quotas.quotas,
    "queues": control.queues,
    "table": control.table,
    "sweep": control.sweep,
    "logs": control.log_groups,
    "schedules": control.groups,
}
"""In the order in which they are told."""

_WORKERS = 6


def examine(patient: Patient, names: list[str]) -> dict[str, list[Finding]]:
    """Return what each check finds. One that fails hides no other.

    Raises:
        NotDeployed: there is no such platform.
    """
    patient.require()
    with ThreadPoolExecutor(_WORKERS) as pool:
        found = pool.map(lambda name: _found(name, patient), names)
        return dict(zip(names, found, strict=True))


def _found(name: str, patient: Patient) -> list[Finding]:
    findings: list[Finding] = []
    try:
        for finding in CHECKS[name](patient):
            findings.append(finding)  # noqa: PERF402 - those before a refusal stay
    except Exception as error:  # noqa: BLE001 - one that fails must not hide the others
        findings.append(unanswered(name, error))
    return findings

"""Whether the images are there, for the architecture that they run on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from batchctl.doctor.finding import Finding, not_checked, ok, problem
from batchctl.doctor.patient import Patient

_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_MANIFESTS = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
]
_NAMES = {"X86_64": "amd64", "ARM64": "arm64"}
"""What a manifest calls the architectures of ECS."""


def images(patient: Patient) -> Iterator[Finding]:
    """Look at the image of every task definition that is in use."""
    for definition in patient.task_definitions:
        architecture = definition.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")
        for container in definition["containerDefinitions"]:
            yield _image(patient, definition["family"], container["image"], architecture)


def _image(patient: Patient, family: str, image: str, architecture: str) -> Finding:
    where = f"image of {family}"
    match = _ECR.fullmatch(image)
    if match is None:
        return not_checked(
            where,
            f"{image} is not in ECR, and only its registry knows it",
            f"`docker manifest inspect {image}` asks it",
        )
    manifest = _manifest(patient, match)
    if manifest is None:
        return problem(where, f"{image} is not there", "push it, or deploy an image that is there")
    wanted = _NAMES.get(architecture, architecture)
    if "manifests" not in manifest:
        return not_checked(
            where,
            f"{image} is there, for one architecture, which its manifest does not say",
            f"it has to be {wanted}: `docker manifest inspect --verbose {image}` tells",
        )
    there = {one.get("platform", {}).get("architecture") for one in manifest["manifests"]} - {
        "unknown",
        None,
    }
    if wanted not in there:
        return problem(
            where,
            f"{image} is there for {', '.join(sorted(there)) or 'nothing'}, and not for {wanted}",
            f"build it for {wanted}, or set the architecture that it has",
        )
    return ok(where, f"{image} is there for {wanted}")


def _manifest(patient: Patient, image: re.Match[str]) -> dict[str, Any] | None:
    """Return the manifest of an image, or None if there is none."""
    ecr = patient.aws.client("ecr")
    wanted = (
        {"imageDigest": image["digest"]}
        if image["digest"]
        else {"imageTag": image["tag"] or "latest"}
    )
    try:
        found = ecr.batch_get_image(
            registryId=image["account"],
            repositoryName=image["repository"],
            imageIds=[wanted],
            acceptedMediaTypes=_MANIFESTS,
        )["images"]
    except ecr.exceptions.RepositoryNotFoundException:
        return None
    if not found:
        return None
    manifest: dict[str, Any] = json.loads(found[0]["imageManifest"])
    return manifest

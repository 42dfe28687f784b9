"""Whether the images are there, for the architecture that they run on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from batchctl.doctor.answers import each
from batchctl.doctor.finding import Finding, listed, not_checked, ok, problem
from batchctl.doctor.patient import Patient

_ECR = re.compile(
    # With IPv6 the registry is called dkr-ecr and ends in on.aws ("Private registries").
    r"(?P<account>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\."
    r"(amazonaws\.com(\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)/"
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
    families: dict[tuple[str, str], list[str]] = {}
    for definition in patient.task_definitions:
        architecture = definition.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")
        for container in definition["containerDefinitions"]:
            wanted = container["image"], _NAMES.get(architecture, architecture)
            families.setdefault(wanted, []).append(definition["family"])
    named = [(f"image of {listed(of)}", image) for image, of in families.items()]
    yield from each(named, lambda where, image: _image(patient, where, *image))


def _image(patient: Patient, where: str, image: str, wanted: str) -> Finding:
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
    ecr = patient.aws.client("ecr", image["region"])
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

"""Values of arguments that are one of a few."""

from enum import StrEnum


class Architecture(StrEnum):
    """The processor of a task."""

    X86_64 = "X86_64"
    """Intel or AMD."""

    ARM64 = "ARM64"
    """Graviton: a fifth cheaper, and the image must be made for it."""


class AssignPublicIp(StrEnum):
    """Whether tasks get a public address."""

    AUTO = "auto"
    """Only where a subnet gives one to whatever starts in it: it then has no other way out."""

    ENABLED = "enabled"
    """Always."""

    DISABLED = "disabled"
    """Never: the subnets have a NAT gateway or VPC endpoints."""


class ContainerInsights(StrEnum):
    """CloudWatch Container Insights of the cluster."""

    DISABLED = "disabled"
    """Off: only the metrics that ECS gives for nothing."""

    ENABLED = "enabled"
    """Metrics by cluster and by task definition."""

    ENHANCED = "enhanced"
    """Metrics by task and by container too."""


class Overlap(StrEnum):
    """What a run does while another one of its job is not over."""

    ALLOW = "allow"
    """It runs too."""

    SKIP = "skip"
    """It is skipped."""

    QUEUE = "queue"
    """It waits."""

    REPLACE = "replace"
    """It stops the other, and runs once that is stopped."""

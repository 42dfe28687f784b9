"""The container of a task definition, and what starting it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from batch.contract import LOG_STREAM_PREFIX
from batch.documents import volumes as efs
from batch.documents.statements import Statement, allow
from batch.job import Volume

_ECR: Final = re.compile(
    # With IPv6 the registry is called dkr-ecr and ends in on.aws ("Private registries").
    r"(?P<account>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\."
    r"(amazonaws\.com(\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)/"
    r"(?P<repository>[^:@]+)"
)
_PULL: Final = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
)


def definitions(
    *,
    image: str,
    container: str,
    log_group: str,
    region: str,
    environment: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    volumes: Sequence[Volume] = (),
) -> list[dict[str, Any]]:
    """Return the container definitions of a task definition: one, without a command.

    Args:
        secrets: variable to the ARN of an SSM parameter or of a Secrets Manager secret.
    """
    definition: dict[str, Any] = {
        "name": container,
        "image": image,
        "essential": True,
        # An init process hands SIGTERM on. A shell as process 1 would ignore it, and a task
        # that is stopped would run on until it is killed.
        "linuxParameters": {"initProcessEnabled": True},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
                "awslogs-region": region,
                "awslogs-stream-prefix": LOG_STREAM_PREFIX,
                # ECS's default may be to drop lines when CloudWatch is slow. A job waits.
                "mode": "blocking",
            },
        },
    }
    if environment:
        definition["environment"] = [
            {"name": name, "value": value} for name, value in sorted(environment.items())
        ]
    if secrets:
        definition["secrets"] = [
            {"name": name, "valueFrom": arn} for name, arn in sorted(secrets.items())
        ]
    if volumes:
        definition["mountPoints"] = efs.mounts(volumes)
    return [definition]


def permissions(
    *, log_group_arn: str, image: str = "", secret_arns: Sequence[str] = ()
) -> list[Statement]:
    """Return what the execution role needs: logs, the image, the secrets.

    Args:
        log_group_arn: without ``:*``.
        image: narrows the images to one repository; none but ECR's need a permission.
    """
    statements = [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_group_arn}:*"]),
        *_pull(image, partition=log_group_arn.split(":")[1]),
    ]
    parameters = sorted({arn for arn in secret_arns if arn.split(":")[2] == "ssm"})
    secrets = sorted({_secret(arn) for arn in secret_arns if arn.split(":")[2] != "ssm"})
    if parameters:
        statements.append(allow(["ssm:GetParameters"], parameters))
        statements.append(_decrypt(parameters, context="PARAMETER_ARN"))
    if secrets:
        statements.append(allow(["secretsmanager:GetSecretValue"], secrets))
        statements.append(_decrypt(secrets, context="SecretARN"))
    return statements


def _decrypt(arns: Sequence[str], *, context: str) -> Statement:
    """Return what secrets under a customer's key need: that key, through their service alone.

    Which key it is the ARNs do not say; the encryption context says which secret it may open
    (SSM, "How Parameter Store uses KMS"; Secrets Manager, "Secret encryption and decryption").
    """
    places = sorted({tuple(arn.split(":")[1:5]) for arn in arns})
    return allow(
        ["kms:Decrypt"],
        [f"arn:{part}:kms:{region}:{account}:key/*" for part, _, region, account in places],
        StringEquals={
            "kms:ViaService": sorted(
                {
                    f"{service}.{region}.amazonaws.com" + (".cn" if part == "aws-cn" else "")
                    for part, service, region, _ in places
                }
            )
        },
        StringLike={f"kms:EncryptionContext:{context}": list(arns)},
    )


def _pull(image: str, *, partition: str) -> list[Statement]:
    if not image:
        repositories = [f"arn:{partition}:ecr:*:*:repository/*"]
    elif found := _ECR.match(image):
        where = f"{found['region']}:{found['account']}"
        repositories = [f"arn:{partition}:ecr:{where}:repository/{found['repository']}"]
    else:
        return []
    return [
        # "*": a token is for a registry, and the action supports no resource.
        allow(["ecr:GetAuthorizationToken"], ["*"]),
        allow(_PULL, repositories),
    ]


def _secret(arn: str) -> str:
    """Return the pattern of a secret's ARN, without the key and the version that may follow.

    An ARN may be written without the six characters that Secrets Manager puts at its end.
    """
    whole = ":".join(arn.split(":")[:7])
    return whole if re.search(r"-[A-Za-z0-9]{6}$", whole) else f"{whole}-??????"

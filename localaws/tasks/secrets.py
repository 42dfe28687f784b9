"""The secrets of a container definition, resolved from the emulator as ECS resolves them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from localaws.executors import CannotStart

Client = Callable[[str, str], Any]
"""Makes a client of a service in a region."""

_PREFIX: Final = (
    "ResourceInitializationError: unable to pull secrets or registry auth: "
    "execution resource retrieval failed: "
)
_ARN_PARTS: Final = 7
"""Of a secret's ARN; what follows is a key of its JSON, a version stage and a version id."""


def resolve(secrets: Iterable[Mapping[str, str]], client: Client, region: str) -> dict[str, str]:
    """Return the values of a container definition's ``secrets`` by the names of its variables.

    Raises:
        CannotStart: If one cannot be read, as ECS words it.
    """
    return {secret["name"]: _value(secret["valueFrom"], client, region) for secret in secrets}


def _value(source: str, client: Client, region: str) -> str:
    if source.startswith("arn:"):
        service, region = source.split(":")[2:4]
        if service == "secretsmanager":
            return _secret(source, client("secretsmanager", region))
    return _parameter(source, client("ssm", region))


def _parameter(source: str, ssm: Any) -> str:
    try:
        found = ssm.get_parameters(Names=[source], WithDecryption=True)["Parameters"]
    except ClientError as error:
        raise CannotStart(
            f"{_PREFIX}unable to retrieve secrets from ssm: {_told(error)}"
        ) from error
    if not found:
        raise CannotStart(
            f"{_PREFIX}unable to retrieve secrets from ssm: "
            f"service call has been retried 1 time(s): invalid parameters: {source}"
        )
    return str(found[0]["Value"])


def _secret(source: str, secrets_manager: Any) -> str:
    parts = source.split(":")
    arn = ":".join(parts[:_ARN_PARTS])
    key, stage, version = [*parts[_ARN_PARTS:], "", "", ""][:3]
    wanted = {"VersionStage": stage, "VersionId": version}
    try:
        found = secrets_manager.get_secret_value(
            SecretId=arn, **{name: value for name, value in wanted.items() if value}
        )
    except ClientError as error:
        raise CannotStart(
            _asm(f"failed to fetch secret {arn} from secrets manager: {_told(error)}")
        ) from error
    if "SecretString" not in found:
        raise CannotStart(_asm(f"secret {arn} holds bytes, not text"))
    return _field(found["SecretString"], key) if key else str(found["SecretString"])


def _told(error: ClientError) -> str:
    told = error.response["Error"]
    return f"{told['Code']}: {told['Message']}"


def _field(text: str, key: str) -> str:
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise CannotStart(_asm("retrieved secret from Secrets Manager is not JSON")) from error
    if not isinstance(fields, dict) or key not in fields:
        raise CannotStart(
            _asm(f"retrieved secret from Secrets Manager did not contain json key {key}")
        )
    value = fields[key]
    return value if isinstance(value, str) else json.dumps(value)


def _asm(what: str) -> str:
    return (
        f"{_PREFIX}unable to retrieve secret from asm: "
        f"service call has been retried 1 time(s): {what}"
    )

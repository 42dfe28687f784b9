"""What the emulator can make: one module a service, one function a resource type.

Importing this package registers them all; :func:`make` and :func:`answer` find them by token.
"""

from __future__ import annotations

from localaws.provision import (
    chatbot,
    cloudwatch,
    command,
    dynamodb,
    ec2,
    ecs,
    events,
    iam,
    identity,
    kms,
    logs,
    network,
    providers,
    scheduler,
    secretsmanager,
    sfn,
    sns,
    sqs,
    ssm,
)
from localaws.provision.registry import (
    Context,
    Emulator,
    answer,
    change,
    changeable,
    foreseeable,
    known_types,
    make,
    provider_of,
    removable,
    remove,
)

__all__ = [
    "Context",
    "Emulator",
    "answer",
    "change",
    "changeable",
    "chatbot",
    "cloudwatch",
    "command",
    "dynamodb",
    "ec2",
    "ecs",
    "events",
    "foreseeable",
    "iam",
    "identity",
    "kms",
    "known_types",
    "logs",
    "make",
    "network",
    "provider_of",
    "providers",
    "removable",
    "remove",
    "scheduler",
    "secretsmanager",
    "sfn",
    "sns",
    "sqs",
    "ssm",
]

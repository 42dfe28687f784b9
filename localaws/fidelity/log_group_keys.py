"""A log group takes a key only if the key's policy lets CloudWatch Logs use it. moto takes any."""

from __future__ import annotations

from typing import Any, Final

from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend

from localaws.access import documents
from localaws.access.authorization import Caller, Refused, require_all
from localaws.access.policy import Request
from localaws.fidelity.patching import patch, wrap

_ACTIONS: Final = ("Encrypt", "Decrypt", "ReEncryptFrom", "GenerateDataKey", "DescribeKey")


@patch
def apply() -> None:
    """Ask the key's policy before the group is made."""

    @wrap(LogsBackend, "create_log_group")
    def create(original: Any, self: Any, log_group_name: str, tags: Any, **kwargs: Any) -> Any:
        if wanted := kwargs.get("kmsKeyId"):
            place = f"{self.region_name}:{self.account_id}"
            group = f"arn:{self.partition}:logs:{place}:log-group:{log_group_name}"
            arn, _ = documents.key(wanted, account=self.account_id, region=self.region_name)
            context = {"kms:EncryptionContext:aws:logs:arn": group}
            caller = Caller(f"logs.{self.region_name}.amazonaws.com", group)
            uses = [Request(f"kms:{action}", arn, context) for action in _ACTIONS]
            try:
                require_all(caller, uses, region=self.region_name)
            except Refused as refused:
                raise InvalidParameterException(
                    constraint="The specified KMS key does not exist or is not allowed to be "
                    f"used with Arn '{group}': {refused}",
                    parameter="kmsKeyId",
                    value=wanted,
                ) from refused
        return original(self, log_group_name, tags, **kwargs)

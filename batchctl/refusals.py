"""What AWS's refusals mean to the operator, and what to do about each."""

from __future__ import annotations

import os
import re

from botocore import exceptions

from batchctl import policies
from batchctl.errors import AwsRefused

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_WRONG = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"}
_ACTION = re.compile(
    r"not authorized to perform: (?P<action>[a-z0-9-]+:\w+)(?: on resource: (?P<resource>\S+))?"
)
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def explain(error: Exception, *, profile: str = "") -> AwsRefused | None:
    """Return ``error`` in the operator's words, or None if it is none of AWS's.

    Args:
        profile: the one that was asked for, empty if none was.
    """
    match error:
        case exceptions.EndpointConnectionError() | exceptions.ConnectTimeoutError():
            return AwsRefused(_unreachable(str(error.kwargs.get("endpoint_url", "AWS"))))
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            return AwsRefused(f"credentials: {_of(profile)} has none; {_renewed(profile)}")
        case exceptions.ProfileNotFound():
            return AwsRefused(f"--profile: {error}; `aws configure list-profiles` lists them")
        case exceptions.SSOError() | exceptions.TokenRetrievalError():
            return AwsRefused(f"credentials: {error}; {_renewed(profile)}")
        case exceptions.ClientError():
            return AwsRefused(_refused(error, profile))
        case exceptions.BotoCoreError():
            return AwsRefused(f"AWS: {error}; check --region, --endpoint and the network")
    return None


def _of(profile: str) -> str:
    """Return the profile in question, in words."""
    name = profile or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    if name:
        return f"the profile {name}"
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return "the environment (AWS_ACCESS_KEY_ID)"
    return "the profile default"


def _renewed(profile: str) -> str:
    name = profile or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    login = f"aws sso login --profile {name}" if name else "aws sso login"
    return f"run `{login}`, or name another with --profile"


def _unreachable(url: str) -> str:
    if "//127.0.0.1" in url or "//localhost" in url:
        return f"{url}: no emulator answers; start it with `batchctl local up`"
    return f"{url}: no answer; check --region and the network"


def _refused(error: exceptions.ClientError, profile: str) -> str:
    code = error.response.get("Error", {}).get("Code", "")
    message = error.response.get("Error", {}).get("Message", "")
    action = error.operation_name
    if code in _EXPIRED:
        return f"credentials: those of {_of(profile)} have expired; {_renewed(profile)}"
    if code in _WRONG:
        return f"credentials: AWS does not know those of {_of(profile)} ({code}); check --profile"
    if code in _DENIED:
        return _denied(action, message)
    return f"{action}: {code}: {message}; see what AWS says of this error"


def _denied(operation: str, message: str) -> str:
    """Return which action on what is denied, and which of our policies has it."""
    found = _ACTION.search(message)
    if found is None:
        return (
            f"{operation}: access denied: {message}; ask for a role that may do this, "
            "docs/permissions.md says what each takes"
        )
    action, resource = found["action"], found["resource"] or "any resource"
    names = policies.having(action)
    if not names:
        return f"{action} on {resource}: access denied; none of this project's policies has it"
    listed = " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
    verb = "has" if len(names) == 1 else "have"
    return (
        f"{action} on {resource}: access denied; ask for a policy that has it: {listed} {verb} "
        "it (docs/permissions.md)"
    )

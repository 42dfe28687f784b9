"""What AWS's refusals mean to the operator, and what to do about each."""

from __future__ import annotations

from botocore import exceptions

from batchctl.errors import AwsRefused

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_WRONG = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def explain(error: Exception) -> AwsRefused | None:
    """Return ``error`` in the operator's words, or None if it is none of AWS's."""
    match error:
        case exceptions.EndpointConnectionError() | exceptions.ConnectTimeoutError():
            return AwsRefused(_unreachable(str(error.kwargs.get("endpoint_url", "AWS"))))
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            return AwsRefused(
                "credentials: none found; run `aws sso login`, or name a profile with --profile"
            )
        case exceptions.ProfileNotFound():
            return AwsRefused(f"--profile: {error}; `aws configure list-profiles` lists them")
        case exceptions.SSOError() | exceptions.TokenRetrievalError():
            return AwsRefused(f"credentials: {error}; run `aws sso login`")
        case exceptions.ClientError():
            return AwsRefused(_refused(error))
        case exceptions.BotoCoreError():
            return AwsRefused(f"AWS: {error}; check --region, --endpoint and the network")
    return None


def _unreachable(url: str) -> str:
    if "//127.0.0.1" in url or "//localhost" in url:
        return f"{url}: no emulator answers; start it with `batchctl local up`"
    return f"{url}: no answer; check --region and the network"


def _refused(error: exceptions.ClientError) -> str:
    code = error.response.get("Error", {}).get("Code", "")
    message = error.response.get("Error", {}).get("Message", "")
    action = error.operation_name
    if code in _EXPIRED:
        return "credentials: they have expired; run `aws sso login`, or renew them"
    if code in _WRONG:
        return f"credentials: AWS does not know them ({code}); check --profile"
    if code in _DENIED:
        return (
            f"{action}: access denied: {message}; ask for a role that may do this, "
            "docs/permissions.md says what each takes"
        )
    return f"{action}: {code}: {message}; see what AWS says of this error"

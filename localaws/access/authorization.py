"""Whether a caller may do something: its role, the trust in it, and the resource's own policy.

As AWS decides ("Policy evaluation logic" in IAM's user guide): a denial anywhere wins; a role may
what its policies or the resource's policy allow, within its boundary; another account's resource
must allow it as well; a service that acts without a role may what the resource's policy allows;
a key is used only where its own policy says so or leaves it to the account.

Whoever calls the emulator from outside is an administrator: nobody looks at his credentials.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from localaws.access import calls, documents
from localaws.access.calls import Call
from localaws.access.conditions import UnsupportedPolicy
from localaws.access.policy import Answer, Principal, Request, answer, delegates


class Refused(Exception):
    """A caller may not do what it asks for. The text is AWS's."""


@dataclass(frozen=True)
class Caller:
    """A service of AWS that calls another: with a role, or as itself."""

    service: str
    """For instance ``states.amazonaws.com``."""
    source_arn: str
    """The resource on whose behalf it calls."""
    role_arn: str = ""
    session: str = "emulator"

    @property
    def account(self) -> str:
        """The account of the resource on whose behalf it calls."""
        return documents.parts(self.source_arn)[2]

    def __str__(self) -> str:
        if not self.role_arn:
            return f"User: {self.service}"
        _, _, account, resource = documents.parts(self.role_arn)
        name = resource.rpartition("/")[2]
        return f"User: arn:{calls.PARTITION}:sts::{account}:assumed-role/{name}/{self.session}"


def require(caller: Caller, call: Call) -> None:
    """Return if ``caller`` may make ``call``.

    Raises:
        Refused: If it may not.
    """
    require_all(caller, calls.requests(call), region=call.region)


def require_all(caller: Caller, requests: Iterable[Request], *, region: str) -> None:
    """Return if ``caller`` may do all of ``requests``.

    Raises:
        Refused: If it may not, or if a policy says something that cannot be evaluated.
    """
    try:
        role = assumed(caller) if caller.role_arn else None
        for request in requests:
            context = {**_of_caller(caller, region), **request.context}
            known = replace(request, context=context)
            if why := _refusal(caller, role, known):
                raise Refused(
                    f"{caller} is not authorized to perform: {request.action} "
                    f"on resource: {request.resource} {why}"
                )
    except UnsupportedPolicy as error:
        raise Refused(f"{caller} is not authorized: {error}") from error


def assumed(caller: Caller) -> documents.Role:
    """Return the role of ``caller``, if there is one that lets it in.

    Raises:
        Refused: If there is none, or it trusts somebody else.
    """
    role = documents.role(caller.role_arn)
    request = Request(
        "sts:AssumeRole",
        caller.role_arn,
        {"aws:SourceArn": caller.source_arn, "aws:SourceAccount": caller.account},
    )
    who = Principal(service=caller.service)
    if role is None or answer(role.trust, request, principal=who) is not Answer.ALLOWED:
        raise Refused(
            f"User: {caller.service} is not authorized to perform: sts:AssumeRole "
            f"on resource: {caller.role_arn}"
        )
    return role


def _of_caller(caller: Caller, region: str) -> dict[str, str]:
    """Return the condition keys that every request of ``caller`` has."""
    everywhere = {"aws:SecureTransport": "true", "aws:RequestedRegion": region}
    if caller.role_arn:
        return {
            **everywhere,
            "aws:PrincipalArn": caller.role_arn,
            "aws:PrincipalAccount": documents.parts(caller.role_arn)[2],
            "aws:PrincipalIsAWSService": "false",
            # SNS's and SQS's own; the policy that SNS gives every topic goes by it.
            "aws:SourceOwner": documents.parts(caller.role_arn)[2],
        }
    return {
        **everywhere,
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": caller.service,
        "aws:SourceArn": caller.source_arn,
        "aws:SourceAccount": caller.account,
        "aws:SourceOwner": caller.account,
    }


def _refusal(caller: Caller, role: documents.Role | None, request: Request) -> str:
    """Return why ``request`` is refused, empty if it is not."""
    action = request.action
    on_resource, left_to_account = _of_resource(caller, request)
    if on_resource is Answer.DENIED:
        return "with an explicit deny in a resource-based policy"
    if role is None:
        allowed = on_resource is Answer.ALLOWED
        return "" if allowed else f"because no resource-based policy allows the {action} action"
    said = {answer(text, request) for text in role.policies}
    if Answer.DENIED in said:
        return "with an explicit deny in an identity-based policy"
    if role.boundary is not None:
        within = answer(role.boundary, request) if role.boundary else Answer.NOTHING
        if within is Answer.DENIED:
            return "with an explicit deny in a permissions boundary"
        if within is Answer.NOTHING:
            return f"because no permissions boundary allows the {action} action"
    own = Answer.ALLOWED in said
    theirs = on_resource is Answer.ALLOWED
    if action.startswith("kms:"):
        if theirs or (own and left_to_account):
            return ""
        missing = "identity-based" if left_to_account else "resource-based"
        return f"because no {missing} policy allows the {action} action"
    service, _, account, _ = documents.parts(request.resource)
    # Of the policies of other accounts' resources only these two kinds are known here.
    if service in {"sns", "sqs"} and account != documents.parts(role.arn)[2]:
        allowed, missing = own and theirs, "resource-based" if own else "identity-based"
    else:
        allowed, missing = own or theirs, "identity-based"
    return "" if allowed else f"because no {missing} policy allows the {action} action"


def _of_resource(caller: Caller, request: Request) -> tuple[Answer, bool]:
    """Return what the resource's policy says, and whether it leaves it to the account."""
    service, region, account, name = documents.parts(request.resource)
    who = Principal(service="" if caller.role_arn else caller.service, role_arn=caller.role_arn)
    text = ""
    if service in {"sns", "sqs"}:
        find = documents.topic if service == "sns" else documents.queue
        found = find(request.resource)
        if found is None:
            # That there is none is for the service to say.
            return (Answer.NOTHING if caller.role_arn else Answer.ALLOWED), False
        text = found.policy
    elif service == "kms":
        if name.startswith(documents.AWS_OWN):
            # A key of AWS's own is there for the roles of its account, and for no service.
            own = documents.parts(caller.role_arn)[2] == account
            return (Answer.ALLOWED if own else Answer.NOTHING), False
        _, text = documents.key(request.resource, account=account, region=region)
    if not text:
        return Answer.NOTHING, False
    home = documents.parts(caller.role_arn)[2] if caller.role_arn else ""
    return answer(text, request, principal=who), delegates(text, request, home)

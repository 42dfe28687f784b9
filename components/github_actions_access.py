"""What GitHub Actions needs to preview, deploy and run: a provider, and a role for each."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from batch.documents import github
from batch.documents.github import Access
from batch.documents.statements import Policy
from batch.settings import Settings
from components.connection import Connection, connect
from components.rendering import derived, rendered
from components.role import Place, make


class GithubActionsAccessArgs(TypedDict):
    """Arguments of :class:`GithubActionsAccess`."""

    platform: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """``connection`` of the platform that is deployed and run."""

    platform_name: str
    """The name of the platform's resource: what a deployment may change begins with it."""

    repository: str
    """The repository whose workflows may do it, owner/name."""

    state_bucket: str
    """The name of the bucket that holds Pulumi's state."""

    state_key_arn: NotRequired[str]
    """ARN of the KMS key that encrypts the stack's secrets. Defaults to none in this account."""

    provider_arn: NotRequired[str]
    """ARN of the account's OpenID Connect provider for GitHub, of which there can be one. Defaults
    to a provider that is made here."""

    key_arn: NotRequired[pulumi.Input[str]]
    """ARN of the platform's own KMS key. Defaults to none."""


def of_settings(
    settings: Settings, connection: pulumi.Input[Mapping[str, pulumi.Input[str]]]
) -> GithubActionsAccessArgs:
    """Return the arguments that a stack's configuration gives, of a stack that has ``github``."""
    of = settings.github
    assert of is not None  # noqa: S101 - whoever calls has looked
    args: GithubActionsAccessArgs = {
        "platform": connection,
        "platform_name": settings.name,
        "repository": of.repository,
        "state_bucket": of.state_bucket,
        "state_key_arn": of.state_key_arn,
        "provider_arn": of.provider_arn,
        "key_arn": settings.kms_key_arn or "",
    }
    return args


class GithubActionsAccess(pulumi.ComponentResource):
    """Roles that the workflows of one repository take by OpenID Connect, without any key.

    Each is bound to an environment of the repository: <stack>-preview, <stack> and <stack>-run.
    """

    preview_role_arn: pulumi.Output[str]
    """ARN of the role that reads what a preview reads."""

    deploy_role_arn: pulumi.Output[str]
    """ARN of the role that deploys."""

    run_role_arn: pulumi.Output[str]
    """ARN of the role that starts runs and makes schedules by hand."""

    provider_arn: pulumi.Output[str]
    """ARN of the provider."""

    def __init__(
        self,
        name: str,
        args: GithubActionsAccessArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the roles, and the provider unless it is given."""
        super().__init__("batch:index:GithubActionsAccess", name, {}, opts)
        connection = connect(args["platform"])
        self.provider_arn = _provider(name, args, parent=self)
        keyed = {"platform": connection.platform, "key_arn": args.get("key_arn") or ""}
        stateful = {
            **keyed,
            "state_bucket": args["state_bucket"],
            "state_key_arn": args.get("state_key_arn") or "",
        }
        bounded = {"resource_name": args["platform_name"], "boundary_arn": connection["boundary"]}

        def role(access: Access, permissions: Any, **values: Any) -> pulumi.Output[str]:
            return self._role(name, access, args["repository"], connection, permissions, values)

        self.preview_role_arn = role(Access.PREVIEW, github.preview, **stateful)
        self.deploy_role_arn = role(Access.DEPLOY, github.deploy, **stateful, **bounded)
        self.run_role_arn = role(Access.RUN, github.run, **keyed)
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})

    def _role(
        self,
        name: str,
        access: Access,
        repository: str,
        connection: Connection,
        permissions: Any,
        values: dict[str, Any],
    ) -> pulumi.Output[str]:
        # Not on the platform's path: who deploys may change the roles there, and not these.
        place = Place(
            derived(lambda platform: f"/github/{platform.prefix}/", platform=connection.platform),
            "",
        )
        return make(
            f"{name}-{access.value}",
            place=place,
            description=f"GitHub Actions: {access.value}",
            trust=rendered(
                _trust,
                provider_arn=self.provider_arn,
                repository=repository,
                access=access.value,
                stack=connection["stack"],
            ),
            permissions=permissions,
            parent=self,
            **values,
        )


def _trust(*, provider_arn: str, repository: str, access: str, stack: str) -> Policy:
    return github.trust(
        provider_arn=provider_arn,
        repository=repository,
        environment=github.environment(Access(access), stack),
    )


def _provider(
    name: str, args: GithubActionsAccessArgs, *, parent: pulumi.Resource
) -> pulumi.Output[str]:
    if given := args.get("provider_arn"):
        return pulumi.Output.from_input(given)
    return aws.iam.OpenIdConnectProvider(
        name,
        url=f"https://{github.HOST}",
        client_id_lists=[github.AUDIENCE],
        opts=pulumi.ResourceOptions(parent=parent),
    ).arn

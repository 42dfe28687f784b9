"""Pulumi's own types: providers, and what reads another stack's state."""

from __future__ import annotations

from localaws.monitor import Made
from localaws.provision.registry import Order, makes, provider_of


@makes(
    "pulumi:providers:aws",
    # Where and as whom to call AWS is the emulator's own business, whatever a program says.
    "version accessKey allowedAccountIds assumeRoles defaultTags endpoints forbiddenAccountIds "
    "profile s3UsePathStyle secretKey sharedConfigFiles sharedCredentialsFiles "
    "skipCredentialsValidation skipMetadataApiCheck skipRegionValidation "
    "skipRequestingAccountId token",
)
def aws_provider(order: Order) -> Made:
    """Remember an explicit provider's region and default tags."""
    provider = provider_of(order.region, order.inputs.get("defaultTags"))
    order.context.providers[order.registration.urn] = provider
    return Made(order.registration.name)


@makes("pulumi:providers:command", "version")
def command_provider(order: Order) -> Made:
    """Accept an explicit provider of commands; it has no settings."""
    return Made(order.registration.name)


@makes("pulumi:pulumi:StackReference", "name")
def stack_reference(order: Order) -> Made:
    """Refuse: another stack's state is not on this machine."""
    raise order.refused(
        "a StackReference reads the state of another stack, which the emulator does not have",
        "give the program these values as configuration for this stack",
    )

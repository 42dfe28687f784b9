"""Topics, their policies and their subscriptions."""

from __future__ import annotations

from typing import Any

from localaws.monitor import Made
from localaws.provision.registry import Inputs, Order, makes
from localaws.provision.shapes import present, tag_list, text

_TOPIC = {
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
    "fifoTopic": "FifoTopic",
    "contentBasedDeduplication": "ContentBasedDeduplication",
}

_SUBSCRIPTION = {
    "rawMessageDelivery": "RawMessageDelivery",
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "deliveryPolicy": "DeliveryPolicy",
    "redrivePolicy": "RedrivePolicy",
    "subscriptionRoleArn": "SubscriptionRoleArn",
}


def _attributes(inputs: Inputs, names: dict[str, str]) -> dict[str, str] | None:
    given = {api: text(inputs.get(property_)) for property_, api in names.items()}
    return {name: value for name, value in given.items() if value is not None} or None


def topic_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreateTopic."""
    return present(Name=name, Attributes=_attributes(inputs, _TOPIC), Tags=tag_list(tags) or None)


@makes("aws:sns/topic:Topic", f"name namePrefix {' '.join(_TOPIC)} tags")
def topic(order: Order) -> Made:
    """Make a topic."""
    name = order.name(suffix=".fifo" if order.inputs.get("fifoTopic") else "")
    request = topic_request(order.inputs, name, order.tags())
    arn = order.client("sns").create_topic(**request)["TopicArn"]
    return Made(arn, {"arn": arn, "name": name, "owner": order.account})


def topic_policy_request(inputs: Inputs) -> dict[str, Any]:
    """Return the parameters of SetTopicAttributes."""
    return {
        "TopicArn": inputs["arn"],
        "AttributeName": "Policy",
        "AttributeValue": inputs["policy"],
    }


@makes("aws:sns/topicPolicy:TopicPolicy", "arn policy")
def topic_policy(order: Order) -> Made:
    """Set who may publish."""
    order.client("sns").set_topic_attributes(**topic_policy_request(order.inputs))
    return Made(str(order.inputs["arn"]), {"owner": order.account})


def subscription_request(inputs: Inputs) -> dict[str, Any]:
    """Return the parameters of Subscribe."""
    return present(
        TopicArn=inputs["topic"],
        Protocol=inputs["protocol"],
        Endpoint=inputs["endpoint"],
        Attributes=_attributes(inputs, _SUBSCRIPTION),
        ReturnSubscriptionArn=True,
    )


@makes(
    "aws:sns/topicSubscription:TopicSubscription",
    f"topic protocol endpoint {' '.join(_SUBSCRIPTION)} endpointAutoConfirms "
    "confirmationTimeoutInMinutes",
)
def topic_subscription(order: Order) -> Made:
    """Subscribe an endpoint; moto asks nobody to confirm."""
    made = order.client("sns").subscribe(**subscription_request(order.inputs))
    arn = made["SubscriptionArn"]
    return Made(arn, {"arn": arn, "ownerId": order.account, "pendingConfirmation": False})

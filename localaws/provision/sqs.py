"""Queues and their policies."""

from __future__ import annotations

from typing import Any

from localaws.monitor import Made
from localaws.provision.registry import Inputs, Order, makes
from localaws.provision.shapes import present, text

_ATTRIBUTES = {
    "delaySeconds": "DelaySeconds",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "policy": "Policy",
    "redrivePolicy": "RedrivePolicy",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "fifoQueue": "FifoQueue",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "fifoThroughputLimit": "FifoThroughputLimit",
}


def queue_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreateQueue."""
    given = {api: text(inputs.get(property_)) for property_, api in _ATTRIBUTES.items()}
    attributes = {name: value for name, value in given.items() if value is not None}
    return present(QueueName=name, Attributes=attributes or None, tags=tags or None)


@makes("aws:sqs/queue:Queue", f"name namePrefix {' '.join(_ATTRIBUTES)} tags")
def queue(order: Order) -> Made:
    """Make a queue."""
    name = order.name(suffix=".fifo" if order.inputs.get("fifoQueue") else "")
    request = queue_request(order.inputs, name, order.tags())
    url = order.client("sqs").create_queue(**request)["QueueUrl"]
    return Made(url, {"arn": order.arn("sqs", name), "url": url, "name": name})


def queue_policy_request(inputs: Inputs) -> dict[str, Any]:
    """Return the parameters of SetQueueAttributes."""
    return {"QueueUrl": inputs["queueUrl"], "Attributes": {"Policy": inputs["policy"]}}


@makes("aws:sqs/queuePolicy:QueuePolicy", "queueUrl policy")
def queue_policy(order: Order) -> Made:
    """Set who may send."""
    order.client("sqs").set_queue_attributes(**queue_policy_request(order.inputs))
    return Made(str(order.inputs["queueUrl"]))

"""What a program is told where there is no AWS at all: stand-ins of the right shape.

Nothing is made. A resource's ARN has its type's form, so that what reads it can be checked; what a
question of the program is answered with is made up, and noted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from batch import connection
from batch.contract import Platform
from localaws.monitor import Made, Registration
from localaws.provision.registry import partition

VPC = "vpc-00000000"
SUBNETS = {"subnet-00000000": "nat-00000000", "subnet-11111111": "igw-00000000"}
"""A private and a public one, and what their routes lead to."""

NOBODY = "000000000000"
"""The account of a stack that names none."""

_ARNS = {
    "aws:dynamodb/table:Table": "dynamodb:{place}:table/{name}",
    "aws:ecs/cluster:Cluster": "ecs:{place}:cluster/{name}",
    "aws:ecs/taskDefinition:TaskDefinition": "ecs:{place}:task-definition/{name}:1",
    "aws:iam/policy:Policy": "iam::{account}:policy/{name}",
    "aws:iam/role:Role": "iam::{account}:role{path}{name}",
    "aws:kms/key:Key": "kms:{place}:key/00000000-0000-0000-0000-000000000000",
    "aws:cloudwatch/logGroup:LogGroup": "logs:{place}:log-group:{name}",
    "aws:s3/bucket:Bucket": "s3:::{name}",
    "aws:scheduler/schedule:Schedule": "scheduler:{place}:schedule/{group}/{name}",
    "aws:secretsmanager/secret:Secret": "secretsmanager:{place}:secret:{name}-000000",
    "aws:sfn/stateMachine:StateMachine": "states:{place}:stateMachine:{name}",
    "aws:sns/topic:Topic": "sns:{place}:{name}",
    "aws:sqs/queue:Queue": "sqs:{place}:{name}",
    "aws:ssm/parameter:Parameter": "ssm:{place}:parameter/{bare}",
}


@dataclass
class Offline:
    """Stands in for AWS while a program is evaluated."""

    account: str
    region: str
    asked: list[str] = field(default_factory=list)
    """What the program asked AWS, which was not there: tokens, each once."""

    def make(self, registration: Registration) -> Made:
        """Return what a resource would be, as far as others build on it."""
        if not registration.custom:
            return Made("")
        inputs = registration.inputs
        name = str(inputs.get("name") or inputs.get("family") or registration.name)
        if registration.read and registration.type != "pulumi:pulumi:StackReference":
            self._note(f"{registration.type} {registration.read}")
        arn = self._arn(registration.type, name, inputs)
        outputs: dict[str, Any] = {
            "arn": arn,
            "name": name,
            "arnWithoutRevision": arn.rpartition(":")[0],
        }
        if registration.type == "aws:sqs/queue:Queue":
            outputs["url"] = f"https://sqs.{self.region}.amazonaws.com/{self.account}/{name}"
        if registration.type == "pulumi:pulumi:StackReference":
            self._note(f"the outputs of the stack {inputs.get('name')}")
            shared = {"connection": self._connection(str(inputs.get("name") or name))}
            return Made(name, {"outputs": shared, "secretOutputNames": []})
        return Made(registration.read or name, outputs)

    def answer(self, token: str, args: dict[str, Any]) -> dict[str, Any]:
        """Answer a question of the program."""
        if token in _KNOWN:
            return _KNOWN[token](self)
        self._note(token.rpartition(":")[2])
        if token in _NETWORK:
            return _NETWORK[token](args)
        name = str(args.get("name") or args.get("id") or token.rpartition(":")[2])
        arn = str(args.get("arn") or self._arn(_resource_of(token), name, args))
        return {**args, "id": name, "name": name, "arn": arn}

    def _connection(self, reference: str) -> dict[str, str]:
        """Return what a shared platform might hand on, of which the reference names the stack."""
        platform = Platform(
            "batch", reference.rpartition("/")[2], self.account, self.region, partition(self.region)
        )
        role = f"arn:{platform.partition}:iam::{self.account}:role{platform.role_path}"
        known = {
            "platform": platform.name, "stack": platform.stack, "account": self.account,
            "region": self.region, "partition": platform.partition, "subnets": ",".join(SUBNETS),
            "groups": "sg-00000000", "publicip": "DISABLED", "container": "app", "image": "any:1",
            "executionrole": f"{role}execution", "machinerole": f"{role}machine",
            "schedulerrole": f"{role}scheduler", "deadletters": platform.arn("sqs", "starts"),
            "architecture": "X86_64", "cpu": "256", "memory": "512", "historydays": "400",
            "taskdefinition": platform.arn("ecs", f"task-definition/{platform.family()}:1"),
            "successmessages": "true",
        }  # fmt: skip
        return dict.fromkeys(connection.KEYS, "") | known

    def _note(self, what: str) -> None:
        if what not in self.asked:
            self.asked.append(what)

    def _arn(self, type_: str, name: str, inputs: dict[str, Any]) -> str:
        service = type_.partition("/")[0].rpartition(":")[2]
        form = _ARNS.get(type_, f"{service}:{{place}}:{type_.rpartition(':')[2].lower()}/{{name}}")
        rest = form.format(
            place=f"{self.region}:{self.account}",
            account=self.account,
            name=name,
            bare=name.lstrip("/"),
            path=inputs.get("path") or "/",
            group=inputs.get("groupName") or "default",
        )
        return f"arn:{partition(self.region)}:{rest}"


def _resource_of(token: str) -> str:
    """Return the type that a function looks up: of ``aws:ssm/getParameter:getParameter``."""
    head, _, name = token.rpartition(":get")
    return f"{head.partition('/')[0]}/{name[:1].lower()}{name[1:]}:{name}"


_KNOWN: dict[str, Callable[[Offline], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": lambda at: {
        "id": at.account,
        "accountId": at.account,
        "arn": f"arn:{partition(at.region)}:iam::{at.account}:root",
        "userId": at.account,
    },
    "aws:index/getRegion:getRegion": lambda at: {
        "id": at.region, "name": at.region, "region": at.region, "description": at.region,
    },
    "aws:index/getPartition:getPartition": lambda at: {
        "id": partition(at.region), "partition": partition(at.region),
    },
}  # fmt: skip
"""What the stack's configuration itself says."""


def _route_table(args: dict[str, Any]) -> dict[str, Any]:
    at = str(args["routeTableId"]).removeprefix("rtb-")
    return {
        "id": args["routeTableId"],
        "routeTableId": args["routeTableId"],
        "vpcId": VPC,
        "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": SUBNETS[f"subnet-{at}"]}],
        "associations": [{"subnetId": f"subnet-{at}", "main": False}],
    }


_NETWORK: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "aws:ec2/getVpc:getVpc": lambda args: {"id": args.get("id") or VPC},
    "aws:ec2/getSubnets:getSubnets": lambda _: {"id": VPC, "ids": list(SUBNETS)},
    "aws:ec2/getSubnet:getSubnet": lambda args: {"id": args["id"], "vpcId": VPC},
    "aws:ec2/getRouteTables:getRouteTables": lambda _: {
        "id": VPC,
        "ids": [subnet.replace("subnet", "rtb") for subnet in SUBNETS],
    },
    "aws:ec2/getRouteTable:getRouteTable": _route_table,
}

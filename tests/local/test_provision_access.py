from __future__ import annotations

import json

import pulumi_aws as aws
import pytest
from botocore.exceptions import ClientError

from localaws.errors import DeploymentFailed

# Importing the provider's ec2 module warns of the deprecated classes in it.
pytestmark = pytest.mark.filterwarnings(r"ignore:aws\..* has been deprecated:DeprecationWarning")

ACCOUNT, REGION = "123456789012", "us-east-1"


TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            }
        ],
    }
)
ALLOW = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
)
READ_ONLY = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"


def test_a_role_has_its_path_trust_boundary_and_policies(bench):
    boundary = bench.make(aws.iam.Policy, "boundary", policy=ALLOW)
    role = bench.make(
        aws.iam.Role,
        name="r",
        path="/batch/x/",
        assumeRolePolicy=TRUST,
        permissionsBoundary=boundary.id,
        inlinePolicies=[{"name": "in", "policy": ALLOW}],
    )
    policy = bench.make(aws.iam.RolePolicy, name="p", role="r", policy=ALLOW)
    attached = bench.make(aws.iam.RolePolicyAttachment, role="r", policyArn=boundary.id)

    client = bench.client("iam")
    found = client.get_role(RoleName="r")["Role"]

    assert role.id == "r"
    assert role.outputs["arn"] == f"arn:aws:iam::{ACCOUNT}:role/batch/x/r"
    assert found["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary.id
    assert found["Tags"] == [{"Key": "env", "Value": "dev"}]
    assert sorted(client.list_role_policies(RoleName="r")["PolicyNames"]) == ["in", "p"]
    assert (policy.id, attached.id) == ("r:p", f"r/{boundary.id}")
    attachments = client.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attachments] == [boundary.id]


def test_a_policy_of_aws_itself_can_be_attached_but_only_to_a_role_that_is_there(bench):
    bench.make(aws.iam.Role, name="r", assumeRolePolicy=TRUST)

    made = bench.make(aws.iam.RolePolicyAttachment, role="r", policyArn=READ_ONLY)

    assert made.id == f"r/{READ_ONLY}"
    with pytest.raises(ClientError, match="nobody"):
        bench.make(aws.iam.RolePolicyAttachment, "y", role="nobody", policyArn=READ_ONLY)


def test_a_key_rotates_and_has_an_alias(bench):
    key = bench.make(aws.kms.Key, policy=ALLOW, enableKeyRotation=True, description="d")
    alias = bench.make(aws.kms.Alias, name="alias/k", targetKeyId=key.id)

    client = bench.client("kms")

    assert client.describe_key(KeyId="alias/k")["KeyMetadata"]["Arn"] == key.outputs["arn"]
    assert client.get_key_rotation_status(KeyId=key.id)["KeyRotationEnabled"] is True
    assert client.get_key_policy(KeyId=key.id, PolicyName="default")["Policy"] == ALLOW
    assert alias.outputs["arn"] == f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/k"


def test_a_parameter_and_a_secret_hold_their_values(bench):
    parameter = bench.make(aws.ssm.Parameter, name="/a/b", type="SecureString", value="one")
    plain = bench.make(aws.ssm.Parameter, "y", name="c", type="String", insecureValue="two")
    secret = bench.make(aws.secretsmanager.Secret, name="s")
    bench.make(aws.secretsmanager.SecretVersion, secretId=secret.id, secretString="three")

    ssm = bench.client("ssm")

    assert [
        ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        for name in (parameter.outputs["arn"], "c")
    ] == ["one", "two"]
    assert parameter.outputs["arn"] == f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a/b"
    assert plain.outputs["arn"] == f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/c"
    found = bench.client("secretsmanager").get_secret_value(SecretId=secret.outputs["arn"])
    assert found["SecretString"] == "three"


def test_a_security_group_lets_out_only_what_its_rules_say(bench):
    group = bench.make(aws.ec2.SecurityGroup, name="g")
    client = bench.client("ec2")

    def out():
        (found,) = client.describe_security_groups(GroupIds=[group.id])["SecurityGroups"]
        return [rule["IpRanges"][0]["CidrIp"] for rule in found["IpPermissionsEgress"]]

    assert out() == []
    rule = bench.make(
        aws.vpc.SecurityGroupEgressRule,
        securityGroupId=group.id,
        ipProtocol="tcp",
        fromPort=443,
        toPort=443,
        cidrIpv4="10.0.0.0/8",
    )
    assert out() == ["10.0.0.0/8"]
    assert rule.id.startswith("sgr-")
    assert group.outputs["vpcId"] == bench.answer("aws:ec2/getVpc:getVpc", default=True)["id"]


def test_rules_inside_a_security_group_are_made(bench):
    every = {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}
    group = bench.make(aws.ec2.SecurityGroup, name="g", egress=[every])

    (found,) = bench.client("ec2").describe_security_groups(GroupIds=[group.id])["SecurityGroups"]

    assert [rule["IpProtocol"] for rule in found["IpPermissionsEgress"]] == ["-1"]


def test_questions_about_place_are_answered(bench):
    caller = bench.answer("aws:index/getCallerIdentity:getCallerIdentity")
    region = bench.answer("aws:index/getRegion:getRegion")
    partition = bench.answer("aws:index/getPartition:getPartition")
    china = bench.answer("aws:index/getPartition:getPartition", region="cn-north-1")

    assert caller["accountId"] == ACCOUNT
    assert (region["region"], region["id"]) == (REGION, REGION)
    assert (partition["partition"], partition["dnsSuffix"]) == ("aws", "amazonaws.com")
    assert (china["partition"], china["reverseDnsPrefix"]) == ("aws-cn", "cn.com.amazonaws")


def test_questions_about_networks_are_answered(bench):
    vpc = bench.answer("aws:ec2/getVpc:getVpc", default=True)
    of_vpc = [{"name": "vpc-id", "values": [vpc["id"]]}]
    subnets = bench.answer("aws:ec2/getSubnets:getSubnets", filters=of_vpc)
    subnet = bench.answer("aws:ec2/getSubnet:getSubnet", id=subnets["ids"][0])
    tables = bench.answer("aws:ec2/getRouteTables:getRouteTables", vpcId=vpc["id"])
    table = bench.answer("aws:ec2/getRouteTable:getRouteTable", routeTableId=tables["ids"][0])

    assert len(subnets["ids"]) == 6
    assert (subnet["vpcId"], subnet["defaultForAz"]) == (vpc["id"], True)
    assert vpc["mainRouteTableId"] == table["id"] == table["routeTableId"]
    assert table["routes"][0]["cidrBlock"] == vpc["cidrBlock"]


def test_the_default_vpc_has_one_way_to_the_internet(bench):
    vpc = bench.answer("aws:ec2/getVpc:getVpc", default=True)

    def answer():
        table = bench.answer("aws:ec2/getRouteTable:getRouteTable", vpcId=vpc["id"])
        return [route["gatewayId"] for route in table["routes"]]

    first, again = answer(), answer()

    assert [gateway.split("-")[0] for gateway in first] == ["local", "igw"]
    assert again == first


def test_an_argument_of_a_question_that_is_not_understood_is_named(bench):
    with pytest.raises(DeploymentFailed, match=r"does not know the argument colour; add it to"):
        bench.answer("aws:ec2/getVpc:getVpc", colour="red")

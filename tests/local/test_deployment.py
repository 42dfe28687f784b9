from __future__ import annotations

import gc
import os
import signal
import threading
import time

import pulumi
import pytest

from batch.errors import InvalidSettings
from localaws.deployment import deploy
from localaws.errors import DeploymentFailed
from tests.local.bare import bare_emulator

CLUSTER = "aws:ecs/cluster:Cluster"
COMMAND = "command:local:Command"


@pytest.fixture(scope="module")
def served():
    with bare_emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(served):
    served.reset()
    served.calls.clear()
    served.slack.configured.clear()
    return served


@pytest.fixture
def project(tmp_path):
    def write(program: str, config: str = "{}"):
        (tmp_path / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
        (tmp_path / "Pulumi.local.yaml").write_text(f"config: {config}\n")
        (tmp_path / "__main__.py").write_text(
            "import json, pulumi, pulumi_aws as aws, pulumi_command as command\n" + program
        )
        return tmp_path

    return write


def clusters(emulator, region="us-east-1"):
    return emulator.client("ecs", region=region).list_clusters()["clusterArns"]


def test_resources_are_made_and_outputs_returned(emulator, project):
    directory = project("pulumi.export('arn', aws.ecs.Cluster('c', name='one').arn)\n")

    deployment = deploy(emulator, project_dir=directory)

    arn = "arn:aws:ecs:us-east-1:123456789012:cluster/one"
    assert deployment.outputs == {"arn": arn}
    assert [(r.registration.type, r.id) for r in deployment.resources] == [(CLUSTER, arn)]
    assert clusters(emulator) == [arn]


def test_the_stacks_region_is_where_things_are_made(emulator, project):
    directory = project(
        "aws.ecs.Cluster('c', name='here')\naws.ecs.Cluster('d', name='there', region='eu-west-3')\n"
        "pulumi.export('region', aws.get_region().region)\n",
        config="{'aws:region': ap-northeast-1}",
    )

    deployment = deploy(emulator, project_dir=directory)

    assert (deployment.region, deployment.outputs) == (
        "ap-northeast-1",
        {"region": "ap-northeast-1"},
    )
    assert [arn.split(":")[3] for arn in clusters(emulator, "ap-northeast-1")] == ["ap-northeast-1"]
    assert [arn.split("/")[-1] for arn in clusters(emulator, "eu-west-3")] == ["there"]


def test_the_emulator_is_meant_whatever_endpoint_and_profile_the_stack_names(emulator, project):
    directory = project(
        "aws.ecs.Cluster('c', name='one')\n"
        "config = pulumi.Config('aws')\n"
        "pulumi.export('x', [config.require_object('endpoints'), config.get('profile')])\n",
        config="{'aws:endpoints': [{ecs: 'http://127.0.0.1:1'}], 'aws:profile': theirs}",
    )

    deployment = deploy(emulator, project_dir=directory)

    assert len(clusters(emulator)) == 1
    assert deployment.outputs == {"x": [[{"ecs": emulator.endpoint}], None]}


def test_default_tags_are_under_a_resources_own(emulator, project):
    directory = project(
        "c = aws.ecs.Cluster('c', name='one', tags={'team': 'x', 'env': 'own'})\n"
        "pulumi.export('all', c.tags_all)\n",
        config="{'aws:defaultTags': {tags: {env: dev, cost: '7'}}}",
    )

    outputs = deploy(emulator, project_dir=directory).outputs

    tags = {"cost": "7", "env": "own", "team": "x"}
    assert outputs == {"all": tags}
    made = emulator.client("ecs").list_tags_for_resource(
        resourceArn="arn:aws:ecs:us-east-1:123456789012:cluster/one"
    )
    assert {tag["key"]: tag["value"] for tag in made["tags"]} == tags


def test_an_explicit_provider_gives_its_region_and_tags(emulator, project):
    directory = project(
        "other = aws.Provider('other', region='eu-west-3', default_tags={'tags': {'a': 'b'}})\n"
        "c = aws.ecs.Cluster('c', name='one', opts=pulumi.ResourceOptions(provider=other))\n"
        "pulumi.export('c', [c.arn, c.tags_all])\n"
    )

    assert deploy(emulator, project_dir=directory).outputs == {
        "c": ["arn:aws:ecs:eu-west-3:123456789012:cluster/one", {"a": "b"}]
    }


def test_names_that_nobody_gave_are_made_up_and_stay_the_same(emulator, project):
    directory = project(
        "pulumi.export('n', [aws.sqs.Queue('q').name, aws.sqs.Queue('r', name_prefix='p-').name])\n"
    )
    first = deploy(emulator, project_dir=directory).outputs
    emulator.reset()

    assert deploy(emulator, project_dir=directory).outputs == first
    assert [name[:-7] for name in first["n"]] == ["q-", "p-"]


def test_configuration_can_be_given_over_the_files(emulator, project):
    directory = project("pulumi.export('x', pulumi.Config().require('x'))\n", "{'sample:x': file}")

    deployment = deploy(emulator, project_dir=directory, config={"sample:x": "call"})

    assert deployment.outputs == {"x": "call"}


def test_what_a_program_switches_off_is_on_again_after_it(emulator, project):
    during = "[gc.isenabled(), pulumi.log.debug.__name__ == 'debug']"
    directory = project(
        f"import gc\nfrom components.lean import run_lean\nrun_lean()\npulumi.export('on', {during})\n"
    )
    debug = pulumi.log.debug

    deployment = deploy(emulator, project_dir=directory)

    assert deployment.outputs == {"on": [False, False]}
    assert (gc.isenabled(), pulumi.log.debug) == (True, debug)


def test_a_type_that_cannot_be_made_is_named(emulator, project):
    directory = project("aws.s3.Bucket('photos')\n")

    with pytest.raises(DeploymentFailed) as failed:
        deploy(emulator, project_dir=directory)

    assert str(failed.value) == (
        "aws:s3/bucket:Bucket 'photos': the emulator cannot make this type; "
        "add a function to localaws/provision"
    )


def test_a_property_that_is_not_understood_is_named(emulator, project):
    directory = project("aws.sns.Topic('t', archive_policy='{}')\n")

    with pytest.raises(DeploymentFailed) as failed:
        deploy(emulator, project_dir=directory)

    assert str(failed.value) == (
        "aws:sns/topic:Topic 't': the emulator does not know the property archivePolicy; "
        "add it to the type's function in localaws/provision"
    )


@pytest.mark.parametrize(
    ("program", "text"),
    [
        (
            "aws.get_billing_service_account()",
            "aws:index/getBillingServiceAccount:getBillingServiceAccount: the emulator has no answer to this invoke; "
            "add a function to localaws/provision",
        ),
        (
            "aws.ec2.get_vpc(id='vpc-00000000')",
            "aws:ec2/getVpc:getVpc: 0 match {'id': 'vpc-00000000'} in us-east-1; "
            "name one that the emulator has (its default VPC, or one you made)",
        ),
        (
            "pulumi.StackReference('org/shared/prod')",
            "pulumi:pulumi:StackReference 'org/shared/prod': a StackReference reads the state of "
            "another stack, which the emulator does not have; give the program these values as "
            "configuration for this stack",
        ),
        (
            "aws.ecs.Cluster.get('old', 'arn:aws:ecs:us-east-1:1:cluster/old')",
            "aws:ecs/cluster:Cluster 'old': reading what exists already is not possible here; "
            "the emulator holds only what this program makes: look it up with a function, or make "
            "it",
        ),
        (
            "aws.sqs.Queue('a', name='same')\naws.sqs.Queue('b', name='same')",
            "aws:sqs/queue:Queue 'b': {url} is 'a' already; give one of the two another name",
        ),
    ],
)
def test_what_cannot_be_is_named(emulator, project, program, text):
    with pytest.raises(DeploymentFailed) as failed:
        deploy(emulator, project_dir=project(f"{program}\n"))

    url = f"{emulator.endpoint}/123456789012/same"
    assert str(failed.value) == text.replace("{url}", url)


def test_what_aws_refuses_names_the_resource_and_aws_words(emulator, project):
    directory = project(
        "aws.iam.RolePolicy('p', role='nobody', policy=json.dumps({'Version': '2012-10-17',\n"
        "    'Statement': [{'Effect': 'Allow', 'Action': 's3:*', 'Resource': '*'}]}))\n"
    )

    with pytest.raises(DeploymentFailed, match=r"^aws:iam/rolePolicy:RolePolicy 'p': .*nobody"):
        deploy(emulator, project_dir=directory)


def test_a_failed_deployment_leaves_nothing(emulator, project):
    directory = project(
        "topic = aws.sns.Topic('t')\n"
        "trust = {'Effect': 'Allow', 'Action': 'sts:AssumeRole',\n"
        "    'Principal': {'Service': 'chatbot.amazonaws.com'}}\n"
        "trust = json.dumps({'Version': '2012-10-17', 'Statement': [trust]})\n"
        "role = aws.iam.Role('r', assume_role_policy=trust)\n"
        "slack = aws.chatbot.SlackChannelConfiguration('s', configuration_name='c',\n"
        "    iam_role_arn=role.arn, slack_channel_id='C', slack_team_id='T', sns_topic_arns=[topic.arn])\n"
        "aws.ecs.Cluster('c', name='one', opts=pulumi.ResourceOptions(depends_on=[slack]))\n"
        "aws.s3.Bucket('b', opts=pulumi.ResourceOptions(depends_on=[slack]))\n"
    )

    with pytest.raises(DeploymentFailed):
        deploy(emulator, project_dir=directory)

    assert "CreateTopic" in [operation for _, operation, _ in emulator.calls]
    assert emulator.client("sns").list_topics()["Topics"] == []
    assert clusters(emulator) == []
    assert emulator.slack.configured == {}


def test_a_refused_configuration_is_shown_in_its_own_words_and_makes_nothing(emulator, project):
    directory = project(
        "from batch.errors import InvalidSettings, Problem\n"
        "raise InvalidSettings([Problem('cpu', 'is 3', 'use 256')])\n"
    )

    with pytest.raises(InvalidSettings, match=r"^cpu: is 3; use 256$"):
        deploy(emulator, project_dir=directory)

    assert emulator.calls == []


def test_a_command_runs_for_real_with_the_emulators_aws(emulator, project, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "theirs")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "theirs")
    directory = project(
        "c = command.local.Command('c', create='cat; echo $WHO $AWS_ENDPOINT_URL; echo err >&2; '\n"
        "    'echo ${AWS_PROFILE:-none} $AWS_ACCESS_KEY_ID $AWS_REGION; basename \"$PWD\"', dir='sub',\n"
        "    environment={'WHO': 'me'}, stdin='in,', triggers=[1], interpreter=['/bin/bash', '-c'])\n"
        "pulumi.export('c', [c.stdout, c.stderr])\n",
        config="{'aws:region': eu-west-3}",
    )
    (directory / "sub").mkdir()

    outputs = deploy(emulator, project_dir=directory).outputs

    assert outputs == {"c": [f"in,me {emulator.endpoint}\nnone local eu-west-3\nsub", "err"]}


def test_a_command_that_fails_is_shown_with_its_output(emulator, project):
    directory = project(
        "command.local.Command('migrate', create='echo doing; echo broken >&2; exit 7')\n"
    )

    with pytest.raises(DeploymentFailed) as failed:
        deploy(emulator, project_dir=directory)

    assert str(failed.value) == (
        f"{COMMAND} 'migrate': the command ended with exit status 7; "
        "correct the command, or what it found\ndoing\nbroken"
    )


def test_an_interrupted_deployment_leaves_no_command_running(emulator, project, tmp_path):
    directory = project(
        f"command.local.Command('long', create='echo $$ > {tmp_path}/new && "
        f"mv {tmp_path}/new {tmp_path}/pid; sleep 600')\n"
    )
    pid_file = tmp_path / "pid"

    def interrupt():
        while not pid_file.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=interrupt, daemon=True)
    watcher.start()
    with pytest.raises(KeyboardInterrupt):
        deploy(emulator, project_dir=directory)

    group = int(pid_file.read_text())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    raise AssertionError("the command still runs")


MACHINES = """
services = ["states.amazonaws.com", "scheduler.amazonaws.com"]
allowed = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
trust = {"Version": "2012-10-17", "Statement": [allowed]}
role = aws.iam.Role('r', assume_role_policy=json.dumps(trust))
def machine(name, **more):
    definition = {'StartAt': 'A', 'States': {'A': {'Type': 'Succeed'}}, **more}
    return aws.sfn.StateMachine(
        name, name=name, role_arn=role.arn, definition=pulumi.Output.json_dumps(definition)
    )
"""


def machines(emulator):
    listed = emulator.client("stepfunctions").list_state_machines()["stateMachines"]
    return sorted(machine["name"] for machine in listed)


def only(*names):
    return lambda registration: registration.name in {"r", *names}


def test_what_is_not_needed_is_left_out_and_its_outputs_are_known(emulator, project):
    directory = project(
        MACHINES + "one, two = machine('one'), machine('two')\n"
        "pulumi.export('arns', [one.arn, two.arn])\n"
    )

    deployment = deploy(emulator, project_dir=directory, needed=only("one"))

    place = "arn:aws:states:us-east-1:123456789012:stateMachine"
    assert machines(emulator) == ["one"]
    assert deployment.outputs == {"arns": [f"{place}:one", f"{place}:two"]}
    assert [urn.rpartition("::")[2] for urn in deployment.left_out] == ["two"]


def test_what_something_needed_depends_on_is_needed_too(emulator, project):
    directory = project(
        MACHINES + "one = machine('one')\n"
        "two = machine('two', Comment=one.arn)\nthree = machine('three', Comment=two.arn)\n"
        "four = machine('four')\n"
    )

    deployment = deploy(emulator, project_dir=directory, needed=only("three"))

    assert machines(emulator) == ["one", "three", "two"]
    assert [urn.rpartition("::")[2] for urn in deployment.left_out] == ["four"]


def test_what_is_left_out_is_told_as_it_would_be_made(emulator, project):
    directory = project(
        MACHINES + "one = machine('one')\n"
        "schedule = aws.scheduler.Schedule('s', name='s', schedule_expression='rate(1 day)',\n"
        "    flexible_time_window={'mode': 'OFF'}, target={'arn': one.arn, 'role_arn': role.arn})\n"
    )

    def told(needed):
        emulator.reset()
        resources = deploy(emulator, project_dir=directory, needed=needed).resources
        return {
            resource.registration.name: {
                key: value for key, value in resource.outputs.items() if key != "creationDate"
            }
            | {"id": resource.id}
            for resource in resources
            if resource.registration.name != "r"
        }

    assert told(only()) == told(only("one", "s"))


def test_two_of_one_name_are_refused_whether_needed_or_not(emulator, project):
    directory = project(
        MACHINES.replace("name=name", "name='same'") + "machine('a'); machine('b')\n"
    )

    with pytest.raises(DeploymentFailed, match=r"'b': .*:same is 'a' already"):
        deploy(emulator, project_dir=directory, needed=only())

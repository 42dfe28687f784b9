"""Configurations of ecschedule: every field that its README and its sources have."""

import contextlib
import copy
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from batch.errors import InvalidInput
from batchctl.importing import ecschedule
from batchctl.importing.ecschedule import Options

EVERYTHING = """\
region: us-east-1
cluster: api
role: ecsEventsRole
trackingId: team-a
rules:
- name: hoge-task-name
  description: hoge description
  scheduleExpression: cron(0 0 * * ? *)
  disabled: true
  targetId: hoge
  taskDefinition: task1
  taskCount: 2
  group: xxx
  platform_version: 1.4.0
  launch_type: EC2
  capacityProviderStrategy:
  - capacityProvider: my-instances
    base: 1
    weight: 1
  role: otherRole
  network_configuration:
    aws_vpc_configuration:
      subnets:
      - {{ tfstate `aws_subnet.private-a.id` }}
      security_groups:
      - {{ tfstatef `data.aws_security_group.default['%s'].id` `first` }}
      assign_public_ip: ENABLED
  containerOverrides:
  - name: container1
    command: ["subcmd", "argument"]
    environment:
      HOGE_ENV: {{ env "DUMMY_HOGE_ENV" "HOGEGE" }}
      FUGA: {{ must_env `APP_FUGA` }}
      COUNT: 3
    cpu: 1024
    memory: 1024
    memoryReservation: 512
  - name: sidecar
    command: [watch]
  taskOverride:
    cpu: "2 vCPU"
    memory: "4096"
    ephemeralStorage:
      sizeInGiB: 50
    taskRoleArn: arn:aws:iam::123456789012:role/task
  dead_letter_config:
    sqs: queue1
  propagateTags: TASK_DEFINITION
  tags:
    team: a
plugins:
- name: tfstate
  config:
    path: testdata/terraform.tfstate
"""

LOST = {
    "taskDefinition", "taskCount", "launch_type", "capacityProviderStrategy",
    "network_configuration", "containerOverrides.memoryReservation", "taskOverride.taskRoleArn",
    "tags", "container 2",
}  # fmt: skip
"""What a job has no place for."""

HAS_ITS_PLACE = {
    "region", "cluster", "role", "trackingId", "plugins", "targetId", "group", "platform_version",
    "dead_letter_config", "propagateTags",
}  # fmt: skip
"""What the platform does itself."""


def read(text, **options):
    return ecschedule.read(text, "ecschedule.yaml", Options(**options))


def rule(text=""):
    return (
        "rules:\n- name: report\n  scheduleExpression: rate(1 hour)\n"
        f"  containerOverrides:\n  - name: app\n    command: [report]\n{text}"
    )


def told(found, *, lost):
    return {
        one.what.partition(" is ")[0] for one in found.findings
        if one.lost == lost and "{{" not in one.what and "Fargate's" not in one.what
    }  # fmt: skip


def test_every_field_is_carried_over():
    [job] = read(EVERYTHING).jobs

    assert job.name == "hoge-task-name"
    assert job.keys == {
        "description": "hoge description",
        "schedule": "cron(0 0 * * ? *)",
        "enabled": False,
        "container": "container1",
        "command": ["subcmd", "argument"],
        "environment": {"HOGE_ENV": "HOGEGE", "COUNT": "3"},
        "cpu": 2048,
        "memory": 4096,
        "ephemeral_storage_gib": 50,
    }


def test_or_it_is_reported_with_its_line():
    found = read(EVERYTHING)

    assert told(found, lost=True) == LOST
    assert told(found, lost=False) == HAS_ITS_PLACE
    lines = EVERYTHING.split("\n")
    for one in found.findings:
        line = lines[int(one.where.removeprefix("ecschedule.yaml line ")) - 1]
        word = "name: sidecar" if one.what == "container 2 is not carried over" else (
            one.what if "{{" in one.what else one.what.split()[0].rpartition(".")[2]
        )  # fmt: skip
        assert word.partition("}}")[0] in line


def test_a_template_is_its_default_or_told():
    found = read(EVERYTHING)

    assert [(one.lost, one.what) for one in found.findings if "{{" in one.what] == [
        (True, "{{ tfstate `aws_subnet.private-a.id` }} is not filled in"),
        (
            True,
            "{{ tfstatef `data.aws_security_group.default['%s'].id` `first` }} is not filled in",
        ),
        (False, '{{ env "DUMMY_HOGE_ENV" "HOGEGE" }} is its default, \'HOGEGE\''),
        (True, "{{ must_env `APP_FUGA` }} is not filled in"),
    ]


def test_a_job_whose_command_is_a_template_is_left_out():
    found = read(rule().replace("[report]", "[{{ must_env `X` }}]"))

    assert found.jobs == []
    assert "report: the job is left out" in [one.what for one in found.findings]


def test_json_is_read_too():
    text = json.dumps({"rules": [{
        "name": "a", "scheduleExpression": "rate(1 day)", "taskDefinition": "t", "taskCount": 1,
        "launch_type": "FARGATE",
        "containerOverrides": [{"name": "app", "command": ["x"]}],
    }]})  # fmt: skip
    found = read(text)

    assert [job.keys for job in found.jobs] == [
        {"schedule": "rate(1 day)", "container": "app", "command": ["x"]}
    ]
    assert told(found, lost=True) == {"taskDefinition"}


@pytest.mark.parametrize(
    ("providers", "keys", "lost"),
    [
        (["FARGATE"], {}, set()),
        (["FARGATE_SPOT"], {"spot": True}, set()),
        (["FARGATE", "FARGATE_SPOT"], {}, {"capacityProviderStrategy"}),
    ],
)
def test_spot_is_a_capacity_provider(providers, keys, lost):
    strategy = json.dumps([{"capacityProvider": provider} for provider in providers])
    found = read(rule(f"  capacityProviderStrategy: {strategy}\n"))
    [job] = found.jobs

    assert {key: job.keys[key] for key in ("spot",) if key in job.keys} == keys
    assert told(found, lost=True) == lost


def test_a_rule_without_a_command_is_left_out_unless_one_is_given():
    text = "rules:\n- {name: a, scheduleExpression: rate(1 day)}\n"

    assert read(text).jobs == []
    assert [job.keys["command"] for job in read(text, command=("x", "y z")).jobs] == [["x", "y z"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (rule("    color: red\n"), "containerOverrides.color is no field of ecschedule's"),
        (rule("  colour: red\n"), "colour is no field of ecschedule's"),
        (rule("  taskOverride: {cpu: lots}\n"), "no size of Fargate's"),
        (rule("  taskOverride: {cpu: 999999}\n"), "no size of Fargate's"),
        (rule("    environment: {BATCH_X: a}\n"), "environment.BATCH_X is not carried over"),
        (rule("    environment: {X: [a]}\n"), "environment.X is not carried over"),
        (rule().replace("rate(1 hour)", "rate(1 week)"), "scheduleExpression is not carried over"),
        (rule().replace("rate(1 hour)", "0 3 * * *"), "scheduleExpression is not carried over"),
        (rule("- text\n"), "it is no rule"),
        (rule("  disable: true\n"), "disable is no field"),
    ],
)
def test_what_cannot_be_carried_over_is_told(text, words):
    found = read(text)

    assert words in "\n".join(str(one) for one in found.findings if one.lost)
    assert [job.name for job in found.jobs] == ["report"]


def test_a_command_in_one_text_is_split_as_a_shell_does():
    found = read(rule().replace("[report]", "report --now"))

    assert [job.keys["command"] for job in found.jobs] == [["report", "--now"]]


@pytest.mark.parametrize(
    "text",
    ["", "- a\n", "rules: {}\n", "0 3 * * * x\n", "name: x\ntype: Scheduled Job\n", "a: [\n",
     "FROM debian\n", "rules: [*x]\n"],
)  # fmt: skip
def test_rejects_what_is_no_configuration(text):
    with pytest.raises(InvalidInput, match=r"it is no (configuration of ecschedule|YAML or JSON)"):
        read(text)


def paths(value, at=()):
    """Yield the place of every value below one."""
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*at, key)
            yield from paths(item, (*at, key))


WHOLE = yaml.safe_load(EVERYTHING.replace("{{", "").replace("}}", ""))
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.text(), below, max_size=2),
    max_leaves=4,
)


@given(st.lists(st.tuples(st.sampled_from(list(paths(WHOLE))), VALUE), min_size=1, max_size=3))
def test_no_value_is_a_crash(changes):
    whole = copy.deepcopy(WHOLE)
    for path, value in changes:
        below = whole
        for key in path[:-1]:
            try:
                below = below[key]
            except (KeyError, IndexError, TypeError):
                break
        else:
            if isinstance(below, dict):
                below[path[-1]] = value
    text = json.dumps(whole)
    with contextlib.suppress(InvalidInput):
        read(text)

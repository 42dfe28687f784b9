"""Manifests of AWS Copilot: every field that its documentation has for a Scheduled Job."""

import contextlib
import copy
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from batch.errors import InvalidInput
from batchctl.importing import copilot
from batchctl.importing.copilot import Options
from batchctl.importing.model import Imported

EVERYTHING = """
name: report-generator
type: Scheduled Job
on:
  schedule: "@every 2h30m"
image:
  location: aws_account_id.dkr.ecr.region.amazonaws.com/report:1.2
  build:
    dockerfile: path/to/dockerfile
    context: context/dir
    target: build-stage
    cache_from:
      - image:tag
    args:
      key: value
  credentials: arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry
  labels:
    com.example.team: reporting
  depends_on:
    nginx: start
entrypoint: "/bin/entrypoint --p1 --p2"
command: ["ps", "au"]
cpu: 256
memory: 512
platform: linux/arm64
retries: 3
timeout: 1h30m
network:
  vpc:
    placement:
      subnets:
        from_tags:
          org: bi
    security_groups:
      deny_default: true
      from_cfn: MyStack-Groups
      groups: [sg-0001]
variables:
  LOG_LEVEL: info
  COUNT: 3
  DEBUG: true
  DB:
    from_cfn: MyStack-Database
env_file: log.env
secrets:
  GITHUB_TOKEN: GITHUB_TOKEN
  API_KEY: arn:aws:ssm:eu-west-1:123456789012:parameter/api-key
  DB_PASSWORD:
    secretsmanager: demo/test/mysql
  OTHER:
    from_cfn: MyStack-Secret
storage:
  ephemeral: 100
  readonly_fs: true
  volumes:
    scratch:
      path: /var/scratch
      read_only: false
    managed:
      path: /var/managed
      efs:
        uid: 10000
        gid: 110000
    exported:
      path: /var/exported
      efs:
        id:
          from_cfn: MyStack-Files
    reports:
      path: /var/reports
      read_only: false
      efs:
        id: fs-0123456789abcdef0
        root_dir: /
        auth:
          iam: true
          access_point_id: fsap-0123456789abcdef0
    archive:
      path: /var/archive
      efs:
        id: fs-0123456789abcdef1
        root_dir: /archive
        auth:
          iam: false
logging:
  retention: 30
  image: public.ecr.aws/aws-observability/aws-for-fluent-bit:stable
  destination:
    Name: cloudwatch
  enableMetadata: true
  secretOptions:
    KEY: VALUE
  configFilePath: /extra.conf
  env_file: fluent.env
sidecars:
  nginx:
    image: nginx:1
    port: 80
publish:
  topics:
    - name: order-events
      allowed_workers: [database-worker]
taskdef_overrides:
  - path: ContainerDefinitions[0].User
    value: nobody
environments:
  test:
    cpu: 512
  prod:
    cpu: 2048
    memory: 4096
    variables:
      LOG_LEVEL: warn
"""

CARRIED = {
    "name", "type", "on.schedule", "image.location", "entrypoint", "command", "cpu", "memory",
    "platform", "retries", "timeout", "variables.LOG_LEVEL", "variables.COUNT", "variables.DEBUG",
    "secrets.API_KEY", "storage.ephemeral", "storage.volumes.reports", "storage.volumes.archive",
}  # fmt: skip

REPORTED = {
    "image.build", "image.credentials", "image.labels", "image.depends_on",
    "network.vpc.placement", "network.vpc.security_groups", "variables.DB", "env_file",
    "secrets.GITHUB_TOKEN", "secrets.DB_PASSWORD", "secrets.OTHER", "storage.readonly_fs",
    "storage.volumes.scratch", "storage.volumes.managed", "storage.volumes.exported",
    "logging.retention", "logging.image", "logging.destination", "logging.enableMetadata",
    "logging.secretOptions", "logging.configFilePath", "logging.env_file", "sidecars.nginx",
    "publish.topics", "taskdef_overrides", "environments.test", "environments.prod",
}  # fmt: skip


def read(text, **options):
    found = Imported()
    copilot.read(found, text, "manifest.yml", Options(**options))
    return found


def job(text, **options):
    found = read(text, **options)
    assert len(found.jobs) == 1, found.findings
    return found.jobs[0].keys


def manifest(text="", *, command="command: x\n"):
    return f"name: report\ntype: Scheduled Job\non: {{schedule: none}}\n{command}{text}"


def lost(text, **options):
    return [one.what.split()[0] for one in read(text, **options).findings if one.lost]


def test_every_documented_field_is_carried_over():
    [job] = read(EVERYTHING).jobs

    assert job.name == "report-generator"
    assert job.keys == {
        "command": ["/bin/entrypoint", "--p1", "--p2", "ps", "au"],
        "schedule": "rate(150 minutes)",
        "cpu": 256,
        "memory": 512,
        "ephemeral_storage_gib": 100,
        "architecture": "ARM64",
        "retry": {"attempts": 4},
        "run_timeout": "90m",
        "image": "aws_account_id.dkr.ecr.region.amazonaws.com/report:1.2",
        "environment": {"LOG_LEVEL": "info", "COUNT": "3", "DEBUG": "true"},
        "secrets": {"API_KEY": "arn:aws:ssm:eu-west-1:123456789012:parameter/api-key"},
        "volumes": [
            {
                "name": "reports",
                "file_system_id": "fs-0123456789abcdef0",
                "path": "/var/reports",
                "access_point_id": "fsap-0123456789abcdef0",
            },
            {
                "name": "archive",
                "file_system_id": "fs-0123456789abcdef1",
                "path": "/var/archive",
                "root_directory": "/archive",
                "read_only": True,
            },
        ],
    }


def test_or_it_is_reported_with_its_line():
    found = read(EVERYTHING)
    told = {one.what.split()[0]: one.where for one in found.findings if one.lost}

    assert told.keys() == REPORTED
    lines = EVERYTHING.split("\n")
    for field, where in told.items():
        line = lines[int(where.removeprefix("manifest.yml line ")) - 1]
        assert line.strip().startswith(field.rpartition(".")[2] + ":")


def test_an_environment_is_merged_into_the_manifest():
    keys = job(EVERYTHING, environment="prod")

    assert (keys["cpu"], keys["memory"]) == (2048, 4096)
    assert keys["environment"] == {"LOG_LEVEL": "warn", "COUNT": "3", "DEBUG": "true"}
    assert set(lost(EVERYTHING, environment="prod")) == REPORTED - {"environments.prod"}


def test_parameters_have_an_arn_where_region_and_account_are_told():
    keys = job(EVERYTHING, region="eu-west-1", account="123456789012")

    assert keys["secrets"]["GITHUB_TOKEN"] == (
        "arn:aws:ssm:eu-west-1:123456789012:parameter/GITHUB_TOKEN"
    )


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("@yearly", "cron(0 0 1 1 ? *)"),
        ("@monthly", "cron(0 0 1 * ? *)"),
        ("@weekly", "cron(0 0 ? * SUN *)"),
        ("@daily", "cron(0 0 * * ? *)"),
        ("@hourly", "cron(0 * * * ? *)"),
        ("@every 1m", "rate(1 minute)"),
        ("@every 1h30m", "rate(90 minutes)"),
        ("rate(5 minutes)", "rate(5 minutes)"),
        ("0 9 * * 7", "cron(0 9 ? * SUN *)"),
        ("cron(0 9 ? * 2 *)", "cron(0 9 ? * 2 *)"),
    ],
)
def test_a_schedule_keeps_its_meaning(schedule, expected):
    text = manifest().replace("none", f'"{schedule}"')

    assert job(text)["schedule"] == expected


def test_a_schedule_of_none_leaves_a_job_for_people():
    found = read(manifest())

    assert "schedule" not in found.jobs[0].keys
    assert [one.lost for one in found.findings] == [False]


@pytest.mark.parametrize("schedule", ["@every 90s", "@every soon", "0 0 13 * 5", "cron(x)", "at"])
def test_a_schedule_without_an_equal_is_reported(schedule):
    text = manifest().replace("none", f'"{schedule}"')

    assert lost(text) == ["on.schedule"]
    assert "schedule" not in job(text)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("cpu: 256\nmemory: 4096", (512, 4096)),
        ("cpu: 300", (512, 1024)),
        ("memory: 3000", (512, 3072)),
        ("cpu: 1024\nmemory: 512", (1024, 2048)),
    ],
)
def test_a_size_that_fargate_has_not_becomes_the_next_that_it_has(size, expected):
    found = read(manifest(size))
    keys = found.jobs[0].keys

    assert (keys["cpu"], keys["memory"]) == expected
    assert [one.lost for one in found.findings if not one.what.startswith("on.")] in (
        [False], [],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("cpu: 99999999", "cpu"),
        ("cpu: lots", "cpu"),
        ("storage: {ephemeral: much}", "storage.ephemeral"),
        ("platform: windows/x86_64", "platform"),
        ("platform: {osfamily: windows_server_2022_full, architecture: x86_64}", "platform"),
        ("retries: 40", "retries"),
        ("timeout: long", "timeout"),
        ("variables: {BATCH_X: a}", "variables.BATCH_X"),
        ("variables: {a-b: a}", "variables.a-b"),
        ("image: {location: 'x:${TAG}'}", "image.location"),
        ("count: 3", "count"),
        ("sidecar: {}", None),
        ("schedul: daily", "schedul"),
        ("variables: text", "variables"),
    ],
)
def test_a_value_that_cannot_be_is_reported(field, told):
    assert lost(manifest(field))[:1] == ([told] if told else [])


def test_the_name_of_the_environment_is_filled_in():
    text = manifest("image: {location: 'x:${COPILOT_ENVIRONMENT_NAME}'}")

    assert job(text, environment="prod")["image"] == "x:prod"


def test_a_job_without_a_command_is_left_out_unless_one_is_given():
    text = manifest(command="")

    assert read(text).jobs == []
    assert lost(text) == ["command"]
    assert job(text, command=("bundle", "exec", "rake", "a b"))["command"] == [
        "bundle", "exec", "rake", "a b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: web\ntype: Load Balanced Web Service\n", "manifest of a Load Balanced Web Service"),
        ("0 3 * * * /srv/bin/report\n", "no manifest|no YAML"),
        ("FROM debian:13\nRUN x\n", "no manifest|no YAML"),
        ("a: [\n", "line 2: it is no YAML or JSON"),
        ("- a\n", "no manifest"),
        ("", "no manifest"),
        ("a: &x [*x]\n{}: 1\n", "no YAML"),
        ("a: 2027-99-99\n", "no manifest|no YAML"),
        ("!!python/object:os.system {}\n", "no YAML"),
        ("[" * 5000, "no YAML"),
    ],
)
def test_rejects_what_is_no_manifest_of_a_job(text, words):
    with pytest.raises(InvalidInput, match=words):
        read(text)


def test_an_environment_that_a_manifest_has_not_is_told():
    found = read(manifest(), environment="prod")

    assert "there is no environment prod in it" in [one.what for one in found.findings]


def paths(value, at=()):
    """Yield the place of every value below one."""
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*at, key)
            yield from paths(item, (*at, key))


WHOLE = yaml.safe_load(EVERYTHING)
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
        copilot.read(Imported(), text, "manifest.yml", Options(environment="prod"))

from pathlib import Path

import click
import pytest

from batch.errors import BatchError
from batchctl.target import Target, resolve

NOTHING = dict.fromkeys(("env", "platform", "stack", "region", "endpoint", "profile"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: batch-platform\nruntime: python\n")
    (tmp_path / "Pulumi.local.yaml").write_text(
        """
config:
  aws:region: us-east-1
  aws:accessKey: local
  aws:secretKey: local
  aws:endpoints:
    - ecs: http://127.0.0.1:4566
      sfn: http://127.0.0.1:4566
  batch-platform:image: any
"""
    )
    (tmp_path / "Pulumi.prod.yaml").write_text(
        """
config:
  aws:region: eu-west-1
  batch-platform:name: nightly
  batch-platform:accountId: "111111111111"
  batch-platform:slackToken:
    secure: v1:sealed
"""
    )
    return tmp_path


def test_in_a_checkout_the_environment_is_enough(checkout):
    assert resolve(**NOTHING | {"env": "prod"}, project_dir=checkout) == Target(
        "nightly", "prod", "eu-west-1", account="111111111111", production=False
    )


def test_the_local_stack_names_its_endpoint_and_credentials(checkout):
    assert resolve(**NOTHING | {"env": "local"}, project_dir=checkout) == Target(
        "batch",
        "local",
        "us-east-1",
        endpoint="http://127.0.0.1:4566",
        credentials=("local", "local"),
        production=False,
    )


def test_an_option_wins_over_the_stack_file(checkout):
    target = resolve(
        **NOTHING | {"env": "prod", "region": "us-west-2", "platform": "other"},
        project_dir=checkout,
    )

    assert (target.platform, target.region) == ("other", "us-west-2")


def test_outside_a_checkout_platform_stack_and_region_are_enough(tmp_path):
    given = NOTHING | {"platform": "batch", "stack": "prod", "region": "eu-west-1"}

    assert resolve(**given, project_dir=tmp_path) == Target("batch", "prod", "eu-west-1")


def test_the_region_of_the_shell_is_taken(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-3")

    target = resolve(**NOTHING | {"platform": "batch", "stack": "prod"})

    assert target.region == "eu-west-3"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "which platform"),
        ({"platform": "batch"}, "--platform needs --stack"),
        ({"env": "stg", "stack": "prod"}, "differ"),
        ({"stack": "prod"}, "which region"),
    ],
)
def test_rejects_options_that_name_no_platform(given, message, monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(click.UsageError, match=message):
        resolve(**NOTHING | given)


def test_rejects_a_stack_without_file_and_says_which_there_are(checkout):
    with pytest.raises(BatchError, match="local, prod"):
        resolve(**NOTHING | {"env": "stg"}, project_dir=checkout)

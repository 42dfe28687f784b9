from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from batch import secure, stackfile
from batch.errors import InvalidSettings

ROOT = Path(__file__).parent.parent
PROJECT = """
name: shop
runtime: python
config:
  size: {type: integer, default: 3}
  names: {type: array, items: {type: string}, default: []}
  needed: {type: string}
  aws:region: eu-west-1
"""
SALT = b"12345678"
"""Of the encrypted values here; the passphrase is "correct horse"."""

UPSTREAM = "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ=="
"""From Pulumi's own tests of the passphrase provider; the passphrase is "password"."""


@pytest.fixture
def project(tmp_path):
    def write(stack_yaml, project=PROJECT):
        (tmp_path / "Pulumi.yaml").write_text(project)
        (tmp_path / "Pulumi.stg.yaml").write_text(stack_yaml)
        return tmp_path

    return write


@pytest.fixture(scope="module")
def key():
    return hashlib.pbkdf2_hmac("sha256", b"correct horse", SALT, secure.ITERATIONS, dklen=32)


@pytest.fixture
def encrypted(key):
    def encrypt(text):
        nonce = os.urandom(12)
        sealed = AESGCM(key).encrypt(nonce, text.encode(), None)
        return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"

    return encrypt


@pytest.fixture
def secret_project(project, encrypted):
    salt = f"v1:{base64.b64encode(SALT).decode()}:{encrypted('pulumi')}"
    return project(
        f"encryptionsalt: {salt}\n"
        "config:\n"
        f"  shop:needed: {{secure: '{encrypted('hunter2')}'}}\n"
        f"  shop:nested: {{list: [{{secure: '{encrypted('inner')}'}}, plain]}}\n"
    )


def problems(*arguments, **options):
    with pytest.raises(InvalidSettings) as caught:
        stackfile.read(*arguments, **options)
    return [str(problem) for problem in caught.value.problems]


def test_a_stack_has_the_projects_defaults(project):
    read = stackfile.read("stg", project("config: {shop:needed: x}"))

    assert (read.project, read.stack) == ("shop", "stg")
    assert read.config == {
        "shop:size": 3,
        "shop:names": [],
        "shop:needed": "x",
        "aws:region": "eu-west-1",
    }


def test_a_stack_wins_over_the_defaults(project):
    read = stackfile.read(
        "stg", project("config: {needed: x, shop:size: 4, aws:region: us-east-1}")
    )

    assert (read.namespace("shop"), read.region) == (
        {"size": 4, "names": [], "needed": "x"},
        "us-east-1",
    )


def test_dates_stay_the_text_they_are(project):
    """A date without a zone is meant in the job's own zone."""
    read = stackfile.read("stg", project("config: {needed: 2027-01-31T02:00:00}"))

    assert read.namespace("shop")["needed"] == "2027-01-31T02:00:00"


def test_the_emulators_place_is_in_the_local_stack():
    local = stackfile.read("local", ROOT)

    assert set(local.endpoints.values()) == {"http://127.0.0.1:4566"}
    assert {"ecs", "sfn", "scheduler", "sts", "chatbot"} <= local.endpoints.keys()
    assert local.region == "us-east-1"


@pytest.mark.parametrize("stack", ["stg", "prod"])
def test_the_other_stacks_are_on_aws(stack):
    assert stackfile.read(stack, ROOT).endpoints == {}


def test_every_endpoint_is_one_that_the_provider_knows():
    from pulumi_aws import ProviderEndpointArgs

    known = {name.rstrip("_") for name in ProviderEndpointArgs.__init__.__annotations__}

    assert stackfile.read("local", ROOT).endpoints.keys() - known == set()


@pytest.mark.parametrize("stack", ["stg", "prod", "local"])
def test_every_provider_key_is_one_that_the_provider_knows(stack):
    from pulumi_aws import Provider

    known = {name.replace("_", "") for name in Provider._internal_init.__annotations__}
    used = {
        key.removeprefix("aws:").lower()
        for key in stackfile.read(stack, ROOT).config
        if key.startswith("aws:")
    }

    assert used - known == set()


def test_stacks_are_those_that_have_a_file(project):
    directory = project("config: {}")
    (directory / "Pulumi.prod.yaml").write_text("config: {}")

    assert stackfile.stacks(directory) == ["prod", "stg"]


def test_a_missing_stack_file_says_which_there_are(project):
    assert problems("stgg", project("config: {}")) == [
        "Pulumi.stgg.yaml: there is no such file; the stacks are stg; did you mean 'stg'?"
    ]


def test_outside_a_project_nothing_is_found(tmp_path):
    assert problems("stg", tmp_path) == [
        "Pulumi.yaml: there is no such file; run the command in the folder of the project"
    ]


def test_a_project_without_stacks_says_how_to_make_one(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)

    assert problems("stg", tmp_path) == [
        "Pulumi.stg.yaml: there is no such file; no stack has a file here; run `pulumi stack init`"
    ]


def test_a_value_that_a_stack_must_give_is_missed(project):
    assert problems("stg", project("config: {}")) == [
        "shop:needed: is missing; set it in Pulumi.stg.yaml, or give it a default in Pulumi.yaml"
    ]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("config: [", "Pulumi.stg.yaml: "),
        ("- a", "Pulumi.stg.yaml: is not a mapping; "),
        ("config: [a]", "Pulumi.stg.yaml: config: is not a mapping; "),
    ],
)
def test_broken_yaml_is_told(project, text, start):
    (problem,) = problems("stg", project(text))

    assert problem.startswith(start)


# Encrypted values


def test_pulumis_own_salt_takes_its_passphrase():
    assert callable(secure.decrypter(UPSTREAM, "password"))


def test_pulumis_own_salt_refuses_another():
    with pytest.raises(secure.WrongPassphraseError):
        secure.decrypter(UPSTREAM, "password123")


def test_a_passphrase_decrypts_values_at_any_depth(secret_project):
    environ = {"PULUMI_CONFIG_PASSPHRASE": "correct horse"}
    read = stackfile.read("stg", secret_project, environ=environ)

    assert read.namespace("shop")["needed"] == "hunter2"
    assert read.namespace("shop")["nested"] == {"list": ["inner", "plain"]}
    assert read.secrets == {"shop:needed", "shop:nested"}


def test_the_passphrase_may_be_in_a_file(secret_project):
    file = secret_project / "passphrase"
    file.write_text("correct horse\n")
    environ = {"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}

    assert (
        stackfile.read("stg", secret_project, environ=environ).namespace("shop")["needed"]
        == "hunter2"
    )


def test_without_the_passphrase_each_key_is_named(secret_project):
    fix = "set PULUMI_CONFIG_PASSPHRASE to the stack's passphrase"

    assert problems("stg", secret_project, environ={}) == [
        f"Pulumi.stg.yaml: shop:needed: is encrypted; {fix}",
        f"Pulumi.stg.yaml: shop:nested: is encrypted; {fix}",
    ]


def test_the_wrong_passphrase_is_told(secret_project):
    (first, _) = problems("stg", secret_project, environ={"PULUMI_CONFIG_PASSPHRASE": "wrong"})

    assert first.startswith("Pulumi.stg.yaml: shop:needed: the passphrase does not decrypt it; ")


def test_a_passphrase_file_that_is_not_there_is_told(secret_project):
    file = secret_project / "nowhere"

    assert problems(
        "stg", secret_project, environ={"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}
    ) == [
        f"PULUMI_CONFIG_PASSPHRASE_FILE: {file} cannot be read (No such file or directory); "
        "correct the path, or unset it"
    ]


@pytest.mark.parametrize("damaged", ["v1:AAAA", "v2:AAAA:AAAA", "v1:AAAAAAAAAAAAAAAA:AAAA", "?"])
def test_a_damaged_value_is_told(secret_project, damaged):
    file = secret_project / "Pulumi.stg.yaml"
    file.write_text(f"{file.read_text()}  shop:names: {{secure: '{damaged}'}}\n")

    assert problems(
        "stg", secret_project, environ={"PULUMI_CONFIG_PASSPHRASE": "correct horse"}
    ) == [
        "Pulumi.stg.yaml: shop:names: cannot be decrypted; "
        "set the value again with `pulumi config set`"
    ]


def test_secrets_are_left_out_on_request(secret_project):
    read = stackfile.read("stg", secret_project, secrets="omit", environ={})

    assert read.namespace("shop") == {"size": 3, "names": []}
    assert read.secrets == {"shop:needed", "shop:nested"}


def test_values_of_another_secrets_provider_need_pulumi(project):
    directory = project(
        "secretsprovider: awskms://alias/pulumi\nencryptedkey: AAAA\n"
        "config: {shop:needed: {secure: 'v1:a:b'}}"
    )

    assert problems("stg", directory, environ={"PULUMI_CONFIG_PASSPHRASE": "x"}) == [
        "Pulumi.stg.yaml: shop:needed: is encrypted with a secrets provider that needs the "
        "Pulumi CLI; use a stack with a passphrase, or give the value in plain text"
    ]


def test_reading_a_stack_loads_no_sdk():
    code = (
        "import json, sys; from batch import stackfile; stackfile.read('local');"
        "print(json.dumps(sorted({'pulumi', 'boto3', 'cryptography', 'moto'} & sys.modules.keys())))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True
    )

    assert json.loads(result.stdout) == []

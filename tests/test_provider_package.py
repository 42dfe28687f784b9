"""The provider's packages, imported on demand: a program cannot tell, but by the time it takes."""

import json
import subprocess
import sys

import pytest

SEEN = """
import contextlib, importlib, json, sys, warnings
from localaws import provider_package

warnings.simplefilter("ignore")
on_demand = {on_demand}
with provider_package.on_demand() if on_demand else contextlib.nullcontext():
    import pulumi_aws
    package = importlib.import_module("pulumi_aws.{package}")
    {first}
    names = json.loads({names!r})
    json.dump(
        [
            {{name: repr(getattr(package, name)) for name in names}},
            sorted(each for each in sys.modules if each.startswith("pulumi_aws.{package}.")),
        ],
        sys.stdout,
    )
"""


def seen(package, *, on_demand, names, first="pass"):
    """Return what a fresh process sees of a package's names, and which modules it imported."""
    program = SEEN.format(
        package=package, on_demand=on_demand, names=json.dumps(names), first=first
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    shown, imported = json.loads(finished.stdout)
    # Functions and type variables show where they are in memory.
    return {name: text.partition(" at 0x")[0] for name, text in shown.items()}, imported


def public(package):
    """Return the names that the package has without this module, modules of it among them."""
    listed = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-c"),
            f"import json, pulumi_aws.{package} as p; print(json.dumps([n for n in vars(p)"
            " if not n.startswith('_') and not repr(vars(p)[n]).startswith('<module')]))",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(listed.stdout)


@pytest.mark.parametrize("package", ["cloudwatch", "ec2", "sfn"])
def test_every_name_is_what_the_package_itself_has(package):
    names = public(package)

    shown, _ = seen(package, on_demand=True, names=names)

    assert shown == seen(package, on_demand=False, names=names)[0]


def test_only_what_is_used_is_imported():
    _, imported = seen("ec2", on_demand=True, names=["SecurityGroup", "get_vpc"])

    assert imported == [
        f"pulumi_aws.ec2.{name}"
        for name in ("_enums", "_inputs", "get_vpc", "outputs", "security_group")
    ]


def test_a_function_is_not_hidden_by_the_module_that_it_is_in():
    shown, _ = seen("ec2", on_demand=True, names=["get_vpc"], first="package.get_vpc_output")

    assert shown == {"get_vpc": "<function get_vpc"}


def test_a_name_that_the_package_lacks_is_missed_as_ever():
    with pytest.raises(subprocess.CalledProcessError) as failed:
        seen("ec2", on_demand=True, names=["SecurityGruop"])

    assert failed.value.stderr.splitlines()[-1] == (
        "AttributeError: module 'pulumi_aws.ec2' has no attribute 'SecurityGruop'"
    )

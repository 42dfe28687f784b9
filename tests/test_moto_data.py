"""moto's data, read late: what there is to see is what moto alone has."""

import json
import subprocess
import sys

import pytest

OFFERINGS = """
import hashlib, json, sys
{first}
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS as offerings

def told(kind, region):
    entries = json.dumps(list(offerings[kind].get(region, [])), sort_keys=True)
    return hashlib.sha256(entries.encode()).hexdigest()

unread = sum(getattr(each, "_unread", "") != "" for kind in offerings.values() for each in kind.values())
json.dump(
    {{
        "unread": unread,
        "told": {{
            f"{{kind}} {{region}}": told(kind, region)
            for kind in sorted(offerings) for region in sorted(offerings[kind])
        }},
    }},
    sys.stdout,
)
"""


def offerings(first):
    """Return what a fresh process sees of every zone's offerings, and how many it had not read."""
    return json.loads(
        subprocess.run(
            [sys.executable, "-c", OFFERINGS.format(first=first)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )


@pytest.mark.parametrize(
    "entrance", ["localaws.emulator", "localaws.fidelity.boto_clients", "localaws.tasks"]
)
def test_whatever_leads_to_moto_s_ec2_reads_no_offerings(entrance):
    told = offerings(f"import {entrance}; assert 'moto.ec2' in sys.modules")

    assert told["told"]
    assert told["unread"] == len(told["told"])


def test_offerings_are_moto_s_own_and_read_when_they_are_asked_for():
    ours, motos = offerings("import localaws.moto_data"), offerings("")

    assert ours["told"] == motos["told"]
    assert (ours["unread"], motos["unread"]) == (len(ours["told"]), 0)


def test_the_names_of_services_are_those_of_moto_s_folders():
    from moto import backends

    from localaws import moto_data

    assert backends.list_of_moto_modules() == set(moto_data._list())

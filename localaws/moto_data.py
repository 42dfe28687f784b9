"""What moto reads at every start or call: some of it nobody needs, some need it once.

Importing moto's EC2, which comes with its Step Functions, reads which types of instances each zone
of each region offers: 90 files. Each request looks at 180 folders for the names of moto's services.
Importing this module, before moto's EC2 is imported, ends both: the packages that lead to EC2
begin with it. Not in here: botocore's data, see
:mod:`localaws.botocore_data`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from moto import backends
from moto.utilities import utils

_OFFERINGS: Final = "ec2/resources/instance_type_offerings/"

_read = utils.load_resource
_list = backends.list_of_moto_modules


class Offerings(list[dict[str, Any]]):
    """The entries of one file of offerings, read when they are gone through."""

    def __init__(self, resource: str) -> None:
        super().__init__()
        self._unread = resource
        self._imported = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Go through the entries; moto's import, which is the first to, finds none."""
        if not self._imported:
            self._imported = True
            return iter(())
        if self._unread:
            # What the import would have written into each.
            kind = {"LocationType": PurePosixPath(self._unread).parent.name}
            self[:] = [entry | kind for entry in _read(self._unread)]
            self._unread = ""
        return super().__iter__()


def _load_resource(resource: str) -> Any:
    return Offerings(resource) if resource.startswith(_OFFERINGS) else _read(resource)


@functools.cache
def _services() -> frozenset[str]:
    return frozenset(_list())


utils.load_resource = _load_resource
backends.list_of_moto_modules = _services

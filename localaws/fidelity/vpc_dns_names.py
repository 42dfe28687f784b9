"""A task runs in a VPC without DNS host names too (getmoto/moto#9089).

moto fails with an AttributeError, because the network interface then lacks the name.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from localaws.fidelity.patching import patch, wrap


@patch
def apply() -> None:
    """Give every network interface the attribute."""

    @wrap(NetworkInterface, "__init__")
    def init(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if not hasattr(self, "private_dns_name"):
            self.private_dns_name = ""

"""What a run carries is JSON in UTF-8, and as long as that.

moto writes every character beyond ASCII as an escape, three times as long as it is: an output
that AWS takes exceeds the limit of a state.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser.asl.utils import encoding

from localaws.fidelity.patching import patch, replace


def _dumps(value: Any, **options: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, **options)
    # Half a pair of surrogates is in no UTF-8.
    return text.encode(errors="replace").decode()


@patch
def apply() -> None:
    """Write characters as they are."""
    replace(encoding, "json", SimpleNamespace(dumps=_dumps))

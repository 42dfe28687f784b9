r"""A text in a definition is read as the JSON string that it is.

moto takes what stands between the quotes as it is written: of ``"say \"hi\""`` in an ``Assign``
the backslashes stay, so that a shell line with quotes reaches the task with other words.
"""

from __future__ import annotations

import json
from typing import Any

from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from localaws.fidelity.patching import patch, replace


@patch
def apply() -> None:
    """Read escapes."""
    original = Preprocessor._inner_string_of

    def inner_string_of(parser_rule_context: Any) -> str | None:
        text = parser_rule_context.getText()
        if len(text) > 1 and text[0] == text[-1] == '"':
            read: str = json.loads(text)
            return read
        other: str | None = original(parser_rule_context)
        return other

    replace(Preprocessor, "_inner_string_of", staticmethod(inner_string_of))

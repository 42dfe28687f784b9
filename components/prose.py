"""What docstrings say, as people of another language read it in an editor or on a page."""

import inspect
import re
from collections.abc import Collection
from typing import Any

from batch.job.overrides import camel


def told(schema: Any, names: Collection[str]) -> Any:
    """Return ``schema`` with its descriptions in Markdown, and ``names`` in its own spelling."""
    if isinstance(schema, dict):
        return {
            key: _markdown(value, names)
            if key == "description" and isinstance(value, str)
            else told(value, names)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [told(item, names) for item in schema]
    return schema


def _markdown(docstring: str, names: Collection[str]) -> str:
    # What stands indented below the first line would be a block of code.
    lines = inspect.cleandoc(docstring).replace("``", "`")
    paragraphs = [re.sub(r"\s+", " ", paragraph) for paragraph in lines.split("\n\n")]
    return re.sub(
        r"\b[a-z]+(?:_[a-z]+)+\b",
        lambda found: camel(found[0]) if found[0] in names else found[0],
        "\n\n".join(paragraphs),
    )

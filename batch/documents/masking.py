"""What a record shows of the input of its run: all but the values of its environment.

An input need not be one that a run accepts to be recorded. Whatever is in the place of a variable,
no more than its name is kept, and what is no list of variables is left out.
"""

from __future__ import annotations

from batch.control import MASK
from batch.documents.jsonata import text


def shown(given: str) -> str:
    """Return the expression for the JSON text of an input.

    Args:
        given: the name of the variable that has the input, an object.
    """
    return f"""(
        $variables := function($v) {{ $type($v) = 'array' ? [$map($v, function($each) {{
            $type($each) = 'object' ? {{'Name': $each.Name, 'Value': {text(MASK)}}} }})] }};
        $string($merge([
            $sift({given}, function($v, $k) {{ $k != 'environment' }}),
            $exists({given}.environment) ?
                {{'environment': $variables({given}.environment)}} : {{}}]))
        )"""

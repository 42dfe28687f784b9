"""JSONata as Step Functions evaluates it: its own functions, and errors that have a text."""

from __future__ import annotations

import functools
import hashlib
import json
import random
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from jsonata import Jsonata
from jsonata.functions import Functions
from jsonata.jexception import JException
from jsonata.utils import Utils


class EvaluationFailed(Exception):
    """An expression gave nothing, or nothing that is JSON."""


@functools.lru_cache(maxsize=1024)
def check(expression: str) -> None:
    """Raise :class:`EvaluationFailed` if the expression cannot be parsed.

    What was right once is not parsed again: the machines of a platform's jobs share theirs.
    """
    try:
        Jsonata(expression)
    except JException as error:
        raise EvaluationFailed(
            f"The JSONata expression '{expression}' is invalid. {error.error}: {error}"
        ) from error


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """Return the value of ``expression`` as JSON.

    Args:
        expression: JSONata without the ``{% %}``.
        variables: Values by name without the dollar sign.

    Raises:
        EvaluationFailed: If the expression is wrong, or its value undefined or a function.
    """
    bindings = {name: _bindable(value) for name, value in variables.items()}
    try:
        parsed = Jsonata(expression)
        parsed.set_output_convert_nulls(False)
        for name, function in _FUNCTIONS.items():
            parsed.register_lambda(name, function)
        value = parsed.evaluate(None, bindings)
    except JException as error:
        raise _threw(expression, f"{error.error}: {error}") from error
    except RecursionError as error:
        raise _threw(expression, "it calls itself without end") from error
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise _threw(expression, str(error)) from error
    if value is None:
        raise EvaluationFailed(
            f"The JSONata expression '{expression}' returned nothing (undefined)."
        )
    return _plain(value, expression)


def _threw(expression: str, why: str) -> EvaluationFailed:
    return EvaluationFailed(
        f"The JSONata expression '{expression}' threw an error during evaluation. {why}"
    )


def _bindable(value: Any) -> Any:
    """Return ``value`` with the engine's own null in it: its None is "undefined"."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: _bindable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_bindable(item) for item in value]
    return value


def _plain(value: Any, expression: str) -> Any:
    """Return a copy that shares nothing with the variables, as lists, dicts and scalars."""
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {key: _plain(item, expression) for key, item in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [_plain(item, expression) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, (str, int, float, bool)):
        return value
    try:
        # Lazy sequences of the engine.
        return [_plain(item, expression) for item in value]
    except TypeError:
        raise EvaluationFailed(
            f"The JSONata expression '{expression}' returned an unsupported result type."
        ) from None


# What Step Functions adds to JSONata.


def _partition(array: list[Any], size: int) -> list[list[Any]]:
    return [array[start : start + int(size)] for start in range(0, len(array), int(size))]


def _range(first: int, last: int, step: int) -> list[Any]:
    count = int((last - first) // step) + 1
    return [first + index * step for index in range(max(count, 0))]


def _hash(value: str, algorithm: str = "SHA-256") -> str:
    name = algorithm.lower().replace("-", "")
    if name not in {"md5", "sha1", "sha256", "sha384", "sha512"}:
        raise ValueError(f"{algorithm!r} is not one of MD5, SHA-1, SHA-256, SHA-384, SHA-512")
    return hashlib.new(name, value.encode(), usedforsecurity=False).hexdigest()


def _random(seed: float | None = None) -> float:
    return (random if seed is None else random.Random(seed)).random()  # noqa: S311 - not a secret


def _parse(text: str) -> Any:
    return _bindable(json.loads(text))


def _no_eval(*_: object) -> Any:
    raise ValueError("$eval is not supported; use $parse")


def _string(value: Any, prettify: bool | None = None) -> str | None:  # noqa: FBT001
    """Return ``$string``, in which characters beyond ASCII stay as they are."""
    text: str | None = Functions.string(value, prettify)
    if text is None or isinstance(value, str) or "\\u" not in text:
        return text
    indent, separators = ("  ", None) if prettify else (None, (",", ":"))
    return json.dumps(json.loads(text), ensure_ascii=False, indent=indent, separators=separators)


_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": lambda: str(uuid.uuid4()),
    "parse": _parse,
    "eval": _no_eval,
    "string": _string,
}

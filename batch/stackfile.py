"""``Pulumi.yaml`` and ``Pulumi.<stack>.yaml``, read as the Pulumi engine reads them.

The operator's tool and the emulator need a stack's configuration where there is no Pulumi CLI.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from batch import secure
from batch.errors import InvalidSettings, Problem, nearest

PROJECT_FILE: Final = "Pulumi.yaml"

HIDDEN: Final = "hidden"
"""What stands for an encrypted value where nobody may ask for it."""


@dataclass(frozen=True)
class StackFile:
    """The configuration of a stack, with the project's defaults in it."""

    project: str
    stack: str
    config: Mapping[str, Any]
    """``namespace:key`` to its value, structures as such."""

    secrets: frozenset[str] = frozenset()
    """The keys that have something encrypted in their value, also where they were left out."""

    def namespace(self, name: str) -> dict[str, Any]:
        """Return the configuration of ``name``, without it before the keys.

        Of the project itself it is what ``Settings.parse`` takes.
        """
        prefix = f"{name}:"
        return {
            key.removeprefix(prefix): value
            for key, value in self.config.items()
            if key.startswith(prefix)
        }

    @property
    def region(self) -> str | None:
        """The AWS region, None if the stack leaves it to the environment."""
        return self.config.get("aws:region")

    @property
    def endpoints(self) -> dict[str, str]:
        """Service to URL, where it is not AWS itself."""
        found: dict[str, str] = {}
        for item in self.config.get("aws:endpoints") or []:
            found.update(item)
        return found


def stacks(directory: str | Path = ".") -> list[str]:
    """Return the names of the stacks that have a file in ``directory``."""
    files = Path(directory).glob("Pulumi.*.yaml")
    return sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files)


def read(
    stack: str,
    directory: str | Path = ".",
    *,
    secrets: Literal["decrypt", "omit", "hide"] = "decrypt",
    environ: Mapping[str, str] | None = None,
) -> StackFile:
    """Return the configuration of ``stack``.

    Args:
        stack: its name.
        directory: where the project is.
        secrets: what to do with encrypted values; ``omit`` leaves them out, ``hide`` puts
            :data:`HIDDEN` in their place, and both ask for no passphrase.
        environ: where the passphrase is looked for; the process's environment by default.

    Raises:
        InvalidSettings: if a file is missing or wrong, or a value cannot be decrypted.
    """
    directory = Path(directory)
    project = _load(directory / PROJECT_FILE, "run the command in the folder of the project")
    name = str(project.get("name", ""))
    file = directory / f"Pulumi.{stack}.yaml"
    content = _load(file, _which_exist(stack, directory))
    config, missing = _defaults(name, project.get("config") or {})
    config |= {_qualified(name, key): value for key, value in _config(file, content).items()}
    encrypted = frozenset(key for key, value in config.items() if _has_secure(value))
    if secrets == "omit":
        config = {key: value for key, value in config.items() if key not in encrypted}
    elif secrets == "hide":
        config = {key: _revealed(value, lambda _: HIDDEN) for key, value in config.items()}
    elif encrypted:
        known = os.environ if environ is None else environ
        decrypt = _decrypter(file.name, content, encrypted, known)
        for key in sorted(encrypted):
            try:
                config[key] = _revealed(config[key], decrypt)
            except ValueError:
                what, fix = "cannot be decrypted", "set the value again with `pulumi config set`"
                raise InvalidSettings([Problem(f"{file.name}: {key}", what, fix)]) from None
    if absent := sorted(missing - config.keys() - encrypted):
        fix = f"set it in {file.name}, or give it a default in {PROJECT_FILE}"
        raise InvalidSettings([Problem(key, "is missing", fix) for key in absent])
    return StackFile(name, stack, config, encrypted)


def _load(file: Path, if_missing: str) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidSettings([Problem(file.name, "there is no such file", if_missing)]) from None
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 it is a SafeLoader
    except yaml.YAMLError as error:
        what = " ".join(str(error).split())
        raise InvalidSettings([Problem(file.name, what, "correct the YAML")]) from None
    if isinstance(content, dict):
        return content
    raise InvalidSettings([Problem(file.name, "is not a mapping", "correct the YAML")])


def _which_exist(stack: str, directory: Path) -> str:
    known = stacks(directory)
    if not known:
        return "no stack has a file here; run `pulumi stack init`"
    guess = nearest(stack, known)
    return f"the stacks are {', '.join(known)}" + (f"; did you mean {guess!r}?" if guess else "")


def _config(file: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    config = content.get("config") or {}
    if isinstance(config, dict):
        return config
    fix = "write one 'key: value' a line below it"
    raise InvalidSettings([Problem(f"{file.name}: config", "is not a mapping", fix)])


def _defaults(project: str, declared: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Return the values that the project itself gives, and the keys that a stack must give."""
    values: dict[str, Any] = {}
    missing = set()
    for key, declaration in declared.items():
        name = _qualified(project, key)
        if not isinstance(declaration, dict):
            values[name] = declaration
        elif (value := declaration.get("default", declaration.get("value"))) is not None:
            values[name] = value
        else:
            missing.add(name)
    return values, missing


def _qualified(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _has_secure(value: Any) -> bool:
    if isinstance(value, dict):
        return _is_secure(value) or any(_has_secure(item) for item in value.values())
    return isinstance(value, list) and any(_has_secure(item) for item in value)


def _is_secure(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"secure"}


def _revealed(value: Any, decrypt: Callable[[str], str]) -> Any:
    if _is_secure(value):
        return decrypt(value["secure"])
    if isinstance(value, dict):
        return {key: _revealed(item, decrypt) for key, item in value.items()}
    if isinstance(value, list):
        return [_revealed(item, decrypt) for item in value]
    return value


def _decrypter(
    file: str, content: Mapping[str, Any], keys: frozenset[str], environ: Mapping[str, str]
) -> Callable[[str], str]:
    def refused(what: str, fix: str) -> InvalidSettings:
        return InvalidSettings([Problem(f"{file}: {key}", what, fix) for key in sorted(keys)])

    salt = content.get("encryptionsalt")
    if not salt:
        what = "is encrypted with a secrets provider that needs the Pulumi CLI"
        raise refused(what, "use a stack with a passphrase, or give the value in plain text")
    passphrase = _passphrase(environ)
    if passphrase is None:
        raise refused("is encrypted", "set PULUMI_CONFIG_PASSPHRASE to the stack's passphrase")
    try:
        return secure.decrypter(salt, passphrase)
    except secure.WrongPassphraseError:
        fix = "set PULUMI_CONFIG_PASSPHRASE to the stack's passphrase"
        raise refused("the passphrase does not decrypt it", fix) from None
    except ValueError as error:
        raise refused(f"cannot be decrypted: {error}", "set the value again") from None


def _passphrase(environ: Mapping[str, str]) -> str | None:
    if file := environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            variable, fix = "PULUMI_CONFIG_PASSPHRASE_FILE", "correct the path, or unset it"
            what = f"{file} cannot be read ({error.strerror})"
            raise InvalidSettings([Problem(variable, what, fix)]) from None
    return environ.get("PULUMI_CONFIG_PASSPHRASE")


class _Loader(yaml.SafeLoader):
    """Leaves dates as the text they are: a job's dates are read in its own time zone."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

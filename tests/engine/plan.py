"""What the engine says that it does, as lines that a test can spell out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pulumi.automation import events

REPLACED = ("create-replacement", "delete-replaced", "replace")


@dataclass
class Plan:
    """What the engine does, or would do."""

    changes: list[str]
    """Sorted, one a resource that does not stay the same: ``update sfn.StateMachine nightly:
    definition``. A replacement that ends the old one first is ``replace-deleting-first``."""
    outputs: dict[str, Any] = field(default_factory=dict)
    said: str = ""
    """What the CLI wrote."""
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The new inputs of every resource that is made or changed, by ``type name``, as the engine
    shows them."""
    types: dict[str, str] = field(default_factory=dict)
    """The type token of each, likewise."""

    def of(self, *kinds: str) -> list[str]:
        """Return the changes to resources of those kinds, such as ``sfn.StateMachine``."""
        return [change for change in self.changes if change.split()[1] in kinds]


def of_events(seen: list[events.EngineEvent], said: str) -> Plan:
    """Return what a run's events say was planned or done."""
    outputs: dict[str, Any] = {}
    for event in seen:
        ended = event.res_outputs_event
        if ended is not None and ended.metadata.type == "pulumi:pulumi:Stack":
            outputs = (ended.metadata.new.outputs or {}) if ended.metadata.new else {}
    taken = [
        step
        for step in _steps(seen)
        if step.op not in ("same", "read", "discard") and not _is_engines_own(step)
    ]
    # Of a replacement under an alias the end of the old one comes with the old name.
    renamed = {step.old.urn: step.urn for step in taken if step.old and step.old.urn != step.urn}
    steps: dict[str, list[events.StepEventMetadata]] = {}
    states: dict[str, dict[str, Any]] = {}
    types: dict[str, str] = {}
    for step in taken:
        steps.setdefault(renamed.get(step.urn, step.urn), []).append(step)
        if step.new is not None:
            key = f"{short(step.type)} {name(step.urn)}"
            states[key], types[key] = step.new.inputs or {}, step.type
    changes = sorted(change for urn in steps for change in _changes(urn, steps[urn]))
    return Plan(changes, outputs, said, states, types)


def _steps(seen: list[events.EngineEvent]) -> Iterator[events.StepEventMetadata]:
    """Yield the steps as they begin; those of a refresh as they end, when what it found is known."""
    refreshed: set[str] = set()
    for event in seen:
        if event.resource_pre_event is not None:
            step = event.resource_pre_event.metadata
            if step.op == "refresh":
                refreshed.add(step.urn)
            else:
                yield step
        elif event.res_outputs_event is not None:
            step = event.res_outputs_event.metadata
            if step.urn in refreshed:
                refreshed.remove(step.urn)
                yield step


def _is_engines_own(step: events.StepEventMetadata) -> bool:
    """Return whether no program asked for it: the stack, and a provider that is made by default."""
    return step.type == "pulumi:pulumi:Stack" or (
        step.type.startswith("pulumi:providers:") and name(step.urn).startswith("default")
    )


def _changes(urn: str, steps: list[events.StepEventMetadata]) -> Iterator[str]:
    what = f"{short(steps[0].type)} {name(urn)}"
    operations = [str(getattr(step.op, "value", step.op)) for step in steps]
    paths = sorted({path for step in steps for path in (step.detailed_diff or {})})
    suffix = f": {', '.join(paths)}" if paths else ""
    replacing = [operation for operation in operations if operation in REPLACED]
    if set(replacing) == {"delete-replaced"}:
        # The end of a replacement that an update before did not get to.
        yield f"delete-replaced {what}"
    elif replacing:
        first = replacing[0] == "delete-replaced"
        yield f"{'replace-deleting-first' if first else 'replace'} {what}{suffix}"
    for operation in operations:
        if operation not in REPLACED:
            yield f"{operation} {what}{suffix}"


def short(token: str) -> str:
    """Return ``sfn.StateMachine`` of ``aws:sfn/stateMachine:StateMachine``."""
    package, module, kind = token.split(":")
    home = module.partition("/")[0]
    return f"{package if home == 'index' else home}.{kind}"


def name(urn: str) -> str:
    """Return the logical name in a URN."""
    return urn.rpartition("::")[2]

"""Stub until the messages of the sweep are written."""

from __future__ import annotations

from batch.contract import Platform


def over_limit(*, platform: Platform, run: str = "$run") -> str:
    return f"$string({{'over': {run}}})"


def did_not_run(*, platform: Platform, job: str = "$late") -> str:
    return f"$string({{'late': {job}}})"


def runs_again(*, platform: Platform, job: str = "$back") -> str:
    return f"$string({{'back': {job}}})"
